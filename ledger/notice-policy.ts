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
  /** Whether customers are told of their payments, and of corrections of their bills. */
  readonly payments: boolean;
  readonly corrections: boolean;
};

/** Until an operator says otherwise. Our choice: nobody is woken by a bill, and a usual SMS gateway takes ten a second. */
export const DEFAULT_NOTICE_POLICY: NoticePolicy = {
  quietFrom: "21:30",
  quietTo: "08:00",
  perMinute: 600,
  payments: true,
  corrections: true,
};

export async function readNoticePolicy(trx: Trx): Promise<NoticePolicy> {
  const { rows } = await sql<NoticePolicy>`
    select quiet_from as "quietFrom", quiet_to as "quietTo", per_minute as "perMinute", payments, corrections
      from sanbiao.notice_policy where operator_id = sanbiao.operator_id() order by id desc limit 1`.execute(trx);
  return rows[0] ?? DEFAULT_NOTICE_POLICY;
}

/** What is not said of payments and corrections stays as it is. */
export async function noteNoticePolicy(
  trx: Trx,
  said: Omit<NoticePolicy, MoneySwitch> & { readonly [S in MoneySwitch]?: boolean | undefined },
  { at, by }: Noted,
): Promise<"noted" | "already"> {
  const before = await readNoticePolicy(trx);
  const { quietFrom, quietTo, perMinute, payments = before.payments, corrections = before.corrections } = said;
  const now = { quietFrom, quietTo, perMinute, payments, corrections };
  if ((Object.keys(now) as (keyof NoticePolicy)[]).every((name) => before[name] === now[name])) return "already";
  await sql`
    insert into sanbiao.notice_policy (operator_id, quiet_from, quiet_to, per_minute, payments, corrections, noted_at, noted_by)
    values (sanbiao.operator_id(), ${quietFrom}, ${quietTo}, ${perMinute}, ${payments}, ${corrections}, ${isoOf(at)}, ${by})`.execute(
    trx,
  );
  return "noted";
}
type MoneySwitch = "payments" | "corrections";

/** Whether only what is urgent leaves at `at`. */
export function isQuiet({ quietFrom, quietTo }: NoticePolicy, at: Instant, zone: Zone): boolean {
  const [from, to, now] = [minutesOf(quietFrom), minutesOf(quietTo), wallClock(at, zone).minute];
  return from <= to ? from <= now && now < to : now >= from || now < to;
}

const minutesOf = (time: string): number => {
  const [hours = "", minutes = ""] = time.split(":");
  return Number(hours) * 60 + Number(minutes);
};
