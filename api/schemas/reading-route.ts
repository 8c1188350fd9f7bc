import { z } from "zod";
import { SKIP_REASONS } from "../../ledger/manual-readings.ts";
import { ROUNDS_EVERY } from "../../metering/round.ts";
import { IdText, InstantText, PlainText, UnitName, UtilityName } from "./json.ts";

/** Reading by a person: routes, what is expected of each dial, what was entered. Nothing here is about money. */

const DialValue = z.string().describe("Decimal text as the dial shows it, in `unit`");
export const Every = z.enum(ROUNDS_EVERY).describe("A round is a calendar day, week, month or quarter");
export const SkipReason = z.enum(SKIP_REASONS).meta({ id: "SkipReason" });
export type SkipReason = z.infer<typeof SkipReason>;

const Shown = z.object({ value: DialValue, at: InstantText, source: z.string() });

/** What the dial may show, and why that is thought (metering/expected-range.ts). */
export const ExpectedJson = z
  .object({
    low: DialValue.nullable().describe("null: not bounded"),
    high: DialValue.nullable(),
    mostLikely: DialValue.nullable(),
    rollsOver: z.boolean().describe("The dial may pass its end: from `low` up, or from 0 to `high`"),
    basis: z.enum(["recent_use", "between", "capacity", "last_reading", "dial"]),
    from: Shown.nullable().describe("The reading that it counts from"),
    perDay: DialValue.nullable(),
    perDayLeast: DialValue.nullable(),
    perDayMost: DialValue.nullable(),
    lastInDoubt: z.boolean().describe("The newest reading waits for a person: counted from the one before"),
  })
  .meta({ id: "ExpectedRange" });
export type ExpectedJson = z.infer<typeof ExpectedJson>;

export const EntryJson = z
  .object({
    id: z.string().describe("Made by the phone"),
    outcome: z.enum(["booked", "conflict", "skipped"]),
    value: DialValue.nullable(),
    skip: SkipReason.nullable(),
    measuredAt: InstantText.describe("By our clock"),
    receivedAt: InstantText,
    by: z.string(),
    note: z.string(),
    photo: z.string().nullable().describe("Reference: GET /photos/{photo}"),
    outside: z.boolean().describe("Outside what was expected, and confirmed"),
    clockOffsetSeconds: z.number().int().describe("Our clock less the phone's"),
    clockWrong: z.boolean(),
    expected: z.object({ low: DialValue.nullable(), high: DialValue.nullable() }).nullable().describe("As it was then"),
  })
  .meta({ id: "ManualEntry" });
export type EntryJson = z.infer<typeof EntryJson>;

export const RouteRowJson = z
  .object({
    id: IdText,
    name: z.string(),
    every: Every,
    version: z.number().int(),
    walker: z.object({ login: z.string(), name: z.string() }).nullable(),
    roundFrom: InstantText,
    roundTo: InstantText,
    stops: z.number().int(),
    read: z.number().int().describe("Stops with a reading in this round"),
    skipped: z.number().int(),
    outside: z.number().int(),
    conflicts: z.number().int(),
    lastEntryAt: InstantText.nullable(),
  })
  .meta({ id: "ReadingRouteRow" });
export type RouteRowJson = z.infer<typeof RouteRowJson>;

export const RoutesJson = z
  .object({
    items: z.array(RouteRowJson),
    walkers: z.array(z.object({ login: z.string(), name: z.string() })).describe("Who may be named as walker"),
    buildings: z.array(z.string()),
  })
  .meta({ id: "ReadingRoutes" });
export type RoutesJson = z.infer<typeof RoutesJson>;

export const StopJson = z
  .object({
    position: z.number().int(),
    usagePointId: IdText.nullable(),
    hint: z.string(),
    building: z.string(),
    room: z.string(),
    meter: z
      .object({ id: IdText, serial: z.string(), utility: UtilityName, profileId: z.string(), byHand: z.boolean() })
      .nullable()
      .describe("null: nothing hangs there now"),
    register: z.string(),
    unit: UnitName,
    digits: z.object({ whole: z.number().int(), decimals: z.number().int() }).nullable().describe("Of the dial's face"),
    last: Shown.nullable(),
    expected: ExpectedJson.nullable(),
    entries: z.array(EntryJson).describe("Of this round, in the order in which they came"),
  })
  .meta({ id: "RouteStop" });
export type StopJson = z.infer<typeof StopJson>;

