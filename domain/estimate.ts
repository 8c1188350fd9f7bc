import type { Day } from "./period.ts";
import type { Micro } from "./quantity.ts";
import type { EstimationMethod } from "./reading-edit.ts";
import type { Title } from "./tariff.ts";
import type { Utility } from "./unit.ts";

/** Methods that find a value from what is known; `manual` and `agreed` are given by a person instead. */
export const COMPUTED_METHODS = [
  "linear",
  "last_year",
  "like_day",
  "recent_average",
  "class_profile",
] as const satisfies readonly EstimationMethod[];
export type ComputedMethod = (typeof COMPUTED_METHODS)[number];

/** What one method makes of one register at one instant. Texts in `basis` are decimals and ISO instants: fit for jsonb. */
export type Estimate =
  | {
      readonly kind: "estimated";
      readonly method: ComputedMethod;
      /** Grows when its figure can differ. */
      readonly version: number;
      readonly value: Micro;
      readonly basis: Readonly<Record<string, string>>;
      /** Half the width in which the method's own inputs scatter; `null` where that is not known. */
      readonly uncertainty: Micro | null;
    }
  | { readonly kind: "not_enough"; readonly method: ComputedMethod; readonly missing: string };

/**
 * Which methods are tried in which order, and when an estimate may stand on a bill. Data: a new rule is a new version.
 */
export type EstimationPolicy = {
  readonly id: string;
  readonly version: string;
  readonly title: Title;
  /** Document, section, link; or that it is ours. */
  readonly source: readonly string[];
  readonly utilities: readonly Utility[];
  readonly paymentModes: readonly ("postpaid" | "prepaid")[];
  readonly order: readonly ComputedMethod[];
  /** A bill waits for a reading until the meter has been silent for so many days. */
  readonly silentDays: number;
  /** So many bills in a row may end at an estimate; the next is held for a person. */
  readonly periodsMax: number;
  /** Days that are used like a Sunday. */
  readonly restDays: readonly Day[];
};
