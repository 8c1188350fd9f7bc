import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import {
  AxisPointerComponent,
  DataZoomInsideComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  TooltipComponent,
} from "echarts/components";
import { type EChartsCoreOption, type EChartsType, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { FONT, INK } from "../theme.ts";

use([
  BarChart,
  LineChart,
  ScatterChart,
  AxisPointerComponent,
  DataZoomInsideComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  TooltipComponent,
  SVGRenderer,
]);

const QUIET_AXIS = {
  axisLine: { lineStyle: { color: INK.line } },
  axisLabel: { color: INK.quiet },
  axisTick: { show: false },
};

/** What all axes here share; an option adds its own. */
export const axis = (more: object) => ({ ...QUIET_AXIS, splitLine: { lineStyle: { color: "#edf1f4" } }, ...more });

/** An ECharts chart that fills its width. `label` says to a screen reader what the picture shows. */
export function Chart({ option, height, label }: { option: EChartsCoreOption; height: number; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(null);
  useEffect(() => {
    if (box.current === null) return;
    const made = init(box.current, undefined, { renderer: "svg" });
    chart.current = made;
    const watcher = new ResizeObserver(() => made.resize());
    watcher.observe(box.current);
    return () => {
      watcher.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);
  useEffect(() => {
    chart.current?.setOption(
      { textStyle: { fontFamily: FONT, color: INK.text }, animationDuration: 250, ...option },
      { notMerge: true },
    );
  }, [option]);
  return <div ref={box} role="img" aria-label={label} style={{ height, width: "100%" }} />;
}
