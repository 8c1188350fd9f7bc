import type { Currency } from "./money.ts";
import type { ContactChannel } from "./notice.ts";
import type { Day } from "./period.ts";
import type { DecimalText, Title } from "./tariff.ts";
import type { Utility } from "./unit.ts";

/** Local wall-clock hours `[from, to)`, `HH:MM`; over midnight when `from` is after `to`. */
export type ClockHours = { readonly from: string; readonly to: string };

/** Messages whose ways a policy may choose: those of the walk, and of money. */
export const POLICY_MESSAGES = ["warn1", "warn2", "secondNotice", "cut", "restored", "payment", "correction"] as const;
export type PolicyMessage = (typeof POLICY_MESSAGES)[number];
/** Those that a policy may leave out by naming no way: supply does not rest on them. */
export const OPTIONAL_MESSAGES: readonly PolicyMessage[] = ["payment", "correction"];

/**
 * When a prepaid supply is warned, cut and given back. Data: a new rule is a new version.
 * Amounts are available balance in major units: ledger balance less unbilled use.
 */
export type PrepaidPolicy = {
  readonly id: string;
  readonly version: string;
  /** First day, in the operator's zone; the version before it counts until then. */
  readonly effectiveFrom: Day;
  readonly title: Title;
  /** Document, section, link; or that it is invented for the demo. */
  readonly source: readonly string[];
  readonly currency: Currency;
  /** First warning at or below. */
  readonly warn1: DecimalText;
  /** Second warning at or below; it counts as the notice that a cut needs. */
  readonly warn2: DecimalText;
  /** Ways to the customer that a message takes, of those that the account has; absent = all of them; none = it is not told. */
  readonly channels?: { readonly [M in PolicyMessage]?: readonly ContactChannel[] };
  /** A cut is due when less than this is available: negative = overdraft. */
  readonly cutBelow: DecimalText;
  /** What the customer may take once on credit when no more than `offeredBelow` is available; the next top-up repays it first. */
  readonly emergencyCredit?: { readonly amount: DecimalText; readonly offeredBelow: DecimalText };
  /** Without a credit, supply comes back when more than this is available (a rebilling, say). A credit always brings it back. */
  readonly reconnectAbove: DecimalText;
  /** A credit gives supply back only when at least this is available after it; absent = a credit of any size does. */
  readonly closePermitFrom?: DecimalText;
  /** Limits of what is held (囤积): the balance after a top-up, and one top-up. */
  readonly hoarding?: { readonly balanceMax?: DecimalText; readonly topUpMax?: DecimalText };
  /** Of a shared top-up at most this part, and at most this amount, goes to other debts; absent = all that is owed. */
  readonly debtShare?: { readonly percent: number; readonly max?: DecimalText };
  /** What may be cut at all; gas never by a timer. */
  readonly utilities: readonly Utility[];
  /** No cut sooner than this after the second warning. */
  readonly noticeMinutes: number;
  /** A second notice goes out when nothing else stands against the cut; no cut sooner than this after it. Absent = there is none. */
  readonly secondNoticeMinutes?: number;
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
  /** Nothing is cut while this version is in force. */
  readonly paused?: true;
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
    /** How long a meter that was permitted to close waits for its customer's press before somebody looks; absent = a day. */
    readonly pressWithinMinutes?: number;
  };
};

/** The version in force on a day: the last one that has begun; `null` = none has. */
export const policyOn = (versions: readonly PrepaidPolicy[], day: Day): PrepaidPolicy | null =>
  versions
    .filter(({ effectiveFrom }) => effectiveFrom <= day)
    .reduce<PrepaidPolicy | null>(
      (last, one) => (last === null || one.effectiveFrom >= last.effectiveFrom ? one : last),
      null,
    );
