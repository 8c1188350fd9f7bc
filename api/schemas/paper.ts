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
