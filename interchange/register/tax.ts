import { sql, type Transaction } from "kysely";
import { isoOf } from "../../domain/instant.ts";
import type { Day } from "../../domain/period.ts";
import { countryOfVat, NO_TAX_IDENTITY, type TaxIdentity, taxIdProblem, tidyTaxId } from "../../domain/tax-identity.ts";
import type { Tables } from "../../schema/tables.ts";
import type { Applied } from "./apply.ts";
import { batches } from "./batches.ts";
import type { RowError } from "./words.ts";

/** Columns that say who an account is to the tax office, with what each is of it. */
export const TAX_COLUMNS = {
  invoice_title: "name",
  tax_id: "taxId",
  tax_country: "country",
  tax_address: "address",
  tax_city: "city",
  tax_post_code: "postCode",
  tax_phone: "phone",
  bank_name: "bankName",
  bank_account: "bankAccount",
} as const satisfies Record<string, keyof TaxIdentity>;
export type TaxColumn = keyof typeof TAX_COLUMNS;
export const TAX_COLUMN_NAMES = Object.keys(TAX_COLUMNS) as TaxColumn[];

/** What the cells of a row say; a column whose cell is empty says nothing. */
export type TaxCells = Readonly<Partial<Record<TaxColumn, string>>>;

export const tidyTaxCell = (column: TaxColumn, text: string): string => {
  if (column === "tax_id") return tidyTaxId(text);
  if (column === "tax_country") return text.trim().toUpperCase();
  return column === "bank_account" ? text.replaceAll(/\s/g, "") : text.trim();
};

/**
 * What an account is from now on: what stands, and over it what the row says. The country is the row's, else that of a VAT identifier,
 * else what stands, else China. `null` where the row says nothing.
 */
export function taxIdentityOf(cells: TaxCells, known: TaxIdentity | null, accountName: string): TaxIdentity | null {
  const said = TAX_COLUMN_NAMES.filter((column) => cells[column] !== undefined);
  if (said.length === 0) return null;
  const country = countryOfVat(cells.tax_id ?? "") ?? known?.country ?? "CN";
  const base = known ?? { ...NO_TAX_IDENTITY, name: accountName, country };
  const over = Object.fromEntries(said.map((column) => [TAX_COLUMNS[column], cells[column] ?? ""]));
  return { ...base, ...(cells.tax_id === undefined ? {} : { country }), ...over };
}

/** What is wrong with it, by its column. */
export function taxErrorsOf(identity: TaxIdentity): RowError[] {
  const problem = taxIdProblem(identity.taxId, identity.country, "buyer");
  if (problem === null) return [];
  if (problem === "country") return [{ column: "tax_country", code: "not_country" }];
  const code = problem === "form" ? "not_tax_id" : "tax_check";
  return [{ column: "tax_id", code, ...(code === "not_tax_id" ? { a: identity.country } : {}) }];
}

/** The last word about each account that has one. */
export async function knownTaxes(trx: Transaction<Tables>): Promise<Map<bigint, TaxIdentity>> {
  const { rows } = await sql<TaxIdentity & { account: bigint; withdrawn: boolean }>`
    select distinct on (account_id) account_id as account, withdrawn, name, tax_id as "taxId", country, address, city, post_code as "postCode",
           phone, bank_name as "bankName", bank_account as "bankAccount"
      from tax_identity where operator_id = sanbiao.operator_id() and account_id is not null
     order by account_id, from_day desc, id desc`.execute(trx);
  return new Map(
    rows.flatMap(({ account, withdrawn, ...identity }) => (withdrawn ? [] : [[account, identity] as const])),
  );
}

export type PlannedTax = { readonly number: string; readonly identity: TaxIdentity; readonly from: Day };

export async function putTaxes(
  trx: Transaction<Tables>,
  taxes: readonly PlannedTax[],
  as: Applied,
  accountId: (number: string) => bigint,
): Promise<void> {
  for (const batch of batches(taxes)) {
    const rows = batch.map(({ number, identity, from }) => ({
      account_id: String(accountId(number)),
      from_day: from,
      ...identity,
      tax_id: identity.taxId,
      post_code: identity.postCode,
      bank_name: identity.bankName,
      bank_account: identity.bankAccount,
    }));
    await sql`
      insert into tax_identity (operator_id, account_id, from_day, name, tax_id, country, address, city, post_code, phone, bank_name,
             bank_account, noted_at, noted_by)
      select ${as.operatorId}, account_id, from_day, name, tax_id, country, address, city, post_code, phone, bank_name, bank_account,
             ${isoOf(as.now)}::timestamptz, ${as.by}::bigint
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (account_id bigint, from_day date, name text, tax_id text, country text,
             address text, city text, post_code text, phone text, bank_name text, bank_account text)`.execute(trx);
  }
}
