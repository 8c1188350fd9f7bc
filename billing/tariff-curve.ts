import { CodedError } from "../domain/errors.ts";
import type { Day } from "../domain/period.ts";
import { decimalText, type Micro, microOf, MICRO_PER_UNIT } from "../domain/quantity.ts";
import type { Charge, Tariff } from "../domain/tariff.ts";
import { touNames } from "./rate/energy.ts";
import { pricesOf } from "./rate/timetable.ts";
import { ratedExample } from "./publication.ts";

/** What a whole ladder period comes to, by what is used in it: whether the steps of a ladder are where they were meant to be. */
export type TariffCurve = {
  readonly per: "month" | "year";
  /** Days `[from, to)` that are priced. */
  readonly from: Day;
  readonly to: Day;
  readonly points: readonly CurvePoint[];
};
/** Decimal text; the tariff's unit and currency. */
export type CurvePoint = { readonly quantity: string; readonly total: string };

/** Enough for a smooth line in a picture; each is a rating of its own. */
const STEPS = 40;
/** Where no ladder says how far to look: what a home uses in a month, several times over. */
const WITHOUT_LADDER: Readonly<Record<Tariff["utility"], number>> = {
  electricity: 600,
  gas: 100,
  water: 50,
  heat: 3000,
};
/** Past the last threshold the line is to be seen going on. */
const [BEYOND_TIMES, BEYOND_OF] = [3n, 2n];

/** Quantities of all versions together, so that their curves can lie over each other: equal steps, and each threshold. Pure. */
export function curveQuantities(versions: readonly Tariff[]): Micro[] {
  const ends = versions.flatMap(({ charges }) => charges.flatMap(thresholdsOf)).filter((end) => end > 0n);
  const utility = versions[0]?.utility ?? "electricity";
  const months = perOf(versions) === "year" ? 12n : 1n;
  const last = ends.reduce((most, end) => (end > most ? end : most), 0n);
  const top =
    last === 0n ? BigInt(WITHOUT_LADDER[utility]) * months * MICRO_PER_UNIT : (last * BEYOND_TIMES) / BEYOND_OF;
  const steps = Array.from({ length: STEPS + 1 }, (_, i) => (top * BigInt(i)) / BigInt(STEPS));
  return [...new Set([...steps, ...ends])].sort((a, b) => (a < b ? -1 : 1));
}

/** A year where some ladder counts a year. */
export const perOf = (versions: readonly Tariff[]): "month" | "year" =>
  versions.some(({ charges }) => charges.some((charge) => "ladder" in charge && charge.ladder.basis === "year"))
    ? "year"
    : "month";

/**
 * The curve of one version; prices by time of use are taken in the shares of the clock's hours. Pure.
 * @returns why there is none, where a price needs more than a quantity
 */
export function curveOf(
  tariff: Tariff,
  per: "month" | "year",
  quantities: readonly Micro[],
): TariffCurve | { why: string } {
  const { from, to } = daysOfCurve(tariff, per);
  try {
    const points = quantities.map((micro) => {
      const { total } = ratedExample(tariff, { from, to, quantity: shared(tariff, micro) });
      return { quantity: decimalText(micro), total };
    });
    return { per, from, to, points };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { why: error.message };
  }
}

/** A tariff without a clock is asked by its registers: as much in each. With one the clock shares. */
function shared(tariff: Tariff, micro: Micro): string | Record<string, string> {
  const names = tariff.tou === undefined ? touNames(tariff.charges.flatMap(pricesOf)) : [];
  if (names.length === 0) return decimalText(micro);
  const part = micro / BigInt(names.length);
  const first = micro - part * BigInt(names.length - 1);
  return Object.fromEntries(names.map((name, i) => [name, decimalText(i === 0 ? first : part)]));
}

/** The first whole month or ladder year from the version's first day on. */
function daysOfCurve({ effectiveFrom, charges }: Tariff, per: "month" | "year"): { from: Day; to: Day } {
  const day = Temporal.PlainDate.from(effectiveFrom);
  if (per === "month") {
    const first = day.with({ day: 1 });
    const from = (Temporal.PlainDate.compare(first, day) < 0 ? first.add({ months: 1 }) : first).toString() as Day;
    return { from, to: Temporal.PlainDate.from(from).add({ months: 1 }).toString() as Day };
  }
  const start = charges.find((charge) => "ladder" in charge && charge.ladder.yearStart !== undefined);
  const [month = 1, of = 1] = (start !== undefined && "ladder" in start ? (start.ladder.yearStart ?? "01-01") : "01-01")
    .split("-")
    .map(Number);
  const first = day.with({ month, day: of });
  const begins = Temporal.PlainDate.compare(first, day) < 0 ? first.add({ years: 1 }) : first;
  return { from: begins.toString() as Day, to: begins.add({ years: 1 }).toString() as Day };
}

function thresholdsOf(charge: Charge): Micro[] {
  if (!("tiers" in charge) || charge.tiers === undefined || charge.kind === "demand") return [];
  if (charge.kind === "standing" && (charge.by ?? "use") !== "use") return [];
  const seasons = "seasons" in charge ? (charge.seasons ?? []) : [];
  const tiers: readonly { readonly upTo: string | null }[] = [
    ...charge.tiers,
    ...seasons.flatMap((one) => [...one.tiers]),
  ];
  return tiers.flatMap(({ upTo }) => (upTo === null ? [] : [microOf(upTo) ?? 0n]));
}
