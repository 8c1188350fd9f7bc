import { sql, type Transaction } from "kysely";
import { type Currency, type Money, money } from "../domain/money.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import { arrayText } from "./bulk-insert.ts";
import { DEPOSIT } from "./chart.ts";

/** The deposit that is held of an account. */
export async function depositOf(trx: Transaction<Tables>, accountId: AccountId, currency: Currency): Promise<Money> {
  const { rows } = await sql<{ owed: bigint }>`
    select owed_minor as owed from sanbiao.subledger_balance
     where operator_id = sanbiao.operator_id() and account_id = ${accountId} and ledger_account = ${DEPOSIT}
       and currency = ${currency}`.execute(trx);
  return money(currency, -(rows[0]?.owed ?? 0n));
}

/** The deposits held when bills were issued, minor units: what came later changes none of them. */
export async function depositsAtBills(
  trx: Transaction<Tables>,
  billIds: readonly bigint[],
): Promise<Map<bigint, bigint>> {
  const { rows } = await sql<{ id: bigint; held: bigint }>`
    select b.id, -sum(p.amount_minor)::bigint as held
      from sanbiao.bill b
      join sanbiao.posting p on p.operator_id = b.operator_id and p.account_id = b.account_id and p.ledger_account = ${DEPOSIT}
                            and p.currency = b.currency and p.journal_id <= b.journal_id
     where b.operator_id = sanbiao.operator_id() and b.id = any(${arrayText(billIds)}::bigint[])
     group by b.id`.execute(trx);
  return new Map(rows.map(({ id, held }) => [id, held]));
}
