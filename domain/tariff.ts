import type { Currency } from "./money.ts";
import type { Day, Zone } from "./period.ts";
import type { TouPeriod } from "./usage.ts";
import type { Unit, Utility } from "./unit.ts";

/** Decimal text, never a binary float: `"0.538"`. */
export type DecimalText = string;
export type Title = { readonly zh: string; readonly en: string };

/**
 * One published version of a tariff. It never changes: a new price is a new version that begins where this one ends.
 * Versions of one `id` share their charges' ids, so that a ladder goes on across a change of price.
 */
export type Tariff = {
  readonly id: string;
  readonly version: string;
  readonly utility: Utility;
  readonly unit: Unit;
  readonly currency: Currency;
  /** In force on the days `[effectiveFrom, effectiveTo)` of `zone`; without an end until further notice. */
  readonly effectiveFrom: Day;
  readonly effectiveTo?: Day;
  readonly zone: Zone;
  readonly title: Title;
  /** Document, section, link. */
  readonly source: readonly string[];
  /** Set when a figure must be confirmed with the utility before a real bill. */
  readonly confirm?: Title;
  /** Says which hours belong to which time-of-use period; without it only a meter's own registers can tell. */
  readonly tou?: TouClock;
  /** How energy taken and energy given back meet; without it each is priced on its own (buy all, sell all). */
  readonly netting?: Netting;
  /** A bill's total goes to a multiple of `to` (`"0.05"`, `"1"`): the difference is a line of its own, key `…/rounding/…`. */
  readonly billRounding?: { readonly to: DecimalText; readonly mode?: RoundingMode };
  readonly charges: readonly Charge[];
  /** Worked examples, replayed by one generic test. */
  readonly examples?: readonly TariffExample[];
};

/** The first rule that fits an instant gives its period; none → `otherwise`. */
export type TouClock = {
  readonly rules: readonly TouRule[];
  readonly otherwise: TouPeriod;
  /** Dated public holidays, and weekend days that are worked in exchange (调休). */
  readonly calendar?: { readonly holidays: readonly Day[]; readonly workdays?: readonly Day[] };
};
export type TouRule = {
  readonly period: TouPeriod;
  /** 1–12; absent = every month. */
  readonly months?: readonly number[];
  /** ISO weekdays, Monday 1 … Sunday 7, of the local day of the instant itself; absent = every day. */
  readonly weekdays?: readonly number[];
  /** By the calendar: a `workday` is Monday to Friday and no holiday, or a worked weekend day; a `restday` any other; a `holiday` is named. */
  readonly days?: "workday" | "restday" | "holiday";
  /** Local `HH:MM`, half-open; `to` may be `24:00`; a `from` after `to` runs over midnight. Absent = the whole day. */
  readonly from?: string;
  readonly to?: string;
};

/** A price for all hours, or one for each time-of-use period. */
export type Price = DecimalText | Readonly<Record<string, DecimalText>>;

/** `upTo` is cumulative in the ladder period and inclusive; `null` = no end (the last tier only). */
export type PricedTier = {
  readonly upTo: DecimalText | null;
  /** So many units for each kW (`ladder.kw`); beside an `upTo` the smaller of the two is the tier's end. */
  readonly upToPerKw?: DecimalText;
  readonly price: Price;
};
export type AddedTier = { readonly upTo: DecimalText | null; readonly add: DecimalText };

/** In `months` these tiers stand in place of the charge's own. Only for a ladder by month. */
export type LadderSeason<T> = { readonly months: readonly number[]; readonly tiers: readonly T[] };

/**
 * When the count begins again: `year` from `yearStart` on, every calendar `month`, or every rated `period`.
 * A part ladder year keeps its whole thresholds unless `part` says otherwise.
 */
export type Ladder = {
  readonly basis: "year" | "month" | "period";
  /** `MM-DD`, default `01-01`. */
  readonly yearStart?: string;
  readonly household?: readonly HouseholdRule[];
  /** Thresholds are for each `day` or `month` of the ladder's period and grow with its length. */
  readonly scale?: "day" | "month";
  /** A part of a ladder's period (moving in or out) has `whole` thresholds, or their share `by_days`. Default `whole`. */
  readonly part?: "whole" | "by_days";
  /** Which kW `upToPerKw` means: the account's, or the highest mean power of the ladder's stretch in `window` minutes. */
  readonly kw?: { readonly of: "contracted" | "demand"; readonly window?: number };
};

