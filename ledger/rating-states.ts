import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Period } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Usage } from "../domain/usage.ts";
import type { Tables } from "../schema/tables.ts";
import { bulkInsert, type Column } from "./bulk-insert.ts";

type Trx = Transaction<Tables>;

/** What one stretch of a bill was given and handed on, as JSON. */
export type StateToWrite = {
  readonly billId: bigint;
  readonly accountId: AccountId;
  readonly usagePointId: bigint;
  readonly tariffId: string;
  readonly period: Period;
  readonly before: object;
  readonly after: object;
};

const stateColumns: readonly Column<StateToWrite>[] = [
  ["bill_id", "bigint", ({ billId }) => billId],
  ["usage_point_id", "bigint", ({ usagePointId }) => usagePointId],
  ["account_id", "bigint", ({ accountId }) => accountId],
  ["tariff_id", "text", ({ tariffId }) => tariffId],
  ["period_from", "timestamptz", ({ period }) => isoOf(period.from)],
  ["period_to", "timestamptz", ({ period }) => isoOf(period.to)],
  ["before", "jsonb", ({ before }) => JSON.stringify(before)],
  ["after", "jsonb", ({ after }) => JSON.stringify(after)],
];

export const writeRatingStates = (trx: Trx, rows: readonly StateToWrite[]): Promise<void> =>
  bulkInsert(trx, "rating_state", { columns: stateColumns }, rows);

/** What a bill rests on besides the main register. */
export type MeasureToWrite = {
  readonly billId: bigint;
  readonly usagePointId: bigint;
  readonly kind: "export" | "reactive" | "demand";
  readonly unit: string;
  readonly usage: Pick<Usage, "servicePeriod" | "total" | "basis">;
  readonly registers: readonly object[];
};

const measureColumns: readonly Column<MeasureToWrite>[] = [
  ["bill_id", "bigint", ({ billId }) => billId],
  ["usage_point_id", "bigint", ({ usagePointId }) => usagePointId],
  ["period_from", "timestamptz", ({ usage }) => isoOf(usage.servicePeriod.from)],
  ["period_to", "timestamptz", ({ usage }) => isoOf(usage.servicePeriod.to)],
  ["kind", "text", ({ kind }) => kind],
  ["quantity", "bigint", ({ usage }) => usage.total],
  ["unit", "text", ({ unit }) => unit],
  ["basis", "text", ({ usage }) => usage.basis],
  ["registers", "jsonb", ({ registers }) => JSON.stringify(registers)],
];

export const writeMeasures = (trx: Trx, rows: readonly MeasureToWrite[]): Promise<void> =>
  bulkInsert(trx, "billed_measure", { columns: measureColumns }, rows);

/** The registers that these bills rest on besides their main ones, by `bill usage-point beginning` of the stretch. */
export async function readMeasuredRegisters(
  trx: Trx,
  billIds: readonly bigint[],
): Promise<(stretch: { bill_id: bigint; usage_point_id: bigint; period_from: Instant }) => readonly object[]> {
  const keyOf = (row: { bill_id: bigint; usage_point_id: bigint; period_from: Instant }) =>
    `${row.bill_id} ${row.usage_point_id} ${row.period_from}`;
  const rows =
    billIds.length === 0
      ? []
      : await trx
          .selectFrom("billed_measure")
          .select(["bill_id", "usage_point_id", "period_from", "registers"])
          .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
          .where("bill_id", "in", billIds)
          .orderBy("kind")
          .execute();
  const byStretch = Map.groupBy(rows, keyOf);
  return (stretch) =>
    (byStretch.get(keyOf(stretch)) ?? []).flatMap(({ registers }) => registers as unknown as object[]);
}

export type StateAsked = { readonly accountId: AccountId; readonly usagePointId: bigint; readonly at: Instant };
/** What the newest bill that ends at or before an instant handed on, as it was last corrected, and where it ends. */
export type KeptState = StateAsked & { readonly endedAt: Instant; readonly after: unknown };

export async function readRatingStates(trx: Trx, asked: readonly StateAsked[]): Promise<KeptState[]> {
  if (asked.length === 0) return [];
  const [accounts, points] = [asked.map((one) => one.accountId), asked.map((one) => one.usagePointId)];
  const instants = `{${asked.map(({ at }) => `"${isoOf(at)}"`).join(",")}}`;
  const { rows } = await sql<{
    account: bigint;
    point: bigint;
    at: Instant;
    period_to: Instant;
    after: unknown;
  }>`
    select p.account, p.point, p.at, s.period_to, s.after
      from unnest(${`{${accounts.join(",")}}`}::bigint[], ${`{${points.join(",")}}`}::bigint[], ${instants}::timestamptz[])
        as p (account, point, at)
     cross join lateral (
       select period_to, after from (
         (select period_to, bill_id, 0::bigint as correction_id, after from sanbiao.rating_state
           where operator_id = sanbiao.operator_id() and account_id = p.account and usage_point_id = p.point and period_to <= p.at
           order by period_to desc, bill_id desc limit 1)
         union all
         (select period_to, bill_id, correction_id, after from sanbiao.correction_state
           where operator_id = sanbiao.operator_id() and account_id = p.account and usage_point_id = p.point and period_to <= p.at
           order by period_to desc, bill_id desc, correction_id desc limit 1)) known
        order by period_to desc, bill_id desc, correction_id desc limit 1) s`.execute(trx);
  return rows.map((row) => ({
    accountId: row.account,
    usagePointId: row.point,
    at: row.at,
    endedAt: row.period_to,
    after: row.after,
  }));
}
