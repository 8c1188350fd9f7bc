import type { Instant } from "./instant.ts";
import type { MeterId, OperatorId } from "./reading.ts";

/** `corrected` was read back right; `unproved` was written and not read back right; `held` is too far off for a machine to set. */
export const CLOCK_OUTCOMES = ["measured", "corrected", "unproved", "held"] as const;
export type ClockOutcome = (typeof CLOCK_OUTCOMES)[number];

/** How far a meter's own clock was off. Positive: it runs ahead. */
export type ClockCheck = {
  readonly operatorId: OperatorId;
  readonly meterId: MeterId;
  readonly checkedAt: Instant;
  readonly driftMs: number;
  readonly outcome: ClockOutcome;
  /** Before it was set; null where nothing was written. */
  readonly beforeMs: number | null;
};
