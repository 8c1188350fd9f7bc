import type { Instant } from "../../domain/instant.ts";
import type { RefusalReason } from "../../domain/refusal.ts";
import { type Backoff, pauseMs, type Random } from "./backoff.ts";

/**
 * How far a slave is trusted. `closed`: polled in full. `open`: only probed, with one smallest request at growing pauses. `half_open`:
 * it answered the probe and is polled in full on trial: one whole turn closes the breaker, one failure opens it again.
 */
export type Breaker = {
  /** Requests in a row without an answer; a trial does not forget them. */
  readonly failures: number;
  /** Monotonic ms before which it is not asked again. */
  readonly notBefore: number;
} & (
  | { readonly kind: "closed" }
  | {
      readonly kind: "open" | "half_open";
      /** When it left `closed`. */
      readonly since: Instant;
      /** What it did last before that. */
      readonly cause: RefusalReason;
    }
);

export type BreakerRules = {
  /** Pauses after a failure: before the next try while closed, before the next probe while open. */
  readonly backoff: Backoff;
  /** No pause is shorter: what a slave says late must have gone by on a wire without transaction ids. */
  readonly pauseMsMin: number;
};

/** As often as one slot is tried: a try and two repeats. */
export const FAILURES_MAX = 3;

export const CLOSED: Breaker = { kind: "closed", failures: 0, notBefore: 0 };

/** The slave did not answer, answered what nobody can trust, or took the connection with it. */
export function afterFailure(
  breaker: Breaker,
  failure: { readonly cause: RefusalReason; readonly at: Instant; readonly monotonic: number },
  rules: BreakerRules,
  random: Random,
): Breaker {
  const failures = breaker.failures + 1;
  const pause = Math.max(rules.pauseMsMin, pauseMs(rules.backoff, failures, random));
  const common = { failures, notBefore: failure.monotonic + pause };
  if (breaker.kind === "closed") {
    return failures < FAILURES_MAX
      ? { kind: "closed", ...common }
      : { kind: "open", since: failure.at, cause: failure.cause, ...common };
  }
  return { kind: "open", since: breaker.since, cause: failure.cause, ...common };
}

/** The slave answered; an exception of its own is an answer, too. */
export function afterAnswer(breaker: Breaker): Breaker {
  if (breaker.kind === "closed") return CLOSED;
  return breaker.kind === "half_open" ? breaker : { ...breaker, kind: "half_open", notBefore: 0 };
}

/** A whole turn went by without a failure. */
export const afterTurn = (breaker: Breaker): Breaker => (breaker.kind === "half_open" ? CLOSED : breaker);

export const mayPoll = (breaker: Breaker, monotonic: number): boolean =>
  breaker.kind !== "open" && breaker.notBefore <= monotonic;

export const mayProbe = (breaker: Breaker, monotonic: number): boolean =>
  breaker.kind === "open" && breaker.notBefore <= monotonic;
