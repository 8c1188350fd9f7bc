import { z } from "zod";
import { DayText, IdText, InstantText, PageQuery, PlainText, UtilityName } from "./json.ts";

/** open: nobody has the readings; asked: the meter was asked for what it stored. The others are ends. */
export const GAP_STATES = ["open", "asked", "filled", "estimated", "given_up"] as const;
export const GapState = z.enum(GAP_STATES).meta({ id: "GapState" });

export const GapRowJson = z
  .object({
    id: IdText,
    meterId: IdText,
    serial: z.string(),
    utility: UtilityName,
    building: z.string(),
    room: z.string(),
    register: z.string().nullable().describe("null: nothing of the meter was heard"),
    from: InstantText,
    to: InstantText.nullable().describe("null while it lasts"),
    ageSeconds: z.number().int().describe("From its beginning to now, or to its settlement"),
    reason: z.string().describe("Why: a refusal's reason, silent (a device did not report) or not_heard (found later)"),
    state: GapState,
    stateReason: z.string().describe("For given_up: why"),
    owner: z.object({ id: IdText, name: z.string() }).nullable(),
    mine: z.boolean(),
    note: z.string(),
    asked: z.number().int().describe("How often the meter was asked for what it stored"),
    askedAt: InstantText.nullable(),
    settledAt: InstantText.nullable(),
  })
  .meta({ id: "GapRow" });
export type GapRowJson = z.infer<typeof GapRowJson>;

export const GapsQuery = PageQuery.extend({
  state: z.enum(["unsettled", "settled", "all"]).default("unsettled"),
  owner: z.enum(["mine", "nobody"]).optional(),
  meterId: IdText.optional(),
  building: PlainText.max(100).optional(),
});
export type GapsQuery = z.infer<typeof GapsQuery>;

export const GapsJson = z
  .object({
    items: z.array(GapRowJson).describe("The oldest first"),
    page: z.number().int(),
    pageSize: z.number().int(),
    total: z.number().int(),
    buildings: z.array(z.string()).describe("For the filter"),
  })
  .meta({ id: "Gaps" });
export type GapsJson = z.infer<typeof GapsJson>;

export const GapPatch = z
  .object({
    owner: z.literal("me").nullable().optional().describe("`me` takes it, null releases it"),
    note: PlainText.max(1000).optional(),
    givenUp: PlainText.min(3).max(300).optional().describe("Settles a gap that is over: why nobody will fill it"),
  })
  .strict()
  .refine((body) => Object.keys(body).length > 0, "say what is to change");
export type GapPatch = z.infer<typeof GapPatch>;

export const HeardQuery = z.object({
  from: DayText.optional().describe("Default 30 days before `to`"),
  to: DayText.optional().describe("Last day, default today"),
});
export type HeardQuery = z.infer<typeof HeardQuery>;

export const HeardDayJson = z
  .object({
    day: DayText,
    register: z.string(),
    expected: z.number().int().nullable().describe("null where no interval is agreed"),
    heard: z.number().int(),
    firstAt: InstantText.nullable(),
    lastAt: InstantText.nullable(),
    largestGapSeconds: z.number().int(),
  })
  .meta({ id: "HeardDay" });

export const HeardJson = z
  .object({
    meterId: IdText,
    everySeconds: z.number().nullable().describe("The agreed interval; null where none is agreed"),
    days: z.array(HeardDayJson).describe("Newest first; today, and a day that was not counted yet, as it stands now"),
  })
  .meta({ id: "Heard" });
export type HeardJson = z.infer<typeof HeardJson>;
