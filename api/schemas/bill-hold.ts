import { z } from "zod";
import { HELD_STATES, HOLD_KINDS } from "../../domain/hold.ts";
import { DayText, IdText, InstantText, MoneyJson, PlainText } from "./json.ts";

const Reason = PlainText.trim().min(3).max(300);

export const HoldReasonJson = z.object({
  kind: z.enum([...HOLD_KINDS, "by_hand"]),
  value: z.string().nullable().describe("What was found: percent of the last bill, bills in a row, minor units"),
  threshold: z.string().nullable().describe("What the rule allows"),
  text: z.string().nullable().describe("What the person said who holds the account"),
});
export type HoldReasonJson = z.infer<typeof HoldReasonJson>;

export const BillExceptionJson = z
  .object({
    runId: IdText,
    accountId: IdText,
    accountNumber: z.string(),
    accountName: z.string(),
    periodFrom: InstantText,
    periodTo: InstantText,
    at: InstantText,
    reason: z.string().describe("held: the bill is computed and waits; else why it cannot be made"),
    detail: z.string(),
    held: z
      .object({
        state: z.enum(HELD_STATES),
        reasons: z.array(HoldReasonJson),
        total: MoneyJson.describe("What the bill would ask for, as it was computed last"),
        last: MoneyJson.nullable().describe("What the bill before asked for"),
        note: z.string(),
        issued: z
          .object({ billId: IdText, number: z.string(), total: MoneyJson })
          .nullable()
          .describe("The bill that was issued after its release"),
      })
      .nullable(),
  })
  .meta({ id: "BillException" });
export type BillExceptionJson = z.infer<typeof BillExceptionJson>;

export const BillExceptionsQuery = z.object({
  state: z
    .enum(["open", "released"])
    .default("open")
    .describe("open: what waits; released: what was released, with its bill"),
});
export const BillExceptionsJson = z
  .object({ items: z.array(BillExceptionJson), more: z.number().int().describe("How many more there are") })
  .meta({ id: "BillExceptions" });
export type BillExceptionsJson = z.infer<typeof BillExceptionsJson>;

export const HeldDecisionsBody = z.object({
  decision: z.enum(["released", "work"]).describe("released: the next run issues it as it is computed then"),
  note: PlainText.trim().max(300).default(""),
  items: z
    .array(z.object({ runId: IdText, accountId: IdText }))
    .min(1)
    .max(1000),
});
export const HeldDecisionsJson = z
  .object({
    outcomes: z.array(z.object({ runId: IdText, accountId: IdText, outcome: z.enum(["decided", "already", "gone"]) })),
  })
  .meta({ id: "HeldDecisions" });
export type HeldDecisionsJson = z.infer<typeof HeldDecisionsJson>;

export const HoldRulesJson = z
  .object({
    items: z.array(z.object({ kind: z.enum(HOLD_KINDS), threshold: z.number().int(), reason: z.string() })),
  })
  .meta({ id: "HoldRules" });
export type HoldRulesJson = z.infer<typeof HoldRulesJson>;
export const HoldRuleBody = z.object({
  kind: z.enum(HOLD_KINDS),
  threshold: z
    .number()
    .int()
    .min(0)
    .max(1_000_000_000_000)
    .nullable()
    .describe(
      "high, low: percent of the last bill; estimated: bills in a row; total_above: minor units; else 1; null = off",
    ),
  reason: Reason,
});

export const AccountHoldBody = z.object({
  held: z.boolean(),
  reason: Reason,
  untilDay: DayText.nullable().default(null).describe("The first day on which bills go out again"),
});
export const AccountHoldsJson = z
  .object({
    items: z.array(z.object({ held: z.boolean(), reason: z.string(), untilDay: DayText.nullable(), at: InstantText })),
  })
  .meta({ id: "AccountHolds" });
export type AccountHoldsJson = z.infer<typeof AccountHoldsJson>;
