import { Tag } from "antd";
import { Fragment, useState } from "react";
import { Link } from "react-router-dom";
import type { BilledUsageJson, BillLineJson } from "../../../../api/schemas/bill.ts";
import { unitText } from "../../format.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Amount } from "../../parts/money.tsx";
import { Utility } from "../../parts/utility.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { EstimatedEnd } from "./estimated-end.tsx";
import { LineExplained } from "./line-explained.tsx";
import { Prorated } from "./prorated.tsx";
import type { Section } from "./sections.ts";

/** Registers whose growth is the whole use: their name says nothing more. */
const MAIN: ReadonlySet<string> = new Set(["energy_import_kwh", "volume_m3", "heat_kwh"]);

function Registers({ usages }: { usages: readonly BilledUsageJson[] }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const registers = usages.flatMap((u) => u.registers);
  const hasBasis = registers.some((r) => r.basis !== undefined);
  const at = (text: string | undefined) =>
    text === undefined || Number.isNaN(Date.parse(text)) ? (text ?? "") : format.dayClockShort(text);
  return (
    <table className="paper-table registers">
      <thead>
        <tr>
          <th>{t("bill.meter")}</th>
          <th>{t("bill.from")}</th>
          <th className="num">{t("bill.start")}</th>
          <th>{t("bill.to")}</th>
          <th className="num">{t("bill.end")}</th>
          <th className="num">{t("bill.used")}</th>
          {hasBasis ? <th>{t("bill.basis")}</th> : null}
        </tr>
      </thead>
      <tbody>
        {usages
          .flatMap((u) => u.registers)
          .map((r) => (
            <Fragment key={`${r.serial ?? r.meter}-${r.register}-${r.from}-${r.start}`}>
              <tr>
                <td>
                  {r.serial ?? r.meter}
                  {r.register === undefined || MAIN.has(r.register) ? null : (
                    <div className="quiet">{term("register", r.register)}</div>
                  )}
                </td>
                <td>{at(r.from)}</td>
                <td className="num">{r.start == null ? "" : format.number(r.start, 3)}</td>
                <td>{at(r.to)}</td>
                <td className="num">{r.end == null ? "" : format.number(r.end, 3)}</td>
                <td className="num">{r.used === undefined ? "" : format.number(r.used, 3)}</td>
                {hasBasis ? <td>{r.basis === undefined ? "" : term("basis", r.basis)}</td> : null}
              </tr>
              <EstimatedEnd register={r} columns={hasBasis ? 7 : 6} />
            </Fragment>
          ))}
      </tbody>
    </table>
  );
}

/** `0.5583 / kWh`, or a share as a percentage. */
function usePriceText() {
  const { term } = useSpeech();
  const format = useFormat();
  return (line: BillLineJson): string => {
    if (line.price === null) return "";
    if (line.quantity === null) return `${format.number(Number(line.price) * 100, 4)} %`;
    return `${format.number(line.price, 6, 2)} / ${term("per", unitText(line.quantity.unit))}`;
  };
}

function Line({ line, billId }: { line: BillLineJson; billId: string }) {
  const { t, term, language } = useSpeech();
  const [open, setOpen] = useState(false);
  const format = useFormat();
  const price = usePriceText();
  const title = language === "zh" ? line.titleZh : line.titleEn;
  const row = (
    <tr>
      <td>
        {line.correctsBillId === null ? (
          title
        ) : (
          <Link to={`/bills/${line.correctsBillId}`} title={t("bill.trueUp.open")}>
            {title}
          </Link>
        )}
        {line.tier === null ? null : <span className="chip">{t("bill.tier", { n: line.tier })}</span>}
        {line.tou === null ? null : <span className={`chip tou-${line.tou}`}>{term("tou", line.tou)}</span>}
        <button type="button" className="why no-print" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t(open ? "explain.close" : "explain.open")}
        </button>
        <Prorated line={line} />
      </td>
      <td className="num">
        {line.quantity === null
          ? ""
          : `${format.number(line.quantity.value, 3)} ${term("per", unitText(line.quantity.unit))}`}
      </td>
      <td className="num">{price(line)}</td>
      <td className="num">
        <Amount money={line.amount} />
      </td>
    </tr>
  );
  return (
    <>
      {row}
      {open ? (
        <tr className="explained no-print">
          <td colSpan={4}>
            <LineExplained billId={billId} line={line} />
          </td>
        </tr>
      ) : null}
    </>
  );
}

export function UtilitySection({ section, billId }: { section: Section; billId: string }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const { lines, utility } = section;
  const usages = section.usages.filter((u) => u.correctsBillId === null);
  const trueUps = section.usages.filter((u) => u.correctsBillId !== null);
  const [first] = lines;
  return (
    <section className={`paper-utility ${utility}`}>
      <h3>
        <Utility utility={utility} />
        <span className="paper-use">
          {usages.map((u) => (
            <span key={u.periodFrom}>
              {format.quantity(u.quantity)} {u.basis === "actual" ? null : <Tag>{term("basis", u.basis)}</Tag>}
            </span>
          ))}
          {trueUps.map((u) => (
            <span key={`${u.correctsBillId} ${u.periodFrom}`}>
              <Tag color="gold">{t("bill.trueUp.use", { quantity: format.quantity(u.quantity) })}</Tag>
            </span>
          ))}
        </span>
      </h3>
      {usages.every((u) => u.registers.length === 0) ? null : <Registers usages={usages} />}
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
          {lines.map((line) => (
            <Line key={line.key} line={line} billId={billId} />
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td colSpan={3}>
              {t("bill.subtotal", { utility: term("utility", utility) })}
              {first === undefined ? null : (
                <small className="quiet">
                  {t("bill.tariff", { tariff: first.tariffId, version: first.tariffVersion })}
                </small>
              )}
            </td>
            <td className="num">
              <b>
                <Amount money={section.subtotal} />
              </b>
            </td>
          </tr>
        </tfoot>
      </table>
    </section>
  );
}
