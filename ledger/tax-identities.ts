import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import { NO_TAX_IDENTITY, type TaxIdentity } from "../domain/tax-identity.ts";
import type { Tables } from "../schema/tables.ts";
import type { Noted } from "./topology.ts";

type Trx = Transaction<Tables>;
/** An account, or `null` for the operator itself. */
export type TaxSubject = AccountId | null;

export type TaxWord = {
  readonly fromDay: Day;
  /** `null` = from that day on there is none. */
  readonly identity: TaxIdentity | null;
  readonly notedAt: Instant;
  readonly notedBy: string | null;
  /** No later word is about this day. */
  readonly isLast: boolean;
};

type Row = TaxIdentity & Omit<TaxWord, "identity"> & { readonly withdrawn: boolean };

/** Everything that was said, the latest day first, and of one day the last word first. */
export async function readTaxWords(trx: Trx, subject: TaxSubject): Promise<TaxWord[]> {
  const { rows } = await sql<Row>`
    select w.from_day as "fromDay", w.withdrawn, w.name, w.tax_id as "taxId", w.country, w.address, w.city, w.post_code as "postCode",
           w.phone, w.bank_name as "bankName", w.bank_account as "bankAccount", w.noted_at as "notedAt", u.name as "notedBy",
           row_number() over (partition by w.from_day order by w.id desc) = 1 as "isLast"
      from sanbiao.tax_identity w left join sanbiao.app_user u on u.operator_id = w.operator_id and u.id = w.noted_by
     where w.operator_id = sanbiao.operator_id() and w.account_id is not distinct from ${subject}::bigint
     order by w.from_day desc, w.id desc`.execute(trx);
  return rows.map(({ fromDay, withdrawn, notedAt, notedBy, isLast, ...identity }) => ({
    fromDay,
    identity: withdrawn ? null : identity,
    notedAt,
    notedBy,
    isLast,
  }));
}

/** What holds on a day. Pure. */
export const identityOn = (words: readonly TaxWord[], day: Day): TaxIdentity | null =>
  words.find(({ fromDay, isLast }) => isLast && fromDay <= day)?.identity ?? null;

export const taxIdentityOn = async (trx: Trx, subject: TaxSubject, day: Day): Promise<TaxIdentity | null> =>
  identityOn(await readTaxWords(trx, subject), day);

/** Says an identity from a day on, or that there is none. The same as stands for that day is `already`. */
export async function noteTaxIdentity(
  trx: Trx,
  subject: TaxSubject,
  { fromDay, identity }: Pick<TaxWord, "fromDay" | "identity">,
  { at, by }: Noted,
): Promise<"noted" | "already"> {
  await sql`select pg_advisory_xact_lock(hashtext('sanbiao.tax/' || sanbiao.operator_id() || '/' || ${String(subject)}))`.execute(
    trx,
  );
  const stands = (await readTaxWords(trx, subject)).find((one) => one.fromDay === fromDay && one.isLast);
  if (stands !== undefined && isSame(stands.identity, identity)) return "already";
  const said = identity ?? NO_TAX_IDENTITY;
  await sql`
    insert into sanbiao.tax_identity (operator_id, account_id, from_day, withdrawn, name, tax_id, country, address, city, post_code, phone,
           bank_name, bank_account, noted_at, noted_by)
    values (sanbiao.operator_id(), ${subject}::bigint, ${fromDay}::date, ${identity === null}, ${said.name}, ${said.taxId}, ${said.country},
            ${said.address}, ${said.city}, ${said.postCode}, ${said.phone}, ${said.bankName}, ${said.bankAccount},
            ${isoOf(at)}::timestamptz, ${by})`.execute(trx);
  return "noted";
}

const KEYS = Object.keys(NO_TAX_IDENTITY) as (keyof TaxIdentity)[];
const isSame = (a: TaxIdentity | null, b: TaxIdentity | null): boolean =>
  a === null || b === null ? a === b : KEYS.every((key) => a[key] === b[key]);
