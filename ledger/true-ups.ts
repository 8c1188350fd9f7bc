import { type RawBuilder, sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import { type Micro, microOf } from "../domain/quantity.ts";
import type { AccountId, MeterId } from "../domain/reading.ts";
import { READING_SOURCES } from "../domain/reading.ts";
import type { ReadingEdit } from "../domain/reading-edit.ts";
import { type RegisterName, REGISTERS, registerName } from "../domain/register.ts";
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

/** One line of a bill with what later bills corrected of it. */
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

/** What a bill and its corrections counted of one stretch. */
export type BilledStretch = {
  readonly billId: bigint;
  readonly usagePointId: bigint;
  readonly from: Instant;
  readonly to: Instant;
  readonly quantity: Micro;
  /** Units per meter and register. */
  readonly registers: readonly { readonly meter: string; readonly register: string; readonly used: Micro }[];
};

/** Ends the keys of lines that correct a line of another bill. */
export const TRUE_UP_KEY = "/true-up";

/** What these bills charged, corrections by later bills added in, line by line. */
export async function billedLines(trx: Trx, billIds: readonly bigint[]): Promise<BilledLine[]> {
  const { rows } = await sql<BilledLine & { title_zh: string; title_en: string }>`
    select coalesce(corrects_bill_id, bill_id) as "billId", usage_point_id as "usagePointId", base.key, utility,
           tariff_id as "tariffId", max(tariff_version) as "tariffVersion", charge, kind, tier, tou,
           period_from as "from", period_to as "to", sum(quantity)::bigint as quantity, unit, max(price) as price,
           sum(amount_minor)::bigint as amount, sum(included_minor)::bigint as included,
           max(title_zh) filter (where corrects_bill_id is null) as title_zh,
           max(title_en) filter (where corrects_bill_id is null) as title_en
      from sanbiao.bill_line
     cross join lateral (select regexp_replace(bill_line.key, ${`${TRUE_UP_KEY}$`}, '') as key) base
     where operator_id = sanbiao.operator_id()
       and (bill_id = any(${`{${billIds.join(",")}}`}::bigint[]) and corrects_bill_id is null
            or corrects_bill_id = any(${`{${billIds.join(",")}}`}::bigint[]))
     group by 1, 2, 3, utility, tariff_id, charge, kind, tier, tou, period_from, period_to, unit
     order by 1, 2, 3`.execute(trx);
  return rows.map((row) => ({ ...row, title: { zh: row.title_zh ?? "", en: row.title_en ?? "" } }));
}

/** What these bills counted, corrections by later bills added in, stretch by stretch. */
export async function billedStretches(trx: Trx, billIds: readonly bigint[]): Promise<BilledStretch[]> {
  const { rows } = await sql<{
    billId: bigint;
    usagePointId: bigint;
    from: Instant;
    to: Instant;
    quantity: bigint;
    registers: { meter: string; register: string; used: string }[] | null;
  }>`
    with part as (
      select coalesce(corrects_bill_id, bill_id) as of_bill, usage_point_id, period_from, period_to, quantity, registers
        from sanbiao.billed_usage
       where operator_id = sanbiao.operator_id()
         and (bill_id = any(${`{${billIds.join(",")}}`}::bigint[]) and corrects_bill_id is null
              or corrects_bill_id = any(${`{${billIds.join(",")}}`}::bigint[]))
    ), counted as (
      select of_bill, usage_point_id, period_from, p.meter, p.register, sum(p.used) as used
        from part cross join jsonb_to_recordset(registers) as p (meter text, register text, used numeric)
       group by 1, 2, 3, 4, 5
    )
    select of_bill as "billId", usage_point_id as "usagePointId", period_from as "from", max(period_to) as "to",
           sum(quantity)::bigint as quantity,
           (select json_agg(json_build_object('meter', c.meter, 'register', c.register, 'used', c.used::text))
              from counted c where (c.of_bill, c.usage_point_id, c.period_from) = (part.of_bill, part.usage_point_id, part.period_from)) as registers
      from part group by 1, 2, 3 order by 1, 2, 3`.execute(trx);
  return rows.map((row) => ({
    ...row,
    registers: (row.registers ?? []).map((one) => ({ ...one, used: microOf(one.used) ?? 0n })),
  }));
}
