import { z } from "zod";
import { DayText, IdText, InstantText, MoneyJson, PageQuery } from "./json.ts";

const MonthText = z.string().regex(/^(?!0000)\d{4}-(0[1-9]|1[0-2])$/, "a month is YYYY-MM");
const Digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "a digest has 64 hexadecimal digits")
  .describe("SHA-256 of exactly what was shown");

export const RebillPreviewQuery = z.object({
  building: z.string().min(1).max(80).optional(),
  touchedSince: DayText.optional().describe("Something that bills rest on was entered on or after this day"),
  from: MonthText.optional().describe("First month to look at; default and limit: the operator's"),
  after: z
    .string()
    .regex(/^\d{1,18}$/)
    .default("0")
    .describe("Go on after this account: `after` of the page before"),
  limit: z.coerce.number().int().min(1).max(100).default(25).describe("Accounts to look at"),
});

export const RebillWaitJson = z
  .object({ usagePointId: IdText, bill: z.string(), why: z.array(z.string()) })
  .meta({ id: "RebillWait" });

export const RebillPreviewJson = z
  .object({
    from: DayText,
    looked: z.number().int(),
    total: z.number().int().describe("Accounts that fit the selection"),
    after: z.string().nullable().describe("null: that was the last page"),
    accounts: z.array(
      z.object({
        id: IdText,
        number: z.string(),
        name: z.string(),
        difference: MoneyJson,
        lines: z.number().int(),
        digest: Digest.nullable().describe("null: nothing can be posted"),
        waits: z.array(RebillWaitJson),
      }),
    ),
  })
  .meta({ id: "RebillPreview" });
export type RebillPreviewJson = z.infer<typeof RebillPreviewJson>;

export const CorrectionBody = z.object({
  digest: Digest,
  reason: z.string().trim().min(1).max(500),
  from: MonthText.optional().describe("As in the preview"),
  kind: z.enum(["rebill", "cancel", "anew"]).default("rebill"),
  billId: IdText.optional().describe("With `cancel` and `anew`: the one bill"),
});

export const OneBillQuery = z.object({ kind: z.enum(["cancel", "anew"]) });
export const OneBillPreviewJson = z
  .object({
    accountId: IdText,
    billId: IdText,
    supply: MoneyJson,
    charges: MoneyJson.describe("Property fee, parking, late fees"),
    difference: MoneyJson.describe("Both together"),
    digest: Digest.nullable().describe("null: nothing to post"),
  })
  .meta({ id: "OneBillPreview" });
export type OneBillPreviewJson = z.infer<typeof OneBillPreviewJson>;

export const CorrectionOutcomeJson = z
  .object({
    outcome: z.enum(["posted", "already", "nothing"]),
    id: IdText.nullable(),
    number: z.string().nullable(),
    difference: MoneyJson,
  })
  .meta({ id: "CorrectionOutcome" });
export type CorrectionOutcomeJson = z.infer<typeof CorrectionOutcomeJson>;

export const ProposalOutcomeJson = z
  .object({ outcome: z.enum(["proposed", "already", "nothing"]) })
  .meta({ id: "CorrectionProposalOutcome" });

export const CorrectionsQuery = PageQuery.extend({ accountId: IdText.optional() });

const head = {
  id: IdText,
  number: z.string(),
  kind: z.enum(["rebill", "cancel", "anew"]),
  accountId: IdText,
  accountNumber: z.string(),
  accountName: z.string(),
  bill: z.string().nullable().describe("Number of the one bill that was cancelled or made anew"),
  issuedOn: DayText,
  total: MoneyJson.describe("Supply and other charges together"),
  reason: z.string(),
  by: z.string().nullable(),
  proposedBy: z.string().nullable(),
  postedAt: InstantText,
};
export const CorrectionsJson = z
  .object({
    items: z.array(z.object(head).meta({ id: "CorrectionRow" })),
    page: z.number().int(),
    pageSize: z.number().int(),
    total: z.number().int(),
  })
  .meta({ id: "Corrections" });
export type CorrectionsJson = z.infer<typeof CorrectionsJson>;

export const CorrectionJson = z
  .object({
    ...head,
    digest: Digest,
    journalId: IdText.nullable(),
    charges: z
      .array(
        z.object({
          bill: z.string(),
          billId: IdText,
          titleZh: z.string(),
          titleEn: z.string(),
          billed: MoneyJson,
          shouldBe: MoneyJson,
          difference: MoneyJson,
        }),
      )
      .describe("Other charges of a cancelled bill, or of one made anew"),
    carried: z
      .array(
        z.object({
          usagePointId: IdText,
          bill: z.string().describe("The last bill that it changes: the next one starts from here"),
          to: DayText,
          what: z.enum(["net_credit", "net_total", "money_credit", "peak", "year_so_far"]),
          name: z.string().describe("Charge, time of use or month that it is of"),
          was: z.string().nullable(),
          now: z.string().nullable(),
          unit: z.enum(["kWh", "kW", "money"]),
        }),
      )
      .describe("What charges carry to the next bill, as it was handed on and as it is now"),
    lines: z.array(
      z.object({
        bill: z.string(),
        billId: IdText,
        key: z.string(),
        titleZh: z.string(),
        titleEn: z.string(),
        tier: z.number().int().nullable(),
        tou: z.string().nullable(),
        from: DayText,
        to: DayText,
        tariffVersion: z.string(),
        quantity: z.string().nullable(),
        unit: z.string().nullable(),
        billed: MoneyJson,
        shouldBe: MoneyJson,
        difference: MoneyJson,
      }),
    ),
  })
  .meta({ id: "Correction" });
export type CorrectionJson = z.infer<typeof CorrectionJson>;

export const RebillTermsJson = z
  .object({
    fromDay: DayText,
    monthsBack: z.number().int().min(1).max(240),
    secondPersonAbove: MoneyJson.nullable().describe(
      "More or less per account than this takes a second person; null: never",
    ),
  })
  .meta({ id: "RebillTerms" });
export type RebillTermsJson = z.infer<typeof RebillTermsJson>;
export const RebillTermsOnJson = RebillTermsJson.extend({
  since: DayText.describe("First day whose bills are corrected now"),
}).meta({ id: "RebillTermsOn" });
export type RebillTermsOnJson = z.infer<typeof RebillTermsOnJson>;
