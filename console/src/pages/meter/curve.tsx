import { Card, Segmented, Select } from "antd";
import { useMemo, useState } from "react";
import type { MeterJson, SeriesJson } from "../../../../api/schemas/meter.ts";
import { useSeries } from "../../api/queries.ts";
import { type Format, unitText } from "../../format.ts";
import { type Speech, useSpeech } from "../../i18n/language.tsx";
import { axis, Chart } from "../../parts/chart.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { useNow } from "../../shell/town-clock.tsx";
import { UTILITY_COLOURS } from "../../theme.ts";

const SPANS = { day: 1, week: 7, month: 31 } as const;
type Span = keyof typeof SPANS;
const DAY_MS = 86_400_000;
const STEP_MS = 300_000; // the end of the span moves in steps, so that the same question is not asked each second

type Point = readonly [string, string];

/** The points with the entries beside them applied: what bills rest on. */
function validatedOf({ points, edits }: SeriesJson): Point[] {
  const clerk = new Map(edits.filter((e) => e.origin === "clerk").map((e) => [e.at, e.value]));
  const kept = points.filter((p) => !clerk.has(p.at));
  const booked = new Set(kept.map((p) => p.at));
  const values = edits.flatMap((e): Point[] =>
    e.value === null || (e.origin === "estimate" && (booked.has(e.at) || clerk.get(e.at) !== undefined))
      ? []
      : [[e.at, e.value]],
  );
  const all: Point[] = [...kept.map((p): Point => [p.at, p.value]), ...values];
  return all.sort(([a], [b]) => Date.parse(a) - Date.parse(b));
}

/** Raw as read; where somebody spoke beside the book also what is billed, with a mark at each entry. */
function curvesOf(series: SeriesJson, colour: string, gaps: MeterJson["gaps"], t: Speech["t"]) {
  const last = series.points.at(-1)?.at;
  const edited = series.edits.length > 0;
  const raw = {
    type: "line",
    name: t("curve.raw"),
    showSymbol: series.points.length < 40,
    symbolSize: 4,
    step: series.kind === "state" ? "end" : false,
    data: series.points.map((p) => [p.at, p.value]),
    lineStyle: { color: edited ? "#9aa7b1" : colour, width: 1.6 },
    itemStyle: { color: edited ? "#9aa7b1" : colour },
    ...(edited ? {} : { areaStyle: { color: colour, opacity: 0.08 } }),
    markArea: {
      silent: true,
      itemStyle: { color: "rgba(207, 58, 44, 0.09)" },
      data: gaps.map((g) => [{ xAxis: g.from }, { xAxis: g.to ?? last ?? g.from }]),
    },
  };
  if (!edited) return [raw];
  const booked = new Map(series.points.map((p) => [p.at, p.value]));
  const marks = series.edits.flatMap((e) => {
    const value = e.value ?? booked.get(e.at);
    const sign =
      e.value === null ? t("curve.excluded") : e.origin === "estimate" ? t("curve.estimate") : t("edit.value");
    return value === undefined ? [] : [{ value: [e.at, value], name: sign }];
  });
  return [
    raw,
    {
      type: "line",
      name: t("curve.validated"),
      showSymbol: false,
      data: validatedOf(series),
      lineStyle: { color: colour, width: 2 },
      itemStyle: { color: colour },
    },
    {
      type: "scatter",
      name: t("edits.title"),
      symbol: "diamond",
      symbolSize: 10,
      data: marks,
      itemStyle: { color: "#b7791f" },
    },
  ];
}

function optionOf(series: SeriesJson, colour: string, gaps: MeterJson["gaps"], format: Format, t: Speech["t"]) {
  return {
    grid: { left: 64, right: 14, top: 16, bottom: 28 },
    tooltip: {
      trigger: "axis",
      formatter: (hits: { value: [string, string] }[]) =>
        hits
          .map(
            (h) => `${format.instant(h.value[0])}<br/><b>${format.number(h.value[1], 3)} ${unitText(series.unit)}</b>`,
          )
          .join(""),
    },
    xAxis: axis({
      type: "time",
      splitNumber: 6,
      axisLabel: {
        color: "#5b6b78",
        hideOverlap: true,
        formatter: (at: number) => format.dayClockShort(new Date(at).toISOString()),
      },
    }),
    yAxis: axis({
      type: "value",
      scale: series.kind === "cumulative",
      name: unitText(series.unit),
      nameTextStyle: { color: "#5b6b78" },
    }),
    dataZoom: [{ type: "inside" }],
    ...(series.edits.length === 0 ? {} : { legend: { top: 0, right: 10, itemHeight: 8, textStyle: { fontSize: 11 } } }),
    series: curvesOf(series, colour, gaps, t),
  };
}

/** One register of the meter over time; gaps lie behind it in red. */
export function Curve({ meter }: { meter: MeterJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const now = useNow();
  const [register, setRegister] = useState<string | null>(null);
  const [span, setSpan] = useState<Span>("week");
  const to = now === null ? null : Math.ceil(now / STEP_MS) * STEP_MS;
  const asked =
    to === null ? {} : { from: new Date(to - SPANS[span] * DAY_MS).toISOString(), to: new Date(to).toISOString() };
  const series = useSeries(meter.id, { ...(register === null ? {} : { register }), ...asked, points: 400 });
  const option = useMemo(
    () =>
      series.data === undefined
        ? null
        : optionOf(series.data, UTILITY_COLOURS[meter.utility].main, meter.gaps, format, t),
    [series.data, meter.utility, meter.gaps, format, t],
  );
  return (
    <Card
      size="small"
      title={t("meter.curve")}
      extra={
        <div className="curve-controls">
          <Select
            size="small"
            aria-label={t("meter.register")}
            popupMatchSelectWidth={false}
            value={register ?? series.data?.register ?? null}
            onChange={setRegister}
            options={meter.registers.map((r) => ({ value: r.register, label: term("register", r.register) }))}
          />
          <Segmented<Span>
            size="small"
            value={span}
            onChange={setSpan}
            options={(["day", "week", "month"] as const).map((s) => ({ value: s, label: t(`span.${s}`) }))}
          />
        </div>
      }
    >
      <Loaded query={series} isEmpty={(s) => s.points.length === 0} empty={t("meter.noCurve")}>
        {(s) =>
          option === null ? null : (
            <Chart
              option={option}
              height={300}
              label={t("meter.curveOf", { register: term("register", s.register), serial: meter.serial })}
            />
          )
        }
      </Loaded>
    </Card>
  );
}
