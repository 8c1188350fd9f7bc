import type { ChargeLine } from "./charge.ts";
import type { Money } from "./money.ts";
import type { Day, Period } from "./period.ts";
import type { Micro } from "./quantity.ts";
import type { AccountId } from "./reading.ts";
import type { UsageBasis } from "./usage.ts";
import type { Unit, Utility } from "./unit.ts";

/** Besides units of measure: days and months of a standing charge, contracted capacity for as many months (`kVA`) or days (`kVA_day`). */
export type LineUnit = Unit | "day" | "month" | "kVA" | "kW_day" | "kVA_day";

/**
 * One rated line. `key` is stable: the same charge of the same tariff for the same tier, time of use and part of the
 * period always has the same key, so that two ratings of one period can be compared line by line.
 */
export type Line = {
  readonly key: string;
  readonly utility: Utility;
  readonly tariffId: string;
  readonly tariffVersion: string;
  /** Charge id in the tariff: `energy`, `sewage`, `standing`. */
  readonly charge: string;
  readonly kind: "usage" | "demand" | "standing" | "surcharge" | "tax" | "minimum" | "credit" | "rounding";
  /** Ladder tier from 1; absent where the charge has none. */
  readonly tier?: number;
  readonly tou?: string;
  readonly period: Period;
  /** Billed quantity in `unit`; absent for a pure amount. */
  readonly quantity?: Micro;
  readonly unit?: LineUnit;
  /** Decimal text per `unit`, or a share (`0.09`) for a percentage. */
  readonly price?: string;
  /** Rounded once, here. */
  readonly amount: Money;
  /** Tax that the prices of other lines contain: told, not added (`amount` is then zero). */
  readonly included?: Money;
  readonly basis?: UsageBasis;
  /** Of a measured demand: the meter's own register, or the mean power of intervals. */
  readonly measuredBy?: "register" | "intervals";
  /** The earlier bill whose estimate this line trues up: quantity and amount are then differences and may be negative. */
  readonly corrects?: bigint;
  /** Title in both languages, from the tariff. */
  readonly title: { readonly zh: string; readonly en: string };
};

/** A combined bill: all utilities of an account for one period, one total = the sum of its rounded lines. */
export type Bill = {
  readonly accountId: AccountId;
  readonly period: Period;
  readonly issuedOn: Day;
  readonly dueOn: Day;
  readonly lines: readonly (Line & { readonly usagePointId: bigint })[];
  /** What supply costs: the sum of `lines`. */
  readonly total: Money;
  /** What is charged besides, a debt class of its own; the bill asks for `total` and the sum of these. */
  readonly charges?: readonly ChargeLine[];
};
