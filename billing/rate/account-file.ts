import { z } from "zod";
import type { Day, Zone } from "../../domain/period.ts";
import { decimalText, type Micro, microOf } from "../../domain/quantity.ts";
import type { RateContext } from "../rate.ts";
import { day, decimal, notBelowZero, zone as zoneText } from "./fields.ts";
import { problemError, problemsOf } from "./schema.ts";
import type { RateState } from "./state.ts";

const micro = notBelowZero.transform((text): Micro => microOf(text) ?? 0n);
const minor = z.string().regex(/^-?\d{1,18}$/, "whole minor units, such as 1250 for 12.50");
const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, "a month is written YYYY-MM");

const ladderUsedBefore = z.union([
  decimal.pipe(notBelowZeroNamed()).transform((text): Micro => microOf(text) ?? 0n),
  z.record(
    z.string(),
    decimal.pipe(notBelowZeroNamed()).transform((text): Micro => microOf(text) ?? 0n),
  ),
]);

function notBelowZeroNamed() {
  return z.string().refine((text) => !text.startsWith("-") || !/[1-9]/.test(text), "is below zero");
}

/** `[{ "from": "2026-03-01", "kw": "80" }]`: each value from a day on. */
function dated<T>(name: string, value: z.ZodType<T>) {
  return z
    .array(z.strictObject({ from: day, [name]: value }))
    .superRefine(eachDayOnce)
    .transform((rows) => rows.map((row) => ({ from: row["from"] as Day, value: row[name] as T })));
}

/** Of two values for one day nobody knows which holds. */
function eachDayOnce(rows: readonly { readonly from?: unknown }[], context: z.RefinementCtx): void {
  const seen = new Set<unknown>();
  for (const [i, { from }] of rows.entries()) {
    if (seen.has(from))
      context.addIssue({ code: "custom", path: [i, "from"], message: "has a value already: give one for each day" });
    seen.add(from);
  }
}

export const stateSchema = z.strictObject({
  peaks: z.record(z.string(), z.array(z.strictObject({ month, kw: micro }))).optional(),
  netCredit: z.record(z.string(), micro).optional(),
  netTotal: micro.optional(),
  carried: z.record(z.string(), minor.transform(BigInt)).optional(),
  minimum: z.record(z.string(), z.strictObject({ billed: minor.transform(BigInt), months: micro })).optional(),
});

export const accountSchema = z.strictObject({
  householdSize: z
    .union([z.int().min(1), z.array(z.strictObject({ from: day, persons: z.int().min(1) })).superRefine(eachDayOnce)])
    .optional(),
  contractedKw: z.union([micro, dated("kw", micro)]).optional(),
  contractedKva: z.union([micro, dated("kva", micro)]).optional(),
  lowIncome: z.union([z.boolean(), dated("lowIncome", z.boolean())]).optional(),
  from: day.optional(),
  to: day.optional(),
  ladderUsedBefore: ladderUsedBefore.optional(),
  state: stateSchema.optional(),
  zone: zoneText.optional(),
});

export type RatedAccount = Omit<RateContext, "touSpread"> & { readonly zone?: Zone };

/** @throws CodedError `usage.invalid` with every problem and its path */
export function accountOfJson(document: unknown): RatedAccount {
  const parsed = accountSchema.safeParse(document);
  if (!parsed.success) throw problemError("usage.invalid", problemsOf(parsed.error));
  const { from, to, ...rest } = parsed.data;
  if (from !== undefined && to !== undefined && to <= from)
    throw problemError("usage.invalid", [{ path: "to", message: "is not after `from`" }]);
  const stay = { ...(from === undefined ? {} : { from: from as Day }), ...(to === undefined ? {} : { to: to as Day }) };
  return withoutAbsent({ ...rest, ...(from === undefined && to === undefined ? {} : { stay }) }) as RatedAccount;
}

const withoutAbsent = (all: object): object =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));

/** As JSON carries it, and the account file takes it back. */
export const stateJson = ({ peaks = {}, netCredit = {}, netTotal = 0n, carried = {}, minimum = {} }: RateState) => ({
  peaks: mapped(peaks, (all) => all.map((peak) => ({ month: peak.month, kw: decimalText(peak.kw) }))),
  netCredit: mapped(netCredit, decimalText),
  netTotal: decimalText(netTotal),
  carried: mapped(carried, String),
  minimum: mapped(minimum, ({ billed, months }) => ({ billed: `${billed}`, months: decimalText(months) })),
});

const mapped = <A, B>(all: Readonly<Record<string, A>>, by: (one: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(all).map(([name, one]) => [name, by(one)]));
