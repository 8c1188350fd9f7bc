import { DAY_MS, HOUR_MS, instant, MINUTE_MS } from "../../domain/instant.ts";
import { READING_SOURCES } from "../../domain/reading.ts";
import { veeInput, type VeeInput } from "../../metering/vee/input.ts";
import { seriesOf } from "../../metering/vee/series.ts";

/** Seeded days of homes: still at night, alive by day; one in fifty jumps, so that verdicts are written too. */
export const FROM = Date.parse("2026-03-01T00:00:00+08:00");
export const READINGS_A_DAY = 96;
const EVERY_MS = 15 * MINUTE_MS;

const noise = (seed: number): number => {
  const x = Math.sin(seed * 12.9898) * 43_758.5453;
  return x - Math.floor(x);
};

function valuesOf(seed: number): number[] {
  let value = Math.round(noise(seed) * 9e11);
  const jump = seed % 50 === 7 ? 60 : -1;
  return Array.from({ length: READINGS_A_DAY + 1 }, (_, i) => {
    if (i > 24) value += 80_000 + Math.round(noise(seed + i) * 60_000);
    if (i === jump) value += 40_000_000;
    return value;
  });
}

/** @returns what builds the input out of columns, as the nightly step does: that is part of judging */
export function inputOf(seed: number): () => VeeInput {
  const value = valuesOf(seed);
  const at = value.map((_, i) => FROM + i * EVERY_MS);
  const columns = {
    at,
    receivedAt: at.map((ms) => ms + 1500),
    value,
    source: value.map(() => READING_SOURCES.mqtt),
  };
  const [from, to] = [instant(FROM), instant(FROM + DAY_MS)];
  const meter = {
    meterId: BigInt(seed),
    utility: "electricity" as const,
    installedAt: instant(FROM - 300 * DAY_MS),
    removedAt: null,
    dialMax: 1e12,
    capacityPerHour: 1e7,
    readEvery_ms: EVERY_MS,
    statedUnit: null,
    ratios: [{ from: instant(FROM - 300 * DAY_MS), ratio: 1 }],
    vacant: [],
  };
  const history = {
    recentDaily: Array.from({ length: 14 }, (_, i) => 7_500_000 + i * 50_000),
    seasonDaily: 8_000_000,
    lastActualAt: from,
  };
  const nights = [{ from, to: instant(FROM + 5 * HOUR_MS) }];
  return () =>
    veeInput({
      meter,
      period: { from, to },
      series: seriesOf("energy_import_kwh", columns, meter),
      history,
      nights,
    });
}
