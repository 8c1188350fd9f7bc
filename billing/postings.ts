import type { Bill, Line } from "../domain/bill.ts";
import type { ChargeLine } from "../domain/charge.ts";
import { type Money, money, negate, sumMoney } from "../domain/money.ts";
import { customerPosting, isOfCustomer, type LedgerAccount, type Posting, REVENUE } from "../ledger/chart.ts";

/** The customer owes the total and, in a class of its own, the other charges; each line's amount is somebody's income. Nothing to post = no postings. */
export function postingsOf({
  accountId,
  lines,
  total,
  charges = [],
}: Pick<Bill, "accountId" | "lines" | "total"> & {
  readonly charges?: readonly Pick<ChargeLine, "income" | "amount" | "included">[] | undefined;
}): Posting[] {
  const credits = new Map<LedgerAccount, bigint>();
  const credit = (account: LedgerAccount, amount: Money) =>
    credits.set(account, (credits.get(account) ?? 0n) - amount.minor);
  for (const line of lines) {
    credit(ledgerAccountOf(line), line.amount);
    if (line.included === undefined) continue;
    // Tax inside the prices is not revenue.
    credit("tax_payable", line.included);
    credit(REVENUE[line.utility], negate(line.included));
  }
  for (const { income, amount, included } of charges) {
    credit(income, money(amount.currency, amount.minor - included.minor));
    credit("tax_payable", included);
  }
  const besides = sumMoney(
    total.currency,
    charges.map(({ amount }) => amount),
  );
  const postings: Posting[] = total.minor === 0n ? [] : [customerPosting(accountId, total)];
  if (besides.minor !== 0n) postings.push(customerPosting(accountId, besides, "property"));
  for (const [account, minor] of credits) {
    if (isOfCustomer(account) || minor === 0n) continue;
    postings.push({ ledgerAccount: account, amount: money(total.currency, minor) });
  }
  return postings;
}

function ledgerAccountOf(line: Line): LedgerAccount {
  if (line.kind === "tax") return "tax_payable";
  if (line.kind === "rounding") return "rounding";
  // A charge that is collected for the sewage authority is called so in every water tariff.
  return line.charge.startsWith("sewage") ? "sewage_payable" : REVENUE[line.utility];
}
