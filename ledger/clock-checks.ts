import { sql } from "kysely";
import type { ClockCheck } from "../domain/clock-check.ts";
import { DAY_MS, SECOND_MS } from "../domain/instant.ts";
import type { MeterId } from "../domain/reading.ts";
import type { Database } from "../schema/database.ts";

export type ClockBook = {
  /** @returns whether a row was written: what a row of the last day says already is not written again */
  keep(check: ClockCheck): Promise<boolean>;
};

/** A drift that moved by less says nothing new: clocks show whole seconds. */
const CHANGE_MS_MIN = 2 * SECOND_MS;

/** What meters' clocks showed, thinned: a row a day and meter, when it changed, and whatever was done about it. */
export function clockBook(db: Database): ClockBook {
  const last = new Map<MeterId, ClockCheck>();
  return {
    async keep(check) {
      const before = last.get(check.meterId);
      if (before !== undefined && !isNews(before, check)) return false;
      await db.as(check.operatorId, async (trx) => {
        const { operatorId, meterId, checkedAt, driftMs, outcome, beforeMs } = check;
        await sql`
          insert into clock_check (operator_id, meter_id, checked_at, drift_ms, outcome, before_ms)
          values (${operatorId}, ${meterId}, to_timestamp(${checkedAt}::float8 / 1000), ${driftMs}, ${outcome}, ${beforeMs})
          on conflict do nothing`.execute(trx);
      });
      last.set(check.meterId, check);
      return true;
    },
  };
}

/** One that was set is always news, one that is held only once a day. */
const isNews = (before: ClockCheck, check: ClockCheck): boolean =>
  check.beforeMs !== null ||
  check.outcome !== before.outcome ||
  Math.abs(check.driftMs - before.driftMs) >= CHANGE_MS_MIN ||
  Math.abs(check.checkedAt - before.checkedAt) >= DAY_MS;
