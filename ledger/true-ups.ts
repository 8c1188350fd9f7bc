import { type RawBuilder, sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import { type Micro, microOf } from "../domain/quantity.ts";
import type { AccountId, MeterId } from "../domain/reading.ts";
import { READING_SOURCES } from "../domain/reading.ts";
import type { ReadingEdit } from "../domain/reading-edit.ts";
import { type RegisterName, REGISTERS, registerName } from "../domain/register.ts";
import type { Unit, Utility } from "../domain/unit.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;

/** A register's value that a bill ended at and that no actual reading has confirmed yet. */
export type EstimatedEnd = {
  readonly usagePointId: bigint;
  readonly meterId: MeterId;
  readonly register: RegisterName;
  readonly at: Instant;
  readonly value: Micro;
  readonly method: string;
};

export type OpenTrueUp = EstimatedEnd & {
  readonly id: bigint;
  readonly accountId: AccountId;
  /** The bill that ended at the estimate. */
  readonly bill: { readonly id: bigint; readonly number: string; readonly from: Instant; readonly to: Instant };
  /** An actual reading at or after the instant is known. */
  readonly hasActual: boolean;
};

export type TrueUpClosing = {
  readonly trueUpId: bigint;
  /** What the register showed at the instant by actual readings; `null` where no line runs. */
  readonly value: Micro | null;
  readonly basis: "actual" | "interpolated";
  readonly difference: Micro | null;
};

/** That an actual value of a register at or after an instant is known: read and not excluded, or given by a person as read. */
const hasActualFrom = (meter: RawBuilder<unknown>, register: RawBuilder<unknown>, at: RawBuilder<unknown>) => sql`
  (exists (select from sanbiao.reading r where r.operator_id = sanbiao.operator_id() and r.meter_id = ${meter}
             and r.register = ${register} and r.measured_at >= ${at} and r.source <> ${READING_SOURCES.estimate}
             and not exists (select from sanbiao.current_reading_edit x where x.operator_id = r.operator_id
               and x.meter_id = r.meter_id and x.register = r.register and x.measured_at = r.measured_at
               and x.origin = 'clerk' and x.kind <> 'restore'))
   or exists (select from sanbiao.current_reading_edit x where x.operator_id = sanbiao.operator_id() and x.meter_id = ${meter}
             and x.register = ${register} and x.measured_at >= ${at} and x.kind = 'value'
             and x.source <> ${READING_SOURCES.estimate}))`;

/** True-ups of these accounts that no bill has closed, in order of account, usage point and time. */
export async function openTrueUps(trx: Trx, accountIds: readonly AccountId[]): Promise<OpenTrueUp[]> {
  const { rows } = await sql<{
    id: bigint;
    account_id: bigint;
    usage_point_id: bigint;
    meter_id: bigint;
    register: number;
    at: Instant;
    value: bigint;
    method: string;
    bill_id: bigint;
    number: string;
    period_from: Instant;
    period_to: Instant;
    has_actual: boolean;
  }>`
    select t.*, b.number, b.period_from, b.period_to,
           ${hasActualFrom(sql`t.meter_id`, sql`t.register`, sql`t.at`)} as has_actual
      from sanbiao.true_up t join sanbiao.bill b on b.operator_id = t.operator_id and b.id = t.bill_id
     where t.operator_id = sanbiao.operator_id() and t.account_id = any(${`{${accountIds.join(",")}}`}::bigint[])
       and not exists (select from sanbiao.true_up_closing c where c.operator_id = t.operator_id and c.true_up_id = t.id)
     order by t.account_id, t.usage_point_id, t.at, t.id`.execute(trx);
  return rows.flatMap((row): OpenTrueUp[] => {
    const register = registerName(row.register);
    if (register === null) return [];
    const bill = { id: row.bill_id, number: row.number, from: row.period_from, to: row.period_to };
    const { id, at, value, method } = row;
    const [accountId, usagePointId, meterId] = [row.account_id, row.usage_point_id, row.meter_id];
    return [{ id, accountId, usagePointId, meterId, register, at, value, method, bill, hasActual: row.has_actual }];
  });
}

/** Opens a true-up for each estimated end of a bill that was just written. */
export async function writeTrueUps(
  trx: Trx,
  bill: { readonly id: bigint; readonly accountId: AccountId },
  ends: readonly EstimatedEnd[],
  openedAt: Instant,
): Promise<void> {
  if (ends.length === 0) return;
  await trx
    .insertInto("true_up")
    .values(
      ends.map((end) => ({
        operator_id: sql<bigint>`sanbiao.operator_id()`,
        bill_id: bill.id,
        account_id: bill.accountId,
        usage_point_id: end.usagePointId,
        meter_id: end.meterId,
        register: REGISTERS[end.register].code,
        at: isoOf(end.at),
        value: end.value,
        method: end.method,
        opened_at: isoOf(openedAt),
      })),
    )
    .execute();
}

/** Closes true-ups by the bill that carries their differences. Each is closed once: the key refuses a second time. */
export async function closeTrueUps(
  trx: Trx,
  billId: bigint,
  closings: readonly TrueUpClosing[],
  closedAt: Instant,
): Promise<void> {
  if (closings.length === 0) return;
  await trx
    .insertInto("true_up_closing")
    .values(
      closings.map(({ trueUpId, value, basis, difference }) => ({
        operator_id: sql<bigint>`sanbiao.operator_id()`,
        true_up_id: trueUpId,
        bill_id: billId,
        value,
        basis,
        difference,
        closed_at: isoOf(closedAt),
      })),
    )
    .execute();
}

/**
 * Of these entries the estimates that no longer count: a bill ended there (whichever of the meter's registers it counted), and an actual reading at or after them is
 * known now, or one before them that is higher. The difference is in a true-up; use is counted by what was read.
 */
export async function supersededEstimates(trx: Trx, edits: readonly ReadingEdit[]): Promise<Set<bigint>> {
  const candidates = edits.filter(({ says }) => says.kind === "value" && says.source === "estimate");
  if (candidates.length === 0) return new Set();
  const { rows } = await sql<{ id: bigint }>`
    select e.id from sanbiao.reading_edit e
     where e.operator_id = sanbiao.operator_id() and e.id = any(${`{${candidates.map(({ id }) => id).join(",")}}`}::bigint[])
       and exists (select from sanbiao.true_up t where t.operator_id = e.operator_id
             and t.meter_id = e.meter_id and t.at = e.measured_at)
       and (${hasActualFrom(sql`e.meter_id`, sql`e.register`, sql`e.measured_at`)}
            or exists (select from sanbiao.reading r where r.operator_id = e.operator_id and r.meter_id = e.meter_id
              and r.register = e.register and r.measured_at > (e.basis ->> 'last_at')::timestamptz
              and r.measured_at < e.measured_at and r.value > e.value and r.source <> ${READING_SOURCES.estimate}))`.execute(
    trx,
  );
  return new Set(rows.map(({ id }) => id));
}

/** One line of a bill with what later bills and corrections changed of it. */
export type BilledLine = {
  readonly billId: bigint;
  readonly usagePointId: bigint;
  readonly key: string;
  readonly utility: string;
  readonly tariffId: string;
  readonly tariffVersion: string;
  readonly charge: string;
  readonly kind: string;
  readonly tier: number | null;
  readonly tou: string | null;
  readonly from: Instant;
  readonly to: Instant;
  readonly quantity: Micro | null;
  readonly unit: string | null;
  readonly price: string | null;
  readonly amount: bigint;
  readonly included: bigint | null;
  readonly title: { readonly zh: string; readonly en: string };
};

/** What a bill, its true-ups and its corrections counted of one stretch. */
export type BilledStretch = {
  readonly billId: bigint;
  readonly usagePointId: bigint;
  readonly utility: Utility;
  readonly unit: Unit;
  readonly from: Instant;
  readonly to: Instant;
  readonly quantity: Micro;
  /** Units per meter and register, and the value at the end that counts until now. */
  readonly registers: readonly {
    readonly meter: string;
    readonly register: string;
    readonly used: Micro;
    readonly end: string | null;
  }[];
};

/** Ends the keys of lines that correct a line of another bill. */
export const TRUE_UP_KEY = "/true-up";

/** What these bills charged, true-ups by later bills and corrections added in, line by line. */
export async function billedLines(trx: Trx, billIds: readonly bigint[]): Promise<BilledLine[]> {
  const ids = `{${billIds.join(",")}}`;
  const { rows } = await sql<BilledLine & { title_zh: string; title_en: string }>`
    with part as (
      select 1 as rank, bill_id as of_bill, bill_id as by_id, l.* from sanbiao.bill_line l
       where operator_id = sanbiao.operator_id() and bill_id = any(${ids}::bigint[]) and corrects_bill_id is null
      union all
      select 3, corrects_bill_id, bill_id, l.* from sanbiao.bill_line l
       where operator_id = sanbiao.operator_id() and corrects_bill_id = any(${ids}::bigint[])
    ), known as (
      select rank, of_bill, by_id, usage_point_id, regexp_replace(key, ${`${TRUE_UP_KEY}$`}, '') as key, utility, tariff_id, tariff_version,
             charge, kind, tier, tou, period_from, period_to, quantity, unit, price, amount_minor, included_minor, title_zh, title_en
        from part
      union all
      select 2, bill_id, correction_id, usage_point_id, key, utility, tariff_id, tariff_version,
             charge, kind, tier, tou, period_from, period_to, quantity, unit, price, amount_minor, included_minor, title_zh, title_en
        from sanbiao.correction_line where operator_id = sanbiao.operator_id() and bill_id = any(${ids}::bigint[])
    )
    -- what a line is called is told by the bill itself, else by a correction: a true-up's title names another bill
    select of_bill as "billId", usage_point_id as "usagePointId", key, min(utility) as utility, min(tariff_id) as "tariffId",
           max(tariff_version) as "tariffVersion", min(charge) as charge, min(kind) as kind, min(tier) as tier, min(tou) as tou,
           min(period_from) as "from", max(period_to) as "to", sum(quantity)::bigint as quantity, min(unit) as unit, max(price) as price,
           sum(amount_minor)::bigint as amount, sum(included_minor)::bigint as included,
           (array_agg(title_zh order by rank, by_id))[1] as title_zh, (array_agg(title_en order by rank, by_id))[1] as title_en
      from known group by 1, 2, 3 order by 1, 2, 3`.execute(trx);
  return rows.map((row) => ({ ...row, title: { zh: row.title_zh, en: row.title_en } }));
}

/** What these bills counted, true-ups by later bills and corrections added in, stretch by stretch. */
export async function billedStretches(trx: Trx, billIds: readonly bigint[]): Promise<BilledStretch[]> {
  const { rows } = await sql<{
    billId: bigint;
    usagePointId: bigint;
    utility: Utility;
    unit: Unit;
    from: Instant;
    to: Instant;
    quantity: bigint;
    registers: { meter: string; register: string; used: string; end: string | null }[] | null;
  }>`
    with part as (
      select 0 as rank, bill_id as by_id, coalesce(corrects_bill_id, bill_id) as of_bill, usage_point_id, period_from, period_to,
             quantity, registers, utility, unit
        from sanbiao.billed_usage
       where operator_id = sanbiao.operator_id()
         and (bill_id = any(${`{${billIds.join(",")}}`}::bigint[]) and corrects_bill_id is null
              or corrects_bill_id = any(${`{${billIds.join(",")}}`}::bigint[]))
      union all
      select 1, correction_id, bill_id, usage_point_id, period_from, period_to, quantity, registers, utility, unit from sanbiao.correction_usage
       where operator_id = sanbiao.operator_id() and bill_id = any(${`{${billIds.join(",")}}`}::bigint[])
    ), counted as (
      select of_bill, usage_point_id, period_from, p.meter, p.register, sum(p.used) as used,
             (array_agg(p."end" order by rank desc, by_id desc))[1] as "end"
        from part cross join jsonb_to_recordset(registers) as p (meter text, register text, used numeric, "end" text)
       group by 1, 2, 3, 4, 5
    )
    select of_bill as "billId", usage_point_id as "usagePointId", min(utility) as utility, min(unit) as unit,
           period_from as "from", max(period_to) as "to",
           sum(quantity)::bigint as quantity,
           (select json_agg(json_build_object('meter', c.meter, 'register', c.register, 'used', c.used::text, 'end', c."end"))
              from counted c where (c.of_bill, c.usage_point_id, c.period_from) = (part.of_bill, part.usage_point_id, part.period_from)) as registers
      from part group by of_bill, usage_point_id, period_from order by of_bill, usage_point_id, period_from`.execute(
    trx,
  );
  return rows.map((row) => ({
    ...row,
    registers: (row.registers ?? []).map((one) => ({ ...one, used: microOf(one.used) ?? 0n })),
  }));
}
