import { useSpeech } from "../../i18n/language.tsx";
import { TaxCard } from "../tax/tax-card.tsx";

/** The seller as invoices name it. */
export function OperatorTax({ mayChange }: { mayChange: boolean }) {
  const { t } = useSpeech();
  return <TaxCard path="/tax-identity" mayChange={mayChange} lead={t("tax.lead.operator")} />;
}
