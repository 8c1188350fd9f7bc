import { z } from "zod";
import { DayText, IdText, PlainText } from "./json.ts";

const Code = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,39}$/, "a code is a small letter, then small letters, digits, - and _");

export const BillingCycleBody = z.object({
  code: Code,
  titleZh: PlainText.trim().min(1).max(100),
  titleEn: PlainText.trim().min(1).max(100),
  months: z.number().int().min(1).max(3).describe("Calendar months that a bill covers"),
  anchorMonth: z
    .number()
    .int()
    .min(1)
    .max(12)
    .default(1)
    .describe("Bills begin with this month and every `months` after it"),
});
const DayOfMonth = z.number().int().min(1).max(28);
export const CycleConventionBody = z
  .object({
    readingDay: DayOfMonth.describe("By this day of the month after a period its dials are read; 1 = at its end"),
    issueDay: DayOfMonth.describe("From this day of that month on its bills go out by themselves"),
  })
  .refine(({ readingDay, issueDay }) => issueDay >= readingDay, {
    message: "bills do not go out before the dials are read",
    path: ["issueDay"],
  });
export const BillingCyclesJson = z
  .object({
    items: z.array(
      BillingCycleBody.extend({
        readingDay: DayOfMonth,
        issueDay: DayOfMonth,
        accounts: z.number().int().describe("Accounts whose last word names it"),
      }),
    ),
  })
  .meta({ id: "BillingCycles" });
export type BillingCyclesJson = z.infer<typeof BillingCyclesJson>;

export const CycleParams = z.object({ code: Code });
export const CycleMembersBody = z.object({
  fromDay: DayText.regex(/-01$/, "a cycle begins on the first of a month"),
  members: z.union([
    z.object({ accountIds: z.array(IdText).min(1).max(10_000) }).strict(),
    z.object({ building: PlainText.min(1).max(100) }).strict(),
    z.object({ routeId: IdText }).strict(),
  ]),
});
export const CycleChangeJson = z
  .object({
    noted: z.number().int(),
    already: z.number().int(),
    billed: z
      .array(z.string())
      .describe("Numbers of accounts that have a bill for that day or later: they stay where they are"),
  })
  .meta({ id: "CycleChange" });
export type CycleChangeJson = z.infer<typeof CycleChangeJson>;

export const AccountCyclesJson = z
  .object({ items: z.array(z.object({ code: z.string(), fromDay: DayText })) })
  .meta({ id: "AccountCycles" });
export type AccountCyclesJson = z.infer<typeof AccountCyclesJson>;
