import type { PaymentChannel, PaysJson } from "../../../../api/schemas/payment.ts";
import { addAmounts, typedAmount } from "../../parts/decimal-text.ts";
import { type Sale, saleOf } from "./sale.ts";

/** A sale as it is typed. */
export type Draft = {
  readonly amount: string;
  readonly channel: PaymentChannel;
  readonly pays: PaysJson;
  readonly given: string;
  readonly reference: string;
  readonly chequeNumber: string;
  readonly bank: string;
};

export const EMPTY: Draft = {
  amount: "",
  channel: "cash",
  pays: "supply",
  given: "",
  reference: "",
  chequeNumber: "",
  bank: "",
};

const NO_MINOR_UNIT = new Set(["JPY"]);
export const placesOf = (currency: string): number => (NO_MINOR_UNIT.has(currency) ? 0 : 2);

/** `null` while nothing is typed, `short` where it is not enough or no amount. */
export function changeOf(given: string, amount: string | null): string | null {
  if (given.trim() === "" || amount === null) return null;
  const typed = typedAmount(given, amount.includes(".") ? 2 : 0);
  const change = typed === null ? null : addAmounts(typed, `-${amount}`);
  return change === null || change.startsWith("-") ? "short" : change;
}

/** The field that is still to be filled in, or `null`: a cheque has number and bank, a transfer its number, cash is enough. */
export function missingOf(draft: Draft, amount: string | null): "amount" | "tender" | null {
  if (amount === null) return "amount";
  const { channel } = draft;
  const isFull =
    channel === "cheque"
      ? draft.chequeNumber.trim() !== "" && draft.bank.trim() !== ""
      : channel === "bank"
        ? draft.reference.trim() !== ""
        : channel !== "cash" || changeOf(draft.given, amount) !== "short";
  return isFull ? null : "tender";
}

/** What the draft means, once nothing is missing. */
export function saleOfDraft(
  draft: Draft,
  { accountId, amount, currency, pays }: { accountId: string; amount: string; currency: string; pays: PaysJson },
): Sale {
  const money = (text: string) => ({ amount: text, currency }) as Sale["amount"];
  const { channel } = draft;
  const given = channel === "cash" ? typedAmount(draft.given, placesOf(currency)) : null;
  const reference = channel === "cash" || channel === "cheque" ? "" : draft.reference.trim();
  return saleOf({
    accountId,
    amount: money(amount),
    channel,
    pays,
    ...(given === null ? {} : { given: money(given) }),
    ...(reference === "" ? {} : { reference }),
    ...(channel === "cheque" ? { cheque: { number: draft.chequeNumber.trim(), bank: draft.bank.trim() } } : {}),
  });
}
