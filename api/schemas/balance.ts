import { z } from "zod";
import { DayText, IdText, InstantText, PlainText, QuantityJson, UtilityName } from "./json.ts";

/** Decimal text, at most so many places: percents and square metres. */
const DecimalPlaces = (places: number) =>
  z.string().regex(new RegExp(`^\\d{1,8}(\\.\\d{1,${places}})?$`), `a number with at most ${places} places`);
const PercentText = z.string().nullable().describe("Percent of what the master counted; null when it counted nothing");

export const APPORTION_KEYS = ["area", "household", "usage", "equal"] as const;
export const ApportionKey = z.enum(APPORTION_KEYS).meta({ id: "ApportionKey" });
export type ApportionKey = z.infer<typeof ApportionKey>;
export const ApportionedPart = z.enum(["common", "loss", "residue"]).meta({ id: "ApportionedPart" });
export type ApportionedPart = z.infer<typeof ApportionedPart>;

export const MonthText = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/, "a month is YYYY-MM")
  .meta({ description: "A calendar month in the operator's zone", example: "2026-06" });

export const RuleJson = z
  .object({
    fromDay: DayText,
    key: ApportionKey,
    lossAllowancePercent: z.string(),
    apportioned: z.array(ApportionedPart).describe("What the customers bear; the rest is the operator's"),
  })
  .meta({ id: "ApportionmentRule" });
export type RuleJson = z.infer<typeof RuleJson>;

export const BalanceVerdictJson = z
  .object({ verdict: z.string(), usagePointId: IdText.nullable(), detail: z.string() })
  .meta({ id: "BalanceVerdict" });
export type BalanceVerdictJson = z.infer<typeof BalanceVerdictJson>;

/** What a closing says; master = sub + common + loss + residue, exactly. */
const figures = {
  id: IdText,
  closingNo: z.number().int(),
  periodFrom: DayText,
  periodTo: DayText.describe("Half-open: the first day that is not in it"),
  master: QuantityJson,
  sub: QuantityJson,
  common: QuantityJson.describe("Common use that has a meter of its own"),
  loss: QuantityJson.describe("What of the difference the allowance covers"),
  residue: QuantityJson.describe("Unexplained; negative when the parts counted more than the master"),
  lossPercent: PercentText,
  residuePercent: PercentText,
  estimated: QuantityJson.describe("The part of all quantities that rests on estimates"),
  basis: z.enum(["actual", "interpolated", "estimated"]),
  provisional: z.boolean().describe("A quantity is not the whole; nothing is shared"),
  verdicts: z.array(BalanceVerdictJson),
  closedAt: InstantText,
  reason: z.string().describe("Why it supersedes the closing before; empty for the first"),
};
export const BalanceFiguresJson = z.object(figures).meta({ id: "BalanceFigures" });
export type BalanceFiguresJson = z.infer<typeof BalanceFiguresJson>;

const master = {
  masterPointId: IdText,
  utility: UtilityName,
  building: z.string(),
  serial: z.string().describe("The master meter that hangs there now; empty when none does"),
};
export const BalanceRowJson = z
  .object({ ...master, balance: BalanceFiguresJson.nullable().describe("null: not closed yet") })
  .meta({ id: "BalanceRow" });
export type BalanceRowJson = z.infer<typeof BalanceRowJson>;

export const BalancesQuery = z.object({
  period: MonthText.optional().describe("Default: last month"),
  utility: UtilityName.optional(),
});
export const BalancesJson = z
  .object({ period: MonthText, items: z.array(BalanceRowJson) })
  .meta({ id: "Balances", description: "Every master with the latest closing of the month" });
export type BalancesJson = z.infer<typeof BalancesJson>;

export const BalancePartJson = z
  .object({
    usagePointId: IdText,
    purpose: z.enum(["supply", "common"]),
    building: z.string(),
    room: z.string(),
    isMaster: z.boolean(),
    meterId: IdText.nullable(),
    serial: z.string(),
    accountId: IdText.nullable(),
    accountNumber: z.string(),
    accountName: z.string(),
    quantity: QuantityJson,
    estimated: QuantityJson,
    basis: z.string(),
    doubts: z.array(z.string()).describe("Why the quantity is not the whole"),
  })
  .meta({ id: "BalancePart" });
export type BalancePartJson = z.infer<typeof BalancePartJson>;

export const ShareJson = z
  .object({
    accountId: IdText,
    accountNumber: z.string(),
    accountName: z.string(),
    weight: z.string().describe("Square metres, persons or homes times days, or units used"),
    quantity: QuantityJson,
  })
  .meta({ id: "ApportionedShare" });
export type ShareJson = z.infer<typeof ShareJson>;

export const BalanceJson = z
  .object({
    ...master,
    ...figures,
    rule: RuleJson.nullable().describe("The rule as it stood at this closing"),
    apportioned: QuantityJson.describe("Sum of the shares and the remainder"),
    remainder: QuantityJson.describe("Less than a hundredth of a unit: the operator's"),
    missingAccounts: z
      .array(z.object({ id: IdText, number: z.string(), name: z.string() }))
      .describe("Accounts without a value for the key: nothing is shared until they have one"),
    parts: z.array(BalancePartJson),
    shares: z.array(ShareJson),
    closings: z.array(BalanceFiguresJson).describe("Every closing of this period, newest first"),
    history: z
      .array(BalanceFiguresJson)
      .describe("Latest closings of this master up to twelve months back, oldest first"),
  })
  .meta({ id: "Balance" });
export type BalanceJson = z.infer<typeof BalanceJson>;

export const ClosingBody = z.object({
  masterPointId: IdText,
  period: MonthText,
  reason: PlainText.trim().max(300).default("").describe("Needed when other figures were closed before"),
});
/** 201: appended. 200 `same`: these very figures stand already. */
export const ClosingJson = z
  .object({
    outcome: z.enum(["closed", "superseded", "same"]),
    balanceId: IdText,
    closingNo: z.number().int(),
    provisional: z.boolean(),
  })
  .meta({ id: "Closing" });
export type ClosingJson = z.infer<typeof ClosingJson>;

export const RuleBody = z.object({
  fromDay: DayText,
  key: ApportionKey,
  lossAllowancePercent: DecimalPlaces(3).refine((text) => Number(text) <= 100, "at most 100 percent"),
  apportioned: z.array(ApportionedPart).max(3),
});
export const PlacementBody = z.object({
  fromDay: DayText,
  masterPointId: IdText.nullable().describe("null: no master measures it"),
  purpose: z.enum(["supply", "common"]).default("supply"),
});
export const FloorAreaBody = z.object({
  fromDay: DayText,
  areaM2: DecimalPlaces(2).refine((text) => Number(text) > 0, "more than nothing"),
});
export const NotedJson = z.object({ outcome: z.enum(["noted", "already"]) }).meta({ id: "Noted" });

export const WriteOffBody = z.object({
  of: z.enum(["unbilled", "residue"]),
  quantity: z.string().regex(/^\d{1,9}(\.\d{1,6})?$/, "a quantity in the point's unit"),
  reason: PlainText.trim().min(3).max(300),
});
export const WriteOffJson = z.object({ outcome: z.enum(["posted", "already"]) }).meta({ id: "WriteOff" });

/** Signed as booked: what was metered is negative, where it went is positive; the sum is zero. */
export const EnergyBookJson = z
  .object({ usagePointId: IdText, accounts: z.record(z.string(), QuantityJson) })
  .meta({ id: "EnergyBook" });
export type EnergyBookJson = z.infer<typeof EnergyBookJson>;
