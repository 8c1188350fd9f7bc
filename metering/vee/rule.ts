import type { Instant } from "../../domain/instant.ts";
import { decimalText } from "../../domain/quantity.ts";
import type { RegisterKind } from "../../domain/register.ts";
import type { Utility } from "../../domain/unit.ts";
import type { VeeRuleName } from "../../domain/vee.ts";
import type { Verdict } from "../../domain/verdict.ts";
import type { VeeInput } from "./input.ts";

/** A threshold and where it comes from. The unit stands in its name: `_percent`, `_ms`, `_days`, `_micro` (millionths). */
export type Threshold = { readonly value: number; readonly source: "ours"; readonly why: string };
export type Thresholds = Readonly<Record<string, number>>;

export type Rule = {
  readonly name: VeeRuleName;
  /** Grows when its decision can differ. */
  readonly version: number;
  readonly title: { readonly zh: string; readonly en: string };
  readonly applies: { readonly utilities: readonly Utility[] | "all"; readonly kinds: readonly RegisterKind[] };
  readonly defaults: Readonly<Record<string, Threshold>>;
  /** @param thresholds all names of `defaults` */
  judge(input: VeeInput, thresholds: Thresholds): Verdict[];
};

/** What a rule found; `suspect` unless it says otherwise. */
export type Found = {
  readonly result?: "suspect" | "noted";
  readonly from: Instant;
  readonly to: Instant;
  readonly inputs: Readonly<Record<string, string>>;
};

export const ours = (value: number, why: string): Threshold => ({ value, source: "ours", why });

type RuleText<N extends string> = Omit<Rule, "judge" | "defaults"> & {
  readonly defaults: Readonly<Record<N, Threshold>>;
  readonly find: (input: VeeInput, thresholds: Readonly<Record<N, number>>) => readonly Found[];
};

/** A rule out of what it looks for: findings become verdicts that carry rule, version, inputs and thresholds. */
export function ruleOf<N extends string>({ find, ...rule }: RuleText<N>): Rule {
  return {
    ...rule,
    judge: (input, thresholds) => {
      const found = find(input, thresholds as Readonly<Record<N, number>>);
      return found.length === 0 ? NONE : found.map((one) => verdictOf(rule, input, thresholds, one));
    },
  };
}
const NONE: Verdict[] = [];

function verdictOf(rule: Pick<Rule, "name" | "version">, input: VeeInput, used: Thresholds, found: Found): Verdict {
  const threshold: Record<string, string> = {};
  for (const [name, value] of Object.entries(used)) threshold[name] = `${value}`;
  return {
    rule: `vee.${rule.name}`,
    version: rule.version,
    result: found.result ?? "suspect",
    meterId: input.meter.meterId,
    register: input.series.register,
    period: { from: found.from, to: found.to },
    inputs: found.inputs,
    threshold,
  };
}

/** Readings of the period that pass the test, neighbours as one stretch, each told by its first and last place. */
export function stretchesOf(
  { first, end, series }: VeeInput,
  test: (place: number) => boolean,
  told: (from: number, to: number) => Readonly<Record<string, string>>,
  result: "suspect" | "noted" = "suspect",
): readonly Found[] {
  let found: Found[] | null = null;
  for (let i = first; i < end; i++) {
    if (!test(i)) continue;
    const from = i;
    while (i + 1 < end && test(i + 1)) i++;
    found ??= [];
    found.push({
      result,
      from: series.at[Math.max(from - 1, 0)] as Instant,
      to: series.at[i] as Instant,
      inputs: { ...told(from, i), readings: `${i - from + 1}` },
    });
  }
  return found ?? NOTHING;
}
export const NOTHING: readonly Found[] = [];

/** A finding about the whole covered stretch. */
export const covered = (input: VeeInput, inputs: Found["inputs"], result: "suspect" | "noted" = "suspect"): Found[] => [
  { result, from: input.coveredFrom, to: input.coveredTo, inputs },
];

/** Whole millionths as decimal text of the unit. */
export const units = (micro: number | undefined): string => decimalText(BigInt(Math.round(micro ?? 0)));

export function medianOf(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[sorted.length >> 1] ?? 0;
}
