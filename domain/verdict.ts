import type { Period } from "./period.ts";
import type { MeterId } from "./reading.ts";
import type { RegisterName } from "./register.ts";

/**
 * What a rule found about a stretch between two readings. A verdict stands beside the readings, never over them.
 * `held` results are not billed until a person decides.
 */
export const VERDICT_RESULTS = {
  /** Differences that only grew, at a feasible rate; one verdict stands for all of them. */
  normal: { held: false },
  rollover: { held: false },
  exchange: { held: false },
  /** A value that went away and came back: the value is passed over, the stretch is billed across it. */
  glitch: { held: false },
  /** A sudden 0 on a lifetime counter that never came back. */
  invalid_zero: { held: true },
  backwards: { held: true },
  implausible_jump: { held: true },
  /** No reading for long, or none at an end of the period. */
  gap: { held: false },
  /** An actual reading came in below an estimate: the estimate is passed over. */
  estimate_reversed: { held: false },
  /** A stretch that a rule would hold and a person settled. */
  accepted: { held: false },
  /** An exchange without a final or an initial reading. */
  exchange_incomplete: { held: true },
  /** A validation rule (`vee.…`) doubts the stretch: work for a person. Bills go by the differences' own verdicts above. */
  suspect: { held: false },
  /** A validation rule found a fact worth keeping that is no fault. */
  noted: { held: false },
} as const satisfies Record<string, { held: boolean }>;
export type VerdictResult = keyof typeof VERDICT_RESULTS;

/** As the ledger stores it: `verdict(rule, version, result, inputs)`. Texts are decimals and ISO instants: fit for jsonb. */
export type Verdict = {
  readonly rule: string;
  /** Version of the rule; grows when its decision can differ. */
  readonly version: number;
  readonly result: VerdictResult;
  readonly meterId: MeterId;
  readonly register: RegisterName;
  readonly period: Period;
  readonly inputs: Readonly<Record<string, string>>;
  readonly threshold: Readonly<Record<string, string>>;
};

export type GapReason = "no_reading_before" | "no_reading_after" | "no_readings" | "no_meter" | "held";

/** A stretch of the period whose use is not known, and why. */
export type Gap = {
  readonly period: Period;
  readonly reason: GapReason;
  readonly meterId?: MeterId;
  readonly register?: RegisterName;
};