export const RouteJson = RouteRowJson.extend({ now: InstantText, items: z.array(StopJson) }).meta({
  id: "ReadingRoute",
});
export type RouteJson = z.infer<typeof RouteJson>;

export const STOPS_MAX = 1_000; // an afternoon of meters, several times over
const StopBody = z.object({
  usagePointId: IdText.nullish(),
  meterId: IdText.nullish(),
  hint: PlainText.max(200).default(""),
});
const content = {
  name: PlainText.trim().min(1).max(80),
  every: Every.default("month"),
  walker: PlainText.max(100).nullish().describe("Login of who walks it"),
};
export const NewRouteBody = z.object({
  ...content,
  building: PlainText.max(100).optional().describe("All its meters, floor by floor"),
  utilities: z.array(UtilityName).max(4).optional().describe("Of that building; default: all"),
  stops: z.array(StopBody).max(STOPS_MAX).optional(),
});
export type NewRouteBody = z.infer<typeof NewRouteBody>;
export const ChangedRouteBody = z.object({
  ...content,
  version: z.number().int().min(1).describe("The version that you saw"),
  stops: z.array(StopBody).max(STOPS_MAX),
});
export type ChangedRouteBody = z.infer<typeof ChangedRouteBody>;
export const RouteWrittenJson = z
  .object({ outcome: z.enum(["written", "already"]), id: IdText, version: z.number().int() })
  .meta({ id: "RouteWritten" });

/** Loose on purpose: what is wrong with one entry is that entry's answer, not the batch's. */
const EntryBody = z.object({
  id: z.string().max(100),
  meterId: z.string().max(40),
  register: z.string().max(60).optional().describe("Default: the billing register"),
  value: z.string().max(40).nullish().describe("As the dial shows it"),
  skip: z.string().max(40).nullish().describe("Instead of a value"),
  measuredAt: z.string().max(40).describe("ISO 8601 with offset, by the phone's clock"),
  note: PlainText.max(500).default(""),
  photo: z.string().max(100).nullish(),
  confirmed: z.boolean().default(false).describe("Outside what is expected, and meant; wants a note"),
});
export type EntryBody = z.infer<typeof EntryBody>;

export const ENTRIES_MAX = 50;
export const ManualReadingsBody = z.object({
  reader: PlainText.max(100).describe("Login of who entered: another's entries are refused"),
  phoneNow: InstantText.describe("The phone's clock as this is sent"),
  routeId: IdText.nullish(),
  entries: z.array(EntryBody).min(1).max(ENTRIES_MAX),
});
export type ManualReadingsBody = z.infer<typeof ManualReadingsBody>;

export const REFUSALS = [
  "bad_id",
  "bad_value",
  "bad_time",
  "bad_register",
  "bad_skip",
  "beyond_dial",
  "unknown_meter",
  "unknown_photo",
  "not_installed",
  "future",
  "too_old",
] as const;

/**
 * accepted: in the book now · already: it was before, by the same id · different: the id stands for another entry, nothing
 * was written · outside: not expected, send it again with `confirmed` and a note · conflict: the book holds another value of
 * the same moment, this one is kept beside it for a person · refused: with the reason.
 */
export const AnswerJson = z
  .object({
    id: z.string(),
    outcome: z.enum(["accepted", "already", "different", "outside", "conflict", "refused"]),
    reason: z.enum(REFUSALS).nullable(),
    expected: ExpectedJson.nullable(),
    entry: EntryJson.nullable().describe("As it is kept; of `different`, the first"),
    booked: z
      .object({ value: DialValue, at: InstantText, by: z.string().nullable() })
      .nullable()
      .describe("Of a conflict: what the book holds"),
  })
  .meta({ id: "ManualAnswer" });
export type AnswerJson = z.infer<typeof AnswerJson>;

export const ManualReadingsJson = z
  .object({
    serverNow: InstantText,
    clockOffsetSeconds: z.number().int(),
    clockWrong: z.boolean().describe("More than five minutes off: times were corrected, put the phone right"),
    answers: z.array(AnswerJson),
  })
  .meta({ id: "ManualReadingsAnswer" });
export type ManualReadingsJson = z.infer<typeof ManualReadingsJson>;

export const PhotoJson = z
  .object({ photo: z.string().describe("Reference: SHA-256 of the bytes, hex"), outcome: z.enum(["kept", "already"]) })
  .meta({ id: "Photo" });
export const PhotoParams = z.object({ photo: z.string().regex(/^[0-9a-f]{64}$/, "64 hex digits") });
export const PhotoQuery = z.object({ takenAt: InstantText.optional() });
