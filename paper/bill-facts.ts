import { sql, type Transaction } from "kysely";
import { readLadderRuns } from "../billing/explain/read-ladders.ts";
import { readProrations } from "../billing/explain/read-prorations.ts";
import type { Instant } from "../domain/instant.ts";
import type { Currency } from "../domain/money.ts";
import { addMonths, type Day, dayOf, daysBetween, monthOf, startOfDay, type Zone } from "../domain/period.ts";
import type { Proration } from "../domain/proration.ts";
import { decimalText, microOf } from "../domain/quantity.ts";
import type { OperatorId } from "../domain/reading.ts";
import { closingsOf } from "../ledger/account-closings.ts";
import { depositStatementsOf, NO_DEPOSIT } from "../ledger/deposits.ts";
import { readMeasuredRegisters } from "../ledger/rating-states.ts";
import type { Tables } from "../schema/tables.ts";
import {
  type BillFacts,
  HISTORY_MONTHS,
  type HistoryFact,
  type LineFact,
  type OwedFact,
  type RegisterFact,
  type UsageFact,
} from "./bill-sheet.ts";
import { DEMO_PAYMENT_TEMPLATE } from "./payment-code.ts";

type Trx = Transaction<Tables>;

type BillRow = {
  id: bigint;
  account_id: bigint;
  number: string;
  period_from: Instant;
  period_to: Instant;
  issued_on: Day;
  due_on: Day;
  currency: Currency;
  total_minor: bigint;
  journal_id: bigint | null;
  account_number: string;
  name: string;
  address: string;
  code: string;
  name_zh: string;
  name_en: string;
  zone: Zone;
};

/** Bills with all that stands on their paper, in the order of their numbers; ids without a bill are left out. */
export async function billFacts(trx: Trx, operatorId: OperatorId, ids: readonly bigint[]): Promise<BillFacts[]> {
  if (ids.length === 0) return [];
  const bills = await billsOf(trx, operatorId, ids);
  const lines = await linesOf(trx, operatorId, ids);
  const usages = await usagesOf(trx, operatorId, ids);
  const history = await historyOf(trx, operatorId, ids);
  for (const [id, charges] of await chargesOf(trx, operatorId, ids))
    lines.set(id, [...(lines.get(id) ?? []), ...charges]);
  const owed = await owedOf(trx, operatorId, ids);
  const corrected = await correctedOf(trx, operatorId, ids);
  const deposits = await depositStatementsOf(trx, ids);
  const closings = await closingsOf(trx, ids);
  const ofMonths = bills.filter((row) => row.period_to > monthOf(row.period_from, row.zone).to).map(({ id }) => id);
  const ladders = await readLadderRuns(trx, ofMonths);
  return bills.map((row) => ({
    operator: { code: row.code, name: { zh: row.name_zh, en: row.name_en } },
    zone: row.zone,
    currency: row.currency,
    bill: {
      id: row.id,
      number: row.number,
      period: { from: row.period_from, to: row.period_to },
      issuedOn: row.issued_on,
      dueOn: row.due_on,
      totalMinor: (lines.get(row.id) ?? []).reduce(
        (sum, { debt, amountMinor }) => (debt === "property" ? sum + amountMinor : sum),
        row.total_minor,
      ),
    },
    customer: { number: row.account_number, name: row.name, address: row.address },
    lines: lines.get(row.id) ?? [],
    usages: usages.get(row.id) ?? [],
    history: (history.get(row.id) ?? []).filter(({ periodTo }) => periodTo > startOfHistory(row)),
    owed: owed.get(row.id) ?? [],
    corrected,
    deposit: deposits.get(row.id) ?? NO_DEPOSIT,
    closing: closings.get(row.id) ?? null,
    ladders: ladders.get(row.id) ?? [],
    paymentTemplate: DEMO_PAYMENT_TEMPLATE,
  }));
}

const startOfHistory = ({ period_to, zone }: BillRow): Instant => {
  const month = `${dayOf((period_to - 1) as Instant, zone).slice(0, 7)}-01` as Day;
  return startOfDay(addMonths(month, 1 - HISTORY_MONTHS), zone);
};

const grouped = <R extends { bill_id: bigint }, T>(rows: readonly R[], of: (row: R) => T): Map<bigint, T[]> =>
  new Map([...Map.groupBy(rows, (row) => row.bill_id)].map(([id, all]) => [id, all.map(of)]));

