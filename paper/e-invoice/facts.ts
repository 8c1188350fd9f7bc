import { sql, type Transaction } from "kysely";
import type { Currency } from "../../domain/money.ts";
import { addDays, type Day, daysOf, type Zone } from "../../domain/period.ts";
import type { Instant } from "../../domain/instant.ts";
import type { TaxIdentity } from "../../domain/tax-identity.ts";
import { taxIdentityOn } from "../../ledger/tax-identities.ts";
import { decimalText } from "../../domain/quantity.ts";
import type { OperatorId } from "../../domain/reading.ts";
import { readBasis, tariffDocuments } from "../../ledger/bill-basis.ts";
import type { Tables } from "../../schema/tables.ts";

type Trx = Transaction<Tables>;

/** What the books say of one bill, as an invoice needs it. Days are `[from, to)`. */
export type InvoiceFacts = {
  readonly number: string;
  readonly issuedOn: Day;
  readonly dueOn: Day;
  readonly from: Day;
  readonly lastDay: Day;
  readonly currency: Currency;
  /** What the bill asks for: supply and all else. */
  readonly totalMinor: bigint;
  /** What the bill's entry put on `tax_payable`. */
  readonly taxPostedMinor: bigint;
  readonly seller: {
    readonly code: string;
    readonly zh: string;
    readonly en: string;
    readonly tax: TaxIdentity | null;
  };
  readonly buyer: {
    readonly number: string;
    readonly name: string;
    readonly address: string;
    /** As of the day of issue, like the seller's. */
    readonly tax: TaxIdentity | null;
  };
  readonly supply: readonly SupplyFact[];
  readonly charges: readonly ChargeFact[];
  /** Numbers of earlier bills whose estimates it trues up. */
  readonly corrects: readonly string[];
};

type Titled = { readonly zh: string; readonly en: string };

export type SupplyFact = {
  /** Lines of one usage point, tariff version and corrected bill: what a tax line can be a tax of. */
  readonly group: string;
  readonly utility: string;
  readonly charge: string;
  readonly kind: string;
  /** Decimal text, `null` for a pure amount. */
  readonly quantity: string | null;
  readonly unit: string | null;
  /** Of a tax line its rate. */
  readonly price: string | null;
  readonly amountMinor: bigint;
  /** Of a tax line that is told and not added: the tax inside the prices. */
  readonly includedMinor: bigint | null;
  /** Of a tax line: the charges that it is a tax of; absent when the tariff was not kept. */
  readonly of?: readonly string[];
  readonly from: Instant;
  readonly to: Instant;
  readonly title: Titled;
};

export type ChargeFact = {
  /** Ledger account that it earns for: `revenue_property`. */
  readonly income: string;
  readonly quantity: string;
  readonly unit: string;
  readonly amountMinor: bigint;
  readonly includedMinor: bigint;
  /** Rates of the charge's prices that may hold, the latest first. */
  readonly rates: readonly string[];
  readonly title: Titled;
};

type BillRow = {
  id: bigint;
  number: string;
  issued_on: Day;
  due_on: Day;
  period_from: Instant;
  period_to: Instant;
  currency: Currency;
  total_minor: bigint;
  charged: bigint;
  tax: bigint;
  code: string;
  name_zh: string;
  name_en: string;
  zone: Zone;
  account_id: bigint;
  account_number: string;
  name: string;
  address: string;
};

/** One issued bill by its id or its number; `null` when this operator has no such bill. */
export async function invoiceFacts(
  trx: Trx,
  operatorId: OperatorId,
  by: { readonly id: bigint } | { readonly number: string },
): Promise<InvoiceFacts | null> {
  const which = "id" in by ? sql`l.id = ${by.id}` : sql`l.number = ${by.number}`;
  const { rows } = await sql<BillRow>`
    select l.id, l.number, l.issued_on, l.due_on, l.period_from, l.period_to, l.currency, l.total_minor,
           (select coalesce(sum(c.amount_minor), 0)::bigint from bill_charge c
             where c.operator_id = l.operator_id and c.bill_id = l.id) as charged,
           (select coalesce(-sum(p.amount_minor), 0)::bigint from posting p
             where p.operator_id = l.operator_id and p.journal_id = l.journal_id and p.ledger_account = 'tax_payable') as tax,
           o.code, o.name_zh, o.name_en, o.zone, a.id as account_id, a.number as account_number, a.name, a.address
      from bill l join account a on a.operator_id = l.operator_id and a.id = l.account_id
      join operator o on o.operator_id = l.operator_id
     where l.operator_id = ${operatorId} and ${which}`.execute(trx);
  const row = rows[0];
  if (row === undefined) return null;
  const days = daysOf({ from: row.period_from, to: row.period_to }, row.zone);
  const { supply, corrects } = await supplyOf(trx, operatorId, row.id);
  return {
    number: row.number,
    issuedOn: row.issued_on,
    dueOn: row.due_on,
    from: days.from,
    lastDay: addDays(days.to, -1),
    currency: row.currency,
    totalMinor: row.total_minor + row.charged,
    taxPostedMinor: row.tax,
    seller: {
      code: row.code,
      zh: row.name_zh,
      en: row.name_en,
      tax: await taxIdentityOn(trx, null, row.issued_on),
    },
    buyer: {
      number: row.account_number,
      name: row.name,
      address: row.address,
      tax: await taxIdentityOn(trx, row.account_id, row.issued_on),
    },
    supply,
    charges: await chargesOf(trx, operatorId, row.id),
    corrects,
  };
}

