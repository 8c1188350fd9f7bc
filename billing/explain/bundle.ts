import { z } from "zod";
import type { Bill } from "../../domain/bill.ts";
import { isoOf } from "../../domain/instant.ts";
import { amountText, money, type Money } from "../../domain/money.ts";
import { decimalText } from "../../domain/quantity.ts";
import type { BilledUsage } from "../../ledger/bills.ts";
import type { Posting } from "../../ledger/chart.ts";
import { finalSchema } from "./final-settlement.ts";

/** Version of the bundle. docs/reference/bill-bundle.md describes it. */
export const BUNDLE_FORMAT = "sanbiao.bill/1";

const text = z.string();
const nullable = text.nullable();

const line = z.object({
  key: text,
  usagePointId: text,
  utility: text,
  tariffId: text,
  tariffVersion: text,
  charge: text,
  kind: text,
  tier: z.number().nullable(),
  tou: nullable,
  from: text,
  to: text,
  quantity: nullable,
  unit: nullable,
  price: nullable,
  amount: text,
  included: nullable,
  basis: nullable,
  correctsBillId: nullable,
  titleZh: text,
  titleEn: text,
});
export type BundleLine = z.infer<typeof line>;

const charge = z.object({
  key: text,
  code: text,
  income: text,
  from: text,
  to: text,
  monthDays: z.number(),
  quantity: text,
  unit: text,
  price: text,
  amount: text,
  included: text,
  titleZh: text,
  titleEn: text,
  /** A late fee: the earlier bill whose debt it is for. */
  ofBillId: text.optional(),
});
export type BundleCharge = z.infer<typeof charge>;

const usage = z.object({
  usagePointId: text,
  utility: text,
  from: text,
  to: text,
  quantity: text,
  unit: text,
  basis: text,
  registers: z.array(z.record(z.string(), z.unknown())),
  ladderBefore: z.record(z.string(), text),
  correctsBillId: nullable,
  /** Energy given back and reactive energy, where the tariff asks for them. */
  beside: z
    .array(
      z.object({
        kind: text,
        quantity: text,
        unit: text,
        basis: text,
        registers: z.array(z.record(z.string(), z.unknown())),
      }),
    )
    .optional(),
  /** What charges were given of the bills before, and what they hand on. */
  state: z.object({ before: z.record(z.string(), z.unknown()), after: z.record(z.string(), z.unknown()) }).optional(),
});
export type BundleUsage = z.infer<typeof usage>;

const posting = z.object({ ledgerAccount: text, accountId: nullable, amount: text });
export type BundlePosting = z.infer<typeof posting>;

const series = z.object({
  meter: text,
  register: text,
  values: z.array(
    z.union([z.tuple([text, text, text]), z.tuple([text, text, text, z.record(z.string(), z.unknown())])]),
  ),
});

/** A line that a note corrects: what had been billed of it until then, what it should be, and the differences. */
const correctionLine = z.object({
  key: text,
  usagePointId: text,
  utility: text,
  tariffId: text,
  tariffVersion: text,
  charge: text,
  kind: text,
  tier: z.number().nullable(),
  tou: nullable,
  from: text,
  to: text,
  unit: nullable,
  price: nullable,
  billed: text,
  due: text,
  amount: text,
  quantity: nullable,
  included: nullable,
  titleZh: text,
  titleEn: text,
});
export type BundleCorrectionLine = z.infer<typeof correctionLine>;

const correctionUsage = z.object({
  usagePointId: text,
  /** `main`, `export` or `reactive`. */
  measured: text,
  utility: nullable,
  from: text,
  to: text,
  quantity: text,
  unit: text,
  registers: z.array(z.record(z.string(), z.unknown())),
});
export type BundleCorrectionUsage = z.infer<typeof correctionUsage>;

const correctionState = z.object({
  usagePointId: text,
  tariffId: text,
  from: text,
  to: text,
  before: z.record(z.string(), z.unknown()),
  after: z.record(z.string(), z.unknown()),
});
export type BundleCorrectionState = z.infer<typeof correctionState>;

const correctionCharge = z.object({ key: text, billed: text, due: text, amount: text, included: text });
export type BundleCorrectionCharge = z.infer<typeof correctionCharge>;

/** What one correction note says of this bill. A note may correct other bills, too: `total` is of all of them. */
const correction = z.object({
  number: text,
  kind: z.enum(["rebill", "cancel", "anew"]),
  issuedOn: text,
  reason: text,
  total: text,
  ofThisBill: text,
  lines: z.array(correctionLine),
  usage: z.array(correctionUsage),
  states: z.array(correctionState),
  charges: z.array(correctionCharge),
  /** What it was worked out from; `null` for a note from before that was kept. */
  rests: z
    .object({
      due: z.enum(["anew", "nothing"]),
      usagePoints: z.array(text),
      afterTrueUpsOf: z.array(text),
      inputs: z.record(z.string(), z.unknown()),
      readings: z.array(series),
      sha256: text,
      explained: z.array(z.unknown()),
    })
    .nullable(),
});
export type BundleCorrection = z.infer<typeof correction>;

/** What a later bill trued up of this one. */
const trueUp = z.object({ billId: text, number: text, lines: z.array(line), usage: z.array(usage) });
export type BundleTrueUp = z.infer<typeof trueUp>;