/**
 * From so many persons on, thresholds grow by `add` per `per`: once for the household, or for each person from that one on.
 * Each rule that fits adds. A change of size counts in full from its day on.
 */
export type HouseholdRule = {
  readonly fromPersons: number;
  readonly each: "household" | "person";
  readonly add: DecimalText;
  readonly per: "month" | "year";
  /** Which thresholds (1 = end of the first tier); absent = all. */
  readonly thresholds?: readonly number[];
};

/** How tiers meet time-of-use periods: fill in order of time, or share the total of the stretch in proportion. */
export type Allocation = "chronological" | "pro_rata";

export type RoundingMode = "half_away" | "half_even" | "up" | "down";

/** The charge stands only in these calendar months, or only for accounts with (without) this attribute. */
export type When = { readonly months?: readonly number[]; readonly lowIncome?: boolean };

export type ChargeBase = {
  /** Stable name, part of every line key: `energy`, `sewage`. */
  readonly id: string;
  readonly title: Title;
  /** To the minor unit, once per line; default `half_away` from zero. */
  readonly rounding?: RoundingMode;
  /** Rounds the line to a multiple of this instead of the minor unit: `"0.1"`, `"1"`. */
  readonly roundTo?: DecimalText;
  /** Lines by tier and time of use add up to the charge's exact sum rounded once: each takes what the running sum grew by. */
  readonly roundOnce?: boolean;
  readonly when?: When;
};

/** One price whatever the amount, with or without time of use. */
export type FlatCharge = ChargeBase & { readonly kind: "energy"; readonly form: "flat"; readonly price: Price };

/** Each tier has its price, or its price per time-of-use period. */
export type GraduatedCharge = ChargeBase & {
  readonly kind: "energy";
  readonly form: "graduated";
  readonly ladder: Ladder;
  readonly tiers: readonly PricedTier[];
  readonly seasons?: readonly LadderSeason<PricedTier>[];
  /** Default `chronological`. */
  readonly allocation?: Allocation;
};

/** Time of use first, then the ladder (先峰谷后阶梯): all units at `price`, and each tier's units with `add` on top. */
export type SurchargedCharge = ChargeBase & {
  readonly kind: "energy";
  readonly form: "surcharged";
  readonly price: Price;
  readonly ladder: Ladder;
  readonly tiers: readonly AddedTier[];
  readonly seasons?: readonly LadderSeason<AddedTier>[];
};

/** Whole-volume slab: everything at the price of the tier that the ladder reaches with it. */
export type SlabCharge = ChargeBase & {
  readonly kind: "energy";
  readonly form: "slab";
  readonly ladder: Ladder;
  readonly tiers: readonly PricedTier[];
  readonly seasons?: readonly LadderSeason<PricedTier>[];
};

/** Prices of equal intervals from an instant on: a market's, hour by hour. */
export type PriceSeries = { readonly from: string; readonly minutes: number; readonly values: readonly DecimalText[] };
/** A price of its own for each interval; the line says the mean. */
export type SeriesCharge = ChargeBase & {
  readonly kind: "energy";
  readonly form: "series";
  readonly series: PriceSeries;
};

export type EnergyCharge = FlatCharge | GraduatedCharge | SurchargedCharge | SlabCharge | SeriesCharge;

type Exported<C> = C extends unknown ? Omit<C, "kind"> & { readonly kind: "export" } : never;
/** Energy given back, paid at these prices: lines are credits. */
export type ExportCharge = Exported<FlatCharge | GraduatedCharge | SlabCharge | SeriesCharge>;

/**
 * `interval`: what was taken and what was given back within one interval meet, the rest of each is priced (net billing).
 * `period`: they meet over the rated period, within each time of use; a surplus is carried on in kWh or sold by `export` charges.
 */
