import { z } from "zod";

export const PaperQuery = z.object({
  lang: z
    .enum(["zh", "en", "both"])
    .default("zh")
    .describe("Language of the paper; both: English smaller beside the Chinese"),
});