export const bundleSchema = z.object({
  format: z.literal(BUNDLE_FORMAT),
  exportedAt: text,
  /** `issued`: kept with the bill. `rebuilt`: the bill is older than that, these are the inputs that the books hold today. */
  inputsAre: z.enum(["issued", "rebuilt"]),
  operator: z.object({ code: text, nameZh: text, nameEn: text, zone: text, currency: text }),
  account: z.object({ id: text, number: text, name: text }),
  bill: z.object({ id: text, number: text, from: text, to: text, issuedOn: text, dueOn: text, total: text }),
  lines: z.array(line),
  /** What is charged besides supply: property fee, parking. */
  charges: z.array(charge),
  usage: z.array(usage),
  postings: z.array(posting),
  /** Of a final bill: what it came to with deposit and set-off. */
  final: finalSchema.optional(),
  /** True-ups by later bills and correction notes until the day of the export, each in its order. */
  trueUps: z.array(trueUp).optional(),
  corrections: z.array(correction).optional(),
  /** The bill with all of them. */
  comesTo: z.object({ supply: text, charges: text }).optional(),
  explained: z.array(z.unknown()),
  rules: z.record(z.string(), text),
  inputs: z.record(z.string(), z.unknown()),
  readings: z.array(series),
  tariffs: z.array(z.object({ sha256: text, document: z.record(z.string(), z.unknown()) })),
  edits: z.array(z.record(z.string(), z.unknown())),
  hashes: z.object({ inputs: text, readings: z.array(text), contents: text }),
});
export type BillBundle = z.infer<typeof bundleSchema>;

/** How figures are made, in words, for whoever recomputes a bill without this program. */
export const RULES = {
  rounding:
    "Each line is rounded once, by its charge's `rounding` (default half away from zero); the total is the sum of lines.",
  quantities: "Quantities are exact millionths; a step of a register over an edge is shared by time.",
  ladder: "A unit at a threshold belongs to the tier that ends there; thresholds grow by the household's rules.",
  standing:
    "Per day: days that begin within the part. Per month: of a part month its days over the month's days, to a millionth.",
  periods: "Periods are half-open, [from, to), in the tariff's zone.",
  canonical: "Hashes are SHA-256 of JSON without spaces and with sorted keys.",
} as const;

/** The lines of a rated bill as a bundle has them. Pure. */
export const linesOfBill = ({ lines }: Bill): BundleLine[] =>
  lines.map((one) => ({
    key: one.key,
    usagePointId: String(one.usagePointId),
    utility: one.utility,
    tariffId: one.tariffId,
    tariffVersion: one.tariffVersion,
    charge: one.charge,
    kind: one.kind,
    tier: one.tier ?? null,
    tou: one.tou ?? null,
    from: isoOf(one.period.from),
    to: isoOf(one.period.to),
    quantity: one.quantity === undefined ? null : decimalText(one.quantity),
    unit: one.unit ?? null,
    price: one.price ?? null,
    amount: amountText(one.amount),
    included: one.included === undefined ? null : amountText(one.included),
    basis: one.basis ?? null,
    correctsBillId: one.corrects === undefined ? null : String(one.corrects),
    titleZh: one.title.zh,
    titleEn: one.title.en,
  }));

export const chargesOfBill = ({ charges = [] }: Bill): BundleCharge[] =>
  charges.map(({ title, amount, included, ofBill, ...one }) => ({
    ...one,
    price: shortDecimal(one.price),
    amount: amountText(amount),
    included: amountText(included),
    titleZh: title.zh,
    titleEn: title.en,
    ...(ofBill === undefined ? {} : { ofBillId: String(ofBill) }),
  }));

/** `2.5000` and `2.50` are one price. */
export const shortDecimal = (decimal: string): string =>
  decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;

export const usagesOfBill = (usages: readonly BilledUsage[]): BundleUsage[] =>
  usages.map(({ usagePointId, usage: used, registers, ladderBefore, corrects, beside, state }) => ({
    usagePointId: String(usagePointId),
    utility: used.utility,
    from: isoOf(used.servicePeriod.from),
    to: isoOf(used.servicePeriod.to),
    quantity: decimalText(used.total),
    unit: used.unit,
    basis: used.basis,
    registers: registers as Record<string, unknown>[],
    ladderBefore: Object.fromEntries(
      Object.entries(ladderBefore).map(([charge, micro]) => [charge, decimalText(micro)]),
    ),
    correctsBillId: corrects === undefined ? null : String(corrects),
    ...(beside === undefined
      ? {}
      : {
          beside: beside.map((one) => ({
            kind: one.kind,
            quantity: decimalText(one.usage.total),
            unit: one.unit,
            basis: one.usage.basis,
            registers: one.registers as Record<string, unknown>[],
          })),
        }),
    ...(state === undefined ? {} : { state: state as NonNullable<BundleUsage["state"]> }),
  }));

export const postingsJson = (postings: readonly Posting[]): BundlePosting[] =>
  postings.map((one) => ({
    ledgerAccount: one.ledgerAccount,
    accountId: "accountId" in one ? String(one.accountId) : null,
    amount: amountText(one.amount),
  }));

export const textOfMinor = (currency: Money["currency"], minor: bigint): string => amountText(money(currency, minor));
