import { sql, type Transaction } from "kysely";
import { type Instant } from "../domain/instant.ts";
import { amountText, type Currency, money } from "../domain/money.ts";
import { addDays, type Day, dayOf, type Zone } from "../domain/period.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import { contactsOf } from "../ledger/contact-points.ts";
import { queueNotice } from "../ledger/notices.ts";
import type { Database } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import { billFacts } from "./bill-facts.ts";
import { billSheetOf } from "./bill-sheet.ts";
import { billsPdf, bytesOf } from "./pdf/bill-pdf.ts";

/** What became of each bill: on its way now, on its way or there since before, or nobody who wants bills at an address. */
export type BillMail = { queued: number; already: number; withoutAddress: number };

type Row = {
  number: string;
  account_id: AccountId;
  period_from: Instant;
  period_to: Instant;
  due_on: Day;
  currency: Currency;
  zone: Zone;
  total: bigint;
};

/**
 * Tells the customers of these bills that they are there, the bill with it, by the contact points that want bills. Once per bill,
 * whoever asks and however often. `dryRun` only counts.
 */
export async function mailBills(
  trx: Transaction<Tables>,
  operatorId: OperatorId,
  billIds: readonly bigint[],
  { now, dryRun = false }: { readonly now: Instant; readonly dryRun?: boolean },
): Promise<BillMail> {
  const { rows } = await sql<Row>`
    select b.number, b.account_id, b.period_from, b.period_to, b.due_on, b.currency, o.zone,
           (b.total_minor + coalesce((select sum(c.amount_minor) from bill_charge c where c.operator_id = b.operator_id and c.bill_id = b.id), 0))::bigint as total
      from bill b join operator o on o.operator_id = b.operator_id
     where b.operator_id = ${operatorId} and b.id = any(${`{${billIds.join(",")}}`}::bigint[]) order by b.id`.execute(
    trx,
  );
  const done: BillMail = { queued: 0, already: 0, withoutAddress: 0 };
  for (const row of rows) {
    const { account_id: accountId, number } = row;
    const wanted = (await contactsOf(trx, accountId, now)).some(({ bills }) => bills);
    if (!wanted) {
      done.withoutAddress++;
      continue;
    }
    const key = `bill/${number}`;
    if (dryRun) {
      const { rows: before } =
        await sql`select 1 from notice where operator_id = ${operatorId} and key = ${key}`.execute(trx);
      done[before.length === 0 ? "queued" : "already"]++;
      continue;
    }
    const data = {
      number,
      period: periodText(row),
      amount: amountText(money(row.currency, row.total)),
      dueOn: row.due_on,
    };
    const { kind } = await queueNotice(trx, { accountId, kind: "bill_issued", key, data, now });
    done[kind === "queued" ? "queued" : "already"]++;
  }
  return done;
}

/** `2026-11`, or from the first to the last month of a longer period. */
function periodText({ period_from: from, period_to: to, zone }: Row): string {
  const [first, last] = [dayOf(from, zone).slice(0, 7), addDays(dayOf(to, zone), -1).slice(0, 7)];
  return first === last ? first : `${first} – ${last}`;
}

/** The paper that goes with a notice of a bill, in the reader's language; nothing with any other notice. */
export async function paperOfNotice(
  db: Database,
  operatorId: OperatorId,
  {
    language,
    notice,
  }: {
    readonly language: "zh" | "en";
    readonly notice: { readonly kind: string; readonly data: Readonly<Record<string, string>> };
  },
): Promise<{ filename: string; type: string; content: Uint8Array }[]> {
  const number = notice.kind === "bill_issued" ? notice.data["number"] : undefined;
  if (number === undefined) return [];
  const facts = await db.as(operatorId, async (trx) => {
    const bill = await trx
      .selectFrom("bill")
      .select("id")
      .where("operator_id", "=", operatorId)
      .where("number", "=", number)
      .executeTakeFirst();
    return bill === undefined ? [] : billFacts(trx, operatorId, [bill.id]);
  });
  const [one] = facts;
  if (one === undefined) return [];
  const content = await bytesOf(billsPdf([billSheetOf(one)], language));
  return [{ filename: `bill-${number}.pdf`, type: "application/pdf", content }];
}
