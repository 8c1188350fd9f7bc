import { z } from "zod";
import { ConflictJson } from "./operation.ts";
import {
  IdText,
  InstantText,
  PageQuery,
  PlainText,
  QuantityJson,
  RelayState,
  SearchText,
  UnitName,
  UtilityName,
} from "./json.ts";

/** heard: within its rhythm; late: missed it; silent: for long, or never. Rules in api/heard.ts. */
export const HeardStatus = z.enum(["heard", "late", "silent"]).meta({ id: "HeardStatus" });
export type HeardStatus = z.infer<typeof HeardStatus>;

export const LatestReadingJson = z
  .object({
    register: z.string().describe("As energy_import_kwh"),
    kind: z.enum(["cumulative", "instantaneous", "maximum", "state"]),
    quantity: QuantityJson,
    state: z.string().nullable().describe("For a state register: its position in words"),
    measuredAt: InstantText.describe("The meter's clock"),
    receivedAt: InstantText.describe("Ours"),
    source: z.string(),
  })
  .meta({ id: "LatestReading" });
export type LatestReadingJson = z.infer<typeof LatestReadingJson>;

export const MeterRowJson = z
  .object({
    id: IdText,
    serial: z.string(),
    profileId: z.string(),
    utility: UtilityName,
    role: z.enum(["customer", "master"]).nullable().describe("null when it is not installed"),
    building: z.string(),
    room: z.string(),
    account: z.object({ id: IdText, number: z.string(), name: z.string() }).nullable(),
    latest: QuantityJson.nullable().describe("Billing register, as last read"),
    heardAt: InstantText.nullable(),
    status: HeardStatus,
    relay: RelayState.nullable().describe("null when the meter has none"),
  })
  .meta({ id: "MeterRow" });
export type MeterRowJson = z.infer<typeof MeterRowJson>;

export const MetersQuery = PageQuery.extend({
  search: SearchText.describe("Serial, room, account number or name"),
  utility: UtilityName.optional(),
  status: HeardStatus.optional(),
  building: PlainText.max(100).optional(),
});
export type MetersQuery = z.infer<typeof MetersQuery>;

export const MetersJson = z
  .object({
    items: z.array(MeterRowJson),
    page: z.number().int(),
    pageSize: z.number().int(),
    total: z.number().int(),
    buildings: z.array(z.string()).describe("For the filter"),
  })
  .meta({ id: "Meters" });
export type MetersJson = z.infer<typeof MetersJson>;

export const InstallationJson = z
  .object({
    usagePointId: IdText,
    building: z.string(),
    room: z.string(),
    installedAt: InstantText,
    removedAt: InstantText.nullable(),
    ratio: z.string(),
    capacityPerHour: z.string(),
  })
  .meta({ id: "Installation" });

export const GapJson = z
  .object({ from: InstantText, to: InstantText.nullable(), reason: z.string() })
  .meta({ id: "Gap" });

export const VerdictJson = z
  .object({
    id: IdText,
    register: z.string(),
    from: InstantText,
    to: InstantText,
    rule: z.string(),
    ruleVersion: z.number().int(),
    result: z.string(),
    inputs: z.record(z.string(), z.unknown()),
    threshold: z.record(z.string(), z.unknown()).nullable(),
    judgedAt: InstantText,
  })
  .meta({ id: "Verdict" });
export type VerdictJson = z.infer<typeof VerdictJson>;

export const MeterJson = MeterRowJson.extend({
  link: z.object({
    kind: z.enum(["modbus", "mqtt", "none"]),
    name: z.string().describe("Bus name or MQTT user name"),
    unitId: z.number().int().nullable(),
    deviceKey: z.string().nullable(),
  }),
  registers: z.array(LatestReadingJson),
  installations: z.array(InstallationJson),
  gaps: z.array(GapJson).describe("Newest first, at most 100"),
  verdicts: z.array(VerdictJson).describe("Newest first, at most 100"),
  conflicts: z.array(ConflictJson).describe("Newest first, at most 100"),
}).meta({ id: "Meter" });
export type MeterJson = z.infer<typeof MeterJson>;

export const SeriesQuery = z.object({
  register: z.string().max(60).optional().describe("Default: the billing register"),
  from: z.string().max(40).optional().describe("Instant; default 7 days before `to`"),
  to: z.string().max(40).optional().describe("Instant; default now"),
  points: z.coerce.number().int().min(10).max(2000).default(500),
});

/** At most `points` points: the last value of each equal step of time. */
export const SeriesJson = z
  .object({
    meterId: IdText,
    register: z.string(),
    kind: z.enum(["cumulative", "instantaneous", "maximum", "state"]),
    unit: UnitName,
    stepSeconds: z.number().int().describe("0 when every reading is given"),
    points: z
      .array(z.object({ at: InstantText, value: z.string().describe("Decimal text in `unit`") }))
      .describe("As the book has them"),
    edits: z
      .array(
        z.object({
          at: InstantText,
          value: z.string().nullable().describe("null: the book's value of this instant does not count"),
          origin: z.enum(["clerk", "estimate"]),
          method: z.string().nullable(),
        }),
      )
      .describe("What clerks and estimates say in the stretch: bills rest on the points with these applied"),
  })
  .meta({ id: "Series" });
export type SeriesJson = z.infer<typeof SeriesJson>;
