import { z } from "zod";
import { HOLD_KINDS } from "../../domain/supply.ts";
import { DayText, IdText, InstantText, PlainText } from "./json.ts";

const Given = z.iso.datetime({ offset: true });
const Reason = PlainText.trim().min(3).max(500);

const OfAccount = z.object({
  accountId: IdText,
  from: Given.nullable().default(null).describe("null: from now on"),
  until: Given.nullable().default(null).describe("null: until it is ended"),
  reason: Reason,
  evidence: PlainText.trim().max(500).default("").describe("What was seen: certificate, letter, file"),
});
/** Each kind asks for what it needs. */
export const SupplyHoldBody = z.discriminatedUnion("kind", [
  OfAccount.omit({ accountId: true }).extend({ kind: z.literal("pause") }),
  OfAccount.extend({ kind: z.literal("dispute") }),
  OfAccount.extend({ kind: z.literal("stop_window") }),
  OfAccount.extend({ kind: z.literal("protection"), until: Given, evidence: PlainText.trim().min(3).max(500) }),
]);

export const SupplyHoldJson = z
  .object({
    id: IdText,
    kind: z.enum(HOLD_KINDS),
    accountId: IdText.nullable().describe("null: a pause, for all of the operator"),
    accountNumber: z.string(),
    accountName: z.string(),
    from: InstantText,
    until: InstantText.nullable(),
    reason: z.string(),
    evidence: z.string(),
    inForce: z.boolean().describe("Whether it keeps a cut from being given now"),
    notedAt: InstantText,
    notedBy: IdText.describe("The user who said it"),
    approvedBy: IdText.nullable().describe("The second user, whom protection needs"),
    endedAt: InstantText.nullable(),
    endedBy: IdText.nullable(),
  })
  .meta({ id: "SupplyHold" });
export type SupplyHoldJson = z.infer<typeof SupplyHoldJson>;

export const SupplyHoldsQuery = z.object({
  accountId: IdText.optional(),
  state: z.enum(["open", "all"]).default("open").describe("open: neither ended nor past its end"),
});
export const SupplyHoldsJson = z.object({ items: z.array(SupplyHoldJson) }).meta({ id: "SupplyHolds" });
export const SupplyHoldNotedJson = z
  .object({ outcome: z.enum(["noted", "already"]), id: IdText })
  .meta({ id: "SupplyHoldNoted" });
export const SupplyHoldStepJson = z
  .object({ outcome: z.enum(["approved", "ended", "already"]) })
  .meta({ id: "SupplyHoldStep" });

const Celsius = z.number().min(-90).max(60).multipleOf(0.1).describe("°C, to a tenth");
export const DayTemperatureBody = z
  .object({
    day: DayText,
    kind: z.enum(["forecast", "measured"]),
    lowC: Celsius,
    highC: Celsius,
    source: PlainText.trim().min(3).max(300).describe("Who foretold or measured it"),
  })
  .refine(({ lowC, highC }) => highC >= lowC, { path: ["highC"], message: "the highest is not below the lowest" });
export const DayTemperaturesQuery = z.object({ from: DayText.describe("The first day") });
export const DayTemperaturesJson = z
  .object({
    items: z.array(
      z.object({
        day: DayText,
        kind: z.enum(["forecast", "measured"]),
        lowC: z.number(),
        highC: z.number(),
        source: z.string(),
      }),
    ),
  })
  .meta({ id: "DayTemperatures" });
