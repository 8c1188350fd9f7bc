import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import { addressProblem, type ContactChannel, type NoticeLanguage } from "../domain/notice.ts";
import type { Day } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import type { Noted } from "./topology.ts";

type Trx = Transaction<Tables>;

/** Where an account is reached, as it was said of a day. */
export type ContactPoint = {
  readonly id: bigint;
  readonly channel: ContactChannel;
  readonly address: string;
  readonly language: NoticeLanguage;
  readonly from: Day;
  readonly verified: boolean;
  /** Bills are sent here: the customer wants them. */
  readonly bills: boolean;
  /** How he agreed. */
  readonly consent: string;
};

/** What is said of an address from a day on; `active` false: it is not written to any more. */
export type ContactToNote = Omit<ContactPoint, "id"> & { readonly active: boolean };

type ContactRow = Omit<ContactPoint, "from"> & { from_day: Day };

const contactOf = ({ from_day: from, ...rest }: ContactRow): ContactPoint => ({ ...rest, from });

/** Contact points in force at `now`, a day of the operator's zone. */
export async function contactsOf(trx: Trx, accountId: AccountId, now: Instant): Promise<ContactPoint[]> {
  const { rows } = await sql<ContactRow>`
    select id, channel, address, language, from_day, verified, bills, consent from (
      select distinct on (channel, address) c.* from sanbiao.contact_point c
       where c.operator_id = sanbiao.operator_id() and c.account_id = ${accountId}
         and c.from_day <= (select (${isoOf(now)}::timestamptz at time zone o.zone)::date from sanbiao.operator o
                             where o.operator_id = sanbiao.operator_id())
       order by channel, address, from_day desc, id desc) said
     where active order by id`.execute(trx);
  return rows.map(contactOf);
}

/** Everything that was said of an account's addresses, newest day first. */
export async function contactHistory(
  trx: Trx,
  accountId: AccountId,
): Promise<(ContactPoint & { active: boolean; notedAt: Instant })[]> {
  const { rows } = await sql<ContactRow & { active: boolean; noted_at: Instant }>`
    select id, channel, address, language, from_day, verified, bills, consent, active, noted_at from sanbiao.contact_point
     where operator_id = sanbiao.operator_id() and account_id = ${accountId} order by from_day desc, id desc`.execute(
    trx,
  );
  return rows.map(({ from_day: from, noted_at: notedAt, ...rest }) => ({ ...rest, from, notedAt }));
}

/**
 * Says something of an address from a day on. The same again is `already`.
 * @throws TypeError for an address that its channel cannot have: ask `addressProblem` first
 */
export async function noteContact(
  trx: Trx,
  accountId: AccountId,
  { channel, address, language, from, active, verified, bills, consent }: ContactToNote,
  { at, by }: Noted,
): Promise<"noted" | "already" | "no_such_account"> {
  const problem = addressProblem(channel, address);
  if (problem !== null) throw new TypeError(problem);
  const { rows: account } = await sql<{ id: bigint }>`
    select id from sanbiao.account where operator_id = sanbiao.operator_id() and id = ${accountId} for update`.execute(
    trx,
  );
  if (account[0] === undefined) return "no_such_account";
  const said = (await contactHistory(trx, accountId)).find(
    (one) => one.channel === channel && one.address === address && one.from <= from,
  );
  const same =
    said !== undefined &&
    said.active === active &&
    (!active ||
      (said.language === language && said.verified === verified && said.bills === bills && said.consent === consent));
  if (same || (said === undefined && !active)) return "already";
  await sql`
    insert into sanbiao.contact_point (operator_id, account_id, channel, address, language, from_day, active, verified, bills,
           consent, noted_at, noted_by)
    values (sanbiao.operator_id(), ${accountId}, ${channel}, ${address}, ${language}, ${from}::date, ${active}, ${verified},
            ${bills}, ${consent}, ${isoOf(at)}, ${by})`.execute(trx);
  return "noted";
}
