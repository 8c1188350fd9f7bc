import type { Logger } from "pino";
import type { BusHealth } from "../../domain/bus.ts";
import type { Clock, Instant } from "../../domain/instant.ts";
import type { Period, Zone } from "../../domain/period.ts";
import type { ModbusProfile, PollGroup } from "../../domain/profile.ts";
import type { MeterId, OperatorId } from "../../domain/reading.ts";
import type { RefusedFrame } from "../../domain/refusal.ts";
import type { Telemetry } from "../../domain/telemetry.ts";
import type { Ratios } from "../decode/normalise.ts";
import { decodeWords, type WordBlock } from "../decode/words.ts";
import type { Backoff, Random } from "./backoff.ts";
import { Bus } from "./bus.ts";
import { type QuickDecoder, quickDecoder } from "./decoder.ts";
import { ClockKeeper, type ClockKeeping } from "./clock-keeper.ts";
import { type ErrandKind, notSent, type Timed } from "./errand.ts";
import type { LinkConfig } from "./link.ts";
import { type ControlOutcome, refusedOrder, type Wish, type WishDetail } from "./order.ts";
import type { Plan } from "./plan.ts";
import { recall, type RecallOutcome } from "./recall.ts";
import { addressText, type Outcome, type ReadRequest, type Request } from "./request.ts";
import type { PolledMeter, Sink } from "./sink.ts";
import type { BusEvents } from "./world.ts";

/** One bus: how it is reached, who is on it and how often each poll group is asked. */
export type BusConfig = {
  readonly id: string;
  readonly operatorId: OperatorId;
  readonly link: LinkConfig;
  readonly units: readonly {
    readonly meterId: MeterId;
    readonly unitId: number;
    readonly profile: ModbusProfile;
    readonly ratios?: Ratios;
  }[];
  /** Milliseconds of the clock; a group that is absent is not polled, 0 is again at once. */
  readonly intervals: Partial<Record<PollGroup, number>>;
  readonly slaveBackoff?: Backoff;
  readonly linkBackoff?: Backoff;
  readonly retriesMax?: number;
  readonly controlDeadlineMs?: number;
};

export type ModbusCollectorOptions = {
  readonly buses: readonly BusConfig[];
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly sink: Sink;
  /** Looks after meters' own clocks; absent: nobody does. */
  readonly clocks?: ClockKeeping;
  /** Hand-overs that may wait in the sink before the buses pause; 10 000 when absent. */
  readonly handOversMax?: number;
  /** How often due polls are looked for, real milliseconds; 100 when absent. */
  readonly tickMs?: number;
};

export type ModbusCollector = {
  /** Writes the order and reads the state back; never throws. */
  control(meterId: MeterId, wish: Wish, detail?: WishDetail): Promise<ControlOutcome>;
  /** Asks a meter for what it froze in a stretch, in the lowest place of its bus. */
  recall(meterId: MeterId, stretch: Period, zone: Zone): Promise<RecallOutcome>;
  /** One read in the lowest place of the bus; `link_down` when there is no such bus. */
  errand(busId: string, kind: ErrandKind, request: Request): Promise<Outcome>;
  health(): BusHealth[];
  /** @throws RangeError when the bus or a unit on it is there already */
  addBus(bus: BusConfig): void;
  /** Settles when nothing of the bus is under way any more. */
  removeBus(id: string): Promise<void>;
  /** Polls end, orders are answered, links close; then what was read has been handed over. */
  stop(): Promise<void>;
};

const HAND_OVERS_MAX = 10_000; // one batch of the readings book

/** Polls every bus and hands what it reads to the sink. */
export function startModbusCollector(options: ModbusCollectorOptions): ModbusCollector {
  const handOver = new HandOver(options.handOversMax ?? HAND_OVERS_MAX, options.log);
  const buses = new Map<string, Bus>();
  const busOf = new Map<MeterId, Bus>();
  const metersById = new Map<MeterId, PolledMeter>();

  const errand = (busId: string, kind: ErrandKind, unitId: number, request: () => Request | null): Promise<Timed> =>
    buses.get(busId)?.errand(kind, unitId, request) ??
    Promise.resolve(notSent(`there is no bus ${busId}`, options.clock.now()));
  const clocks =
    options.clocks === undefined
      ? null
      : new ClockKeeper(
          options.clocks,
          (busId, unitId, request) => errand(busId, "clock", unitId, request),
          options.clock,
          options.log,
        );

  const addBus = (config: BusConfig): void => {
    if (buses.has(config.id)) throw new RangeError(`bus ${config.id} has an owner already`);
    const meters = metersOf(config);
    for (const { meterId } of meters)
      if (busOf.has(meterId)) throw new RangeError(`meter ${meterId} is on another bus already`);
    const { id, operatorId: _, units: __, ...rest } = config;
    const bus = new Bus({ ...rest, id, meters }, options, busEvents(options, handOver));
    buses.set(id, bus);
    for (const meter of meters) {
      busOf.set(meter.meterId, bus);
      metersById.set(meter.meterId, meter);
    }
    clocks?.add(meters);
  };
  const removeBus = async (id: string): Promise<void> => {
    const bus = buses.get(id);
    if (bus === undefined) return;
    buses.delete(id);
    for (const [meterId, owner] of busOf) {
      if (owner !== bus) continue;
      busOf.delete(meterId);
      clocks?.remove(meterId);
    }
    await bus.stop();
  };
  for (const bus of options.buses) addBus(bus);

  return {
    addBus,
    removeBus,
    control: (meterId, wish, detail) =>
      busOf.get(meterId)?.control(meterId, wish, detail) ??
      Promise.resolve(refusedOrder("unknown_meter", `meter ${meterId} is on no bus of this collector`)),
    recall: async (meterId, stretch, zone) => {
      const bus = busOf.get(meterId);
      const meter = metersById.get(meterId);
      if (bus === undefined || meter === undefined) return "unreachable";
      const ask = async (request: ReadRequest): Promise<Outcome> =>
        (await bus.errand("history", request.unitId, () => request)).outcome;
      return recall(meter, stretch, { zone, ask, now: () => options.clock.now(), sink: options.sink });
    },
    errand: async (busId, kind, request) => (await errand(busId, kind, request.unitId, () => request)).outcome,
    health: () => [...buses.values()].map((bus) => withClocks(bus.health(), clocks)),
    stop: async () => {
      clocks?.stop();
      await Promise.all([...buses.keys()].map(removeBus));
      await handOver.done();
    },
  };
}

