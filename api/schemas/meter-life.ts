import { z } from "zod";
import { DayText, IdText, InstantText, MoneyJson, PageQuery, PlainText, QuantityJson, UtilityName } from "./json.ts";

const DialText = z.string().regex(/^\d{1,12}(\.\d{1,6})?$/, "a dial is plain decimal text");
export const DialsJson = z.record(z.string().max(60), DialText).meta({
  id: "Dials",
  description: "What the dial shows per register, before any ratio",
  example: { volume_m3: "1234.567" },
});
export const RatioText = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,9})?$/, "a ratio is plain decimal text above zero")
  .describe("CT × VT, or units per pulse: 40, 0.01");
const MomentText = z.string().max(40).describe("Instant with offset");
const Why = {
  reason: PlainText.min(1).max(500),
  photo: PlainText.max(200).optional().describe("A photo by its sha-256, or in words where it is kept"),
};

export const PreviewQuery = z.object({
  preview: z.enum(["true", "false"]).optional().describe("true: says what would be billed, and does nothing"),
});

export const NewMeterBody = z.object({
  serial: PlainText.trim().min(1).max(60),
  profileId: PlainText.max(100).describe("As `sanbiao decode --list` names it"),
  utility: UtilityName.optional().describe("Only where the profile is of several"),
  busId: IdText.optional(),
  unitId: z.number().int().min(1).max(247).optional(),
  mqttClientId: IdText.optional(),
  deviceKey: PlainText.min(1).max(200).optional(),
  ...Why,
});
export type NewMeterBody = z.infer<typeof NewMeterBody>;

export const InstallBody = z.object({
  usagePointId: IdText,
  at: MomentText,
  ratio: RatioText.default("1"),
  capacityPerHour: z
    .string()
    .regex(/^\d{1,9}(\.\d{1,6})?$/)
    .describe("Greatest feasible use per hour in the billed unit"),
  initial: DialsJson.default({}),
  ...Why,
});
export const ExchangeBody = z.object({
  newMeterId: IdText,
  at: MomentText,
  final: DialsJson.default({}),
  initial: DialsJson.default({}),
  ratio: RatioText.optional().describe("As the old meter's where absent"),
  ...Why,
});
export const RemovalBody = z.object({ at: MomentText, final: DialsJson.default({}), ...Why });
export const RatioBody = z.object({
  at: MomentText.describe("In force from here to the end of the meter's stay"),
  ratio: RatioText,
  dials: DialsJson.default({}).describe("What the dial showed at the change; else it is interpolated"),
  ...Why,
});
export const SealBody = z.object({
  number: PlainText.trim().min(1).max(60),
  act: z.enum(["fixed", "broken"]),
  at: MomentText,
  person: PlainText.trim().min(1).max(100),
  ...Why,
});
export const CheckMeterBody = z.object({
  checkMeterId: IdText.nullable().describe("The second meter on the same supply; null: none from now on"),
  at: MomentText,
  ...Why,
});
export const CalibrationBody = z.object({
  verifiedOn: DayText,
  certificate: PlainText.trim().min(1).max(100),
  dueOn: DayText.describe("Last day on which the certificate holds"),
  ...Why,
});

/** One part of a bill: a meter under one ratio. */
export const BilledPartJson = z
  .object({
    meterId: IdText,
    serial: z.string(),
    register: z.string(),
    from: InstantText,
    to: InstantText,
    start: z.string().nullable(),
    end: z.string().nullable(),
    ratio: z.string().nullable().describe("null: never another than 1"),
    used: z.string(),
    verdicts: z.array(z.string()),
  })
  .meta({ id: "BilledPart" });
export const PreviewJson = z
  .object({
    from: InstantText,
    to: InstantText,
    quantity: QuantityJson,
    amount: MoneyJson.nullable(),
    parts: z.array(BilledPartJson),
    doubts: z.array(z.string()).describe("Why a bill would wait"),
  })
  .meta({ id: "BillPreview" });
export type PreviewJson = z.infer<typeof PreviewJson>;

/** 201 `done`: done now. 200 `already`: the same was done before under this key; `preview`: nothing was done. */
export const LifeJson = z
  .object({
    outcome: z.enum(["done", "already", "preview"]),
    meterId: IdText,
    eventId: IdText.nullable(),
    rebill: z.array(z.string()).describe("Numbers of bills that rest on what was now corrected"),
    preview: PreviewJson.nullable().describe("null where nobody is billed for the place"),
  })
  .meta({ id: "MeterLife" });
export type LifeJson = z.infer<typeof LifeJson>;

export const MeterEventJson = z
  .object({
    id: IdText,
    kind: z.string(),
    at: InstantText,
    detail: z.record(z.string(), z.unknown()),
    photo: z.string().nullable(),
    reason: z.string(),
    recordedAt: InstantText,
    recordedBy: z.string().nullable(),
  })
  .meta({ id: "MeterEvent" });

export const MeterEventsJson = z
  .object({
    items: z.array(MeterEventJson).describe("Newest first, at most 200"),
    ratios: z.array(z.object({ from: InstantText, ratio: z.string(), recordedAt: InstantText, reason: z.string() })),
    seals: z.array(z.object({ number: z.string(), fixedAt: InstantText, person: z.string() })),
    calibration: z
      .object({ verifiedOn: DayText, certificate: z.string(), dueOn: DayText, overdue: z.boolean() })
      .nullable(),
  })
  .meta({ id: "MeterEvents" });
export type MeterEventsJson = z.infer<typeof MeterEventsJson>;

export const CalibrationsQuery = PageQuery.extend({
  dueWithinDays: z.coerce.number().int().min(0).max(3660).default(90),
});
export type CalibrationsQuery = z.infer<typeof CalibrationsQuery>;
export const CalibrationsJson = z
  .object({
    items: z.array(
      z.object({
        meterId: IdText,
        serial: z.string(),
        utility: UtilityName,
        building: z.string(),
        room: z.string(),
        verifiedOn: DayText,
        certificate: z.string(),
        dueOn: DayText,
        overdue: z.boolean(),
      }),
    ),
    page: z.number().int(),
    pageSize: z.number().int(),
    total: z.number().int(),
    overdue: z.number().int(),
    unrecorded: z.number().int().describe("Installed meters of which no verification is on record"),
  })
  .meta({ id: "Calibrations" });
export type CalibrationsJson = z.infer<typeof CalibrationsJson>;

/** Meters that hang nowhere, for a form to choose from. */
export const SparesJson = z
  .object({ items: z.array(z.object({ id: IdText, serial: z.string(), profileId: z.string() })) })
  .meta({ id: "SpareMeters" });
export const SparesQuery = z.object({ utility: UtilityName, search: PlainText.max(60).default("") });
export type SparesJson = z.infer<typeof SparesJson>;
