import { z } from "zod";
import { SET_OFF_RULES } from "../../domain/set-off.ts";
import { DayText, InstantText, PlainText } from "./json.ts";

export const SetOffTermsBody = z
  .object({
    rule: z
      .enum(SET_OFF_RULES)
      .describe("off; on_consent = with the customer's word at each move-out; agreed = every contract says it"),
    source: PlainText.trim().min(1).max(300).describe("Contract or notice in which it is agreed"),
  })
  .meta({ example: { rule: "on_consent", source: "供用水电合同 2026 第 9 条" } });

export const SetOffTermsJson = z
  .object({
    rule: z.enum(SET_OFF_RULES).describe("What holds now; without a word it is off"),
    items: z
      .array(
        z.object({
          rule: z.enum(SET_OFF_RULES),
          source: z.string(),
          notedAt: InstantText,
          notedBy: z.string().nullable(),
        }),
      )
      .describe("Everything that was said, the last word first"),
  })
  .meta({ id: "SetOffTerms" });
export type SetOffTermsJson = z.infer<typeof SetOffTermsJson>;

/** The customer's word at a move-out. */
export const SetOffConsentBody = z
  .object({
    by: PlainText.trim().min(2).max(100).describe("Who agreed"),
    on: DayText,
    reference: PlainText.trim().min(2).max(200).describe("Where the consent is written"),
  })
  .meta({ example: { by: "王芳", on: "2026-10-11", reference: "交接单 7" } });
