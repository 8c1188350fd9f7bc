import { Alert, Tag } from "antd";
import type { ClosingFiguresJson, FinalBillJson } from "../../../../api/schemas/account-closing.ts";
import { unitText } from "../../format.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Amount } from "../../parts/money.tsx";
import { Utility } from "../../parts/utility.tsx";
import { Owed } from "../bill/statement-table.tsx";
import { useFormat } from "../../shell/operator.tsx";

/** The final bill before it is issued: what the registers show at the boundary, the lines, and what is left either way. */
export function FinalBillShown({ shown }: { shown: FinalBillJson }) {
  const { t } = useSpeech();
  return (
    <div className="stack" data-testid="final-bill">
      {shown.refused === null ? null : <Refused refused={shown.refused} why={shown.notProposed} />}
      {shown.boundary.length === 0 ? null : <Boundary shown={shown} />}
      {shown.periodFrom === null ? <p>{t("closing.noBill")}</p> : null}
      {shown.lines.length === 0 ? null : <Lines shown={shown} />}
      {shown.figures === null ? null : <Figures figures={shown.figures} total={shown.total} />}
    </div>
  );
}

function Refused({ refused, why }: { refused: NonNullable<FinalBillJson["refused"]>; why: readonly string[] }) {
  const { t, term } = useSpeech();
  return (
    <Alert
      type="warning"
      showIcon
      title={`${t("closing.refused")}: ${term("runReason", refused.reason)}`}
      description={
        <>
          <div className="quiet">{refused.detail}</div>
          {why.map((one) => (
            <div key={one}>{t("closing.notProposed", { why: one })}</div>
          ))}
        </>
      }
    />
  );
}

const BASIS_COLOUR = { reading: "green", interpolated: "blue", estimated: "orange", unknown: "red" } as const;

function Boundary({ shown }: { shown: FinalBillJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  return (
    <div className="scroll-x">
      <table className="paper-table">
        <thead>
          <tr>
            <th colSpan={3}>{`${t("closing.boundary")} · ${format.instant(shown.boundaryAt)}`}</th>
          </tr>
        </thead>
        <tbody>
          {shown.boundary.map((one) => (
            <tr key={`${one.meterId}/${one.register}`}>
              <td>
                <Utility utility={one.utility} /> {one.serial}
              </td>
              <td className="num">
                {one.value === null ? "–" : format.quantity({ value: one.value, unit: one.unit }, 3)}
              </td>
              <td>
                <Tag color={BASIS_COLOUR[one.basis]}>{t(`closing.basis.${one.basis}`)}</Tag>
                {one.method === null ? "" : term("method", one.method)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Lines({ shown }: { shown: FinalBillJson }) {
  const { t, term, language } = useSpeech();
  const unitOf = (unit: string): string => {
    const named = term("charge.unit", unit);
    return named === unit ? unitText(unit) : named;
  };
  const format = useFormat();
  return (
    <div className="scroll-x">
      <table className="paper-table">
        <tbody>
          {shown.lines.map((line, i) => (
            <tr key={i}>
              <td>
                {line.utility === null ? null : <Utility utility={line.utility} />}{" "}
                {language === "zh" ? line.titleZh : line.titleEn}
                {line.tier === null ? "" : ` · ${t("bill.tier", { n: line.tier })}`}
              </td>
              <td className="num">
                {line.quantity === null ? "" : format.quantity({ value: line.quantity, unit: "" }, 3)}{" "}
                {line.unit === null ? "" : unitOf(line.unit)}
              </td>
              <td className="num">
                <Amount money={line.amount} />
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td colSpan={2}>{t("closing.total")}</td>
            <td className="num">
              <b data-testid="final-total">
                <Amount money={shown.total} />
              </b>
            </td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

/** Owed for supply and for all else, what the deposit pays, what is left to pay or to give back. */
function Figures({ figures, total }: { figures: ClosingFiguresJson; total: FinalBillJson["total"] }) {
  const { t } = useSpeech();
  const isZero = (amount: string) => Number(amount) === 0;
  const { owed, paid, setOff, deposit, stillOwed, refundDue } = figures;
  const rows = [
    [`${t("closing.owed")} · ${t("statement.supply")}`, owed.supply, true],
    [`${t("closing.owed")} · ${t("statement.property")}`, owed.property, !isZero(owed.property.amount)],
    [t("closing.deposit"), deposit, !isZero(deposit.amount)],
    [`${t("bill.final.paid")} · ${t("statement.supply")}`, paid.supply, !isZero(paid.supply.amount)],
    [`${t("bill.final.paid")} · ${t("statement.property")}`, paid.property, !isZero(paid.property.amount)],
    [t("bill.final.setOff.supply"), setOff.supply, !isZero(setOff.supply.amount)],
    [t("bill.final.setOff.property"), setOff.property, !isZero(setOff.property.amount)],
  ] as const;
  return (
    <table className="paper-table" data-testid="final-figures" data-total={total.amount}>
      <tbody>
        {rows.map(([title, money, isShown]) =>
          isShown ? (
            <tr key={title}>
              <td>{title}</td>
              <td className="num">
                <Owed money={money} />
              </td>
            </tr>
          ) : null,
        )}
        <tr>
          <td>{t("bill.final.stillOwed")}</td>
          <td className="num">
            <b>
              <Amount money={stillOwed} />
            </b>
          </td>
        </tr>
        <tr>
          <td>{t("bill.final.refundDue")}</td>
          <td className="num">
            <b>
              <Amount money={refundDue} />
            </b>
          </td>
        </tr>
      </tbody>
    </table>
  );
}
