import type { BillChargeJson } from "../../../../api/schemas/charge.ts";
import type { BillJson } from "../../../../api/schemas/bill.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Amount } from "../../parts/money.tsx";
import { useFormat } from "../../shell/operator.tsx";

function Charge({ charge }: { charge: BillChargeJson }) {
  const { t, language } = useSpeech();
  const format = useFormat();
  const days = (Date.parse(charge.toDay) - Date.parse(charge.fromDay)) / 86_400_000;
  return (
    <tr>
      <td>
        {language === "zh" ? charge.titleZh : charge.titleEn}
        {charge.ofBill !== null ? (
          <span className="chip">{t("charge.overdueDays", { n: days, from: charge.fromDay, to: charge.toDay })}</span>
        ) : days === charge.monthDays ? null : (
          <span className="chip">{t("charge.days", { n: days, of: charge.monthDays })}</span>
        )}
      </td>
      <td className="num">
        {format.number(charge.quantity, 2)} {t(`charge.unit.${charge.unit}`)}
      </td>
      <td className="num">
        {format.number(charge.price, 4, 2)} / {t(`charge.per.${charge.unit}`)}
      </td>
      <td className="num">
        <Amount money={charge.amount} />
      </td>
    </tr>
  );
}

/** What the bill charges besides supply, with its own sum. */
export function ChargeSection({ bill }: { bill: BillJson }) {
  const { t } = useSpeech();
  if (bill.charges.length === 0) return null;
  return (
    <section className="paper-utility" data-testid="bill-charges">
      <h3>
        {t("charge.section")}
        <small className="quiet">{t("charge.classNote")}</small>
      </h3>
      <table className="paper-table">
        <thead>
          <tr>
            <th>{t("bill.charge")}</th>
            <th className="num">{t("bill.quantity")}</th>
            <th className="num">{t("bill.price")}</th>
            <th className="num">{t("bill.amount")}</th>
          </tr>
        </thead>
        <tbody>
          {bill.charges.map((charge) => (
            <Charge key={charge.key} charge={charge} />
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td colSpan={3}>{t("bill.subtotal", { utility: t("charge.section") })}</td>
            <td className="num">
              <b>
                <Amount money={bill.classes.property.total} />
              </b>
            </td>
          </tr>
        </tfoot>
      </table>
    </section>
  );
}
