import { CALENDARS } from "../../catalog/calendars/catalogue.ts";
import { readAssignments, readCharges } from "../../ledger/charges.ts";
import { creditUsed, type Statement, statementsOf } from "../../ledger/statement.ts";
import { operatorFacts } from "../../billing/operator.ts";
import { type Desk, moneyOf } from "../desk.ts";
import type { BillJson, StatementJson } from "../schemas/bill.ts";
import type { AccountChargesJson, BillChargeJson, BillingTermsJson, ChargesJson } from "../schemas/charge.ts";

/** Lines of a bill that are not supply. */
export async function billCharges(desk: Desk, billId: bigint): Promise<BillChargeJson[]> {
  const rows = await desk.trx
    .selectFrom("bill_charge as c")
    .leftJoin("bill as of", (join) =>
      join.onRef("of.operator_id", "=", "c.operator_id").onRef("of.id", "=", "c.of_bill_id"),
    )
    .selectAll("c")
    .select("of.number as of_number")
    .where("c.operator_id", "=", desk.operatorId)
    .where("c.bill_id", "=", billId)
    .orderBy("c.line")
    .execute();
  return rows.map((row) => ({
    key: row.key,
    code: row.code,
    fromDay: row.from_day,
    toDay: row.to_day,
    monthDays: row.month_days,
    quantity: row.quantity,
    unit: row.unit,
    price: row.price,
    amount: moneyOf(desk, row.amount_minor),
    included: moneyOf(desk, row.included_minor),
    titleZh: row.title_zh,
    titleEn: row.title_en,
    ofBill: row.of_bill_id === null ? null : { id: String(row.of_bill_id), number: row.of_number ?? "" },
  }));
}

export async function billingTerms(desk: Desk): Promise<BillingTermsJson> {
  const { terms } = await operatorFacts(desk.trx);
  return {
    items: terms.map(({ fromDay, dueWorkingDays, calendar }) => ({
      fromDay,
      dueWorkingDays,
      calendarId: calendar.id,
    })),
    calendars: CALENDARS.map(({ id, title, years }) => ({
      id,
      titleZh: title.zh,
      titleEn: title.en,
      years: Object.entries(years).map(([year, { source }]) => ({ year: Number(year), source })),
    })),
  };
}

export async function charges(desk: Desk): Promise<ChargesJson> {
  return {
    items: [...(await readCharges(desk.trx)).values()].map(({ code, title, basis, income, prices }) => ({
      code,
      titleZh: title.zh,
      titleEn: title.en,
      basis,
      income,
      prices: prices.map(({ from, price, taxRate, source }) => ({ fromDay: from, price, taxRate, source })),
    })),
  };
}

export async function accountCharges(desk: Desk, accountId: bigint): Promise<AccountChargesJson> {
  const said = (await readAssignments(desk.trx, [accountId])).get(accountId) ?? [];
  return { items: said.map(({ code, from, quantity }) => ({ code, fromDay: from, quantity })) };
}

/** What the account owed before a bill, paid since, and owes after it, as of the bill's issue. */
export async function billStatement(desk: Desk, billId: bigint): Promise<BillJson["statement"]> {
  const statements = (await statementsOf(desk.trx, [billId])).get(billId);
  if (statements === undefined) throw new Error(`bill ${billId} has no statement`);
  const json = (one: Statement): StatementJson => ({
    previous: moneyOf(desk, one.previous),
    paid: moneyOf(desk, one.paid),
    other: moneyOf(desk, one.other),
    billed: moneyOf(desk, one.billed),
    balance: moneyOf(desk, one.balance),
    creditUsed: moneyOf(desk, creditUsed(one)),
  });
  return { supply: json(statements.supply), property: json(statements.property) };
}
