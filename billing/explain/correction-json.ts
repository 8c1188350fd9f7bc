import { isoOf } from "../../domain/instant.ts";
import type { Currency } from "../../domain/money.ts";
import { decimalText } from "../../domain/quantity.ts";
import type { CorrectionLine } from "../../ledger/corrections.ts";
import type { MeasureDifference, StateDifference, UsageDifference } from "../rebill/compare.ts";
import type { BundleCorrectionLine, BundleCorrectionState, BundleCorrectionUsage } from "./bundle.ts";
import { textOfMinor } from "./bundle.ts";

/** Parts of a correction as a bundle has them. Pure. */
export const correctionLineJson = (line: CorrectionLine, currency: Currency): BundleCorrectionLine => ({
  key: line.key,
  usagePointId: String(line.usagePointId),
  utility: line.utility,
  tariffId: line.tariffId,
  tariffVersion: line.tariffVersion,
  charge: line.charge,
  kind: line.kind,
  tier: line.tier,
  tou: line.tou,
  from: isoOf(line.from),
  to: isoOf(line.to),
  unit: line.unit,
  price: line.price,
  billed: textOfMinor(currency, line.billedMinor),
  due: textOfMinor(currency, line.dueMinor),
  amount: textOfMinor(currency, line.dueMinor - line.billedMinor),
  quantity: line.quantity === null ? null : decimalText(line.quantity),
  included: line.includedMinor === null ? null : textOfMinor(currency, line.includedMinor),
  titleZh: line.title.zh,
  titleEn: line.title.en,
});

export const usageDifferenceJson = (
  one: UsageDifference | MeasureDifference,
  usagePointId: bigint,
): BundleCorrectionUsage => ({
  usagePointId: String(usagePointId),
  measured: "kind" in one ? one.kind : "main",
  utility: "utility" in one ? one.utility : null,
  from: isoOf(one.from),
  to: isoOf(one.to),
  quantity: decimalText(one.quantity),
  unit: one.unit,
  registers: one.registers as Record<string, unknown>[],
});

export const stateDifferenceJson = (
  { tariffId, period, before, after }: StateDifference,
  usagePointId: bigint,
): BundleCorrectionState => ({
  usagePointId: String(usagePointId),
  tariffId,
  from: isoOf(period.from),
  to: isoOf(period.to),
  before: before as Record<string, unknown>,
  after: after as Record<string, unknown>,
});