const withClocks = (health: BusHealth, clocks: ClockKeeper | null): BusHealth =>
  clocks === null
    ? health
    : { ...health, units: health.units.map((unit) => ({ ...unit, clock: clocks.lastOf(unit.meterId) })) };

function metersOf(config: BusConfig): PolledMeter[] {
  const seen = new Set<number>();
  return config.units.map(({ meterId, unitId, profile, ratios }) => {
    if (!Number.isInteger(unitId) || unitId < 1 || unitId > 255)
      throw new RangeError(`bus ${config.id}: unit id ${unitId} is not 1 to 255`);
    if (seen.has(unitId)) throw new RangeError(`bus ${config.id}: unit id ${unitId} is there twice`);
    seen.add(unitId);
    const meter = { operatorId: config.operatorId, meterId, busId: config.id, unitId, profile };
    return ratios === undefined ? meter : { ...meter, ratios };
  });
}

function busEvents({ sink }: ModbusCollectorOptions, handOver: HandOver): BusEvents {
  const refuse = (
    meter: PolledMeter,
    address: string,
    at: Instant,
    frame: Pick<RefusedFrame, "reason" | "detail" | "payload">,
  ): void => {
    const { reason, detail, payload } = frame;
    const origin = `modbus:${meter.busId}/${meter.unitId}`;
    handOver.give(() =>
      sink.refused({ operatorId: meter.operatorId, receivedAt: at, origin, address, reason, detail, payload }),
    );
  };
  return {
    gate: () => handOver.gate(),
    onGap: (gap) => handOver.give(() => sink.gap(gap)),
    onRefused: (meter, request, refusal, at) => refuse(meter, addressText(request), at, refusal),
    onFrame: (meter, plan, blocks, at) => {
      const quick = quickOf(plan)?.(blocks) ?? null;
      if (quick !== null) return handOver.give(() => sink.samples(meter, quick, at));
      const decoded = decodeWords(plan.profile, blocks);
      if (decoded.kind === "refused")
        return refuse(meter, blocksText(blocks), at, { ...decoded, payload: bytesOf(blocks) });
      for (const message of decoded.messages) {
        for (const { register, reason, detail } of message.refusals) {
          refuse(meter, `${register} in ${blocksText(blocks)}`, at, { reason, detail, payload: bytesOf(blocks) });
        }
        if (message.samples.length > 0) handOver.give(() => sink.samples(meter, message.samples, at));
      }
    },
  };
}

const quickDecoders = new WeakMap<Plan, { readonly decode: QuickDecoder | null }>();
function quickOf(plan: Plan): QuickDecoder | null {
  let known = quickDecoders.get(plan);
  if (known === undefined) quickDecoders.set(plan, (known = { decode: quickDecoder(plan) }));
  return known.decode;
}

const blocksText = (blocks: readonly WordBlock[]): string =>
  blocks.map((b) => `${b.table} 0x${b.address.toString(16).padStart(4, "0")}+${b.words.length}`).join(" ");

/** The words as they came, high byte first, for the refused frame that a person looks at. */
function bytesOf(blocks: readonly WordBlock[]): Uint8Array {
  return Uint8Array.from(blocks.flatMap((b) => Array.from(b.words, (word) => [word >>> 8, word & 0xff]).flat()));
}

/** Counts what waits in the sink, so that a slow database pauses the buses instead of filling the memory. */
class HandOver {
  readonly #max: number;
  readonly #log: Logger;
  #waiting = 0;
  #gate: PromiseWithResolvers<void> | null = null;
  #idle: PromiseWithResolvers<void> | null = null;

  constructor(max: number, log: Logger) {
    this.#max = max;
    this.#log = log;
  }

  give(hand: () => void | Promise<void>): void {
    try {
      const work = hand();
      if (work === undefined) return;
      this.#waiting++;
      void work.catch((error: unknown) => this.#failed(error)).finally(() => this.#ended());
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#log.error({ err: error }, "a modbus hand-over failed: its values are lost");
  }

  #ended(): void {
    this.#waiting--;
    if (this.#waiting < this.#max / 2) {
      this.#gate?.resolve();
      this.#gate = null;
    }
    if (this.#waiting === 0) this.#idle?.resolve();
  }

  gate(): Promise<void> | null {
    if (this.#waiting < this.#max) return null;
    this.#gate ??= Promise.withResolvers<void>();
    return this.#gate.promise;
  }

  async done(): Promise<void> {
    if (this.#waiting === 0) return;
    this.#idle = Promise.withResolvers<void>();
    await this.#idle.promise;
  }
}
