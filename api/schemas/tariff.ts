import { z } from "zod";
import {
  CurrencyCode,
  DayText,
  IdText,
  InstantText,
  MoneyJson,
  PlainText,
  QuantityJson,
  UnitName,
  UtilityName,
} from "./json.ts";

export const TariffStateName = z
  .enum(["draft", "proposed", "published", "withdrawn"])
  .meta({ id: "TariffState", description: "draft ⇄ proposed → published → withdrawn (before its first day)" });

const title = z.object({ zh: z.string(), en: z.string() });
const actor = z.object({ name: z.string(), at: InstantText });

const row = {
  id: IdText.nullable().describe("null: a version of the catalogue"),
  origin: z.enum(["catalogue", "own"]),
  tariffId: z.string(),
  version: z.string(),
  utility: UtilityName,
  title,
  state: TariffStateName,
  effectiveFrom: DayText,
  effectiveTo: DayText.nullable(),
  inForce: z.boolean().describe("Bills of today are priced by it"),
};
export const TariffRowJson = z.object(row).meta({ id: "TariffRow" });
export const TariffsJson = z.object({ items: z.array(TariffRowJson) }).meta({ id: "Tariffs" });
export type TariffsJson = z.infer<typeof TariffsJson>;

export const TariffDifferenceJson = z
  .object({
    path: z
      .array(z.union([z.string(), z.number()]))
      .describe("A charge by its id, an example by its title, a row from 0"),
    before: z.unknown().describe("null: it is new"),
    after: z.unknown().describe("null: it is gone"),
  })
  .meta({ id: "TariffDifference" });
export type TariffDifferenceJson = z.infer<typeof TariffDifferenceJson>;

const ReplayedExampleJson = z.object({
  title: z.string(),
  total: z.string(),
  expected: z.string(),
  differs: z.array(z.object({ line: z.string(), expected: z.string(), got: z.string().nullable() })),
});
const Against = z
  .object({ version: z.string(), effectiveFrom: DayText })
  .nullable()
  .describe("The published version before it; null: it is the first");

export const TariffVersionJson = z
  .object({
    ...row,
    id: IdText,
    edition: z.number().int().describe("Send it with every change: another one was made meanwhile when it differs"),
    hash: z.string().describe("SHA-256 of the document as it is kept"),
    document: z.record(z.string(), z.unknown()),
    isCorrection: z.boolean(),
    reason: z.string(),
    made: actor,
    changed: actor,
    proposed: actor.nullable(),
    approved: actor.nullable(),
    withdrawn: actor.nullable(),
    problems: z.array(z.string()).describe("Why it cannot be published as it is"),
    billedBeyond: z
      .number()
      .int()
      .describe("Bills that reach beyond its first day: it can be published only as a correction"),
    examples: z.array(ReplayedExampleJson),
    against: Against,
    differences: z.array(TariffDifferenceJson).describe("What changes from `against` to it"),
    history: z.array(
      z.object({
        deed: z.enum(["made", "changed", "proposed", "returned", "published", "withdrawn"]),
        by: actor,
        edition: z.number().int(),
        reason: z.string(),
        differences: z
          .array(TariffDifferenceJson)
          .describe("What a change changed; the first draft against `against` of its day is not said"),
      }),
    ),
  })
  .meta({ id: "TariffVersion" });
export type TariffVersionJson = z.infer<typeof TariffVersionJson>;

export const DraftBody = z.strictObject({
  document: z.unknown().optional().describe("One version in the tariff language"),
  copyOf: PlainText.max(140).optional().describe("In place of `document`: id@version of the catalogue or an own one"),
  id: PlainText.min(1)
    .max(64)
    .optional()
    .describe("With `copyOf`: a tariff of one's own in place of a further version"),
  version: PlainText.min(1).max(64).optional().describe("With `copyOf`: the new version's name"),
  effectiveFrom: DayText.optional().describe("With `copyOf`: its first day"),
});
const edition = z.number().int().min(1);
export const DraftChangeBody = z.strictObject({ edition, document: z.unknown() });
export const ProposeBody = z.strictObject({
  edition,
  isCorrection: z.boolean().default(false).describe("Takes effect within months that are billed already"),
  reason: PlainText.trim().max(300).default("").describe("Needed for a correction"),
});
export const EditionBody = z.strictObject({ edition });
export const SendBackBody = z.strictObject({
  edition,
  reason: PlainText.trim().max(300).default("").describe("Needed from everybody but who proposed it"),
});

export const TrialBody = z.strictObject({
  document: z.unknown().describe("A version as it is being written"),
  accountId: IdText.optional().describe("A real account whose use is priced, with `month`"),
  month: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/, "a month is YYYY-MM")
    .optional(),
});

const TriedAmountJson = z
  .object({ quantity: z.string().nullable(), price: z.string().nullable(), amount: MoneyJson })
  .nullable();
const TriedLineJson = z.object({
  name: z.string().describe("charge/t2/peak"),
  charge: z.string(),
  title,
  tier: z.number().int().nullable(),
  tou: z.string().nullable(),
  unit: z.string().nullable(),
  before: TriedAmountJson,
  after: TriedAmountJson,
  change: MoneyJson,
});
const CurveJson = z.object({
  per: z.enum(["month", "year"]),
  quantities: z.array(z.string()),
  before: z.array(z.string()).nullable().describe("Totals of the version before it at these quantities"),
  after: z.array(z.string()).nullable(),
  why: z.string().describe("Why there is no curve"),
});

export const TariffTrialJson = z
  .object({
    problems: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .describe("What is wrong with it as a document, where; nothing else is answered then"),
    publication: z.array(z.string()).describe("What stands against publishing it"),
    against: Against,
    differences: z.array(TariffDifferenceJson),
    examples: z.array(ReplayedExampleJson),
    curve: CurveJson.nullable(),
    live: z
      .discriminatedUnion("kind", [
        z.object({
          kind: z.literal("rated"),
          tariffIds: z.array(z.string()),
          quantity: QuantityJson,
          lines: z.array(TriedLineJson),
          before: MoneyJson,
          after: MoneyJson,
          change: MoneyJson,
          example: z.record(z.string(), z.unknown()).nullable().describe("Its use as a worked example of this version"),
        }),
        z.object({ kind: z.literal("left_out"), detail: z.string() }),
        z.object({ kind: z.literal("nothing") }),
      ])
      .nullable()
      .describe("The account's month under the version before and under this one"),
  })
  .meta({ id: "TariffTrial" });
export type TariffTrialJson = z.infer<typeof TariffTrialJson>;

export const TariffLanguageJson = z
  .object({
    schema: z.record(z.string(), z.unknown()).describe("JSON Schema of a version"),
    calendars: z.array(
      z.object({
        id: z.string(),
        title,
        years: z.array(z.number().int()),
        holidays: z.array(DayText),
        workdays: z.array(DayText).describe("Weekend days that are worked"),
      }),
    ),
    units: z.record(UtilityName, UnitName).describe("What each utility is billed in"),
    currency: CurrencyCode,
    zone: z.string(),
  })
  .meta({ id: "TariffLanguage" });
export type TariffLanguageJson = z.infer<typeof TariffLanguageJson>;
