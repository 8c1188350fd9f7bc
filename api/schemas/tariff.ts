import { z } from "zod";
import { DayText, IdText, InstantText, PlainText, UtilityName } from "./json.ts";

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
    examples: z.array(
      z.object({
        title: z.string(),
        total: z.string(),
        expected: z.string(),
        differs: z.array(z.object({ line: z.string(), expected: z.string(), got: z.string().nullable() })),
      }),
    ),
  })
  .meta({ id: "TariffVersion" });
export type TariffVersionJson = z.infer<typeof TariffVersionJson>;

export const DraftBody = z.strictObject({
  document: z.unknown().optional().describe("One version in the tariff language"),
  copyOf: PlainText.max(140).optional().describe("In place of `document`: id@version of the catalogue or an own one"),
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
