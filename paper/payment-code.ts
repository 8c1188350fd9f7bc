import { amountText, type Money } from "../domain/money.ts";

/**
 * What a payment code says, per operator: a text in which `{number}` `{account}` `{amount}` `{currency}` `{operator}` are
 * filled in, each made safe for a URL. This one is for the demo: `.example` belongs to nobody (RFC 2606).
 */
export const DEMO_PAYMENT_TEMPLATE =
  "https://pay.sanbiao.example/{operator}/{number}?account={account}&amount={amount}&currency={currency}";

type Of = {
  readonly operator: { readonly code: string };
  readonly bill: { readonly number: string };
  readonly customer: { readonly number: string };
};

/** The code's content for one bill; `demo` says that nothing can be paid with it. An empty template prints no code. */
export function paymentCodeOf(template: string, of: Of, amount: Money): { content: string; demo: boolean } | null {
  if (template === "") return null;
  const values: Record<string, string> = {
    number: of.bill.number,
    account: of.customer.number,
    amount: amountText(amount),
    currency: amount.currency,
    operator: of.operator.code,
  };
  const content = template.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? encodeURIComponent(values[name] ?? "") : whole,
  );
  return { content, demo: template === DEMO_PAYMENT_TEMPLATE };
}