export type Netting =
  | { readonly by: "interval" }
  | {
      readonly by: "period";
      readonly surplus: "carry" | "sell";
      /**
       * Where months have other times of use, a carried surplus goes to the time of use of the same hour: the first of these
       * workday hours at which its own stood in the month before. Absent: to the time of use of the same name.
       */
      readonly likeHours?: readonly string[];
    };

/** Due whether or not anything was used. A part month counts its days over the month's days. */
export type StandingCharge = ChargeBase & {
  readonly kind: "standing";
  readonly per: "day" | "month";
  /** One of `price` and `tiers`: a fee of its own for each bracket (一户一档). */
  readonly price?: DecimalText;
  readonly tiers?: readonly FeeTier[];
  /** What the brackets go by: the calendar month's `use` (default), or the contracted capacity. */
  readonly by?: "use" | Capacity;
  /** Brackets by use of a part month have `whole` limits (default), or their share `by_days`. */
  readonly part?: "whole" | "by_days";
  /** The fee is for each kW or kVA of contracted capacity. A change counts from its day on. */
  readonly capacity?: Capacity;
};
/** What an account has contracted: active or apparent power. */
export type Capacity = "kW" | "kVA";
/** `upTo` is inclusive; `null` = no end (the last only). */
export type FeeTier = { readonly upTo: DecimalText | null; readonly price: DecimalText };

/** So much per unit used: sewage on water, a fund on energy; `share` of the use counts (sewage on 90 % of the water). */
export type VolumeCharge = ChargeBase & {
  readonly kind: "volume";
  readonly price: DecimalText;
  readonly share?: DecimalText;
};

/** A share of the rounded lines of charges named before it. */
export type PercentageCharge = ChargeBase & {
  readonly kind: "percentage";
  /** `"0.05"` = 5 %. */
  readonly rate?: DecimalText;
  /** In place of `rate`: a rate that depends on the base, of the whole base (`slab`) or tier by tier (`graduated`). */
  readonly rates?: { readonly form: "slab" | "graduated"; readonly tiers: readonly RateTier[] };
  readonly of: readonly string[];
};
/** `upTo` in whole currency, inclusive, for the rated period. */
export type RateTier = { readonly upTo: DecimalText | null; readonly rate: DecimalText };

/** `exclusive` comes on top; `inclusive` is contained in the prices and only told. */
export type TaxCharge = ChargeBase & {
  readonly kind: "tax";
  readonly rate: DecimalText;
  readonly mode: "inclusive" | "exclusive";
  /** Absent = every charge before it. */
  readonly of?: readonly string[];
};

/** `percent` of the highest of the `months` before; `of` = only of these calendar months. */
export type Ratchet = { readonly percent: DecimalText; readonly months: number; readonly of?: readonly number[] };

/**
 * kW × price for a month. The demand is the highest mean power of `window` minutes (absent: of the intervals as they come),
 * or what the meter's own demand register showed. A part month counts its days.
 */
export type DemandCharge = ChargeBase & {
  readonly kind: "demand";
  /** Each calendar month (default), or the rated period as one. */
  readonly per?: "month" | "period";
  readonly window?: number;
  /** Windows begin at every interval, not only every `window` minutes from local midnight. */
  readonly sliding?: boolean;
  /** A clock of its own for `in` and for prices by time of use; default the tariff's. */
  readonly tou?: TouClock;
  /** Only power in these times of use; absent = at any hour. */
  readonly in?: readonly string[];
  /** `register` (default): what the meter's own demand register showed, where it can tell, else the intervals; `intervals`: these alone. */
  readonly measure?: "register" | "intervals";
  /** Only the mean power of these hours, which the operator names: those of the system's own peak. */
  readonly coincident?: Coincident;
  /** `contracted`: the account's contracted kW is charged, whatever was drawn. Default `measured`. */
  readonly of?: "measured" | "contracted";
  /** One of `price` and `tiers`. By time of use: the highest of each. */
  readonly price?: Price;
  readonly tiers?: readonly PricedTier[];
  /** Of the measured demand this part is billed: `"0.85"`. */
  readonly share?: DecimalText;
  readonly minimumKw?: DecimalText;
  readonly ratchet?: readonly Ratchet[];
  /** `atLeast` × contracted is always billed; what is drawn above `over` × contracted costs `factor` times the price. */
  readonly contracted?: { readonly atLeast?: DecimalText; readonly over?: DecimalText; readonly factor?: DecimalText };
};

