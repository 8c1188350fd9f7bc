import { z } from "zod";
import { EVIDENCE_KINDS } from "../../domain/found.ts";
import { IdText, InstantText, PageQuery, PlainText, SearchText, UtilityName } from "./json.ts";

export const TRAY_STATES = ["waiting", "ignored", "accepted"] as const;
export const TrayState = z.enum(TRAY_STATES).meta({ id: "TrayState" });
export type TrayState = z.infer<typeof TrayState>;

/** A profile that may read a found device. `choosable`: it can be accepted with it. */
export const CandidateJson = z
  .object({
    profileId: z.string(),
    title: z.string().describe("Maker and model"),
    utility: UtilityName.nullable(),
    utilities: z.array(UtilityName).describe("What a meter of this profile may count"),
    choosable: z.boolean(),
    evidence: z.array(z.object({ kind: z.enum(EVIDENCE_KINDS), detail: z.string() })),
    sample: z.array(z.object({ register: z.string(), value: z.string(), unit: z.string() })),
  })
  .meta({ id: "ProfileCandidate" });
export type CandidateJson = z.infer<typeof CandidateJson>;

export const FoundDeviceJson = z
  .object({
    id: IdText,
    origin: z.enum(["mqtt", "modbus"]),
    wire: z.string().describe("Name of the MQTT client or of the bus"),
    deviceKey: z.string().nullable().describe("Of MQTT; empty where its messages name none"),
    unitId: z.number().int().nullable(),
    state: TrayState,
    firstSeenAt: InstantText,
    lastSeenAt: InstantText,
    times: z.number().int(),
    framesKept: z.number().int(),
    framesDropped: z.number().int(),
    candidates: z.array(CandidateJson),
    meter: z.object({ id: IdText, serial: z.string() }).nullable(),
    replayedAt: InstantText.nullable(),
    replayedReadings: z.number().int().nullable(),
    decision: z
      .object({
        decision: z.enum(["accept", "ignore", "take_back"]),
        by: z.string().nullable(),
        at: InstantText,
        reason: z.string(),
      })
      .nullable()
      .describe("The last one"),
  })
  .meta({ id: "FoundDevice" });
export type FoundDeviceJson = z.infer<typeof FoundDeviceJson>;

export const FoundDevicesQuery = PageQuery.extend({ state: TrayState.default("waiting"), search: SearchText });
export const FoundDevicesJson = z
  .object({
    items: z.array(FoundDeviceJson),
    page: z.number().int(),
    pageSize: z.number().int(),
    total: z.number().int(),
    counts: z.record(TrayState, z.number().int()),
    notKept: z
      .array(z.object({ client: z.string(), times: z.number().int(), lastAt: InstantText, lastKey: z.string() }))
      .describe("Clients that brought more devices than the tray takes"),
  })
  .meta({ id: "FoundDevices" });
export type FoundDevicesJson = z.infer<typeof FoundDevicesJson>;

const Dials = z
  .record(z.string().max(60), z.string().regex(/^\d{1,12}(\.\d{1,6})?$/, "a dial shows a plain decimal number"))
  .describe("Register → what the dial showed, before any ratio");

export const AcceptBody = z.object({
  serial: z.string().regex(/^[^\s\p{C}]{1,64}$/u, "a serial number is one word of at most 64 characters"),
  utility: UtilityName,
  profileId: PlainText.min(1).max(100),
  usagePointId: IdText,
  installedAt: InstantText.describe("ISO 8601 with an offset; not in the future"),
  ratio: z
    .string()
    .regex(/^\d{1,9}(\.\d{1,9})?$/, "a ratio is a plain decimal number")
    .default("1"),
  capacityPerHour: z.string().regex(/^\d{1,12}(\.\d{1,6})?$/, "a plain decimal number"),
  initial: Dials.default({}),
  replaces: z
    .object({ meterId: IdText, final: Dials.default({}) })
    .optional()
    .describe("The meter that hangs there: it is exchanged"),
  reason: PlainText.trim().max(300).default(""),
});
export type AcceptBody = z.infer<typeof AcceptBody>;

export const AcceptedJson = z
  .object({
    outcome: z.enum(["done", "already"]),
    meterId: IdText,
    replayedReadings: z.number().int().describe("Readings that came out of the frames which were kept"),
    replayPending: z.boolean().describe("The replay goes on: the book did not take all of it yet"),
  })
  .meta({ id: "AcceptedDevice" });
export type AcceptedJson = z.infer<typeof AcceptedJson>;

export const TrayDecisionBody = z.object({ reason: PlainText.trim().max(300).default("") });
export const TrayDecisionJson = z.object({ outcome: z.enum(["done", "already"]) }).meta({ id: "TrayDecision" });

export const UsagePointsQuery = PageQuery.extend({ search: SearchText, utility: UtilityName.optional() });
export const UsagePointJson = z
  .object({
    id: IdText,
    utility: UtilityName,
    building: z.string(),
    room: z.string(),
    role: z.enum(["customer", "master"]),
    account: z.object({ id: IdText, number: z.string(), name: z.string() }).nullable(),
    meter: z.object({ id: IdText, serial: z.string() }).nullable().describe("What hangs there now"),
  })
  .meta({ id: "UsagePoint" });
export type UsagePointJson = z.infer<typeof UsagePointJson>;
export const UsagePointsJson = z
  .object({
    items: z.array(UsagePointJson),
    page: z.number().int(),
    pageSize: z.number().int(),
    total: z.number().int(),
  })
  .meta({ id: "UsagePoints" });
export type UsagePointsJson = z.infer<typeof UsagePointsJson>;

const flag = z.enum(["true", "false"]).default("false");
export const RegisterImportQuery = z.object({
  name: PlainText.min(1).max(200).describe("Of the file"),
  kind: z.enum(["points", "meters", "accounts", "all"]).default("all"),
  dryRun: flag,
  update: flag,
});

const Counts = z.object({
  created: z.number().int(),
  changed: z.number().int(),
  already: z.number().int(),
  refused: z.number().int(),
});
export const RegisterReportJson = z
  .object({
    outcome: z.enum(["rehearsed", "applied", "refused"]),
    fileName: z.string(),
    counts: z.object({ points: Counts, meters: Counts, accounts: Counts, tables: Counts }),
    rows: z
      .array(
        z.object({
          sheet: z.string(),
          line: z.number().int(),
          kind: z.enum(["points", "meters", "accounts"]).nullable(),
          name: z.string(),
          outcome: z.enum(["created", "changed", "already", "refused"]),
          changes: z.array(z.object({ column: z.string(), from: z.string(), to: z.string() })),
          errors: z.array(
            z.object({
              column: z.string().nullable(),
              columnZh: z.string().nullable(),
              code: z.string(),
              en: z.string(),
              zh: z.string(),
            }),
          ),
        }),
      )
      .describe("What was refused comes first; at most 5,000"),
    rowsLeftOut: z.number().int(),
    refusedFile: z.string().nullable().describe("Path of the CSV with the rows that were refused"),
    replayedReadings: z.number().int(),
  })
  .meta({ id: "RegisterReport" });
export type RegisterReportJson = z.infer<typeof RegisterReportJson>;

export const TemplateParams = z.object({ file: z.enum(["register.xlsx", "points.csv", "meters.csv", "accounts.csv"]) });
