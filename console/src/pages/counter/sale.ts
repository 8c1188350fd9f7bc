import type { MoneyJson } from "../../../../api/schemas/json.ts";
import type { PaymentBody, PaymentChannel, PaymentJson, PaysJson } from "../../../../api/schemas/payment.ts";
import { ApiError, ask } from "../../api/client.ts";
import { newKey } from "../../api/key.ts";

/** One payment that a person means. Its key goes with every try, so that a double click or a try again pays once. */
export type Sale = {
  readonly key: string;
  readonly accountId: string;
  readonly amount: MoneyJson;
  readonly channel: PaymentChannel;
  /** Which debt it is for. */
  readonly pays: PaysJson;
  /** Cash handed over. */
  readonly given?: MoneyJson;
  readonly reference?: string;
  readonly cheque?: { readonly number: string; readonly bank: string };
};

const KEPT_AS = "sanbiao.unsettled-sales";
type Kept = Record<string, string>;

const contentOf = (sale: Omit<Sale, "key">): string =>
  [
    sale.accountId,
    sale.amount.amount,
    sale.amount.currency,
    sale.channel,
    sale.pays,
    sale.given?.amount ?? "",
    sale.reference ?? "",
    sale.cheque?.number ?? "",
    sale.cheque?.bank ?? "",
  ].join("|");

function kept(): Kept {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT_AS) ?? "{}") as Kept;
  } catch {
    return {};
  }
}

/**
 * The sale with its key. While an earlier try of the same content has no known outcome (the line broke, the page was
 * reloaded), its key is used again: the money may already be booked.
 */
export function saleOf(content: Omit<Sale, "key">): Sale {
  return { ...content, key: kept()[contentOf(content)] ?? newKey("counter") };
}

function settle(sale: Sale) {
  const { [contentOf(sale)]: _gone, ...rest } = kept();
  sessionStorage.setItem(KEPT_AS, JSON.stringify(rest));
}

export async function pay(sale: Sale): Promise<PaymentJson> {
  sessionStorage.setItem(KEPT_AS, JSON.stringify({ ...kept(), [contentOf(sale)]: sale.key }));
  const { key, accountId, ...body } = sale;
  try {
    const paid = await ask<PaymentJson>(`/accounts/${accountId}/payments`, {
      method: "POST",
      body: body satisfies PaymentBody,
      key,
    });
    settle(sale);
    return paid;
  } catch (error) {
    const refused = error instanceof ApiError && error.problem.status >= 400 && error.problem.status < 500;
    if (refused) settle(sale); // a clear no: nothing is booked under this key
    throw error;
  }
}
