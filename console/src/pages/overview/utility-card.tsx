import { Card } from "antd";
import { useMemo } from "react";
import { Link } from "react-router-dom";
import type { OverviewJson } from "../../../../api/schemas/overview.ts";
import type { Format } from "../../format.ts";
import { unitText } from "../../format.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { axis, Chart } from "../../parts/chart.tsx";
import { Utility } from "../../parts/utility.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { UTILITY_COLOURS } from "../../theme.ts";

type Meters = OverviewJson["meters"][number];
type Use = OverviewJson["useToday"][number];

function hourOption(use: Use, format: Format) {
  return {
    grid: { left: 36, right: 6, top: 10, bottom: 22 },
    tooltip: {
      trigger: "axis",
      valueFormatter: (v: unknown) => `${format.number(Number(v), 2)} ${unitText(use.total.unit)}`,
    },
    xAxis: axis({
      type: "category",
      data: use.series.map((p) => format.clock(p.at)),
      axisLabel: { color: "#5b6b78", hideOverlap: true },
    }),
    yAxis: axis({ type: "value", splitNumber: 3 }),
    series: [
      {
        type: "bar",
        data: use.series.map((p) => Number(p.quantity.value)),
        itemStyle: { color: UTILITY_COLOURS[use.utility].main, borderRadius: [2, 2, 0, 0] },
        barMaxWidth: 16,
      },
    ],
  };
}

function HeardBar({ meters }: { meters: Meters }) {
  const { t } = useSpeech();
  const format = useFormat();
  const share = (n: number) => `${meters.total === 0 ? 0 : (n / meters.total) * 100}%`;
  return (
    <>
      <div className="heard-bar" aria-hidden="true">
        <i className="heard" style={{ width: share(meters.heard) }} />
        <i className="late" style={{ width: share(meters.late) }} />
        <i className="silent" style={{ width: share(meters.silent) }} />
      </div>
      <div className="heard-words">
        {(["heard", "late", "silent"] as const).map((status) => (
          <Link key={status} to={`/meters?utility=${meters.utility}&status=${status}`} className={`word-${status}`}>
            {t(`meterStatus.${status}`)} <b>{format.count(meters[status])}</b>
          </Link>
        ))}
      </div>
    </>
  );
}

/** One utility at a glance: today's use by the hour, and how many of its meters are heard. */
export function UtilityCard({ meters, use }: { meters: Meters; use: Use | undefined }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const option = useMemo(() => (use === undefined ? null : hourOption(use, format)), [use, format]);
  return (
    <Card
      size="small"
      className={`utility-card ${meters.utility}`}
      title={<Utility utility={meters.utility} />}
      extra={t("overview.meters", { n: format.count(meters.total) })}
    >
      <div className="today">
        <span className="quiet">{t("overview.useToday")}</span>
        <b>{use === undefined ? "–" : format.quantity(use.total, 1)}</b>
      </div>
      {option === null || use === undefined || use.series.length === 0 ? (
        <div className="quiet no-chart">{t("overview.noUse")}</div>
      ) : (
        <Chart
          option={option}
          height={130}
          label={t("overview.useChart", { utility: term("utility", meters.utility) })}
        />
      )}
      <HeardBar meters={meters} />
    </Card>
  );
}
