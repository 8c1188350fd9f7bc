import { z } from "zod";
import { IdText, InstantText, PageQuery, PlainText, QuantityJson } from "./json.ts";

/** A row of the table that remembers recurring work, as the bill run of a month. */
export const RunJson = z
  .object({
    id: IdText,
    kind: z.enum(["bill"]),
    periodFrom: InstantText,
    periodTo: InstantText,
    dueAt: InstantText,
    state: z.enum(["due", "running", "done", "failed"]),
    startedAt: InstantText.nullable(),
    finishedAt: InstantText.nullable(),
    done: z.number().int(),
    refused: z.number().int(),
    note: z.string(),
  })
  .meta({ id: "Run" });
export type RunJson = z.infer<typeof RunJson>;

export const RunExceptionJson = z
  .object({
    runId: IdText,
    accountId: IdText,
    accountNumber: z.string(),
    accountName: z.string(),
    reason: z.string(),
    detail: z.string(),
    at: InstantText,
    settledAt: InstantText.nullable(),
  })
  .meta({ id: "RunException" });
export type RunExceptionJson = z.infer<typeof RunExceptionJson>;

export const RunsJson = z
  .object({ runs: z.array(RunJson), exceptions: z.array(RunExceptionJson) })
  .meta({ id: "Runs" });
export type RunsJson = z.infer<typeof RunsJson>;

export const RefusedFrameJson = z
  .object({
    id: IdText,
    receivedAt: InstantText,
    lastAt: InstantText,
    times: z.number().int(),
    reason: z.string(),
    detail: z.string(),
    origin: z.string(),
    address: z.string(),
    payloadText: z.string().nullable().describe("The payload when it is printable UTF-8"),
    payloadHex: z.string().describe("At most the first 256 bytes"),
    payloadBytes: z.number().int(),
  })
  .meta({ id: "RefusedFrame" });
export type RefusedFrameJson = z.infer<typeof RefusedFrameJson>;

export const RefusedFramesQuery = PageQuery.extend({ reason: PlainText.max(60).optional() });
export const RefusedFramesJson = z
  .object({
    items: z.array(RefusedFrameJson),
    page: z.number().int(),
    pageSize: z.number().int(),
    total: z.number().int(),
  })
  .meta({ id: "RefusedFrames" });
export type RefusedFramesJson = z.infer<typeof RefusedFramesJson>;

/** Another value came for a key that the readings book holds. */
export const ConflictJson = z
  .object({
    id: IdText,
    meterId: IdText,
    serial: z.string(),
    register: z.string(),
    measuredAt: InstantText,
    receivedAt: InstantText,
    booked: QuantityJson,
    offered: QuantityJson,
    source: z.string(),
  })
  .meta({ id: "Conflict" });
export type ConflictJson = z.infer<typeof ConflictJson>;

export const ConflictsJson = z
  .object({ items: z.array(ConflictJson), page: z.number().int(), pageSize: z.number().int(), total: z.number().int() })
  .meta({ id: "Conflicts" });
export type ConflictsJson = z.infer<typeof ConflictsJson>;
