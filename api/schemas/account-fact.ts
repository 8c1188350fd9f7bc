import { z } from "zod";
import { DayText, InstantText } from "./json.ts";

const capacity = (unit: string) => z.string().regex(/^\d{1,9}(\.\d{1,6})?$/, `${unit} as a decimal`);
const fromDay = DayText;

const forms = [
  z.object({ kind: z.literal("contracted_kw"), fromDay, kw: capacity("kW") }),
  z.object({ kind: z.literal("contracted_kva"), fromDay, kva: capacity("kVA") }),
  z.object({ kind: z.literal("low_income"), fromDay, lowIncome: z.boolean() }),
  z.object({ kind: z.literal("household"), fromDay, persons: z.number().int().min(1).max(99) }),
] as const;

export const AccountFactJson = z.union(forms).meta({ id: "AccountFact" });
export type AccountFactJson = z.infer<typeof AccountFactJson>;

export const AccountFactKindName = z.enum(["contracted_kw", "contracted_kva", "low_income", "household"]);

/** A fact from a day on, or that what was said of this day is taken back. A later word for the same day supersedes the earlier. */
export const AccountFactBody = z.union([
  ...forms.map((form) => form.strict()),
  z.object({ kind: AccountFactKindName, fromDay, withdrawn: z.literal(true) }).strict(),
]);

export type AccountFactBody = z.infer<typeof AccountFactBody>;

export const AccountFactsJson = z
  .object({
    items: z.array(
      z.object({
        fact: AccountFactJson.nullable().describe("null: what was said of this day is taken back"),
        kind: AccountFactKindName,
        fromDay,
        statedAt: InstantText.nullable().describe("null: before this was kept"),
        by: z.string().nullable().describe("null: a file"),
        state: z.enum(["counts", "superseded", "withdrawn"]),
      }),
    ),
    billedUntil: DayText.nullable().describe("Bills of days before are out: a fact of such a day shows in a replay"),
  })
  .meta({ id: "AccountFacts" });
export type AccountFactsJson = z.infer<typeof AccountFactsJson>;
