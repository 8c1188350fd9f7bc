import { type RawBuilder, sql } from "kysely";
import { HAND_DIALS } from "../catalog/meters/by-hand.ts";
import { POLL_SECONDS } from "../domain/profile.ts";
import type { Desk } from "./desk.ts";
import { timestamptz } from "../schema/database.ts";

/**
 * When a meter is late and when it is silent. A polled one follows the billing interval of its bus: one vain poll is no
 * news, three are. One on a radio speaks by the hour or once a day, and may miss one. One without a wire speaks when a person reads it: each month,
 * or each quarter.
 */
const POLLED = { heardPolls: 3, heardSecondsMin: 300, lateSeconds: 86_400 } as const;
const RADIO = { heardSeconds: 26 * 3_600, lateSeconds: 3 * 86_400 } as const;
const BY_HAND = { heardSeconds: 35 * 86_400, lateSeconds: 100 * 86_400 } as const;
const HAND_PROFILES = `{${HAND_DIALS.map(({ id }) => id).join(",")}}`;

/**
 * `join` puts beside `m` since when it must have spoken to be heard, or only late, as `h`. An interval that a bus states
 * and that is no number is the default, as for the collector that has none.
 */
export type HeardRule = {
  readonly join: RawBuilder<unknown>;
  /** `heard`, `late` or `silent` for the time of a last reading; null is silent. */
  statusOf(lastAt: RawBuilder<unknown>): RawBuilder<unknown>;
  /** `m`, if it spoke only before this, is silent: older readings need not be looked at. */
  readonly silentBefore: RawBuilder<unknown>;
};

export function heardRule(desk: Desk): HeardRule {
  const now = sql`${timestamptz(desk.now)}::timestamptz`;
  const ago = (seconds: RawBuilder<unknown>) => sql`${now} - make_interval(secs => ${seconds})`;
  const seconds = sql`case when jsonb_typeof(poll_seconds -> 'billing') = 'number'
    then (poll_seconds ->> 'billing')::float8 else ${sql.lit(POLL_SECONDS.billing)} end`;
  // Never beyond a radio's limit, so that one bound serves all meters.
  const heard = sql`least(greatest(${sql.lit(POLLED.heardPolls)} * (${seconds}), ${sql.lit(POLLED.heardSecondsMin)}), ${sql.lit(RADIO.lateSeconds)})`;
  // Worked out once per bus, not per meter: `offset 0` keeps the planner from spreading it over all rows.
  const join = sql`left join (
    select id, ${ago(heard)} as heard_since, ${ago(sql`greatest(${heard}, ${sql.lit(POLLED.lateSeconds)})`)} as late_since
      from bus where operator_id = ${desk.operatorId} offset 0) h on h.id = m.bus_id`;
  const byHand = (theirs: number, others: number) =>
    ago(
      sql`case when m.profile_id = any(${sql.lit(HAND_PROFILES)}::text[]) then ${sql.lit(theirs)} else ${sql.lit(others)} end`,
    );
  const heardSince = sql`coalesce(h.heard_since, ${byHand(BY_HAND.heardSeconds, RADIO.heardSeconds)})`;
  const silentBefore = byHand(BY_HAND.lateSeconds, RADIO.lateSeconds);
  const lateSince = sql`coalesce(h.late_since, ${silentBefore})`;
  return {
    join,
    silentBefore,
    statusOf: (lastAt) =>
      sql`(case when ${lastAt} >= ${heardSince} then 'heard' when ${lastAt} >= ${lateSince} then 'late' else 'silent' end)`,
  };
}
