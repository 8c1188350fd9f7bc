import { z } from "zod";
import { CodedError } from "../../domain/errors.ts";
import { CURRENCIES, type Currency } from "../../domain/money.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { UNITS, UTILITIES } from "../../domain/unit.ts";
import { billRounding, chargeSchema, netting, touClock } from "./charge-schema.ts";
import { day, decimal, id, title, touName, zone } from "./fields.ts";
import { tariffProblems } from "./tariff-problems.ts";

const example = z.strictObject({
  title: z.string(),
  from: day,
  to: day,
  quantity: z.union([decimal, z.record(touName, decimal)]),
  ladderUsedBefore: decimal.optional(),
  householdSize: z.int().min(1).optional(),
  export: decimal.optional(),
  reactive: decimal.optional(),
  demand: decimal.optional(),
  contractedKw: decimal.optional(),
  contractedKva: decimal.optional(),
  lowIncome: z.boolean().optional(),
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
    netting: netting.optional(),
    billRounding: billRounding.optional(),
    charges: z.array(chargeSchema).min(1),
    examples: z.array(example).optional(),
  })
  .superRefine((tariff, context) => {
    for (const { path, message } of tariffProblems(tariff as Tariff))
      context.addIssue({ code: "custom", path, message });
  });

/** JSON Schema of a tariff version, for editors and for who writes one by hand. Rules between fields are not in it. */
export const tariffJsonSchema = (): unknown => z.toJSONSchema(tariffSchema, { io: "input", unrepresentable: "any" });

/** One problem of a file: where and what. */
export type Problem = { readonly path: string; readonly message: string };

/** Everything that is wrong, each with its path and in words that say what to write. */
export const problemsOf = (error: z.ZodError, reference = "docs/reference/tariffs.md"): Problem[] =>
  error.issues
    .flatMap((issue) => flatten(issue, reference))
    .map(({ path, message }) => ({ path: pathText(path), message }));

type Issue = { readonly path: readonly PropertyKey[]; readonly message: string };

/** Of a union, the branch that came closest says what is wrong; a field that nobody knows is wrong at its own place. */
function flatten(issue: z.core.$ZodIssue, reference: string): Issue[] {
  if (issue.code === "unrecognized_keys") {
    const message = `is no field here: see ${reference}`;
    return issue.keys.map((key) => ({ path: [...issue.path, key], message }));
  }
  if (issue.code !== "invalid_union" || issue.errors.length === 0)
    return [{ path: issue.path, message: messageOf(issue) }];
  const depth = (branch: readonly z.core.$ZodIssue[]) => Math.max(...branch.map((inner) => inner.path.length));
  const best = issue.errors.reduce((a, b) => (depth(b) > depth(a) ? b : a));
  return best
    .flatMap((inner) => flatten(inner, reference))
    .map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** What the form asks, in the words of who writes JSON. */
const KINDS: Readonly<Record<string, string>> = {
  array: "a list [ … ]",
  object: "an object { … }",
  record: "an object { … }",
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

function messageOf(issue: z.core.$ZodIssue): string {
  const { message } = issue;
  switch (issue.code) {
    case "invalid_type": {
      if (message.endsWith("received undefined")) return "is missing";
      return `is not ${KINDS[issue.expected] ?? issue.expected}: ${/received (\w+)$/.exec(message)?.[1] ?? "something else"} stands there`;
    }
    case "invalid_value":
      return `is none of ${issue.values.map(String).join(", ")}`;
    case "invalid_union":
      return `is none of ${[...message.matchAll(/'([^']*)'/g)].map((m) => m[1]).join(", ")}`;
    case "invalid_key":
      return issue.issues[0]?.message ?? message;
    case "too_small":
      if (issue.origin === "string") return "is empty";
      return issue.origin === "array" ? `needs at least ${issue.minimum}` : `is less than ${issue.minimum}`;
    case "too_big":
      if (issue.origin === "string") return `is longer than ${issue.maximum} characters`;
      return issue.origin === "array" ? `has more than ${issue.maximum}` : `is more than ${issue.maximum}`;
    default:
      return message;
  }
}

const pathText = (path: readonly PropertyKey[]): string =>
  path.length === 0
    ? "(whole file)"
    : path.reduce<string>(
        (text, step) => (typeof step === "number" ? `${text}[${step}]` : `${text}${text ? "." : ""}${String(step)}`),
        "",
      );

/** One version as it is being written: what it says, or everything that is wrong with it. */
export function draftOfJson(
  document: unknown,
): { readonly tariff: Tariff } | { readonly problems: readonly Problem[] } {
  const result = tariffSchema.safeParse(document);
  return result.success ? { tariff: result.data as Tariff } : { problems: problemsOf(result.error) };
}

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

export const problemError = (
  code: "tariff.invalid" | "usage.invalid" | "policy.invalid",
  problems: readonly Problem[],
): CodedError =>
  new CodedError(code, problems.map(({ path, message }) => `${path}: ${message}`).join("\n"), { cause: problems });
