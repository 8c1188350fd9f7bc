import type { Logger } from "pino";
import type { Clock, Instant } from "../../domain/instant.ts";
import type { PollGroup } from "../../domain/profile.ts";
import type { MeterId } from "../../domain/reading.ts";
import type { Telemetry } from "../../domain/telemetry.ts";
import type { WordBlock } from "../decode/words.ts";
import { type Backoff, LINK_BACKOFF, pauseMs, type Random, SLAVE_BACKOFF } from "./backoff.ts";
import { Link, type LinkConfig } from "./link.ts";
import { type ControlAction, type ControlOutcome, isUnreachable, refusedOrder } from "./order.ts";
import { OrderDesk } from "./order-desk.ts";
import { GROUPS, type Plan } from "./plan.ts";
import { type Outcome, type Refused, refused, type Request } from "./request.ts";
import type { Gap, PolledMeter } from "./sink.ts";
import { missed, settleSlot, type Task, taskOf, type Unit, unitOf } from "./task.ts";

export type BusOptions = {
  readonly id: string;
  readonly link: LinkConfig;
  readonly meters: readonly PolledMeter[];
  /** Milliseconds of the clock between two polls; 0 polls again at once; a group that is absent is not polled. */
  readonly intervals: Partial<Record<PollGroup, number>>;
  readonly slaveBackoff?: Backoff;
  readonly linkBackoff?: Backoff;
  /** Tries of one slot beyond the first before it is given up as a gap. */
  readonly retriesMax?: number;
  /** For an order, from being given to the state that proves it. */
  readonly controlDeadlineMs?: number;
};

export type BusEvents = {
  onFrame(meter: PolledMeter, plan: Plan, blocks: readonly WordBlock[], at: Instant): void;
  onRefused(meter: PolledMeter, request: Request, refusal: Refused, at: Instant): void;
  onGap(gap: Gap): void;
  /** A promise while whoever takes the frames cannot take more: no turn begins before it is done. */
  gate(): Promise<void> | null;
};

export type BusWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly log: Logger;
};

export type UnitHealth = {
  readonly meterId: MeterId;
  readonly unitId: number;
  readonly lastHeardAt: Instant | null;
  /** Turns in a row without an answer. */
  readonly failures: number;
  readonly restsMs: number;
  readonly lastRefusal: Refused | null;
};
export type BusHealth = {
  readonly id: string;
  readonly link: "up" | "down";
  readonly detail: string | null;
  readonly units: readonly UnitHealth[];
};

const TICK_MS = 100; // how late a poll may begin; finer than any interval that a meter line can keep
const RETRIES_MAX = 2;
const DROPS_GUILTY = 2; // the second time it was asked alone
const CONTROL_DEADLINE_MS = 30_000; // a DN25 valve closes in 5 to 20 s

/** The one owner of a bus. Meters take turns, a turn is all requests of one poll group; orders go first. */
export class Bus {
  readonly #options: BusOptions;
  readonly #world: BusWorld;
  readonly #events: BusEvents;
  readonly #link: Link;
  readonly #units: readonly Unit[];
  readonly #tasks: readonly Task[];
  readonly #queues: Readonly<Record<PollGroup, Task[]>> = { billing: [], state: [], power: [], slow: [] };
  #idle: PromiseWithResolvers<void> | null = null;
  /** A suspect has the line for itself. */
  #alone = false;
  readonly #desk: OrderDesk;
  #openTimer: NodeJS.Timeout | undefined;
  readonly #tick: NodeJS.Timeout;
  #running = 0;
  #opening = false;
  #gated = false;
  #linkFailures = 0;
  #linkDetail: string | null = "not opened yet";
  #stopped = false;

