import { sql, type Transaction } from "kysely";
import type { Bill } from "../domain/bill.ts";
import type { Tables } from "../schema/tables.ts";

export type ChargesOfBill = { readonly billId: bigint; readonly charges: NonNullable<Bill["charges"]> };

/** Writes the lines of bills that are not supply, with the bills: one statement whatever their number. */
export async function writeBillCharges(trx: Transaction<Tables>, bills: readonly ChargesOfBill[]): Promise<void> {
  const rows = bills.flatMap(({ billId, charges }) =>
    charges.map((line, i) => ({
      bill_id: billId.toString(),
      line: i + 1,
      key: line.key,
      code: line.code,
      income: line.income,
      from_day: line.from,
      to_day: line.to,
      month_days: line.monthDays,
      quantity: line.quantity,
      unit: line.unit,
      price: line.price,
      amount_minor: line.amount.minor.toString(),
      included_minor: line.included.minor.toString(),
      title_zh: line.title.zh,
      title_en: line.title.en,
      of_bill_id: line.ofBill?.toString() ?? null,
    })),
  );
  if (rows.length === 0) return;
  await sql`
    insert into sanbiao.bill_charge (operator_id, bill_id, line, key, code, income, from_day, to_day, month_days, quantity, unit,
           price, amount_minor, included_minor, title_zh, title_en, of_bill_id)
    select sanbiao.operator_id(), bill_id, line, key, code, income, from_day, to_day, month_days, quantity, unit,
           price, amount_minor, included_minor, title_zh, title_en, of_bill_id
      from json_populate_recordset(null::sanbiao.bill_charge, ${JSON.stringify(rows)}::json)`.execute(trx);
}
