import { z } from "zod";
import { DayText, IdText, InstantText, PageQuery, PlainText } from "./json.ts";

const Word = z.object({
  id: IdText,
  onDay: DayText.nullable().describe("The first day that is no longer this customer's; null: withdrawn"),
  contact: z.string(),
  forwardingAddress: z.string(),
  note: z.string(),
  notedAt: InstantText,
  notedBy: z.string().nullable(),
});

export const PlannedMoveOutJson = z
  .object({
    current: Word.nullable().describe("What stands; null: none was said, or it was withdrawn"),
    isDue: z.boolean().describe("Its day has come and the account is not closed"),
    last: IdText.nullable().describe("Of the last word: a change says after which one it comes"),
    words: z.array(Word).describe("Everything that was said, the last word first"),
  })
  .meta({ id: "PlannedMoveOut" });
export type PlannedMoveOutJson = z.infer<typeof PlannedMoveOutJson>;

const after = IdText.nullable()
  .default(null)
  .describe("`last` as it was seen; null: there was none. Another one in between is refused");

export const PlanMoveOutBody = z
  .object({
    onDay: DayText.describe("The first day that is no longer this customer's, yet to come"),
    contact: PlainText.trim().max(100).default("").describe("How the customer is reached"),
    forwardingAddress: PlainText.trim().max(200).default("").describe("Where papers go afterwards"),
    note: PlainText.trim().max(300).default(""),
    after,
  })
  .meta({
    example: {
      onDay: "2026-12-20",
      contact: "13800000002",
      forwardingAddress: "宁波市海曙区…",
      note: "",
      after: null,
    },
  });
export const WithdrawMoveOutBody = z.object({
  reason: PlainText.trim().min(2).max(300).describe("Why it is withdrawn"),
  after,
});

export const PlannedMoveOutsQuery = PageQuery.extend({
  state: z.enum(["due", "coming", "all"]).default("all").describe("due: its day has come"),
});
export const PlannedMoveOutsJson = z
  .object({
    items: z.array(
      Word.extend({
        onDay: DayText,
        accountId: IdText,
        number: z.string(),
        name: z.string(),
        building: z.string(),
        room: z.string(),
        isDue: z.boolean(),
      }),
    ),
    due: z.number().int().describe("How many are due, whatever was asked for"),
    page: z.number().int(),
    pageSize: z.number().int(),
    total: z.number().int(),
  })
  .meta({ id: "PlannedMoveOuts" });
export type PlannedMoveOutsJson = z.infer<typeof PlannedMoveOutsJson>;
