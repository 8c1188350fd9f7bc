import { z } from "zod";
import { CodedError } from "../../domain/errors.ts";
import { CURRENCIES, type Currency } from "../../domain/money.ts";
import { type Day, isDay, startOfDay } from "../../domain/period.ts";
import type { Charge, Tariff } from "../../domain/tariff.ts";
import { UNITS, UTILITIES } from "../../domain/unit.ts";
import { tariffProblems } from "./tariff-problems.ts";

/** Decimal text; a JSON number is taken in its shortest form, so that 0.538 stays 0.538. */
export const decimal = z
  .union([z.string(), z.number()])
  .transform((value) => (typeof value === "number" ? value.toString() : value.trim()))
  .pipe(z.string().regex(/^-?\d{1,12}(\.\d{1,12})?$/, "not a decimal such as 0.538"));

export const day = z
  .string()
  .refine(isDay, "not a day of the calendar (YYYY-MM-DD)")
  .transform((text) => text as Day);
export const zone = z.string().refine(isZone, "not a time zone such as Asia/Shanghai");

const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "an id has small letters, digits, `.`, `_`, `-`; at most 64");
const touName = z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, "a time of use is named like `peak` or `summer_peak`");
const title = z.strictObject({ zh: z.string().min(1), en: z.string().min(1) });
const price = z.union([
  decimal,
  z.record(touName, decimal).refine((by) => Object.keys(by).length > 0, "names no price"),
]);
const months = z.array(z.int().min(1).max(12)).min(1);
const time = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, "not a time such as 08:00; the day ends at 24:00");

const touClock = z.strictObject({
  rules: z.array(
    z.strictObject({
      period: touName,
      months: months.optional(),
      weekdays: z.array(z.int().min(1).max(7)).min(1).optional(),
      from: time.optional(),
      to: time.optional(),
    }),
  ),
  otherwise: touName,
});

const ladder = z.strictObject({
  basis: z.enum(["year", "month", "period"]),
  yearStart: z
    .string()
    .regex(/^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$/, "MM-DD, at most day 28")
    .optional(),
  household: z
    .array(
      z.strictObject({
        fromPersons: z.int().min(1),
        each: z.enum(["household", "person"]),
        add: decimal,
        per: z.enum(["month", "year"]),
        thresholds: z.array(z.int().min(1)).min(1).optional(),
      }),
    )
    .optional(),
});

const base = { id, title, rounding: z.enum(["half_away", "half_even", "up", "down"]).optional() };
const pricedTiers = z.array(z.strictObject({ upTo: decimal.nullable(), price })).min(1);
const addedTiers = z.array(z.strictObject({ upTo: decimal.nullable(), add: decimal })).min(1);

const energy = z.discriminatedUnion("form", [
  z.strictObject({ ...base, kind: z.literal("energy"), form: z.literal("flat"), price }),
  z.strictObject({
    ...base,
    kind: z.literal("energy"),
    form: z.literal("graduated"),
    ladder,
    tiers: pricedTiers,
    seasons: z.array(z.strictObject({ months, tiers: pricedTiers })).optional(),
    allocation: z.enum(["chronological", "pro_rata"]).optional(),
  }),
  z.strictObject({
    ...base,
    kind: z.literal("energy"),
    form: z.literal("surcharged"),
    price,
    ladder,
    tiers: addedTiers,
    seasons: z.array(z.strictObject({ months, tiers: addedTiers })).optional(),
  }),
]);

const charge = z.discriminatedUnion("kind", [
  energy,
  z.strictObject({ ...base, kind: z.literal("standing"), per: z.enum(["day", "month"]), price: decimal }),
  z.strictObject({ ...base, kind: z.literal("volume"), price: decimal }),
  z.strictObject({ ...base, kind: z.literal("percentage"), rate: decimal, of: z.array(id).min(1) }),
  z.strictObject({
    ...base,
    kind: z.literal("tax"),
    rate: decimal,
    mode: z.enum(["inclusive", "exclusive"]),
    of: z.array(id).min(1).optional(),
  }),
]);

const example = z.strictObject({
  title: z.string(),
  from: day,
  to: day,
  quantity: z.union([decimal, z.record(touName, decimal)]),
  ladderUsedBefore: decimal.optional(),
  householdSize: z.int().min(1).optional(),
  expect: z.strictObject({ lines: z.record(z.string(), decimal).optional(), total: decimal }),
});

/** Form and meaning of one tariff version. */
export const tariffSchema = z
  .strictObject({
    id,
    version: z.string().min(1).max(64),
    utility: z.enum(UTILITIES),
    unit: z.enum(UNITS),
    currency: z.enum(Object.keys(CURRENCIES) as [Currency, ...Currency[]]),
    effectiveFrom: day,
    effectiveTo: day.optional(),
    zone,
    title,
    source: z.array(z.string().min(1)).min(1),
    confirm: title.optional(),
    tou: touClock.optional(),
    charges: z.array(charge as z.ZodType<Charge>).min(1),
    examples: z.array(example).optional(),
  })
  .superRefine((tariff, context) => {
    for (const { path, message } of tariffProblems(tariff as Tariff))
      context.addIssue({ code: "custom", path, message });
  });

/** One problem of a file: where and what. */
export type Problem = { readonly path: string; readonly message: string };

export const problemsOf = (error: z.ZodError): Problem[] =>
  error.issues.flatMap(flatten).map(({ path, message }) => ({ path: pathText(path), message }));

type Issue = { readonly path: readonly PropertyKey[]; readonly message: string };

/** Of a union, the branch that came closest says what is wrong. */
function flatten(issue: z.core.$ZodIssue): Issue[] {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
  const depth = (branch: readonly z.core.$ZodIssue[]) => Math.max(...branch.map((inner) => inner.path.length));
  const best = issue.errors.reduce((a, b) => (depth(b) > depth(a) ? b : a));
  return best.flatMap(flatten).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

const pathText = (path: readonly PropertyKey[]): string =>
  path.length === 0
    ? "(whole file)"
    : path.reduce<string>(
        (text, step) => (typeof step === "number" ? `${text}[${step}]` : `${text}${text ? "." : ""}${String(step)}`),
        "",
      );

/** @throws CodedError `tariff.invalid` with every problem and its path */
export function tariffsOfJson(document: unknown): Tariff[] {
  const all = Array.isArray(document);
  const result = all ? z.array(tariffSchema).min(1).safeParse(document) : tariffSchema.safeParse(document);
  if (!result.success) throw problemError("tariff.invalid", problemsOf(result.error));
  const versions = (all ? result.data : [result.data]) as Tariff[];
  const problems = versions.flatMap((version, i) => unlike(versions[0] as Tariff, version, i));
  if (problems.length > 0) throw problemError("tariff.invalid", problems);
  return versions;
}

/** Versions of one tariff differ in prices and days, not in what they measure. */
const unlike = (first: Tariff, version: Tariff, i: number): Problem[] =>
  (["id", "utility", "unit", "currency", "zone"] as const)
    .filter((field) => version[field] !== first[field])
    .map((field) => ({
      path: `[${i}].${field}`,
      message: `${version[field]} is not the first version's ${first[field]}`,
    }));

export const problemError = (code: "tariff.invalid" | "usage.invalid", problems: readonly Problem[]): CodedError =>
  new CodedError(code, problems.map(({ path, message }) => `${path}: ${message}`).join("\n"), { cause: problems });

function isZone(text: string): boolean {
  try {
    startOfDay("2000-01-01" as Day, text);
    return true;
  } catch {
    return false;
  }
}
