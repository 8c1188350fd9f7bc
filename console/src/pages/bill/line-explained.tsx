import type { ReactNode } from "react";
import type { BillLineJson } from "../../../../api/schemas/bill.ts";
import type { ExplainedLineJson } from "../../../../api/schemas/explain.ts";
import { useExplainedBill } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { useFormat } from "../../shell/operator.tsx";

const Part = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </>
);

function Arithmetic({ line }: { line: ExplainedLineJson }) {
  const { t } = useSpeech();
  const { quantity, price, of, exact, rounding, amount } = line.arithmetic;
  const product = quantity === null ? price : `${quantity} × ${price ?? ""}`;
  const mode = t(`explain.rounding.${rounding}` as "explain.rounding.up");
  return (
    <Part name={t("explain.arithmetic")}>
      {product}
      {of.length === 0 ? null : ` × (${of.map((one) => one.amount).join(" + ")})`}
      {exact === null ? null : ` = ${exact}`} → {t("explain.rounded", { mode, amount })}
    </Part>
  );
}

function TariffPart({ tariff }: { tariff: ExplainedLineJson["tariff"] }) {
  const { t } = useSpeech();
  const format = useFormat();
  const { id, version } = tariff;
  return (
    <Part name={t("explain.tariff")}>
      {t("explain.tariff.version", { id, version, from: format.day(tariff.effectiveFrom) })}
      <div className="quiet">{tariff.source.join(" · ")}</div>
      {tariff.charge === null ? null : (
        <details>
          <summary>{t("explain.tariff.charge")}</summary>
          <pre>{JSON.stringify(tariff.charge, null, 1)}</pre>
        </details>
      )}
    </Part>
  );
}

function Walk({ line }: { line: ExplainedLineJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const { proration, ladder } = line;
  const { days, billDays, cutBy } = proration;
  const at = format.dayClockShort;
  return (
    <>
      <Part name={t("explain.proration")}>
        {cutBy.length === 0
          ? t("explain.proration.whole", { days })
          : t("explain.proration.part", { from: at(proration.from), to: at(proration.to), days, of: billDays })}
        {cutBy.map((cause) => (
          <span key={cause} className="chip">
            {t(`explain.cut.${cause}`)}
          </span>
        ))}
      </Part>
      {ladder === null ? null : (
        <Part name={t("explain.ladder")}>
          {t("explain.ladder.walk", {
            before: format.number(ladder.usedBefore, 3),
            after: format.number(ladder.usedAfter, 3),
            since: format.dayOfInstant(ladder.periodFrom),
          })}
          {" · "}
          {t("explain.ladder.tiers", { thresholds: ladder.thresholds.map((one) => format.number(one, 3)).join(", ") })}
          {ladder.persons === null ? null : ` · ${t("explain.ladder.persons", { n: ladder.persons })}`}
        </Part>
      )}
    </>
  );
}

function Readings({ line }: { line: ExplainedLineJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const text = (around: ExplainedLineJson["registers"][number]["aroundStart"]) =>
    around
      .map(
        ([at, value, source]) => `${format.number(value, 3)} (${format.dayClockShort(at)}, ${term("source", source)})`,
      )
      .join(" … ");
  if (line.registers.length === 0) return null;
  return (
    <Part name={t("explain.readings")}>
      {line.registers.map((one) => {
        const sources = Object.entries(one.sources);
        const n = sources.reduce((sum, [, count]) => sum + count, 0);
        return (
          <div key={`${one.meter} ${one.register} ${one.from}`}>
            <b>{one.serial}</b> {term("register", one.register)}:{" "}
            {t("explain.readings.sources", {
              n,
              sources: sources.map(([source, count]) => `${term("source", source)} ${count}`).join(", "),
            })}
            <div className="quiet">
              {t("explain.readings.start")} {text(one.aroundStart)}; {t("explain.readings.end")} {text(one.aroundEnd)}
            </div>
          </div>
        );
      })}
    </Part>
  );
}

function Parts({ line }: { line: ExplainedLineJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  return (
    <dl className="explained-parts">
      <Arithmetic line={line} />
      {line.corrects === null ? null : (
        <Part name={t("explain.corrects", { number: line.corrects.number })}>
          {t("explain.corrects.what", { billed: line.corrects.billed, shouldBe: line.corrects.shouldBe })}
        </Part>
      )}
      <TariffPart tariff={line.tariff} />
      <Walk line={line} />
      {line.measuredBy === null ? null : (
        <Part name={t("explain.measured")}>{t(`explain.measured.${line.measuredBy}`)}</Part>
      )}
      <Readings line={line} />
      {line.verdicts.length === 0 ? null : (
        <Part name={t("explain.verdicts")}>
          {line.verdicts.map((one) => (
            <div key={`${one.meter} ${one.rule} ${one.from}`}>
              {term("verdict", one.result)} · {format.dayClockShort(one.from)} – {format.dayClockShort(one.to)}
            </div>
          ))}
        </Part>
      )}
    </dl>
  );
}

/** A bill line opened: asked for when somebody opens the first one, then there for all. */
export function LineExplained({ billId, line }: { billId: string; line: BillLineJson }) {
  const { t } = useSpeech();
  const explained = useExplainedBill(billId);
  return (
    <Loaded query={explained} rows={3}>
      {({ items, inputsAre }) => {
        const own = items.find(({ key }) => key === line.key);
        return (
          <>
            {inputsAre === "rebuilt" ? <p className="quiet">{t("explain.rebuilt")}</p> : null}
            {own === undefined ? <p className="quiet">{t("explain.none")}</p> : <Parts line={own} />}
          </>
        );
      }}
    </Loaded>
  );
}
