import type { RegisterReading } from "../../metering/difference.ts";
import type { Installation, RegisterSeries } from "../../metering/usage.ts";
import { type Instant, instantOfIso } from "../../domain/instant.ts";
import type { Period } from "../../domain/period.ts";
import { type Micro, decimalText, microOf } from "../../domain/quantity.ts";
import type { UsageResult } from "../../metering/usage.ts";

/** `"03-01 08:00"` in 2026, Shanghai. */
export function at(text: string): Instant {
  const [day, time = "00:00"] = text.split(" ");
  const instant = instantOfIso(`2026-${day}T${time}:00+08:00`);
  if (instant === null) throw new Error(`not a moment: ${text}`);
  return instant;
}

export const micro = (text: string | number): Micro => microOf(`${text}`) ?? 0n;
export const between = (from: string, to: string): Period => ({ from: at(from), to: at(to) });

/** `{ "03-01": 100, "03-02 12:00": "105e" }`: an `e` marks an estimate. */
export const readings = (values: Record<string, number | string>): RegisterReading[] =>
  Object.entries(values).map(([when, value]) => {
    const text = `${value}`;
    return text.endsWith("e")
      ? { at: at(when), value: micro(text.slice(0, -1)), source: "estimate" }
      : { at: at(when), value: micro(text) };
  });

export const meter = (
  values: Record<string, number | string>,
  { series = {}, ...more }: Partial<Installation> & { series?: Partial<RegisterSeries> } = {},
): Installation => ({
  meterId: 1n,
  installedAt: at("01-01"),
  removedAt: null,
  dialMax: micro(100_000),
  maxPerHour: micro(10),
  registers: [{ register: "energy_import_kwh", readings: readings(values), ...series }],
  ...more,
});

const momentText = (instant: Instant) => new Date(instant + 8 * 3_600_000).toISOString().slice(5, 16).replace("T", " ");
const periodText = ({ from, to }: Period) => `${momentText(from)} .. ${momentText(to)}`.replaceAll(" 00:00", "");

/** What a test looks at, as text. */
export const told = ({ usage, verdicts, gaps }: UsageResult) => ({
  total: decimalText(usage.total),
  basis: usage.basis,
  slices: usage.slices.map(
    (slice) => `${periodText(slice.period)} ${decimalText(slice.quantity)} ${slice.tou ?? ""}${slice.basis}`,
  ),
  verdicts: verdicts
    .filter(({ result }) => result !== "normal")
    .map(({ result, period }) => `${result} ${periodText(period)}`),
  gaps: gaps.map(({ reason, period }) => `${reason} ${periodText(period)}`),
});
