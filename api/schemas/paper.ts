import { z } from "zod";

export const PaperQuery = z.object({
  lang: z
    .enum(["zh", "en", "both"])
    .default("zh")
    .describe("Language of the paper; both: English smaller beside the Chinese"),
});

export const InvoiceQuery = z.object({
  taxId: z
    .string()
    .regex(/^[0-9A-Z]{5,20}$/, "a tax number has 5 to 20 digits and capitals")
    .optional()
    .describe("The seller's tax number, in place of what the books hold; EN 16931 demands one"),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, "a country is two capitals")
    .optional()
    .describe(
      "ISO 3166-1 of the seller, in place of what the books hold; needed where neither they nor the currency tell",
    ),
});

export const CycleParams = z.object({
  month: z
    .string()
    .regex(/^(?!0000)\d{4}-(0[1-9]|1[0-2])$/, "a month is YYYY-MM")
    .describe("Month billed"),
});
export const PapersQuery = PaperQuery.extend({
  part: z.coerce.number().int().min(1).max(100_000).default(1).describe("Counted from 1"),
});

/** Of bills that were to be sent: on their way now, before, or without an address that wants bills. */
export const BillMailJson = z
  .object({ queued: z.number().int(), already: z.number().int(), withoutAddress: z.number().int() })
  .meta({ id: "BillMail" });
export type BillMailJson = z.infer<typeof BillMailJson>;

export const CycleMailBody = z.object({
  after: z
    .string()
    .regex(/^\d{1,18}$/)
    .default("0")
    .describe("Go on after this bill: `after` of the answer before"),
  dryRun: z.boolean().default(false).describe("Only count"),
});

export const CycleMailJson = z
  .object({
    queued: z.number().int().describe("On their way now; with `dryRun` those that would be"),
    already: z.number().int(),
    withoutAddress: z.number().int(),
    total: z.number().int().describe("Bills of the month"),
    after: z.string().nullable().describe("null: those were the last"),
  })
  .meta({ id: "CycleMail" });
export type CycleMailJson = z.infer<typeof CycleMailJson>;
