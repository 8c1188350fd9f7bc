import { z } from "zod";
import { DECISIONS } from "../../domain/reading-edit.ts";
import { IdText, InstantText, PageQuery, PlainText, QuantityJson, SearchText, UtilityName } from "./json.ts";

/** open: nobody has decided; decided: a person has; withdrawn: the rule itself does not find it any more. */
export const WorkState = z.enum(["open", "decided", "withdrawn"]).meta({ id: "WorkState" });
export type WorkState = z.infer<typeof WorkState>;

/** A stretch of a register that a rule holds or doubts: what names it is its meter, register, ends and rule. */
const stretch = {
  meterId: IdText,
  register: PlainText.max(60),
  from: InstantText,
  to: InstantText,
  rule: PlainText.max(80).describe("As difference.backwards or vee.spike"),
};

export const WorkItemJson = z
  .object({
    ...stretch,
    id: IdText.describe("Of the newest verdict"),
    serial: z.string(),
    utility: UtilityName,
    building: z.string(),
    room: z.string(),
    account: z.object({ id: IdText, number: z.string(), name: z.string() }).nullable(),
    ruleVersion: z.number().int(),
    result: z.string(),
    holdsBill: z.boolean().describe("Whether a bill waits for the decision"),
    inputs: z.record(z.string(), z.unknown()),
    threshold: z.record(z.string(), z.unknown()).nullable(),
    judgedAt: InstantText,
    ageSeconds: z.number().int().describe("Since the stretch ended"),
    start: QuantityJson.nullable().describe("What the book says at `from`"),
    end: QuantityJson.nullable().describe("What the book says at `to`"),
    state: WorkState,
    decision: z
      .object({
        decision: z.enum(DECISIONS),
        reason: z.string(),
        by: z.string().nullable(),
        at: InstantText,
      })
      .nullable(),
  })
  .meta({ id: "WorkItem" });
export type WorkItemJson = z.infer<typeof WorkItemJson>;

export const WorkQuery = PageQuery.extend({
  state: WorkState.default("open"),
  holds: z.enum(["bill", "nothing"]).optional().describe("Only what holds a bill, or only what does not"),
  rule: PlainText.max(80).optional(),
  utility: UtilityName.optional(),
  building: PlainText.max(100).optional(),
  meterId: IdText.optional(),
  search: SearchText.describe("Serial, room, account number or name"),
});
export type WorkQuery = z.infer<typeof WorkQuery>;

export const WorkJson = z
  .object({
    items: z.array(WorkItemJson),
    page: z.number().int(),
    pageSize: z.number().int(),
    total: z.number().int(),
    rules: z
      .array(z.object({ rule: z.string(), open: z.number().int(), holdsBill: z.boolean() }))
      .describe("Open items by rule, for the filter"),
    buildings: z.array(z.string()),
  })
  .meta({ id: "Work" });
export type WorkJson = z.infer<typeof WorkJson>;

const Reason = PlainText.trim().min(3).max(500).describe("Why; kept for ever beside the decision");

/** A decision about many items at once: each has its own outcome. */
export const DecisionsBody = z.object({
  items: z.array(z.object(stretch)).min(1).max(500),
  decision: z.enum(["accept", "no_use", "rollover", "reopen"]),
  reason: Reason,
});
export const DecisionsJson = z
  .object({
    outcomes: z.array(
      z.object({
        ...stretch,
        outcome: z.enum(["written", "already", "refused"]),
        detail: z.string().describe("Why it was refused; empty else"),
      }),
    ),
  })
  .meta({ id: "Decisions" });
export type DecisionsJson = z.infer<typeof DecisionsJson>;

/** A clerk's entry about one instant of one register. */
export const EditBody = z.object({
  register: PlainText.max(60),
  at: InstantText.max(40).describe("The instant of the reading"),
  says: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("exclude") }),
    z.object({
      kind: z.literal("value"),
      value: z
        .string()
        .regex(/^\d{1,12}(\.\d{1,6})?$/, "a register's value is a plain decimal")
        .describe("In the register's unit"),
    }),
  ]),
  reason: Reason,
  settles: z
    .object({ from: InstantText.max(40), to: InstantText.max(40), rule: PlainText.max(80) })
    .optional()
    .describe("The item of the work list that it settles"),
});
export const EditJson = z
  .object({
    id: IdText,
    meterId: IdText,
    register: z.string(),
    at: InstantText,
    origin: z.enum(["clerk", "estimate"]),
    kind: z.enum(["exclude", "value", "restore"]),
    value: QuantityJson.nullable(),
    method: z.string().nullable(),
    basis: z.record(z.string(), z.string()),
    reason: z.string(),
    by: z.string().nullable(),
    madeAt: InstantText,
    booked: QuantityJson.nullable().describe("What the book says at this instant"),
    stands: z.boolean().describe("Whether it is the newest of its layer"),
  })
  .meta({ id: "Edit" });
export type EditJson = z.infer<typeof EditJson>;
export const EditsJson = z.object({ items: z.array(EditJson) }).meta({ id: "Edits" });
export type EditsJson = z.infer<typeof EditsJson>;
export const EditOutcomeJson = z
  .object({ outcome: z.enum(["written", "already"]), id: IdText })
  .meta({ id: "EditOutcome" });
export const UndoBody = z.object({ reason: Reason });
export const EditParams = z.object({ id: IdText, editId: IdText });
