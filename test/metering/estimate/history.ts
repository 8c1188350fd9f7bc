import type { Estimate } from "../../../domain/estimate.ts";
import { DAY_MS, HOUR_MS, type Instant, instant, instantOfIso } from "../../../domain/instant.ts";
import { decimalText, type Micro, microOf } from "../../../domain/quantity.ts";
import type { EstimateInput, UsePoint } from "../../../metering/estimate/input.ts";

/** `"2026-03-01"` or `"2026-03-01 12:00"`, Shanghai. */
export function on(text: string): Instant {
  const [day, time = "00:00"] = text.split(" ");
  const found = instantOfIso(`${day}T${time}:00+08:00`);
  if (found === null) throw new Error(`not a moment: ${text}`);
  return found;
}

export const micro = (text: string | number): Micro => microOf(`${text}`) ?? 0n;

/** One point per step from `from` to `to`; `use` says how much each step adds. */
export function steady(from: string, to: string, step_ms: number, use: (at: Instant) => number): UsePoint[] {
  const points: UsePoint[] = [];
  let used = 0n;
  for (let at: number = on(from); at <= on(to); at += step_ms) {
    points.push({ at: instant(at), used });
    used += micro(use(instant(at)));
  }
  return points;
}

export const daily = (from: string, to: string, use: (at: Instant) => number): UsePoint[] =>
  steady(from, to, DAY_MS, use);
export const hourly = (from: string, to: string, use: (at: Instant) => number): UsePoint[] =>
  steady(from, to, HOUR_MS, use);

/** The last point of the history is the last reading, of a register that stands at 1000. */
export function input(history: readonly UsePoint[], at: string, more: Partial<EstimateInput> = {}): EstimateInput {
  const last = history.findLast((point) => point.at < on(at));
  return {
    at: on(at),
    zone: "Asia/Shanghai",
    history,
    last: { at: last?.at ?? on("2026-01-01"), value: micro(1000) },
    next: null,
    maxPerHour: micro(100),
    dialMax: null,
    classProfile: null,
    restDays: [],
    ...more,
  };
}

/** `"1060 ±5"`, or what was missing. */
export const told = (estimate: Estimate): string =>
  estimate.kind === "not_enough"
    ? estimate.missing
    : `${decimalText(estimate.value)}${estimate.uncertainty === null ? "" : ` ±${decimalText(estimate.uncertainty)}`}`;