async function billsOf(trx: Trx, operatorId: OperatorId, ids: readonly bigint[]): Promise<BillRow[]> {
  const { rows } = await sql<BillRow>`
    select l.id, l.account_id, l.number, l.period_from, l.period_to, l.issued_on, l.due_on, l.currency, l.total_minor,
           l.journal_id, a.number as account_number, a.name, a.address, o.code, o.name_zh, o.name_en, o.zone
      from bill l join account a on a.operator_id = l.operator_id and a.id = l.account_id
      join operator o on o.operator_id = l.operator_id
     where l.operator_id = ${operatorId} and l.id = any(${ids}) order by l.number`.execute(trx);
  return rows;
}

async function linesOf(trx: Trx, operatorId: OperatorId, ids: readonly bigint[]): Promise<Map<bigint, LineFact[]>> {
  const rows = await trx
    .selectFrom("bill_line")
    .selectAll()
    .where("operator_id", "=", operatorId)
    .where("bill_id", "in", ids)
    .orderBy("bill_id")
    .orderBy("line")
    .execute();
  const prorations = await readProrations(trx, ids);
  const prorationOf = (row: (typeof rows)[number]) =>
    row.corrects_bill_id === null ? prorations.get(row.bill_id)?.get(row.key) : undefined;
  return grouped(rows, (row) => ({
    ...cut(prorationOf(row)),
    debt: "supply",
    usagePointId: row.usage_point_id,
    utility: row.utility,
    tariffId: row.tariff_id,
    tariffVersion: row.tariff_version,
    kind: row.kind,
    tier: row.tier,
    tou: row.tou,
    quantity: row.quantity,
    unit: row.unit,
    price: row.price,
    amountMinor: row.amount_minor,
    includedMinor: row.included_minor,
    basis: row.basis,
    title: { zh: row.title_zh, en: row.title_en },
    corrects: row.corrects_bill_id,
  }));
}

const cut = (proration: Proration | undefined): Pick<LineFact, "proration"> =>
  proration === undefined ? {} : { proration };

async function usagesOf(trx: Trx, operatorId: OperatorId, ids: readonly bigint[]): Promise<Map<bigint, UsageFact[]>> {
  const rows = await trx
    .selectFrom("billed_usage as b")
    .innerJoin("usage_point as u", (join) =>
      join.onRef("u.operator_id", "=", "b.operator_id").onRef("u.id", "=", "b.usage_point_id"),
    )
    .selectAll("b")
    .select(["u.building", "u.room"])
    .where("b.operator_id", "=", operatorId)
    .where("b.bill_id", "in", ids)
    .orderBy("b.bill_id")
    .orderBy("b.usage_point_id")
    .orderBy("b.period_from")
    .execute();
  const besides = await readMeasuredRegisters(trx, ids);
  return grouped(rows, (row) => ({
    usagePointId: row.usage_point_id,
    utility: row.utility,
    place: [row.building, row.room].filter((part) => part !== "").join("-"),
    period: { from: row.period_from, to: row.period_to },
    quantity: row.quantity,
    unit: row.unit,
    basis: row.basis,
    registers: [
      ...(row.registers as readonly RegisterFact[]),
      ...(row.corrects_bill_id === null ? (besides(row) as readonly RegisterFact[]) : []),
    ],
    corrects: row.corrects_bill_id,
  }));
}

type OwedRow = { bill_id: bigint; debt: OwedFact["debt"]; before: bigint; payments: bigint; other: bigint };
type HistoryRow = HistoryFact & { bill_id: bigint };

/** A true-up counts in the period of the bill that it settles: its row carries that period. */
async function historyOf(
  trx: Trx,
  operatorId: OperatorId,
  ids: readonly bigint[],
): Promise<Map<bigint, HistoryFact[]>> {
  const { rows } = await sql<HistoryRow>`
    select l.id as bill_id, h.utility, h.period_to as "periodTo", h.quantity, h.unit, h.basis = 'estimated' as estimated
      from bill l
      join bill e on e.operator_id = l.operator_id and e.account_id = l.account_id and e.id <= l.id
                 and e.period_to > l.period_to - interval '15 months'
      join billed_usage h on h.operator_id = e.operator_id and h.bill_id = e.id and h.period_to <= l.period_to
     where l.operator_id = ${operatorId} and l.id = any(${ids})
     order by l.id, h.utility, h.period_to, e.id, h.usage_point_id`.execute(trx);
  return grouped(rows, ({ utility, periodTo, quantity, unit, estimated }) => ({
    utility,
    periodTo,
    quantity,
    unit,
    estimated,
  }));
}

