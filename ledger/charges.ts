import { sql, type Transaction } from "kysely";
import type { ChargeBasis, ChargeIncome, ChargePrice, RecurringCharge } from "../domain/charge.ts";
import { isoOf } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import type { Noted } from "./topology.ts";

type Trx = Transaction<Tables>;

/** Who bears what, from which day on: for each day the last word. */
export type Assignment = { readonly code: string; readonly from: Day; readonly quantity: string };

/** A charge with its prices in the order of their days. */
export type PricedCharge = RecurringCharge & {
  readonly prices: readonly (ChargePrice & { readonly source: string })[];
};

/** Every charge of the operator by its code. */
export async function readCharges(trx: Trx): Promise<Map<string, PricedCharge>> {
  const { rows } = await sql<{
    code: string;
    title_zh: string;
    title_en: string;
    basis: ChargeBasis;
    income: ChargeIncome;
  }>`
    select code, title_zh, title_en, basis, income from sanbiao.recurring_charge
     where operator_id = sanbiao.operator_id() order by code`.execute(trx);
  if (rows.length === 0) return new Map();
  const prices = await sql<{ code: string; from_day: Day; price: string; tax_rate: string; source: string }>`
    select distinct on (code, from_day) code, from_day, price, tax_rate, source from sanbiao.charge_price
     where operator_id = sanbiao.operator_id() order by code, from_day, id desc`.execute(trx);
  const byCode = Map.groupBy(prices.rows, ({ code }) => code);
  return new Map(
    rows.map(({ code, title_zh: zh, title_en: en, basis, income }) => [
      code,
      {
        code,
        title: { zh, en },
        basis,
        income,
        prices: (byCode.get(code) ?? []).map((row) => ({
          from: row.from_day,
          price: row.price,
          taxRate: row.tax_rate,
          source: row.source,
        })),
      },
    ]),
  );
}

/** What was said of these accounts, in the order of codes and days. */
export async function readAssignments(
  trx: Trx,
  accountIds: readonly AccountId[],
): Promise<Map<AccountId, Assignment[]>> {
  const { rows } = await sql<{ account_id: bigint; code: string; from_day: Day; quantity: string }>`
    select distinct on (account_id, code, from_day) account_id, code, from_day, quantity from sanbiao.charge_assignment
     where operator_id = sanbiao.operator_id() and account_id = any(${`{${accountIds.join(",")}}`}::bigint[])
     order by account_id, code, from_day, id desc`.execute(trx);
  const said = new Map<AccountId, Assignment[]>();
  for (const { account_id: accountId, code, from_day: from, quantity } of rows) {
    const own = said.get(accountId);
    if (own === undefined) said.set(accountId, [{ code, from, quantity }]);
    else own.push({ code, from, quantity });
  }
  return said;
}

/** Two people at once wait for each other, so that the second sees what the first said. */
const lockCharges = (trx: Trx) =>
  sql`select pg_advisory_xact_lock(hashtext('sanbiao.charges/' || sanbiao.operator_id()))`.execute(trx);

/** Declares a charge. The same again is `already`; another one under its code is `different`: nothing is written. */
export async function noteCharge(
  trx: Trx,
  { code, title, basis, income }: RecurringCharge,
  { at, by }: Noted,
): Promise<"noted" | "already" | "different"> {
  await lockCharges(trx);
  const before = (await readCharges(trx)).get(code);
  if (before !== undefined) {
    const same =
      before.basis === basis &&
      before.income === income &&
      before.title.zh === title.zh &&
      before.title.en === title.en;
    return same ? "already" : "different";
  }
  await sql`insert into sanbiao.recurring_charge (operator_id, code, title_zh, title_en, basis, income, noted_at, noted_by)
    values (sanbiao.operator_id(), ${code}, ${title.zh}, ${title.en}, ${basis}, ${income}, ${isoOf(at)}::timestamptz, ${by})`.execute(
    trx,
  );
  return "noted";
}

/** Says a charge's price from a day on. Bills that are issued stay as they are. */
export async function noteChargePrice(
  trx: Trx,
  code: string,
  { from, price, taxRate, source }: ChargePrice & { readonly source: string },
  { at, by }: Noted,
): Promise<"noted" | "already" | "no_such_charge"> {
  await lockCharges(trx);
  const charge = (await readCharges(trx)).get(code);
  if (charge === undefined) return "no_such_charge";
  const before = charge.prices.find((one) => one.from === from);
  const same = before !== undefined && Number(before.price) === Number(price) && before.source === source;
  if (same && Number(before.taxRate) === Number(taxRate)) return "already";
  await sql`insert into sanbiao.charge_price (operator_id, code, from_day, price, tax_rate, source, noted_at, noted_by)
    values (sanbiao.operator_id(), ${code}, ${from}::date, ${price}::numeric, ${taxRate}::numeric, ${source}, ${isoOf(at)}::timestamptz, ${by})`.execute(
    trx,
  );
  return "noted";
}

/** Says that an account bears a charge from a day on, so many times; 0 = no more. */
export async function noteAssignment(
  trx: Trx,
  accountId: AccountId,
  { code, from, quantity }: Assignment,
  { at, by }: Noted,
): Promise<"noted" | "already" | "no_such_charge" | "no_such_account"> {
  await lockCharges(trx);
  const { rows } = await sql<{ charge: boolean; account: boolean }>`
    select exists (select from sanbiao.recurring_charge where operator_id = sanbiao.operator_id() and code = ${code}) as charge,
           exists (select from sanbiao.account where operator_id = sanbiao.operator_id() and id = ${accountId}) as account`.execute(
    trx,
  );
  if (rows[0]?.account !== true) return "no_such_account";
  if (rows[0].charge !== true) return "no_such_charge";
  const said = (await readAssignments(trx, [accountId])).get(accountId) ?? [];
  const before = said.find((one) => one.code === code && one.from === from);
  if (before !== undefined && Number(before.quantity) === Number(quantity)) return "already";
  await sql`insert into sanbiao.charge_assignment (operator_id, account_id, code, from_day, quantity, noted_at, noted_by)
    values (sanbiao.operator_id(), ${accountId}, ${code}, ${from}::date, ${quantity}::numeric, ${isoOf(at)}::timestamptz, ${by})`.execute(
    trx,
  );
  return "noted";
}
