import cron from "node-cron";
import { HOUR_MS, type Instant, instant } from "../domain/instant.ts";
import { addDays, type Day, dayOf, type Zone } from "../domain/period.ts";
import type { OperatorId } from "../domain/reading.ts";
import { zoneOf } from "../ledger/vee.ts";
import { type ValidatedDay, type ValidationDeps, validateDay } from "./day.ts";

/** A day is judged when it is over for so long: readings of its last hour still come in. Our choice. */
export const GRACE_MS = 2 * HOUR_MS;
/** Meters deliver late: each night looks at so many days again. Our choice. */
export const DAYS_BACK = 3;

/** The last days that are over and past their grace, oldest first. Pure. */
export function daysOver(now: Instant, zone: Zone, count = DAYS_BACK): Day[] {
  const today = dayOf(instant(now - GRACE_MS), zone);
  return Array.from({ length: count }, (_, i) => addDays(today, i - count));
}

/** Per operator the newest day that was judged. A process forgets it; to judge again is harmless. */
export type JudgedDays = Map<OperatorId, Day>;

/**
 * Judges the last days of every operator whose newest day was not judged yet. What breaks at one operator is logged and
 * does not keep the next from its turn.
 */
export async function validateLastDays(
  deps: ValidationDeps,
  { judged = new Map(), stop = () => false }: { judged?: JudgedDays; stop?: () => boolean } = {},
): Promise<ValidatedDay[]> {
  const { rows } = await deps.db.pool.query<{ operator_id: bigint }>("select operator_id from sanbiao.operators()");
  const all: ValidatedDay[] = [];
  for (const { operator_id: operatorId } of rows) {
    try {
      const zone = await deps.db.as(operatorId, zoneOf);
      const days = daysOver(deps.clock.now(), zone);
      const newest = days.at(-1);
      if (newest === undefined || judged.get(operatorId) === newest) continue;
      for (const day of days) {
        if (stop()) return all;
        const done = await validateDay(deps, operatorId, day, { stop });
        deps.log?.info({ operator: `${operatorId}`, ...done }, "a day's readings were judged");
        all.push(done);
      }
      if (!stop()) judged.set(operatorId, newest);
    } catch (error) {
      deps.log?.error(
        { err: error, operator: `${operatorId}` },
        "readings could not be judged; the next hour tries again",
      );
    }
  }
  return all;
}

export type ValidationSchedule = { stop(): Promise<void> };

/** Wakes at start and at forty past every hour: each operator has its own midnight. A wake that is still at work is not started again. */
export function startValidation(deps: ValidationDeps): ValidationSchedule {
  const judged: JudgedDays = new Map();
  let stopped = false;
  let running: Promise<void> | null = null;
  const turn = (): void => {
    if (stopped || running !== null) return;
    running = validateLastDays(deps, { judged, stop: () => stopped })
      .then(() => undefined)
      .catch((error: unknown) =>
        deps.log?.error({ err: error }, "readings could not be judged; the next hour tries again"),
      )
      .finally(() => {
        running = null;
      });
  };
  const task = cron.schedule("40 * * * *", turn);
  turn();
  return {
    stop: async () => {
      stopped = true;
      await task.destroy();
      await running;
    },
  };
}
