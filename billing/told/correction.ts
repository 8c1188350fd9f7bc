import { sql, type Transaction } from "kysely";
import { policyVersionsOf } from "../../catalog/policies/catalogue.ts";
import type { Instant } from "../../domain/instant.ts";
import { type Currency, amountText } from "../../domain/money.ts";
import { dayOf, type Zone } from "../../domain/period.ts";
import type { AccountId } from "../../domain/reading.ts";
import { queueNotice } from "../../ledger/notices.ts";
import type { Tables } from "../../schema/tables.ts";
import { moneyWays } from "./ways.ts";

/** Bills named in a message; a note has all of them. */
const NAMED_MAX = 4;

/** Tells of a correction note, in the transaction that writes it: once, as the note is written once. */
export async function tellCorrection(
  trx: Transaction<Tables>,
  note: {
    readonly accountId: AccountId;
    readonly number: string;
    readonly billIds: ReadonlySet<bigint>;
    /** Above zero: the customer owes more. */
    readonly totalMinor: bigint;
    readonly currency: Currency;
    readonly zone: Zone;
    readonly now: Instant;
  },
): Promise<void> {
  const { accountId, number, totalMinor, currency, now } = note;
  const ways = await moneyWays(trx, { ...note, policies: policyVersionsOf });
  const { rows } = await sql<{ policy_id: string }>`
    select sanbiao.policy_of_supply(operator_id, account_id, policy_id, ${dayOf(now, note.zone)}::date) as policy_id
      from sanbiao.supply where operator_id = sanbiao.operator_id() and account_id = ${accountId} limit 1`.execute(trx);
  const by = ways("correction", rows[0]?.policy_id ?? null);
  if (by === null) return;
  const { rows: bills } = await sql<{ number: string }>`
    select number from sanbiao.bill where operator_id = sanbiao.operator_id() and id = any(${`{${[...note.billIds].join(",")}}`}::bigint[])
     order by number`.execute(trx);
  const named = bills.slice(0, NAMED_MAX).map((bill) => bill.number);
  const corrects = [...named, ...(bills.length > NAMED_MAX ? ["…"] : [])].join(", ");
  const data = { number, corrects, difference: amountText({ currency, minor: totalMinor }) };
  await queueNotice(trx, { accountId, kind: "correction_issued", key: `correction/${number}`, data, now, ...by });
}
