import { z } from "zod";
import { LADDER_RUNS } from "../../billing/explain/read-ladders.ts";
import { CUT_CAUSES, CUT_STANDS } from "../../domain/proration.ts";
import { BillChargeJson } from "./charge.ts";
import { ClosingFiguresJson } from "./account-closing.ts";
import { DepositStatementJson } from "./deposit.ts";
import { DayText, IdText, InstantText, MoneyJson, PageQuery, QuantityJson, UtilityName } from "./json.ts";

/** Payments settle the oldest bill first. */
export const BillStatus = z.enum(["open", "part_paid", "paid"]).meta({ id: "BillStatus" });
export type BillStatus = z.infer<typeof BillStatus>;

const ClassAmounts = z.object({ total: MoneyJson, open: MoneyJson });

export const BillRowJson = z
  .object({
    id: IdText,
    number: z.string(),
    accountId: IdText,
    accountNumber: z.string(),
    accountName: z.string(),
    building: z.string(),
    room: z.string(),
    periodFrom: DayText,
    periodTo: DayText.describe("Half-open: the first day that is not billed"),
    issuedOn: DayText,
    dueOn: DayText,
    total: MoneyJson.describe("All that it asks for: supply and what is charged besides"),
    open: MoneyJson.describe("What is left to pay of it"),
    classes: z
      .object({ supply: ClassAmounts, property: ClassAmounts })
      .describe("By class of debt; supply is never cut for the other"),
    status: BillStatus,
    isFinal: z.boolean().describe("The last bill of an account that was closed"),
    journalId: IdText.nullable().describe("null where nothing was to be posted"),
  })
  .meta({ id: "BillRow" });
export type BillRowJson = z.infer<typeof BillRowJson>;

export const CutJson = z
  .object({
    day: DayText.describe("The first day of what begins with it"),
    by: z.array(z.enum(CUT_CAUSES)),
    on: z
      .enum(CUT_STANDS)
      .describe(
        "What both sides stand on: a reading there, a line between readings, an estimate, or the count of days",
      ),
  })
  .meta({ id: "Cut" });

export const ProrationJson = z
  .object({
    days: z.number().int(),
    billDays: z.number().int().describe("Days of the whole bill"),
    scaled: z
      .enum(["by_days", "whole"])
      .nullable()
      .describe("Tiers, or an amount per month, for the part: by its days, or whole; null = the charge has neither"),
    cuts: z.array(CutJson).describe("In order of time"),
  })
  .meta({ id: "Proration" });
export type ProrationJson = z.infer<typeof ProrationJson>;

export const BillLineJson = z
  .object({
    key: z.string().describe("Stable key of the charge"),
    usagePointId: IdText,
    utility: UtilityName,
    tariffId: z.string(),
    tariffVersion: z.string(),
    charge: z.string(),
    kind: z.string(),
    tier: z.number().int().nullable(),
    tou: z.string().nullable(),
    periodFrom: InstantText,
    periodTo: InstantText,
    quantity: z.object({ value: z.string(), unit: z.string() }).nullable(),
    price: z.string().nullable(),
    amount: MoneyJson,
    included: MoneyJson.nullable().describe("Tax that other prices contain: told, not added"),
    basis: z.string().nullable(),
    titleZh: z.string(),
    titleEn: z.string(),
    proration: ProrationJson.nullable().describe("How a line of a cut part was prorated; null = nothing cuts it"),
    correctsBillId: IdText.nullable().describe(
      "The estimated bill that it trues up: quantity and amount are differences",
    ),
  })
  .meta({ id: "BillLine" });
export type BillLineJson = z.infer<typeof BillLineJson>;

export const BilledRegisterJson = z
  .object({
    meter: z.string(),
    serial: z.string(),
    register: z.string(),
    from: z.string(),
    to: z.string(),
    start: z.string().nullable().describe("null: not known, or of a demand register, which begins anew"),
    end: z.string().nullable(),
    used: z.string().describe("Of a demand register its kW"),
    basis: z.string(),
    estimate: z
      .object({ method: z.string(), basis: z.record(z.string(), z.string()) })
      .describe("The end is an estimate: how it was found; the next reading trues it up"),
  })
  .partial()
  .meta({ id: "BilledRegister" });

export const BilledUsageJson = z
  .object({
    usagePointId: IdText,
    utility: UtilityName,
    building: z.string(),
    room: z.string(),
    periodFrom: InstantText,
    periodTo: InstantText.describe("The stretch of the bill's period under one agreement"),
    quantity: QuantityJson,
    basis: z.string(),
    registers: z.array(BilledRegisterJson),
    ladderBefore: z.record(z.string(), z.unknown()),
    correctsBillId: IdText.nullable().describe("The estimated bill that it trues up: quantities are differences"),
  })
  .meta({ id: "BilledUsage" });
export type BilledUsageJson = z.infer<typeof BilledUsageJson>;

export const StatementJson = z
  .object({
    previous: MoneyJson.describe("Owed after the bill before"),
    paid: MoneyJson.describe("Payments since, less what was reversed or given back"),
    other: MoneyJson.describe("Adjustments and what was taken over since"),
    billed: MoneyJson,
    balance: MoneyJson.describe("Owed after this bill; negative = credit"),
    creditUsed: MoneyJson.describe("What of the bill an earlier credit has paid already"),
  })
  .meta({ id: "Statement" });
export type StatementJson = z.infer<typeof StatementJson>;

export const BillJson = BillRowJson.extend({
  lines: z.array(BillLineJson),
  deposit: DepositStatementJson.describe(
    "From the bill before to this one's issue; with a final bill what it took of it",
  ),
  final: ClosingFiguresJson.extend({ onDay: DayText })
    .nullable()
    .describe("A final bill: the account ends on that day; figures as of its issue"),
  statement: z
    .object({ supply: StatementJson, property: StatementJson })
    .describe("By class of debt, as of the bill's issue: `previous - paid + other + billed = balance`; owed positive"),
  ladders: z
    .array(z.enum(LADDER_RUNS))
    .describe("How tiers run over a bill of several months; empty for one month, and where no tariff has tiers"),
  charges: z.array(BillChargeJson).describe("Lines that are not supply"),
  usage: z.array(BilledUsageJson),
}).meta({ id: "Bill" });
export type BillJson = z.infer<typeof BillJson>;

export const BillsQuery = PageQuery.extend({
  period: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/, "a period is YYYY-MM")
    .optional()
    .describe("Month billed; default last month"),
  status: BillStatus.optional(),
});
export const BillsJson = z
  .object({
    period: z.string(),
    items: z.array(BillRowJson),
    page: z.number().int(),
    pageSize: z.number().int(),
    total: z.number().int(),
    sum: MoneyJson.describe("Of all bills that fit, not of the page"),
  })
  .meta({ id: "Bills" });
export type BillsJson = z.infer<typeof BillsJson>;

/** Newest first, at most 120. */
export const AccountBillsJson = z.object({ items: z.array(BillRowJson) }).meta({ id: "AccountBills" });
export type AccountBillsJson = z.infer<typeof AccountBillsJson>;
