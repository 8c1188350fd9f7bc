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
  readonly charges: readonly Charge[];
  /** Worked examples, replayed by one generic test. */
  readonly examples?: readonly TariffExample[];
};

/** The first rule that fits an instant gives its period; none → `otherwise`. */
export type TouClock = { readonly rules: readonly TouRule[]; readonly otherwise: TouPeriod };
export type TouRule = {
  readonly period: TouPeriod;
  /** 1–12; absent = every month. */
  readonly months?: readonly number[];
  /** ISO weekdays, Monday 1 … Sunday 7, of the local day of the instant itself; absent = every day. */
  readonly weekdays?: readonly number[];
  /** Local `HH:MM`, half-open; `to` may be `24:00`; a `from` after `to` runs over midnight. Absent = the whole day. */
  readonly from?: string;
  readonly to?: string;
};

/** A price for all hours, or one for each time-of-use period. */
export type Price = DecimalText | Readonly<Record<string, DecimalText>>;

/** `upTo` is cumulative in the ladder period and inclusive; `null` = no end (the last tier only). */
export type PricedTier = { readonly upTo: DecimalText | null; readonly price: Price };
export type AddedTier = { readonly upTo: DecimalText | null; readonly add: DecimalText };

/** In `months` these tiers stand in place of the charge's own. Only for a ladder by month. */
export type LadderSeason<T> = { readonly months: readonly number[]; readonly tiers: readonly T[] };

/**
 * When the count begins again: `year` from `yearStart` on, every calendar `month`, or every rated `period`.
 * A part ladder year keeps its whole thresholds.
 */
export type Ladder = {
  readonly basis: "year" | "month" | "period";
  /** `MM-DD`, default `01-01`. */
  readonly yearStart?: string;
  readonly household?: readonly HouseholdRule[];
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

export type ChargeBase = {
  /** Stable name, part of every line key: `energy`, `sewage`. */
  readonly id: string;
  readonly title: Title;
  /** To the minor unit, once per line; default `half_away` from zero. */
  readonly rounding?: RoundingMode;
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

export type EnergyCharge = FlatCharge | GraduatedCharge | SurchargedCharge;

/** Due whether or not anything was used. A part month counts its days over the month's days. */
export type StandingCharge = ChargeBase & {
  readonly kind: "standing";
  readonly per: "day" | "month";
  readonly price: DecimalText;
};

/** So much per unit used: sewage on water, a fund on energy. */
export type VolumeCharge = ChargeBase & { readonly kind: "volume"; readonly price: DecimalText };

/** A share of the rounded lines of charges named before it. */
export type PercentageCharge = ChargeBase & {
  readonly kind: "percentage";
  /** `"0.05"` = 5 %. */
  readonly rate: DecimalText;
  readonly of: readonly string[];
};

/** `exclusive` comes on top; `inclusive` is contained in the prices and only told. */
export type TaxCharge = ChargeBase & {
  readonly kind: "tax";
  readonly rate: DecimalText;
  readonly mode: "inclusive" | "exclusive";
  /** Absent = every charge before it. */
  readonly of?: readonly string[];
};

export type Charge = EnergyCharge | StandingCharge | VolumeCharge | PercentageCharge | TaxCharge;

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
  readonly expect: {
    /** `charge`, `charge/t2` or `charge/t2/peak` → amount. Lines that are not named are not looked at. */
    readonly lines?: Readonly<Record<string, DecimalText>>;
    readonly total: DecimalText;
  };
};
