import { z } from "zod";
import { DayText, IdText, MoneyJson } from "./json.ts";

export const ReplayQuery = z.object({
  from: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/, "a month is YYYY-MM")
    .optional()
    .describe("First month to look at; default and limit: what the operator has set, else 24 months back"),
});

export const ReplayedLineJson = z
  .object({
    key: z.string(),
    titleZh: z.string(),
    titleEn: z.string(),
    tier: z.number().int().nullable(),
    tou: z.string().nullable(),
    billed: MoneyJson,
    shouldBe: MoneyJson,
    difference: MoneyJson,
    quantity: z.string().describe("Difference of the quantity, in the line's unit"),
    unit: z.string().nullable(),
  })
  .meta({ id: "ReplayedLine" });

export const ReplayedPointJson = z
  .object({
    usagePointId: IdText,
    kind: z
      .enum(["compared", "in_doubt", "cannot_rate", "true_up_open"])
      .describe("true_up_open: the next bill settles it"),
    detail: z.array(z.string()).describe("Why it cannot be told"),
    lines: z.array(ReplayedLineJson),
  })
  .meta({ id: "ReplayedPoint" });

export const AccountReplayJson = z
  .object({
    accountId: IdText,
    number: z.string(),
    name: z.string(),
    from: DayText,
    difference: MoneyJson,
    posted: z.literal(false),
    digest: z.string().nullable().describe("Of exactly this, for posting it; null: nothing can be posted"),
    postable: MoneyJson.describe("What would be posted: usage points with a bill that nobody can tell wait"),
    bills: z.array(
      z.object({
        id: IdText,
        number: z.string(),
        periodFrom: DayText,
        periodTo: DayText,
        difference: MoneyJson,
        points: z.array(ReplayedPointJson),
      }),
    ),
  })
  .meta({ id: "AccountReplay" });
export type AccountReplayJson = z.infer<typeof AccountReplayJson>;