/** Dated hours, each `from` until `to` as a moment of the tariff's zone; of several in a part the `highest` (default) or their `mean` counts. */
export type Coincident = {
  readonly hours: readonly { readonly from: string; readonly to: string }[];
  readonly take?: "highest" | "mean";
};

/** The lines of `of` (absent: all before) come to at least `amount` in a month or a year; the line is what is missing. */
export type MinimumCharge = ChargeBase & {
  readonly kind: "minimum";
  readonly amount: DecimalText;
  readonly per: "month" | "year";
  /** `MM-DD`; the year's bill is the one that holds its last day. Default `01-01`. */
  readonly yearStart?: string;
  readonly of?: readonly string[];
};

/** Takes away: `amount` per month or day, `price` per unit used, or `rate` of the lines `of`; never more than `of` comes to when named. */
export type CreditCharge = ChargeBase & {
  readonly kind: "credit";
  readonly amount?: DecimalText;
  readonly per?: "day" | "month";
  readonly price?: DecimalText;
  readonly rate?: DecimalText;
  readonly of?: readonly string[];
};

/** The first `quantity` units of a month of the energy charge `of` cost nothing: given back at the prices of its lowest tiers. */
export type AllowanceCharge = ChargeBase & {
  readonly kind: "allowance";
  readonly quantity: DecimalText;
  readonly per: "month" | "period";
  readonly of: string;
};

/**
 * Power factor = active ÷ √(active² + reactive²), to two places. `table`: from the first row whose `from` it reaches, that
 * part of the lines `of`; below all rows the last row and `below` more for each 0.01. `standard`: charged × (standard ÷ factor − 1).
 */
export type PowerFactorCharge = ChargeBase & {
  readonly kind: "power_factor";
  readonly of: readonly string[];
  readonly table?: readonly { readonly from: DecimalText; readonly rate: DecimalText }[];
  readonly below?: DecimalText;
  readonly standard?: DecimalText;
};

/** Money credit: where the lines `of` come to less than nothing, the rest is kept for later bills, and paid in `settleMonth`. */
export type CarryCharge = ChargeBase & {
  readonly kind: "carry";
  readonly of: readonly string[];
  /** `next`: what the period's own credits earn is for later bills; default `now`: for this one first. */
  readonly use?: "now" | "next";
  readonly settleMonth?: number;
};

/**
 * With the bill that ends `month`, carried kWh are paid at `price` and the count begins again. `total`: the net surplus over
 * all hours since the last settlement (never below zero on the way); `periods`: what is left in each time of use.
 */
export type SurplusCharge = ChargeBase & {
  readonly kind: "surplus";
  readonly month: number;
  readonly price: DecimalText;
  readonly of?: "total" | "periods";
};

export type Charge =
  | EnergyCharge
  | ExportCharge
  | StandingCharge
  | VolumeCharge
  | PercentageCharge
  | TaxCharge
  | DemandCharge
  | MinimumCharge
  | CreditCharge
  | AllowanceCharge
  | PowerFactorCharge
  | CarryCharge
  | SurplusCharge;

/** A worked example: quantities in, rounded lines out. */
export type TariffExample = {
  readonly title: string;
  /** Days `[from, to)` in the tariff's zone. */
  readonly from: Day;
  readonly to: Day;
  /** One total, or a total per time-of-use register. */
  readonly quantity: DecimalText | Readonly<Record<string, DecimalText>>;
  readonly ladderUsedBefore?: DecimalText;
  readonly householdSize?: number;
  /** Given back, kvarh and highest kW of the period; the account's contracted kW and kVA and whether it is of low income. */
  readonly export?: DecimalText;
  readonly reactive?: DecimalText;
  readonly demand?: DecimalText;
  readonly contractedKw?: DecimalText;
  readonly contractedKva?: DecimalText;
  readonly lowIncome?: boolean;
  readonly expect: {
    /** `charge`, `charge/t2` or `charge/t2/peak` → amount. Lines that are not named are not looked at. */
    readonly lines?: Readonly<Record<string, DecimalText>>;
    readonly total: DecimalText;
  };
};