async function supplyOf(trx: Trx, operatorId: OperatorId, billId: bigint) {
  const rows = await trx
    .selectFrom("bill_line as l")
    .leftJoin("bill as c", (join) =>
      join.onRef("c.operator_id", "=", "l.operator_id").onRef("c.id", "=", "l.corrects_bill_id"),
    )
    .selectAll("l")
    .select("c.number as corrected")
    .where("l.operator_id", "=", operatorId)
    .where("l.bill_id", "=", billId)
    .orderBy("l.line")
    .execute();
  const taxes = await taxesOf(trx, billId);
  const supply = rows.map((row): SupplyFact => {
    const of = taxes.get(`${row.tariff_id}/${row.tariff_version}/${row.charge}`);
    return {
      group: `${row.usage_point_id}/${row.tariff_id}/${row.tariff_version}/${row.corrects_bill_id ?? ""}`,
      utility: row.utility,
      charge: row.charge,
      kind: row.kind,
      quantity: row.quantity === null ? null : decimalText(row.quantity),
      unit: row.unit,
      price: row.price,
      amountMinor: row.amount_minor,
      includedMinor: row.included_minor,
      ...(row.kind === "tax" && of !== undefined ? { of } : {}),
      from: row.period_from,
      to: row.period_to,
      title: { zh: row.title_zh, en: row.title_en },
    };
  });
  return { supply, corrects: [...new Set(rows.flatMap(({ corrected }) => corrected ?? []))].sort() };
}

type KeptTariff = { id: string; version: string; charges: readonly { id: string; kind: string; of?: string[] }[] };
type KeptBasis = {
  settlements: readonly { tariffs: string[] }[];
  corrections: readonly Pick<KeptBasis, "settlements">[];
};

/** What each tax is a tax of, by `tariff/version/charge`, as the tariffs say that were kept with the bill. */
async function taxesOf(trx: Trx, billId: bigint): Promise<Map<string, readonly string[]>> {
  const kept = await readBasis(trx, billId);
  if (kept === null) return new Map();
  const { settlements, corrections } = JSON.parse(kept.document) as KeptBasis;
  const all = [...settlements, ...corrections.flatMap((one) => one.settlements)];
  const texts = await tariffDocuments(trx, [...new Set(all.flatMap(({ tariffs }) => tariffs))]);
  return new Map(
    [...texts.values()].flatMap((text) => {
      const tariff = JSON.parse(text) as KeptTariff;
      // Without a word a tax is of every charge before it.
      return tariff.charges.flatMap(({ id, kind, of }, at) => {
        const before = tariff.charges.slice(0, at).map((charge) => charge.id);
        return kind === "tax" ? [[`${tariff.id}/${tariff.version}/${id}`, of ?? before] as const] : [];
      });
    }),
  );
}

async function chargesOf(trx: Trx, operatorId: OperatorId, billId: bigint): Promise<ChargeFact[]> {
  const { rows } = await sql<{
    income: string;
    quantity: string;
    unit: string;
    amount_minor: bigint;
    included_minor: bigint;
    rates: string[];
    title_zh: string;
    title_en: string;
  }>`
    select c.income, c.quantity::text, c.unit, c.amount_minor, c.included_minor, c.title_zh, c.title_en,
           array(select p.tax_rate::text from charge_price p
                  where p.operator_id = c.operator_id and p.code = c.code and p.from_day <= c.from_day
                  order by p.from_day desc, p.id desc) as rates
      from bill_charge c where c.operator_id = ${operatorId} and c.bill_id = ${billId} order by c.line`.execute(trx);
  return rows.map((row) => ({
    income: row.income,
    quantity: row.quantity,
    unit: row.unit,
    amountMinor: row.amount_minor,
    includedMinor: row.included_minor,
    rates: row.rates,
    title: { zh: row.title_zh, en: row.title_en },
  }));
}