/** `12/31` of a month, the plain days of a late fee; a whole month says nothing. */
const partOfMonth = (days: number, monthDays: number, isLateFee: boolean): string =>
  isLateFee ? `× ${days}` : days === monthDays ? "" : `${days}/${monthDays}`;

/** What is charged besides supply stands as lines of no usage point; part of a month says of how many days. */
async function chargesOf(trx: Trx, operatorId: OperatorId, ids: readonly bigint[]): Promise<Map<bigint, LineFact[]>> {
  const rows = await trx
    .selectFrom("bill_charge")
    .selectAll()
    .where("operator_id", "=", operatorId)
    .where("bill_id", "in", ids)
    .orderBy("bill_id")
    .orderBy("line")
    .execute();
  return grouped(rows, (row) => {
    const days = daysBetween(row.from_day, row.to_day);
    const part = partOfMonth(days, row.month_days, row.of_bill_id !== null);
    return {
      debt: "property",
      usagePointId: null,
      utility: "other",
      tariffId: "",
      tariffVersion: "",
      kind: "charge",
      tier: null,
      tou: null,
      quantity: microOf(row.quantity),
      unit: row.unit,
      price: decimalText(microOf(row.price) ?? 0n),
      amountMinor: row.amount_minor,
      includedMinor: row.included_minor === 0n ? null : row.included_minor,
      basis: null,
      title: {
        zh: part === "" ? row.title_zh : `${row.title_zh}（${part} 天）`,
        en: part === "" ? row.title_en : `${row.title_en} (${part} days)`,
      },
      corrects: null,
    };
  });
}

/** The customer's postings before the bill's own entry, by class of debt: up to the bill before it, and between the two. */
async function owedOf(trx: Trx, operatorId: OperatorId, ids: readonly bigint[]): Promise<Map<bigint, OwedFact[]>> {
  const { rows } = await sql<OwedRow>`
    select l.id as bill_id, case p.ledger_account when 'customer' then 'supply' else 'property' end as debt,
           coalesce(sum(p.amount_minor) filter (where coalesce(w.earlier, false)), 0)::bigint as before,
           coalesce(sum(p.amount_minor) filter (where not coalesce(w.earlier, false) and j.kind in ('payment', 'reversal', 'refund', 'deposit', 'set_off')), 0)::bigint as payments,
           coalesce(sum(p.amount_minor) filter (where not coalesce(w.earlier, false) and j.kind not in ('payment', 'reversal', 'refund', 'deposit', 'set_off')), 0)::bigint as other
      from bill l
      left join lateral (select max(e.journal_id) as journal_id from bill e
                          where e.operator_id = l.operator_id and e.account_id = l.account_id and e.journal_id < l.journal_id) b on true
      join posting p on p.operator_id = l.operator_id and p.account_id = l.account_id and p.currency = l.currency
                    and p.journal_id < l.journal_id and p.ledger_account in ('customer', 'customer_property')
      join journal j on j.operator_id = p.operator_id and j.id = p.journal_id
      cross join lateral (select p.journal_id <= b.journal_id or (b.journal_id is null and j.kind = 'opening') as earlier) w
     where l.operator_id = ${operatorId} and l.id = any(${ids}) and l.journal_id is not null
     group by l.id, 2`.execute(trx);
  return grouped(rows, (row) => ({
    debt: row.debt,
    beforeMinor: row.before,
    paymentsMinor: row.payments,
    otherMinor: row.other,
  }));
}

async function correctedOf(trx: Trx, operatorId: OperatorId, ids: readonly bigint[]): Promise<Map<bigint, string>> {
  const { rows } = await sql<{ id: bigint; number: string }>`
    select distinct c.id, c.number from bill_line l join bill c on c.operator_id = l.operator_id and c.id = l.corrects_bill_id
     where l.operator_id = ${operatorId} and l.bill_id = any(${ids})`.execute(trx);
  return new Map(rows.map(({ id, number }) => [id, number]));
}
