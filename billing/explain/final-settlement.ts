import { z } from "zod";
import { type Currency, type Money, money, moneyOfText } from "../../domain/money.ts";
import { type AccountClosing, restOf } from "../../ledger/account-closings.ts";
import type { Posting } from "../../ledger/chart.ts";
import { appliedPostings, closingFigures, setOffPostings } from "../closing/figures.ts";
import { canonicalText } from "./canonical.ts";
import { type Difference, figure } from "./differences.ts";

const text = z.string();
const classes = z.object({ supply: text, property: text });

/** What a final bill came to when the account was closed: deposit, set-off, what was left either way, and their entries. */
export const finalSchema = z.object({
  onDay: text,
  deposit: text,
  /** With the bill, before the deposit; negative = credit. */
  owed: classes,
  paid: classes,
  /** What credit of the other class paid of it. */
  setOff: classes,
  setOffConsent: z.object({ by: text, on: text, reference: text }).nullable(),
  stillOwed: text,
  refundDue: text,
  postings: z.array(z.object({ ledgerAccount: text, accountId: text.nullable(), amount: text })),
});
export type BundleFinal = z.infer<typeof finalSchema>;
type BundlePosting = BundleFinal["postings"][number];

/** A closing as a bundle has it. Pure. */
export function finalOf(
  closing: AccountClosing,
  entries: readonly Posting[],
  {
    amount,
    postings,
  }: { readonly amount: (minor: bigint) => string; readonly postings: (of: readonly Posting[]) => BundlePosting[] },
): BundleFinal {
  const { stillOwed, refundDue } = restOf(closing);
  return {
    onDay: closing.onDay,
    deposit: amount(closing.deposit),
    owed: { supply: amount(closing.supplyOwed), property: amount(closing.propertyOwed) },
    paid: { supply: amount(closing.supplyPaid), property: amount(closing.propertyPaid) },
    setOff: { supply: amount(closing.supplySetOff), property: amount(closing.propertySetOff) },
    setOffConsent: closing.setOffConsent,
    stillOwed: amount(stillOwed),
    refundDue: amount(refundDue),
    postings: postings(entries),
  };
}

/** Makes the settlement again from what was owed and held, and compares figure by figure. Pure. */
export function checkFinal(
  final: BundleFinal,
  { accountId, currency }: { readonly accountId: bigint; readonly currency: Currency },
  postingsOf: (of: readonly Posting[]) => BundlePosting[],
  because: readonly string[],
): Difference[] {
  const of = (said: string): Money => moneyOfText(currency, said) ?? money(currency, 0n);
  const amount = (minor: bigint): string =>
    postingsOf([{ ledgerAccount: "rounding", amount: money(currency, minor) }])[0]?.amount ?? "";
  const wasSetOff = of(final.setOff.supply).minor + of(final.setOff.property).minor > 0n;
  const owed = { supply: of(final.owed.supply), property: of(final.owed.property) };
  const figures = closingFigures(of(final.deposit), owed, wasSetOff);
  const { stillOwed, refundDue } = restOf(figures);
  const share = { supply: money(currency, figures.supplyPaid), property: money(currency, figures.propertyPaid) };
  const postings = postingsOf([...appliedPostings(accountId, share), ...setOffPostings(accountId, figures, currency)]);
  const rows: [field: string, expected: string, found: string][] = [
    ["paid.supply", amount(figures.supplyPaid), final.paid.supply],
    ["paid.property", amount(figures.propertyPaid), final.paid.property],
    ["setOff.supply", amount(figures.supplySetOff), final.setOff.supply],
    ["setOff.property", amount(figures.propertySetOff), final.setOff.property],
    ["stillOwed", amount(stillOwed), final.stillOwed],
    ["refundDue", amount(refundDue), final.refundDue],
    ["postings", canonicalText(postings), canonicalText(final.postings)],
  ];
  return rows.flatMap(([field, expected, found]) => figure("final", final.onDay, field, expected, found, because));
}
