import { z } from "zod";
import { DayText, IdText, InstantText, PlainText, QuantityJson } from "./json.ts";

export const PreviewQuery = z.object({
  register: PlainText.max(60),
  at: InstantText.max(40).describe("The instant to estimate, as the end of a month"),
});

const ReadingAt = z.object({ at: InstantText, value: QuantityJson });

export const EstimatePreviewJson = z
  .object({
    meterId: IdText,
    register: z.string(),
    at: InstantText,
    last: ReadingAt.nullable().describe("The last actual reading before the instant"),
    next: ReadingAt.nullable().describe("The first actual reading after it"),
    policy: z
      .object({ id: z.string(), version: z.string(), titleZh: z.string(), titleEn: z.string() })
      .nullable()
      .describe("What declares the order for this utility and payment mode"),
    estimates: z.array(
      z.object({
        rank: z.number().int().nullable().describe("Place in the declared order from 1; null: not in it"),
        method: z.string(),
        value: QuantityJson.nullable(),
        uncertainty: QuantityJson.nullable().describe("Half the width in which the method's inputs scatter"),
        basis: z.record(z.string(), z.string()).describe("What it was found from"),
        missing: z.string().nullable().describe("Why the method cannot tell"),
      }),
    ),
  })
  .meta({ id: "EstimatePreview" });
export type EstimatePreviewJson = z.infer<typeof EstimatePreviewJson>;

/** `agreed` names the customer's consent. */
export const EstimateBody = z.object({
  register: PlainText.max(60),
  at: InstantText.max(40),
  value: z
    .string()
    .regex(/^\d{1,12}(\.\d{1,6})?$/, "a register's value is a plain decimal")
    .describe("In the register's unit"),
  given: z.discriminatedUnion("method", [
    z.object({ method: z.literal("manual") }),
    z.object({
      method: z.literal("agreed"),
      by: PlainText.trim().min(2).max(100).describe("Who agreed"),
      on: DayText,
      reference: PlainText.trim().min(2).max(200).describe("Where the consent is written"),
    }),
  ]),
  reason: PlainText.trim().min(3).max(300),
});
