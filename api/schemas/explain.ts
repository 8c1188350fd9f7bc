import { z } from "zod";
import { CUT_CAUSES } from "../../domain/proration.ts";
import { ProrationJson } from "./bill.ts";
import { IdText } from "./json.ts";

/** `[instant, value, source]` of a reading. */
const ReadingText = z.tuple([z.string(), z.string(), z.string()]);

export const ExplainedRegisterJson = z
  .object({
    meter: z.string(),
    serial: z.string(),
    register: z.string(),
    from: z.string(),
    to: z.string(),
    start: z.string().nullable(),
    end: z.string().nullable(),
    used: z.string(),
    ratio: z.string().optional(),
    verdicts: z.array(z.string()),
    estimate: z.object({ method: z.string(), basis: z.record(z.string(), z.string()) }).optional(),
    sources: z.record(z.string(), z.number()).describe("How many readings of each source were looked at"),
    aroundStart: z.array(ReadingText),
    aroundEnd: z.array(ReadingText),
  })
  .meta({ id: "ExplainedRegister" });

export const ExplainedLineJson = z
  .object({
    key: z.string().describe("The bill line's key"),
    arithmetic: z.object({
      quantity: z.string().nullable(),
      price: z.string().nullable(),
      of: z.array(z.object({ key: z.string(), amount: z.string() })).describe("Of a share: the lines it is taken of"),
      exact: z.string().nullable().describe("Before rounding"),
      rounding: z.string(),
      amount: z.string(),
    }),
    tariff: z.object({
      id: z.string(),
      version: z.string(),
      sha256: z.string(),
      effectiveFrom: z.string(),
      effectiveTo: z.string().nullable(),
      source: z.array(z.string()),
      charge: z.record(z.string(), z.unknown()).nullable().describe("The charge as it was published"),
    }),
    proration: z.object({
      from: z.string(),
      to: z.string(),
      ...ProrationJson.shape,
      cutBy: z.array(z.enum(CUT_CAUSES)),
    }),
    ladder: z
      .object({
        periodFrom: z.string(),
        periodTo: z.string(),
        persons: z.number().int().nullable(),
        thresholds: z.array(z.string()),
        usedBefore: z.string(),
        usedAfter: z.string(),
      })
      .nullable(),
    measuredBy: z.enum(["register", "intervals"]).nullable().describe("Of a demand: by what it was measured"),
    registers: z.array(ExplainedRegisterJson),
    verdicts: z.array(
      z.object({
        meter: z.string(),
        register: z.string(),
        rule: z.string(),
        result: z.string(),
        from: z.string(),
        to: z.string(),
        inputs: z.record(z.string(), z.string()),
      }),
    ),
    corrects: z.object({ number: z.string(), billed: z.string(), shouldBe: z.string() }).nullable(),
  })
  .meta({ id: "ExplainedLine" });
export type ExplainedLineJson = z.infer<typeof ExplainedLineJson>;

export const ExplainedBillJson = z
  .object({
    billId: IdText,
    inputsAre: z.enum(["issued", "rebuilt"]).describe("rebuilt: the bill is older than the keeping of its inputs"),
    items: z.array(ExplainedLineJson),
  })
  .meta({ id: "ExplainedBill" });
export type ExplainedBillJson = z.infer<typeof ExplainedBillJson>;
