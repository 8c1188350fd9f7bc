import type { Logger } from "pino";
import { CodedError } from "../domain/errors.ts";
import type { Clock, Instant } from "../domain/instant.ts";
import type { RatioRow } from "../domain/ratio.ts";
import type { MeterId, Reading, Sample } from "../domain/reading.ts";
import type { RefusedFrame } from "../domain/refusal.ts";
import { REGISTERS, type RegisterName } from "../domain/register.ts";
import type { ReadingsBatcher, TakenOutcome } from "../ledger/batcher.ts";
import type { GapsBook } from "../ledger/gaps.ts";
import type { RefusalsBook } from "../ledger/refusals.ts";
import { normalise, ratiosAt } from "./decode/normalise.ts";
import type { PolledMeter, Sink } from "./modbus/sink.ts";

export type IntakeDeps = {
  readonly batcher: ReadingsBatcher;
  readonly refusals: RefusalsBook;
  readonly gaps: GapsBook;
  readonly clock: Clock;
  readonly log: Logger;
  /** A meter's ratios as they are known now; of a meter that nobody knows, those that its bus was started with count. */
  readonly ratiosOf?: (meterId: MeterId) => readonly RatioRow[] | undefined;
  /** After the commit, with what was new. */
  readonly onCommitted: (readings: readonly Reading[]) => void;
};

/** A Modbus reply carries no time: it cannot run ahead of the clock that stamps it. */
const AHEAD_MS = 0;

/** From a bus to the readings book: normalise, append, tell whoever listens; a poll in vain opens a gap, the next value closes it. */
export function modbusIntake(deps: IntakeDeps): Sink {
  const { batcher, refusals, gaps, clock, log, onCommitted } = deps;
  return {
    async samples(meter, samples, receivedAt) {
      const { readings, refused } = normalised(meter, samples, receivedAt);
      const kept = refused.map((frame) => refusals.keep(frame));
      if (readings.length > 0) {
        const outcomes = await batcher.submit(readings).catch((error: unknown) => noRoom(meter, receivedAt, error));
        tell(readings, outcomes);
        if (outcomes.length > 0 && samples.some(({ register }) => isBilling(meter.profile, register)))
          await gaps
            .heard(meter.operatorId, meter.meterId, receivedAt)
            .catch((error: unknown) => log.warn({ err: error }, "the end of a gap waits: it could not be written"));
      }
      await written(Promise.all(kept));
    },
    refused: (frame) => written(refusals.keep(frame)),
    async gap({ meter, group, from, reason }) {
      if (group !== "billing") return;
      await gaps
        .missed(meter.operatorId, meter.meterId, from, reason)
        .catch((error: unknown) => log.warn({ err: error }, "a gap waits: it could not be written"));
    },
  };

  /** Polls go on while the database is away: what is refused meanwhile is held in the refusals' own memory. */
  async function written(work: Promise<unknown>): Promise<void> {
    if (!batcher.onDisk) await work;
  }

  /** The disk takes no more: the value is not there, and a gap says so. */
  async function noRoom(meter: PolledMeter, at: Instant, error: unknown): Promise<readonly TakenOutcome[]> {
    if (!(error instanceof CodedError) || error.code !== "spool.full") throw error;
    void gaps.missed(meter.operatorId, meter.meterId, at, "no_room").catch(() => undefined); // written by the next turn
    return [];
  }

  function normalised(meter: PolledMeter, samples: readonly Sample[], receivedAt: Instant) {
    const now = receivedAt > clock.now() ? receivedAt : clock.now();
    const rows = deps.ratiosOf?.(meter.meterId);
    const stated = meter.ratios === undefined ? {} : { ratios: meter.ratios };
    const rulesOf = ({ measuredAt }: Sample) => ({
      now,
      receivedAt,
      maxAheadMs: AHEAD_MS,
      ...(rows === undefined ? stated : ratiosAt(rows, measuredAt ?? receivedAt, receivedAt)),
    });
    const readings: Reading[] = [];
    const refused: RefusedFrame[] = [];
    const { operatorId, meterId } = meter;
    for (const sample of samples) {
      const normal = normalise(sample, rulesOf(sample));
      if ("reason" in normal) {
        refused.push({ ...whence(meter, receivedAt, sample.register), ...normal, payload: new Uint8Array() });
        continue;
      }
      const { measuredAt, value } = normal;
      const register = REGISTERS[normal.register].code;
      readings.push({ operatorId, meterId, register, measuredAt, receivedAt, value, source: "modbus" });
    }
    return { readings, refused };
  }

  function tell(readings: readonly Reading[], outcomes: readonly TakenOutcome[]): void {
    const accepted = readings.filter((_, i) => outcomes[i] === "accepted");
    if (accepted.length > 0) onCommitted(accepted);
  }
}

/** A gap of the billing polls is not over because the relay's state was read. */
const isBilling = ({ registers }: PolledMeter["profile"], name: RegisterName): boolean =>
  registers.some(({ register, group }) => register === name && group === "billing");

const whence = (meter: PolledMeter, receivedAt: Instant, register: string) => ({
  operatorId: meter.operatorId,
  receivedAt,
  origin: `modbus:${meter.busId}/${meter.unitId}`,
  address: register,
});
