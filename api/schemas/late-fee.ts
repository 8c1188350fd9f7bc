import { z } from "zod";
import { CUSTOMER_CLASSES, CUSTOMER_SCOPES, DEBT_CLASSES } from "../../domain/charge.ts";
import { DayText, MoneyJson, PlainText } from "./json.ts";

const Share = z.string().regex(/^(0(\.\d{1,4})?|1(\.0{1,4})?)$/, "a share between 0 and 1 with at most 4 decimals");
const DailyRate = z.string().regex(/^0(\.\d{1,4})?$/, "a share below one per day: 0.001 is one thousandth");
const Source = PlainText.trim().min(1).max(300);

export const LateFeeRuleBody = z.object({
  fromDay: DayText.describe("Days from this one on"),
  debtClass: z.enum(DEBT_CLASSES),
  customerClass: z
    .enum(CUSTOMER_SCOPES)
    .default("all")
    .describe("A rule for one class takes the place of the rule for all from its day on"),
  rate: DailyRate.describe("Share of what is overdue per day; 0 = no fee"),
  crossYearRate: DailyRate.optional().describe("For days of a later year than the due date's; default as `rate`"),
  graceDays: z.number().int().min(0).max(365).default(0).describe("Days after the due date that cost nothing"),
  minimumMinor: z.number().int().min(0).max(1_000_000).default(0).describe("A smaller fee on one bill is not charged"),
  capShare: Share.refine((text) => Number(text) > 0, "more than zero")
    .default("1")
    .describe("All fees on a bill together are at most this share of it"),
  source: Source.describe("Regulation or contract that the rate comes from"),
});

export const LateFeesJson = z
  .object({
    items: z.array(
      z.object({
        fromDay: DayText,
        debtClass: z.enum(DEBT_CLASSES),
        customerClass: z.enum(CUSTOMER_SCOPES),
        rate: z.string(),
        crossYearRate: z.string(),
        graceDays: z.number().int(),
        minimum: MoneyJson,
        capShare: z.string(),
        source: z.string(),
      }),
    ),
  })
  .meta({ id: "LateFees" });
export type LateFeesJson = z.infer<typeof LateFeesJson>;

export const WaiverBody = z.object({
  fromDay: DayText,
  toDay: DayText.describe("Half-open"),
  reason: PlainText.trim().min(3).max(300),
});
export const WaiversJson = z
  .object({ items: z.array(z.object({ fromDay: DayText, toDay: DayText, reason: z.string() })) })
  .meta({ id: "LateFeeWaivers" });
export type WaiversJson = z.infer<typeof WaiversJson>;

export const CustomerClassBody = z.object({
  fromDay: DayText.describe("From this day on"),
  class: z.enum(CUSTOMER_CLASSES),
});
export const CustomerClassJson = z
  .object({
    items: z.array(CustomerClassBody).describe("In the order of the days; before the first one it is a home"),
  })
  .meta({ id: "CustomerClass" });
export type CustomerClassJson = z.infer<typeof CustomerClassJson>;
