import { Alert, Button, Card, Select } from "antd";
import { useMemo, useState } from "react";
import type { TariffTrialJson } from "../../../../api/schemas/tariff.ts";
import { unitText } from "../../format.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { axis, Chart } from "../../parts/chart.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { useNow } from "../../shell/town-clock.tsx";
import { INK } from "../../theme.ts";
import { Change } from "../what-if/answer.tsx";
import { AccountChoice, pastMonths } from "../what-if/question.tsx";
import { useTouName } from "./editor/price-input.tsx";

export type LiveChoice = { readonly accountId: string; readonly month: string };
type Live = NonNullable<TariffTrialJson["live"]>;

/** A real account's month under the draft, beside what it comes to now. */
export function LiveExample({
  choice,
  choose,
  trial,
  isBroken,
  keep,
}: {
  choice: LiveChoice;
  choose: (choice: LiveChoice) => void;
  trial: TariffTrialJson | undefined;
  isBroken: boolean;
  keep: ((example: Record<string, unknown>) => void) | null;
}) {
  const { t } = useSpeech();
  const format = useFormat();
  const now = useNow();
  const months = now === null ? [] : pastMonths(now, format.zone);
  return (
    <Card size="small" title={t("live.title")} data-testid="tariff-live">
      <div className="stack">
        <div className="tariff-live-choice">
          <AccountChoice value={choice.accountId} choose={(accountId) => choose({ ...choice, accountId })} />
          <Select
            aria-label={t("live.month")}
            value={choice.month === "" ? null : choice.month}
            placeholder={t("live.month")}
            options={months.map((month) => ({ value: month, label: format.month(`${month}-15T12:00:00Z`) }))}
            onChange={(month) => choose({ ...choice, month })}
          />
        </div>
        {isBroken && trial?.live != null ? <div className="quiet">{t("live.broken")}</div> : null}
        {trial?.live == null ? (
          <div className="quiet">{t("live.choose")}</div>
        ) : (
          <Priced live={trial.live} keep={keep} />
        )}
      </div>
    </Card>
  );
}

function Priced({ live, keep }: { live: Live; keep: ((example: Record<string, unknown>) => void) | null }) {
  const { t } = useSpeech();
  const format = useFormat();
  const tou = useTouName();
  if (live.kind === "nothing") return <div className="quiet">{t("live.nothing")}</div>;
  if (live.kind === "left_out")
    return <Alert type="warning" showIcon title={t("live.leftOut")} description={live.detail} />;
  const { example } = live;
  return (
    <>
      <div className="quiet">
        {t("live.used", { quantity: format.quantity(live.quantity), tariffs: live.tariffIds.join(", ") })}
      </div>
      <div className="tariff-live-scroll">
        <table className="tariff-live-lines">
          <thead>
            <tr>
              <th scope="col">{t("live.line")}</th>
              <th scope="col">{t("live.before")}</th>
              <th scope="col">{t("live.after")}</th>
              <th scope="col">{t("live.change")}</th>
            </tr>
          </thead>
          <tbody>
            {live.lines.map((line) => (
              <tr key={line.name}>
                <th scope="row">
                  <LineName line={line} tou={tou} />
                </th>
                {[line.before, line.after].map((side, i) => (
                  <td key={i === 0 ? "before" : "after"} className="amount">
                    {side === null ? "–" : format.money(side.amount)}
                    {side?.quantity == null || side.price === null ? null : (
                      <div className="quiet">
                        {format.number(side.quantity, 2)} × {side.price}
                      </div>
                    )}
                  </td>
                ))}
                <td>
                  <Change money={line.change} />
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{t("live.total")}</th>
              <td className="amount">{format.money(live.before)}</td>
              <td className="amount" data-testid="live-after">
                {format.money(live.after)}
              </td>
              <td>
                <Change money={live.change} />
              </td>
            </tr>
          </tfoot>
        </table>
      </div>
      {keep === null ? null : example === null ? (
        <div className="quiet">{t("live.keep.not")}</div>
      ) : (
        <Button data-testid="live-keep" onClick={() => keep(example)}>
          {t("live.keep")}
        </Button>
      )}
    </>
  );
}

function LineName({
  line,
  tou,
}: {
  line: Extract<Live, { kind: "rated" }>["lines"][number];
  tou: (name: string) => string;
}) {
  const { t, language } = useSpeech();
  const parts = [
    line.title[language],
    ...(line.tier === null ? [] : [t("live.tier", { n: line.tier })]),
    ...(line.tou === null ? [] : [tou(line.tou)]),
  ];
  return <>{parts.join(" · ")}</>;
}

/** Total by use, of the version before and of this one: whether the steps of a ladder are where they were meant to be. */
export function Curve({ curve, unit }: { curve: TariffTrialJson["curve"]; unit: string }) {
  const { t } = useSpeech();
  const [isMean, setMean] = useState(false);
  const option = useMemo(() => {
    if (curve === null) return null;
    const points = (totals: readonly string[] | null) =>
      (totals ?? []).flatMap((total, i) => {
        const quantity = Number(curve.quantities[i]);
        if (isMean && quantity === 0) return [];
        return [[quantity, isMean ? Number((Number(total) / quantity).toFixed(4)) : Number(total)]];
      });
    const line = (name: string, data: number[][], color: string, type: string) => ({
      type: "line",
      name,
      data,
      showSymbol: false,
      lineStyle: { color, type, width: 2 },
      itemStyle: { color },
    });
    return {
      grid: { left: 52, right: 12, top: 28, bottom: 40 },
      legend: { top: 0, right: 0 },
      tooltip: { trigger: "axis" },
      xAxis: axis({
        type: "value",
        name: t("curve.use", { unit: unitText(unit), per: t(`curve.per.${curve.per}`) }),
        nameLocation: "middle",
        nameGap: 24,
        max: "dataMax",
      }),
      yAxis: axis({ type: "value", scale: isMean }),
      series: [
        ...(curve.before === null ? [] : [line(t("live.before"), points(curve.before), INK.quiet, "dashed")]),
        line(t("live.after"), points(curve.after), INK.brand, "solid"),
      ],
    };
  }, [curve, isMean, t, unit]);
  if (curve === null || option === null) return null;
  return (
    <Card
      size="small"
      title={t("curve.title")}
      extra={
        <Button size="small" type="text" onClick={() => setMean(!isMean)}>
          {t(isMean ? "curve.total" : "curve.mean")}
        </Button>
      }
    >
      {curve.after === null ? (
        <div className="quiet">{t("curve.none", { why: curve.why })}</div>
      ) : (
        <Chart option={option} height={220} label={t("curve.title")} />
      )}
    </Card>
  );
}
