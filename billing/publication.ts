import type { Line } from "../domain/bill.ts";
import { amountText } from "../domain/money.ts";
import { microOf } from "../domain/quantity.ts";
import type { Tariff, TariffExample } from "../domain/tariff.ts";
import { accountOfJson } from "./rate/account-file.ts";
import { ratePeriods } from "./rate/periods.ts";
import { usageOfJson } from "./rate/usage-file.ts";

/** A worked example replayed: green when nothing `differs`. */
export type ReplayedExample = {
  readonly title: string;
  readonly total: string;
  readonly expected: string;
  readonly differs: readonly { readonly line: string; readonly expected: string; readonly got: string | null }[];
};

/** Pure. A usage that the tariff cannot price differs in its total and says why. */
export function replayExample(tariff: Tariff, example: TariffExample): ReplayedExample {
  const { title, expect } = example;
  try {
    const { total, lines } = ratedExample(tariff, example);
    const named = Object.entries({ total: expect.total, ...expect.lines });
    const gotOf = (line: string): string | null => (line === "total" ? total : (lines.get(line) ?? null));
    const differs = named
      .map(([line, expected]) => ({ line, expected, got: gotOf(line) }))
      .filter(({ expected, got }) => expected !== got);
    return { title, total, expected: expect.total, differs };
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    return { title, total: "", expected: expect.total, differs: [{ line: "total", expected: expect.total, got }] };
  }
}

/** What a use comes to under a version: the total, and each line by its name (`energy/t2/peak`). @throws CodedError `usage.invalid` */
export function ratedExample(tariff: Tariff, example: Omit<TariffExample, "title" | "expect">) {
  const { from, to, quantity, ladderUsedBefore, householdSize, contractedKw, contractedKva, lowIncome, ...beside } =
    example;
  const { export: exported, reactive, demand } = beside;
  const amounts = typeof quantity === "string" ? { quantity } : { registers: quantity };
  const usage = usageOfJson({ from, to, ...amounts, export: exported, reactive, demand }, tariff);
  const used = ladderUsedBefore === undefined ? null : microOf(ladderUsedBefore);
  const context = {
    ...accountOfJson({ contractedKw, contractedKva, lowIncome }),
    ...(used === null ? {} : { ladderUsedBefore: used }),
    ...(householdSize === undefined ? {} : { householdSize }),
  };
  const held = { ...tariff, effectiveFrom: from < tariff.effectiveFrom ? from : tariff.effectiveFrom };
  const [rated] = ratePeriods([held], usage, context, [usage.servicePeriod]);
  if (rated === undefined) throw new TypeError("nothing was rated");
  const lines = new Map(
    rated.lines.map((line) => {
      return [lineName(line), amountText(line.amount)];
    }),
  );
  return { total: amountText(rated.total), lines };
}

/** `charge`, `charge/t2`, `charge/t2/peak`: as an example names a line. */
export const lineName = ({ charge, tier, tou }: Pick<Line, "charge" | "tier" | "tou">): string =>
  [charge, tier === undefined ? "-" : `t${tier}`, tou ?? "-"].join("/").replace(/(\/-)+$/, "");

/** Why a version cannot stand beside those in force: it must measure the same, and leave neither a gap nor an overlap. Pure. */
export function publicationProblems(published: readonly Tariff[], draft: Tariff): string[] {
  const problems: string[] = [];
  const [first] = published;
  if (first !== undefined) {
    for (const field of ["utility", "unit", "currency", "zone"] as const) {
      if (first[field] !== draft[field])
        problems.push(`${field}: ${draft[field]} is not that of the other versions (${first[field]})`);
    }
  }
  if (published.some(({ version }) => version === draft.version))
    problems.push(`version: ${draft.version} is published already`);
  const ordered = published.toSorted((a, b) => (a.effectiveFrom < b.effectiveFrom ? -1 : 1));
  const same = ordered.find(({ effectiveFrom }) => effectiveFrom === draft.effectiveFrom);
  if (same !== undefined) problems.push(`effectiveFrom: ${same.version} takes effect on the same day`);
  const before = ordered.findLast(({ effectiveFrom }) => effectiveFrom < draft.effectiveFrom);
  const after = ordered.find(({ effectiveFrom }) => effectiveFrom > draft.effectiveFrom);
  for (const [earlier, later] of [
    [before, draft],
    [draft, after],
  ] as const) {
    const end = earlier?.effectiveTo;
    if (end === undefined || earlier === undefined || later === undefined) continue;
    if (end > later.effectiveFrom) problems.push(`effectiveTo: ${earlier.version} overlaps ${later.version}`);
    if (end < later.effectiveFrom)
      problems.push(`effectiveTo: no price from ${end}, when ${earlier.version} ends, to ${later.effectiveFrom}`);
  }
  return problems;
}
