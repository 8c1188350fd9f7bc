import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { METRICS, type MetricName, type Telemetry } from "../domain/telemetry.ts";

export type Metrics = {
  readonly telemetry: Telemetry;
  /** Prometheus text of everything counted so far. */
  text(): Promise<string>;
  readonly contentType: string;
};

/** 1 ms … 10 s: from one Modbus answer to a slow commit. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Telemetry that `GET /metrics` prints. One per process; a shell hands `telemetry` to every room. */
export function prometheus({ processMetrics = true } = {}): Metrics {
  const registry = new Registry();
  if (processMetrics) collectDefaultMetrics({ register: registry });
  const counters = new Map<MetricName, Counter>();
  const gauges = new Map<MetricName, Gauge>();
  const histograms = new Map<MetricName, Histogram>();
  for (const [key, { kind, labels, help }] of Object.entries(METRICS)) {
    const name = key as MetricName;
    const options = { name, help, labelNames: [...labels] as string[], registers: [registry] };
    if (kind === "counter") counters.set(name, new Counter(options));
    else if (kind === "gauge") gauges.set(name, new Gauge(options));
    else histograms.set(name, new Histogram({ ...options, buckets: SECONDS }));
  }
  return {
    telemetry: {
      count: (name, labels, by = 1) => counters.get(name)?.inc(labels, by),
      gauge: (name, labels, value) => gauges.get(name)?.set(labels, value),
      observe: (name, labels, value) => histograms.get(name)?.observe(labels, value),
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
