import type { Currency } from "./money.ts";
import type { Day } from "./period.ts";
import type { DecimalText, Title } from "./tariff.ts";
import type { Utility } from "./unit.ts";

/** Local wall-clock hours `[from, to)`, `HH:MM`; over midnight when `from` is after `to`. */
export type ClockHours = { readonly from: string; readonly to: string };

/**
 * When a prepaid supply is warned, cut and given back. Data: a new rule is a new version.
 * Amounts are available balance in major units: ledger balance less unbilled use.
 */
export type PrepaidPolicy = {
  readonly id: string;
  readonly version: string;
  readonly title: Title;
  /** Document, section, link; or that it is invented for the demo. */
  readonly source: readonly string[];
  readonly currency: Currency;
  /** First warning at or below. */
  readonly warn1: DecimalText;
  /** Second warning at or below; it counts as the notice that a cut needs. */
  readonly warn2: DecimalText;
  /** A cut is due when less than this is available: negative = overdraft. */
  readonly cutBelow: DecimalText;
  /** Without a credit, supply comes back when more than this is available (a rebilling, say). A credit always brings it back. */
  readonly reconnectAbove: DecimalText;
  /** What may be cut at all; gas never by a timer. */
  readonly utilities: readonly Utility[];
  /** No cut sooner than this after the second warning. */
  readonly noticeMinutes: number;
  /** No cut sooner than this after a credit of any kind. */
  readonly creditGraceMinutes: number;
  /** No cut on a last reading older than this. */
  readonly readingAgeMinutesMax: number;
  /** No cut in these hours, on these ISO weekdays (Monday 1), on these days. */
  readonly protectedHours: readonly ClockHours[];
  readonly protectedWeekdays: readonly number[];
  readonly protectedDays: readonly Day[];
  /** No cut on a public holiday of this calendar of `catalog/calendars`. */
  readonly holidays?: string;
  /** No cut on a local day whose lowest temperature is at or below, or whose highest is at or above this; °C. */
  readonly coldAtC?: number;
  readonly hotAtC?: number;
  /** The notice period runs from when the second warning was served; one that could not be delivered keeps supply on. */
  readonly noticeServed?: true;
  /** Cuts sent per operator in any 60 minutes. */
  readonly cutsPerHourMax: number;
  /** The same within one building; absent = no limit of its own. */
  readonly cutsPerHourPerBuildingMax?: number;
  /** A cut lets a trickle through where the valve can; another valve or relay is closed. Absent = always closed. */
  readonly cutBy?: "trickle";
  readonly order: {
    /** Sent so often without proof, an order is unknown and a person must look. */
    readonly attemptsMax: number;
    /** Wait for the proof after the first sending; doubled at each further one. */
    readonly proofWithinSeconds: number;
    /** An unknown order is tried anew after this long. */
    readonly unknownRetryMinutes: number;
  };
};
