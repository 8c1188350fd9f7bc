import { sql, type Transaction } from "kysely";
import { isBeyond, type TenderKind } from "../../domain/counter.ts";
import { CodedError } from "../../domain/errors.ts";
import { negate } from "../../domain/money.ts";
import { chartAccountOf, drawerAccount, isOfCustomer, type Posting } from "../../ledger/chart.ts";
import type { StoredEntry } from "../../ledger/journal.ts";
import { heldShift, heldShiftOfEntry, readCounterTerms, type Shift } from "../../ledger/shifts.ts";
import type { Tables } from "../../schema/tables.ts";

type Trx = Transaction<Tables>;

/** What a payment's money came by, and how much it was. */
export type GivenBack = { readonly kind: TenderKind; readonly amount: bigint; readonly shift: Shift | null };

/**
 * Whether a person may take a payment back, and out of which drawer its cash comes: that of whoever gives it back, else the one that
 * it lies in, else none (the cash on hand). Their shifts stay open until the transaction ends.
 * @throws CodedError `counter.second-person`, `counter.cheque`
 */
export async function giveBack(
  trx: Trx,
  entry: StoredEntry,
  who: { by: bigint; isManager: boolean },
): Promise<GivenBack> {
  const leg = entry.postings.find(({ ledgerAccount }) => !isOfCustomer(ledgerAccount));
  if (leg === undefined) throw new Error(`payment ${entry.journalId} has no money`);
  const kind = chartAccountOf(leg.ledgerAccount) as TenderKind;
  if (kind === "cheque")
    throw new CodedError("counter.cheque", "A payment by cheque is taken back by returning its cheque.");
  const own = await heldShift(trx, who.by);
  const taken = await heldShiftOfEntry(trx, entry.journalId);
  await requireRight(trx, { entry, amount: leg.amount.minor, ...who, taken });
  return { kind, amount: leg.amount.minor, shift: own ?? (kind === "cash" ? taken : null) };
}

/**
 * A clerk takes back what he took himself, while his shift is open and up to the operator's limit. A manager takes back anything,
 * except what he took himself above the limit or in a shift that is over: that takes somebody else.
 */
async function requireRight(
  trx: Trx,
  of: { entry: StoredEntry; amount: bigint; by: bigint; isManager: boolean; taken: Shift | null },
): Promise<void> {
  const { rows } = await sql<{ by: bigint | null; in_shift: boolean }>`
    select j.posted_by as by, exists (select from sanbiao.tender t where t.operator_id = j.operator_id and t.journal_id = j.id
                                         and t.shift_id is not null) as in_shift
      from sanbiao.journal j where j.operator_id = sanbiao.operator_id() and j.id = ${of.entry.journalId}`.execute(trx);
  const isOwn = rows[0]?.by === of.by;
  const { reversalLimit } = await readCounterTerms(trx);
  const isOver = rows[0]?.in_shift === true && of.taken === null;
  const isSmall = !isBeyond(of.amount, reversalLimit);
  if (of.isManager ? !isOwn || (isSmall && !isOver) : isOwn && isSmall && of.taken !== null) return;
  throw new CodedError(
    "counter.second-person",
    of.isManager
      ? "You took this payment yourself: another manager takes it back."
      : "A manager takes this payment back: it is not yours, above the limit, or of a shift that is over.",
  );
}

/** The postings of an entry turned round, cash coming out of the drawer of a shift. */
export const turnedRound = (postings: readonly Posting[], shift: Shift | null): Posting[] =>
  postings.map((p): Posting => {
    const amount = negate(p.amount);
    if ("accountId" in p) return { ...p, amount };
    if (chartAccountOf(p.ledgerAccount) !== "cash") return { ...p, amount };
    return { ledgerAccount: shift === null ? "cash" : drawerAccount(shift.drawerId), amount };
  });
