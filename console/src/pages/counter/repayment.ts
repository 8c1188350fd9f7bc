import type { MoneyJson } from "../../../../api/schemas/json.ts";
import type { PaymentJson } from "../../../../api/schemas/payment.ts";
import type { useSpeech } from "../../i18n/language.tsx";

/** What a payment did while emergency credit was to be repaid, in the order of its effect; what is nothing is left out. */
export function repaymentRows(
  repayment: PaymentJson["repayment"],
  t: ReturnType<typeof useSpeech>["t"],
): (readonly [label: string, money: MoneyJson])[] {
  if (repayment === null) return [];
  const shares = (["debt", "emergency", "overdraft", "credit"] as const)
    .filter((share) => /[1-9]/.test(repayment[share].amount))
    .map((share) => [t(`counter.split.${share}`), repayment[share]] as const);
  return [...shares, [t("counter.split.left"), repayment.left]];
}
