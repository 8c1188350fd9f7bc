import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import { wallClock, type Zone } from "../domain/period.ts";
import type { Tables } from "../schema/tables.ts";
import type { Noted } from "./topology.ts";

type Trx = Transaction<Tables>;

/** When an operator's notices leave. Local times `HH:MM`, over midnight when `quietFrom` is later; the same twice: always. */
export type NoticePolicy = {
  readonly quietFrom: string;
  readonly quietTo: string;
  /** Messages of one channel in any minute. */
  readonly perMinute: number;
};

/** Until an operator says otherwise. Our choice: nobody is woken by a bill, and a usual SMS gateway takes ten a second. */
export const DEFAULT_NOTICE_POLICY: NoticePolicy = { quietFrom: "21:30", quietTo: "08:00", perMinute: 600 };

export async function readNoticePolicy(trx: Trx): Promise<NoticePolicy> {
  const { rows } = await sql<{ quiet_from: string; quiet_to: string; per_minute: number }>`
    select quiet_from, quiet_to, per_minute from sanbiao.notice_policy
     where operator_id = sanbiao.operator_id() order by id desc limit 1`.execute(trx);
  const row = rows[0];
  if (row === undefined) return DEFAULT_NOTICE_POLICY;
  return { quietFrom: row.quiet_from, quietTo: row.quiet_to, perMinute: row.per_minute };
}

export async function noteNoticePolicy(
  trx: Trx,
  { quietFrom, quietTo, perMinute }: NoticePolicy,
  { at, by }: Noted,
): Promise<"noted" | "already"> {
  const before = await readNoticePolicy(trx);
  if (before.quietFrom === quietFrom && before.quietTo === quietTo && before.perMinute === perMinute) return "already";
  await sql`
    insert into sanbiao.notice_policy (operator_id, quiet_from, quiet_to, per_minute, noted_at, noted_by)
    values (sanbiao.operator_id(), ${quietFrom}, ${quietTo}, ${perMinute}, ${isoOf(at)}, ${by})`.execute(trx);
  return "noted";
}

/** Whether only what is urgent leaves at `at`. */
export function isQuiet({ quietFrom, quietTo }: NoticePolicy, at: Instant, zone: Zone): boolean {
  const [from, to, now] = [minutesOf(quietFrom), minutesOf(quietTo), wallClock(at, zone).minute];
  return from <= to ? from <= now && now < to : now >= from || now < to;
}

const minutesOf = (time: string): number => {
  const [hours = "", minutes = ""] = time.split(":");
  return Number(hours) * 60 + Number(minutes);
};
