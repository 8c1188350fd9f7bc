import type { MoneyJson } from "../../../api/schemas/json.ts";
import { useSpeech } from "../i18n/language.tsx";
import { useFormat } from "../shell/operator.tsx";

export const isDebt = (money: MoneyJson): boolean => money.amount.startsWith("-");
const withoutSign = (money: MoneyJson): MoneyJson => ({ ...money, amount: money.amount.replace(/^-/, "") });

export function Amount({ money }: { money: MoneyJson | null }) {
  const format = useFormat();
  return <span className="amount">{money === null ? "–" : format.money(money)}</span>;
}

/** Credit as it is, debt in red and in words: a minus sign alone is easily overlooked. */
export function Balance({ money }: { money: MoneyJson }) {
  const format = useFormat();
  const { t } = useSpeech();
  if (!isDebt(money)) return <span className="amount">{format.money(money)}</span>;
  return <span className="amount debt">{t("money.owes", { amount: format.money(withoutSign(money)) })}</span>;
}
