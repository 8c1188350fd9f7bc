import { Card } from "antd";
import { useMemo } from "react";
import type { AccountUsageJson } from "../../../../api/schemas/account.ts";
import { useUsage } from "../../api/queries.ts";
import { type Format, unitText } from "../../format.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { axis, Chart } from "../../parts/chart.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { UTILITY_COLOURS } from "../../theme.ts";

const BAND = 84; // px of one utility's strip
const GAP = 38;

/** One strip per utility with its own scale, all over the same days: kWh and m³ never share an axis. */
function optionOf(usage: AccountUsageJson, format: Format, nameOf: (utility: string) => string) {
  const top = (i: number) => 30 + i * (BAND + GAP);
  const days = usage.utilities[0]?.days.map((d) => format.dayShort(d.day)) ?? [];
  const last = usage.utilities.length - 1;
  return {
    tooltip: {
      trigger: "axis",
      valueFormatter: (v: unknown) => (v === null || v === undefined ? "–" : format.number(Number(v), 2)),
    },
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    grid: usage.utilities.map((_, i) => ({ left: 44, right: 8, top: top(i), height: BAND })),
    xAxis: usage.utilities.map((_, i) =>
      axis({
        type: "category",
        gridIndex: i,
        data: days,
        axisLabel: { show: i === last, color: "#5b6b78", hideOverlap: true },
      }),
    ),
    yAxis: usage.utilities.map((u, i) =>
      axis({
        type: "value",
        gridIndex: i,
        splitNumber: 2,
        name: `${nameOf(u.utility)} ${unitText(u.unit)}`,
        nameGap: 12,
        nameTextStyle: {
          color: UTILITY_COLOURS[u.utility].deep,
          align: "left",
          padding: [0, 0, 0, -34],
          fontWeight: "bold",
        },
      }),
    ),
    series: usage.utilities.map((u, i) => ({
      type: "bar",
      name: `${nameOf(u.utility)} (${unitText(u.unit)})`,
      xAxisIndex: i,
      yAxisIndex: i,
      barMaxWidth: 18,
      itemStyle: { color: UTILITY_COLOURS[u.utility].main, borderRadius: [2, 2, 0, 0] },
      data: u.days.map((d) => (d.value === null ? null : Number(d.value))),
    })),
  };
}

export function DailyUse({ accountId }: { accountId: string }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const usage = useUsage(accountId, {});
  const option = useMemo(
    () => (usage.data === undefined ? null : optionOf(usage.data, format, (u) => term("utility", u))),
    [usage.data, format, term],
  );
  return (
    <Card size="small" title={t("account.dailyUse")}>
      <Loaded query={usage} isEmpty={(u) => u.utilities.length === 0} empty={t("account.noUse")}>
        {(u) =>
          option === null ? null : (
            <Chart option={option} height={u.utilities.length * (BAND + GAP) + 24} label={t("account.dailyUse")} />
          )
        }
      </Loaded>
    </Card>
  );
}
