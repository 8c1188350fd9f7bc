import { z } from "zod";
import { CALENDARS } from "../../catalog/calendars/catalogue.ts";
import { CURRENCIES, type Currency } from "../../domain/money.ts";
import { CONTACT_CHANNELS } from "../../domain/notice.ts";
import { OPTIONAL_MESSAGES, POLICY_MESSAGES, type PrepaidPolicy } from "../../domain/policy.ts";
import { UTILITIES } from "../../domain/unit.ts";
import { day, decimal, id, notBelowZero, title } from "../rate/fields.ts";
import { problemError, problemsOf } from "../rate/schema.ts";
import { policyProblems } from "./policy-problems.ts";

/** A year; what is longer is a slip of the finger. */
const minutes = z
  .int()
  .min(0)
  .max(366 * 24 * 60);
/** It is given within the hours in which a cut may go out, and counts for a day. */
const SECOND_NOTICE_MINUTES_MAX = 12 * 60;
const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "not a time such as 08:00");
const celsius = z.number().min(-90).max(60);
const anyWays = z.array(z.enum(CONTACT_CHANNELS));
const ways = anyWays.min(1);

/** Form and meaning of one version of a prepaid policy: one schema for catalogue, console, API and command line. */
export const policySchema = z
  .strictObject({
    id,
    version: z.string().min(1).max(64),
    effectiveFrom: day,
    title,
    source: z.array(z.string().min(1)).min(1),
    currency: z.enum(Object.keys(CURRENCIES) as [Currency, ...Currency[]]),
    warn1: decimal,
    warn2: decimal,
    channels: z
      .strictObject(
        Object.fromEntries(
          POLICY_MESSAGES.map((name) => [name, (OPTIONAL_MESSAGES.includes(name) ? anyWays : ways).optional()]),
        ) as Record<(typeof POLICY_MESSAGES)[number], z.ZodOptional<typeof ways>>,
      )
      .optional(),
    cutBelow: decimal,
    emergencyCredit: z.strictObject({ amount: notBelowZero, offeredBelow: decimal }).optional(),
    reconnectAbove: decimal,
    closePermitFrom: decimal.optional(),
    hoarding: z.strictObject({ balanceMax: notBelowZero.optional(), topUpMax: notBelowZero.optional() }).optional(),
    debtShare: z.strictObject({ percent: z.int().min(1).max(100), max: notBelowZero.optional() }).optional(),
    utilities: z.array(z.enum(UTILITIES)),
    noticeMinutes: minutes,
    secondNoticeMinutes: z.int().min(1).max(SECOND_NOTICE_MINUTES_MAX).optional(),
    creditGraceMinutes: minutes,
    readingAgeMinutesMax: z
      .int()
      .min(1)
      .max(7 * 24 * 60),
    protectedHours: z.array(z.strictObject({ from: clock, to: clock })),
    protectedWeekdays: z.array(z.int().min(1).max(7)),
    protectedDays: z.array(day),
    holidays: z.enum(CALENDARS.map((one) => one.id) as [string, ...string[]]).optional(),
    coldAtC: celsius.optional(),
    hotAtC: celsius.optional(),
    noticeServed: z.literal(true).optional(),
    paused: z.literal(true).optional(),
    cutsPerHourMax: z.int().min(0).max(100_000),
    cutsPerHourPerBuildingMax: z.int().min(0).max(100_000).optional(),
    cutBy: z.literal("trickle").optional(),
    order: z.strictObject({
      attemptsMax: z.int().min(1).max(20),
      proofWithinSeconds: z.int().min(5).max(3600),
      unknownRetryMinutes: z
        .int()
        .min(1)
        .max(7 * 24 * 60),
      pressWithinMinutes: z
        .int()
        .min(5)
        .max(30 * 24 * 60)
        .optional(),
    }),
  })
  .superRefine((policy, context) => {
    for (const { path, message } of policyProblems(policy as PrepaidPolicy))
      context.addIssue({ code: "custom", path: [...path], message });
  });

/** JSON Schema of a policy version, for editors and for who writes one by hand. Rules between fields are not in it. */
export const policyJsonSchema = (): unknown => z.toJSONSchema(policySchema, { io: "input", unrepresentable: "any" });

const REFERENCE = "docs/reference/policies.md";

/** One version as it is being written: what it says, or everything that is wrong with it. */
export function policyDraftOfJson(
  document: unknown,
): { readonly policy: PrepaidPolicy } | { readonly problems: ReturnType<typeof problemsOf> } {
  const result = policySchema.safeParse(document);
  return result.success ? { policy: result.data as PrepaidPolicy } : { problems: problemsOf(result.error, REFERENCE) };
}

/** @throws CodedError `policy.invalid` with every problem and its path */
export function policyOfJson(document: unknown): PrepaidPolicy {
  const read = policyDraftOfJson(document);
  if ("problems" in read) throw problemError("policy.invalid", read.problems);
  return read.policy;
}
