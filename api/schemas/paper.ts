import { z } from "zod";

export const PaperQuery = z.object({
  lang: z
    .enum(["zh", "en", "both"])
    .default("zh")
    .describe("Language of the paper; both: English smaller beside the Chinese"),
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
