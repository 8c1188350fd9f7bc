import { receiveCheque } from "../../billing/counter/cheque.ts";
import { confirmShift, countShift, openShift } from "../../billing/counter/shift.ts";
import { takePayment } from "../../billing/payment.ts";
import type { Instant } from "../../domain/instant.ts";
import { money } from "../../domain/money.ts";
import type { OperatorId } from "../../domain/reading.ts";
import { issueReceipt, notePrint } from "../../ledger/receipts.ts";
import { noteDrawer } from "../../ledger/shifts.ts";
import type { Database } from "../../schema/database.ts";

/** A shift that came out a yuan short, one that is open, a cheque in hand, a receipt that was printed. */
export async function serveAtCounter(
  db: Database,
  operatorId: OperatorId,
  accountId: bigint,
  at: Instant,
): Promise<void> {
  const by = await db.as(operatorId, async (trx) => {
    const clerk = { operator_id: operatorId, login: "till", name: "Till", password_hash: "-", role: "clerk" } as const;
    return (await trx.insertInto("app_user").values(clerk).returning("id").executeTakeFirstOrThrow()).id;
  });
  const { id: drawerId } = await db.as(operatorId, (trx) => noteDrawer(trx, { code: "A", name: "" }, { at, by }));
  const person = { operatorId, by, at, isManager: false };
  const open = { ...person, drawerId, float: money("CNY", 5000n) };
  const { shiftId } = await openShift(db, { ...open, key: "shift-0001" });
  const sale = { operatorId, accountId, by, at, channel: "cash", tender: {} } as const;
  const { journalId } = await takePayment(db, { ...sale, amount: money("CNY", 300n), key: "counter-0001" });
  await countShift(db, { ...person, shiftId, currency: "CNY", counted: { sum: money("CNY", 5200n) } });
  await confirmShift(db, { ...person, shiftId, reason: "a coin fell behind the counter" });
  await openShift(db, { ...open, key: "shift-0002" });
  await takePayment(db, { ...sale, amount: money("CNY", 200n), key: "counter-0002" });
  const cheque = { number: "1", bank: "a bank", pays: "supply", key: "cheque-0001" } as const;
  await receiveCheque(db, { ...cheque, operatorId, accountId, at, by, amount: money("CNY", 400n) });
  await db.as(operatorId, async (trx) => {
    await issueReceipt(trx, { operatorId, journalId, at, by });
    await notePrint(trx, { journalId, format: "a5", at, by });
  });
}

/** What a superuser can do to a counter's books, and the invariant that names it. */
export const COUNTER_DEEDS: [title: string, sql: string, named: string][] = [
  [
    "cash put into a drawer beside every shift",
    "insert into posting (operator_id, journal_id, line, ledger_account, currency, amount_minor) select operator_id, journal_id, v.line, v.account, currency, v.minor from posting p, (values (8, 'cash.1', 500), (9, 'cash', -500)) as v (line, account, minor) where p.journal_id = 1 and p.line = 1",
    "drawer-balances",
  ],
  [
    "a sale taken out of its shift",
    "delete from tender where kind = 'cash' and shift_id = (select max(id) from counter_shift)",
    "drawer-balances",
  ],
  [
    "a count raised after the drawer was emptied",
    "update shift_count set counted_minor = counted_minor + 50",
    "shifts-emptied",
  ],
  [
    "a shift opened with more than was posted",
    "update counter_shift set float_minor = float_minor + 50 where state = 'open'",
    "shifts-emptied",
  ],
  ["a variance without a word of why", "update counter_shift set confirm_note = null", "shifts-emptied"],
  ["a tender of another amount than its entry", "update tender set amount_minor = amount_minor - 1", "tenders-fit"],
  [
    "cash said to be paid by card",
    "update tender set kind = 'card', given_minor = null where kind = 'cash'",
    "tenders-fit",
  ],
  [
    "a sale moved to after its shift",
    "update counter_shift set closed_at = opened_at - interval '1 h' where state = 'closed'",
    "tenders-fit",
  ],
  ["a cheque taken out of the till", "delete from cheque", "cheques-in-hand"],
  ["a receipt torn out", "delete from receipt_print; delete from receipt where number = 1", "receipts-gapless"],
  ["the number of receipts set back", "update receipt_sequence set last = last - 1", "receipts-gapless"],
  ["a copy that calls itself a later one", "update receipt_print set no = no + 1", "receipts-gapless"],
];
