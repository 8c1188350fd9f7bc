import type { RegisterName } from "../../../domain/register.ts";
import type { VeeInput } from "../input.ts";
import { type Found, ours, ruleOf, units } from "../rule.ts";
import { growthBetween } from "../series.ts";
import type { Instant } from "../../../domain/instant.ts";

/** Parts that add up to the import register, and how many of them there must be to be all. */
const PARTS: readonly { readonly of: string; readonly least: number; readonly registers: readonly RegisterName[] }[] = [
  {
    of: "phases",
    least: 3,
    registers: ["energy_import_l1_kwh", "energy_import_l2_kwh", "energy_import_l3_kwh"],
  },
  {
    of: "times_of_use",
    least: 2,
    registers: [
      "energy_import_sharp_kwh",
      "energy_import_peak_kwh",
      "energy_import_flat_kwh",
      "energy_import_valley_kwh",
      "energy_import_deep_valley_kwh",
    ],
  },
  {
    of: "tariffs",
    least: 2,
    registers: ["energy_import_t1_kwh", "energy_import_t2_kwh", "energy_import_t3_kwh", "energy_import_t4_kwh"],
  },
];

/** The total's growth against the sum of its phases or of its tariff registers, where the meter keeps them. */
export const sum = ruleOf({
  name: "sum",
  version: 1,
  title: { zh: "总量与分量不符", en: "Total against its parts" },
  applies: { utilities: ["electricity"], kinds: ["cumulative"] },
  defaults: {
    off_percent: ours(2, "twice what registers of one meter of class 1 may differ by"),
    off_micro: ours(100_000, "each part is cut off at its last digit: 0.1 unit for up to five of them"),
  },
  find: (input, t): readonly Found[] =>
    input.series.register !== "energy_import_kwh" || input.neighbours.size === 0
      ? []
      : PARTS.flatMap((parts) => compare(input, parts, t)),
});

function compare(
  { series, neighbours, first, end }: VeeInput,
  { of, least, registers }: (typeof PARTS)[number],
  t: { off_percent: number; off_micro: number },
): Found[] {
  const parts = registers.flatMap((name) => neighbours.get(name) ?? []).filter((part) => part.count > 1);
  if (parts.length < least || end <= first) return [];
  // The stretch that all of them know: each part is read a moment beside the total.
  let from = series.at[Math.max(first - 1, 0)] as number;
  let to = series.at[end - 1] as number;
  for (const part of parts) {
    from = Math.max(from, part.at[0] as number);
    to = Math.min(to, part.at[part.count - 1] as number);
  }
  const total = from < to ? growthBetween(series, from, to) : null;
  if (total === null) return [];
  let added = 0;
  for (const part of parts) added += growthBetween(part, from, to) ?? 0;
  const off = Math.abs(total - added);
  if (off <= t.off_micro || off <= (Math.abs(total) * t.off_percent) / 100) return [];
  const inputs = { parts: of, registers: `${parts.length}`, total: units(total), sum: units(added) };
  return [{ from: from as Instant, to: to as Instant, inputs }];
}