  constructor(options: BusOptions, world: BusWorld, events: BusEvents) {
    this.#options = options;
    this.#world = world;
    this.#events = events;
    this.#link = new Link(options.link);
    this.#units = options.meters.map(unitOf);
    const now = world.clock.now();
    this.#tasks = this.#units.flatMap((unit, place) =>
      GROUPS.flatMap((group) => {
        const intervalMs = options.intervals[group];
        const task = intervalMs === undefined ? null : taskOf(unit, group, intervalMs, place, this.#units.length, now);
        return task === null ? [] : [task];
      }),
    );
    this.#desk = new OrderDesk(options.controlDeadlineMs ?? CONTROL_DEADLINE_MS, {
      ask: (unit, request) => this.#ask(unit, request),
      onFrame: (unit, plan, blocks) => events.onFrame(unit.meter, plan, blocks, world.clock.now()),
      now: () => world.clock.now(),
      wake: () => this.#pump(),
    });
    this.#link.onDown = (detail) => this.#onDown(detail);
    this.#tick = setInterval(() => this.#onTick(), TICK_MS);
    this.#onTick();
  }

  health(): BusHealth {
    const now = performance.now();
    const units = this.#units.map((unit) => ({
      meterId: unit.meter.meterId,
      unitId: unit.meter.unitId,
      lastHeardAt: unit.lastHeardAt,
      failures: unit.failures,
      restsMs: Math.max(0, Math.round(unit.notBefore - now)),
      lastRefusal: unit.lastRefusal,
    }));
    return { id: this.#options.id, link: this.#link.ready ? "up" : "down", detail: this.#linkDetail, units };
  }

  // ---- when: the slots that are due

  #onTick(): void {
    const now = this.#world.clock.now();
    const monotonic = performance.now();
    for (const task of this.#tasks) {
      if (task.running) continue;
      const lost = missed(task, now);
      if (lost !== null) this.#gap(task, lost);
      if (!task.queued && now >= task.dueAt && task.unit.notBefore <= monotonic) this.#enqueue(task);
    }
    this.#pump();
  }

  #enqueue(task: Task): void {
    task.queued = true;
    this.#queues[task.group].push(task);
  }

  /** Without `refusal` the slot was not even tried to its end: the unit rests, the link is down, or the bus is too slow. */
  #gap(task: Task, slots: { from: Instant; until: Instant }, refusal: Refused | null = null): void {
    const rests = task.unit.failures > 0 ? task.unit.lastRefusal : null;
    const down = this.#link.ready ? null : refused("link_down", this.#linkDetail ?? "the link is down");
    const slow = refused("timeout", "the bus has more to do than its intervals allow");
    const { reason, detail } = refusal ?? rests ?? down ?? task.lastRefusal ?? slow;
    const { group, attempts } = task;
    this.#events.onGap({ meter: task.unit.meter, group, ...slots, attempts, reason, detail });
    task.attempts = 0;
  }

  // ---- who: the next turn

  #pump(): void {
    if (this.#stopped) return;
    if (!this.#link.ready) return this.#open();
    while (this.#running < this.#link.inFlightMax && this.#link.ready) {
      const order = this.#desk.next();
      const task = order === null && this.#mayPoll() ? this.#nextTask() : null;
      if (order !== null) this.#turn(order.unit, () => this.#desk.turn(order));
      else if (task !== null) this.#turn(task.unit, () => this.#pollTurn(task));
      else return;
    }
  }

  /** Orders pass while readings pile up behind the bus; polls wait. */
  #mayPoll(): boolean {
    if (this.#gated) return false;
    const gate = this.#events.gate();
    if (gate === null) return true;
    this.#gated = true;
    void gate.finally(() => {
      this.#gated = false;
      this.#pump();
    });
    return false;
  }

  #nextTask(): Task | null {
    if (this.#alone) return null;
    const monotonic = performance.now();
    for (const group of GROUPS) {
      const queue = this.#queues[group];
      for (let at = 0; at < queue.length; ) {
        const task = queue[at] as Task;
        if (task.unit.busy) {
          at++;
          continue;
        }
        const rests = task.unit.notBefore > monotonic;
        // Under way when the connection went: it is asked alone, so that the one who did it is known and hurts nobody else.
        if (!rests && task.unit.drops > 0 && this.#running > 0) return null;
        if (at === 0) queue.shift();
        else queue.splice(at, 1);
        task.queued = false;
        if (!rests) return task;
      }
    }
    return null;
  }

  #turn(unit: Unit, work: () => Promise<void>): void {
    unit.busy = true;
    this.#running++;
    this.#alone ||= unit.drops > 0;
    void this.#guarded(unit, work);
  }

  async #guarded(unit: Unit, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#world.log.error({ err: error, unitId: unit.meter.unitId }, "a meter's turn failed");
    }
    unit.busy = false;
    this.#running--;
    if (this.#running === 0) {
      this.#alone = false;
      this.#idle?.resolve();
    }
    this.#pump();
  }

  // ---- what: one meter's turn

  async #pollTurn(task: Task): Promise<void> {
    task.running = true;
    const blocks: WordBlock[] = [];
    let refusal: Refused | null = null;
    for (const request of task.requests) {
      const outcome = await this.#ask(task.unit, request);
      if (outcome.kind === "words")
        blocks.push({ table: request.table, address: request.address, words: outcome.words });
      else if (outcome.kind === "refused") {
        refusal ??= outcome;
        if (outcome.reason !== "exception_reply") break; // a slave that objects to one block may answer the next
      }
    }
    const now = this.#world.clock.now();
    task.running = false;
    if (blocks.length > 0) this.#events.onFrame(task.unit.meter, task.plan, blocks, now);
    if (this.#stopped) return;
    task.lastRefusal = refusal;
    if (refusal === null) {
      settleSlot(task, now);
      task.attempts = 0;
    } else this.#failed(task, refusal, now);
    if (task.intervalMs === 0 && !task.queued && task.unit.notBefore <= performance.now()) this.#enqueue(task);
  }

  #failed(task: Task, refusal: Refused, now: Instant): void {
    if (refusal.reason === "link_down" && task.unit.drops < DROPS_GUILTY) return; // not its fault: asked again when the link is back
    task.attempts++;
    const hopeless = refusal.reason === "exception_reply" && !isUnreachable(refusal);
    if (!hopeless && task.attempts <= (this.#options.retriesMax ?? RETRIES_MAX)) return;
    this.#gap(task, settleSlot(task, now), refusal);
  }

  /** One request; what it says about the unit is noted here. */
  async #ask(unit: Unit, request: Request): Promise<Outcome> {
    const began = performance.now();
    const outcome = await this.#link.request(request);
    const { telemetry, clock, random } = this.#world;
    const name = outcome.kind === "refused" ? outcome.reason : "ok";
    telemetry.count("sanbiao_modbus_transactions_total", this.#labelsOf(name));
    telemetry.observe("sanbiao_modbus_transaction_seconds", this.#busLabel, (performance.now() - began) / 1000);
    if (outcome.kind !== "refused") {
      this.#linkFailures = 0;
      unit.failures = 0;
      unit.drops = 0;
      unit.notBefore = 0;
      unit.lastRefusal = null;
      unit.lastHeardAt = clock.now();
      return outcome;
    }
    if (this.#stopped) return outcome;
    unit.lastRefusal = outcome;
    if (outcome.unsent === true) return outcome;
    if (outcome.reason === "link_down") unit.drops++;
    else {
      this.#linkFailures = 0;
      unit.drops = 0;
      this.#events.onRefused(unit.meter, request, outcome, clock.now());
    }
    const alive = outcome.reason === "exception_reply" && !isUnreachable(outcome);
    if (alive) unit.failures = 0;
    else if (outcome.reason !== "link_down" || unit.drops >= DROPS_GUILTY) {
      unit.failures++;
      unit.notBefore = performance.now() + pauseMs(this.#options.slaveBackoff ?? SLAVE_BACKOFF, unit.failures, random);
    }
    return outcome;
  }

  readonly #labels = new Map<string, Record<string, string>>();
  get #busLabel(): Record<string, string> {
    return this.#labelsOf("");
  }
  #labelsOf(outcome: string): Record<string, string> {
    const known = this.#labels.get(outcome);
    if (known !== undefined) return known;
    const made: Record<string, string> =
      outcome === "" ? { bus: this.#options.id } : { bus: this.#options.id, outcome };
    this.#labels.set(outcome, made);
    return made;
  }

  /** The same order again joins the one that waits or runs; another one follows it. */
  control(meterId: MeterId, action: ControlAction): Promise<ControlOutcome> {
    const unit = this.#units.find((u) => u.meter.meterId === meterId);
    return unit === undefined
      ? Promise.resolve(refusedOrder("unknown_meter", `meter ${meterId} is not on bus ${this.#options.id}`))
      : this.#desk.give(unit, action);
  }

  // ---- the link

  #onDown(detail: string): void {
    this.#linkDetail = detail;
    if (this.#stopped) return;
    this.#world.log.warn({ bus: this.#options.id, detail }, "modbus link down");
    this.#open();
  }

  /** Opened again for ever. The first try follows at once; a link that never bears an answer is tried ever less often. */
  #open(): void {
    if (this.#opening || this.#stopped) return;
    this.#opening = true;
    const pause = pauseMs(this.#options.linkBackoff ?? LINK_BACKOFF, this.#linkFailures, this.#world.random);
    this.#linkFailures++;
    this.#openTimer = setTimeout(() => void this.#openNow(), pause);
  }

  async #openNow(): Promise<void> {
    const refusal = await this.#link.open();
    this.#opening = false;
    this.#linkDetail = refusal?.detail ?? null;
    if (refusal === null) this.#pump();
    else this.#open();
  }

  /** Nothing is asked any more; what is under way settles; orders that wait are answered. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#tick);
    clearTimeout(this.#openTimer);
    this.#desk.stop();
    await this.#link.close();
    if (this.#running === 0) return;
    this.#idle = Promise.withResolvers<void>();
    await this.#idle.promise;
  }
}
