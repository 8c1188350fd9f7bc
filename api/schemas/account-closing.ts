import { z } from "zod";
import { PAYMENT_CHANNELS } from "../../billing/payment.ts";
import { SET_OFF_RULES } from "../../domain/set-off.ts";
import { SetOffConsentBody } from "./set-off.ts";
import { DayText, IdText, InstantText, MoneyJson, PlainText, UtilityName } from "./json.ts";

const Classes = z.object({ supply: MoneyJson, property: MoneyJson });

export const ClosingFiguresJson = z
  .object({
    deposit: MoneyJson.describe("Held when the final bill was posted"),
    owed: Classes.describe("With the bill, before the deposit; negative = credit"),
    paid: Classes.describe("What the deposit paid of it"),
    setOff: Classes.describe("What credit of the other class paid of it after the deposit; one of them is zero"),
    stillOwed: MoneyJson.describe("What all that left to pay"),
    refundDue: MoneyJson.describe(
      "What is left of the deposit, and credit; beyond the set-off credit of one class never pays another's debt",
    ),
  })
  .meta({ id: "ClosingFigures" });
export type ClosingFiguresJson = z.infer<typeof ClosingFiguresJson>;

export const FinalBillBody = z.object({
  onDay: DayText.describe("The first day that is no longer this customer's"),
  readings: z
    .array(
      z.object({
        meterId: IdText,
        register: PlainText.max(60).optional().describe("Default: the billing register"),
        value: z.string().max(40).describe("As the dial showed it at the move-out: booked at the beginning of the day"),
        confirmed: z.boolean().default(false).describe("Outside what is expected, and meant"),
      }),
    )
    .max(20)
    .default([]),
  agreed: z
    .object({
      by: PlainText.trim().min(2).max(100).describe("Who agreed"),
      on: DayText,
      reference: PlainText.trim().min(2).max(200).describe("Where the consent is written"),
    })
    .optional()
    .describe("Ends that nobody read are estimated with the customer's consent; the estimate is final"),
  setOffConsent: SetOffConsentBody.optional().describe(
    "The customer's word that credit of one class pays another's debt: needed where the operator's rule is on_consent",
  ),
});
export type FinalBillBody = z.input<typeof FinalBillBody>;

export const FinalBillIssueBody = FinalBillBody.extend({
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe("Of what was shown: anything else is not issued"),
});

export const BoundaryJson = z.object({
  utility: UtilityName,
  meterId: IdText,
  serial: z.string(),
  register: z.string(),
  unit: z.string(),
  value: z.string().nullable().describe("null: nothing is known at or after the instant"),
  basis: z.enum(["reading", "interpolated", "estimated", "unknown"]),
  method: z.string().nullable(),
});

export const FinalBillJson = z
  .object({
    onDay: DayText,
    boundaryAt: InstantText.describe("The next customer's first instant"),
    periodFrom: DayText.nullable().describe("null: everything up to the day is billed already"),
    refused: z.object({ reason: z.string(), detail: z.string() }).nullable().describe("Why there can be no bill"),
    boundary: z.array(BoundaryJson),
    proposed: z
      .array(
        z.object({ meterId: IdText, register: z.string(), value: z.string(), unit: z.string(), method: z.string() }),
      )
      .describe("What the customer may agree to where nobody read"),
    notProposed: z.array(z.string()).describe("Why there is no estimate"),
    lines: z.array(
      z.object({
        utility: UtilityName.nullable(),
        titleZh: z.string(),
        titleEn: z.string(),
        tier: z.number().int().nullable(),
        tou: z.string().nullable(),
        quantity: z.string().nullable(),
        unit: z.string().nullable(),
        price: z.string().nullable(),
        amount: MoneyJson,
      }),
    ),
    total: MoneyJson,
    figures: ClosingFiguresJson.nullable(),
    setOff: z
      .object({
        rule: z.enum(SET_OFF_RULES),
        possible: Classes.nullable().describe("What could be set off of each class's debt; null: no bill"),
        consent: SetOffConsentBody.nullable(),
      })
      .describe("The operator's rule, and the customer's word"),
    digest: z.string().nullable(),
  })
  .meta({ id: "FinalBill" });
export type FinalBillJson = z.infer<typeof FinalBillJson>;

export const AccountClosingJson = z
  .object({
    onDay: DayText,
    bill: z.object({ id: IdText, number: z.string() }).nullable().describe("null: everything was billed already"),
    closedAt: InstantText,
    figures: ClosingFiguresJson.describe("As of the closing"),
    setOffConsent: SetOffConsentBody.nullable(),
    refundDue: z.object({ deposit: MoneyJson, credit: MoneyJson, total: MoneyJson }).describe("Now"),
  })
  .meta({ id: "AccountClosing" });
export type AccountClosingJson = z.infer<typeof AccountClosingJson>;

export const ClosingJson = z
  .object({ outcome: z.enum(["closed", "already"]), closing: AccountClosingJson })
  .meta({ id: "Closing" });
export type ClosingJson = z.infer<typeof ClosingJson>;

export const RefundBody = z.object({
  amount: MoneyJson.describe("All that is due"),
  channel: z.enum(PAYMENT_CHANNELS),
});
export const RefundJson = z
  .object({ outcome: z.enum(["posted", "already"]), journalIds: z.array(IdText) })
  .meta({ id: "Refund" });
