import { type Clock, HOUR_MS, type Instant, instant, SECOND_MS } from "../domain/instant.ts";
import type { MeterId, OperatorId, Reading } from "../domain/reading.ts";
import { lookAgain } from "../ledger/gap-work.ts";
import type { GapsBook } from "../ledger/gaps.ts";
import { lastHeardOf } from "../ledger/heard.ts";
import type { Database } from "../schema/database.ts";
import type { Directory, MeterEntry } from "./directory.ts";

/** Notices meters that speak by themselves and have stopped, and readings that come long after they were measured. */
export type SilenceWatch = {
  /** After each commit, with what was new. */
  committed(readings: readonly Reading[]): void;
  /** Opens the gaps that are due; has gaps looked at again for which readings came late. */
  turn(): Promise<void>;
};

/** Three reports that did not come: one may be lost on the air, two on a bad day. Our choice. */
export const SILENT_AFTER_INTERVALS = 3;
/** What is delivered later than this may fill a gap. Our choice: the hour on which bills and balances stand. */
const LATE_MS = HOUR_MS;
const ASKED_AT_ONCE = 1_000; // meters in one question to the book

export function silenceWatch(deps: {
  readonly db: Database;
  readonly directory: Directory;
  readonly gaps: GapsBook;
  readonly clock: Clock;
}): SilenceWatch {
  const { db, directory, gaps, clock } = deps;
  const startedAt = clock.now();
  const lastHeard = new Map<MeterId, Instant>();
  const silent = new Set<MeterId>(gaps.open().filter((id) => directory.meter(id)?.busId === null));
  const late = new Map<MeterId, OperatorId>();

  function committed(readings: readonly Reading[]): void {
    let meterId: MeterId | null = null;
    let latest: Instant | null = null;
    for (const reading of readings) {
      if (reading.meterId === meterId && reading.measuredAt === latest) continue;
      [meterId, latest] = [reading.meterId, reading.measuredAt];
      if (latest > (lastHeard.get(meterId) ?? Number.NEGATIVE_INFINITY)) lastHeard.set(meterId, latest);
      if (reading.receivedAt - latest > LATE_MS) late.set(meterId, reading.operatorId);
      if (silent.size > 0 && silent.has(meterId)) spoke(reading);
    }
  }

  /** The first value measured since the silence began ends it; one from before does not. */
  function spoke({ operatorId, meterId, measuredAt }: Reading): void {
    const since = gaps.openSince(operatorId, meterId);
    if (since !== null && measuredAt < since) return;
    silent.delete(meterId);
    void gaps.heard(operatorId, meterId, measuredAt).catch(() => undefined); // the next turn writes it
  }

  function due(now: Instant): MeterEntry[] {
    return [...directory.meters()].filter(
      ({ id, busId, reportEvery_s, usagePointId }) =>
        busId === null &&
        reportEvery_s !== null &&
        usagePointId !== null &&
        !silent.has(id) &&
        now - Math.max(lastHeard.get(id) ?? 0, startedAt) > SILENT_AFTER_INTERVALS * reportEvery_s * SECOND_MS,
    );
  }

  /** Another process may have heard the meter: the book knows. */
  async function open(operatorId: OperatorId, meters: readonly MeterEntry[], now: Instant): Promise<void> {
    const last = await db.as(operatorId, (trx) => lastHeardOf(trx, meters));
    for (const meter of meters) {
      const every_ms = (meter.reportEvery_s ?? 0) * SECOND_MS;
      const at = last.get(meter.id) ?? null;
      if (at !== null && at > (lastHeard.get(meter.id) ?? 0)) lastHeard.set(meter.id, at);
      if (at !== null && now - at <= SILENT_AFTER_INTERVALS * every_ms) continue;
      silent.add(meter.id);
      await gaps.missed(operatorId, meter.id, instant((at ?? startedAt) + every_ms), "silent");
    }
  }

  async function tellLate(): Promise<void> {
    for (const [operatorId, entries] of Map.groupBy(late, ([, of]) => of)) {
      const ids = entries.map(([id]) => id);
      for (const id of ids) late.delete(id); // those that come while we write are told next time
      try {
        await db.as(operatorId, (trx) => lookAgain(trx, ids));
      } catch (error) {
        for (const id of ids) late.set(id, operatorId);
        throw error;
      }
    }
  }

  return {
    committed,
    async turn() {
      const now = clock.now();
      await gaps.settle();
      await tellLate();
      for (const [operatorId, meters] of Map.groupBy(due(now), (meter) => meter.operatorId))
        for (let i = 0; i < meters.length; i += ASKED_AT_ONCE)
          await open(operatorId, meters.slice(i, i + ASKED_AT_ONCE), now);
    },
  };
}
