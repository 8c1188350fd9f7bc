import { z } from "zod";
import { CHEQUE_COUNTS, SHIFT_STATES, TENDER_KINDS } from "../../domain/counter.ts";
import { IdText, InstantText, MoneyJson, PageQuery, PlainText } from "./json.ts";

const Reason = PlainText.trim().min(3).max(300);
export const TenderKindName = z.enum(TENDER_KINDS).meta({ id: "TenderKind" });

export const CounterTermsJson = z
  .object({
    shiftRequired: z.boolean().describe("No cash without an open shift"),
    varianceLimit: MoneyJson.nullable().describe("A larger variance is confirmed by a second person; null = none"),
    reversalLimit: MoneyJson.nullable().describe("A larger payment is reversed by somebody else; null = none"),
    chequeCounts: z.enum(CHEQUE_COUNTS).describe("When a cheque counts as paid"),
  })
  .meta({ id: "CounterTerms" });
export type CounterTermsJson = z.infer<typeof CounterTermsJson>;

export const DrawerBody = z.object({
  code: PlainText.trim().regex(/^\S{1,20}$/, "up to 20 characters without spaces"),
  name: PlainText.trim().max(60).default(""),
});
export const DrawerNotedJson = z
  .object({ outcome: z.enum(["noted", "already"]), id: IdText })
  .meta({ id: "DrawerNoted" });

export const CashDrawerJson = z
  .object({
    id: IdText,
    code: z.string(),
    name: z.string(),
    takenBy: z.object({ clerk: z.string(), since: InstantText }).nullable().describe("Whose shift is open there"),
  })
  .meta({ id: "CashDrawer" });

export const ShiftRowJson = z
  .object({
    id: IdText,
    drawer: z.string(),
    clerk: z.string(),
    mine: z.boolean(),
    state: z.enum(SHIFT_STATES),
    openedAt: InstantText,
    closedAt: InstantText.nullable(),
    float: MoneyJson,
    counted: MoneyJson.nullable().describe("As counted last"),
    variance: MoneyJson.nullable().describe("Counted less expected; told once it was counted"),
    reason: z.string().nullable(),
    confirmedBy: z.string().nullable(),
    secondPerson: z.boolean().describe("Waits for a manager who did not count"),
  })
  .meta({ id: "ShiftRow" });
export type ShiftRowJson = z.infer<typeof ShiftRowJson>;

export const ShiftKindJson = z
  .object({
    kind: TenderKindName,
    received: z.number().int(),
    givenBack: z.number().int(),
    in: MoneyJson.nullable().describe("null: cash of a shift that is still to be counted"),
    out: MoneyJson.nullable(),
    net: MoneyJson.nullable(),
  })
  .meta({ id: "ShiftKind" });

export const ShiftJson = ShiftRowJson.extend({
  kinds: z.array(ShiftKindJson).describe("X report while it is open, Z report when it is closed"),
  expected: MoneyJson.nullable().describe("What should be in the drawer; hidden from its clerk until it was counted"),
  counts: z.array(
    z.object({
      no: z.number().int(),
      counted: MoneyJson,
      pieces: z.array(z.object({ face: z.string(), pieces: z.number().int() })).nullable(),
      at: InstantText,
      by: z.string(),
    }),
  ),
}).meta({ id: "Shift" });
export type ShiftJson = z.infer<typeof ShiftJson>;

export const CounterJson = z
  .object({
    terms: CounterTermsJson,
    drawers: z.array(CashDrawerJson),
    shift: ShiftRowJson.nullable().describe("My open shift, whichever browser it was opened in"),
  })
  .meta({ id: "Counter" });
export type CounterJson = z.infer<typeof CounterJson>;

export const ShiftsQuery = PageQuery;
export const ShiftsJson = z
  .object({ items: z.array(ShiftRowJson), page: z.number().int(), pageSize: z.number().int(), total: z.number().int() })
  .meta({ id: "Shifts" });
export type ShiftsJson = z.infer<typeof ShiftsJson>;

export const OpenShiftBody = z.object({ drawerId: IdText, float: MoneyJson.describe("Zero or more") });
export const CountBody = z
  .union([
    z.object({ counted: MoneyJson }),
    z.object({
      pieces: z
        .array(z.object({ face: z.string().max(12), pieces: z.number().int().min(0).max(100_000) }))
        .min(1)
        .max(40),
    }),
  ])
  .describe("The sum, or the notes and coins");
export type CountBody = z.infer<typeof CountBody>;
export const ConfirmBody = z.object({ reason: Reason });
export const ShiftDoneJson = z
  .object({ outcome: z.enum(["done", "already"]), id: IdText, state: z.enum(SHIFT_STATES) })
  .meta({ id: "ShiftDone" });
export type ShiftDoneJson = z.infer<typeof ShiftDoneJson>;

export const ChequeJson = z
  .object({
    id: IdText,
    journalId: IdText,
    accountId: IdText,
    accountNumber: z.string(),
    accountName: z.string(),
    number: z.string(),
    bank: z.string(),
    amount: MoneyJson,
    counts: z.enum(CHEQUE_COUNTS),
    state: z.enum(["in_hand", "cleared", "returned"]),
    receivedAt: InstantText,
    endedAt: InstantText.nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: "Cheque" });
export type ChequeJson = z.infer<typeof ChequeJson>;
export const ChequesQuery = PageQuery.extend({ state: z.enum(["in_hand", "cleared", "returned"]).optional() });
export const ChequesJson = z
  .object({ items: z.array(ChequeJson), page: z.number().int(), pageSize: z.number().int(), total: z.number().int() })
  .meta({ id: "Cheques" });
export type ChequesJson = z.infer<typeof ChequesJson>;
export const ChequeEndBody = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("cleared") }),
  z.object({ outcome: z.literal("returned"), reason: Reason }),
]);
export const ChequeEndJson = z
  .object({ outcome: z.enum(["posted", "already"]), journalId: IdText, paymentId: IdText.nullable() })
  .meta({ id: "ChequeEnd" });
