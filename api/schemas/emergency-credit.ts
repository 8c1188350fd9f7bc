import { z } from "zod";
import { IdText, InstantText, MoneyJson } from "./json.ts";

export const EmergencyCreditJson = z
  .object({
    state: z.enum(["offered", "taken", "none"]),
    amount: MoneyJson.nullable().describe("What may be taken, or was"),
    used: MoneyJson.nullable().describe("Of what was taken: how far available is below the policy's limit of a cut"),
    takenAt: InstantText.nullable(),
    repaidAt: InstantText.nullable().describe("When the last one taken before was repaid"),
    why: z
      .enum(["not_prepaid", "no_policy", "balance_unknown", "enough", "too_little"])
      .nullable()
      .describe("Why there is nothing to take; too_little: supply would be off with it all the same"),
  })
  .meta({ id: "EmergencyCredit" });
export type EmergencyCreditJson = z.infer<typeof EmergencyCreditJson>;

export const EmergencyTakenJson = z
  .object({
    outcome: z.enum(["taken", "already"]),
    amount: MoneyJson,
    controlId: IdText.nullable().describe("The order that gives supply back"),
  })
  .meta({ id: "EmergencyCreditTaken" });
