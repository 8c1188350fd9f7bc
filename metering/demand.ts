import { DAY_MS, HOUR_MS, type Instant } from "../domain/instant.ts";
import type { Period } from "../domain/period.ts";
import type { Micro } from "../domain/quantity.ts";

type Reading = { readonly at: Instant; readonly value: Micro };

/**
 * What a meter's demand registers (最大需量) said around a stretch, in order of time. Both hold the highest mean power since a reset:
 * `running` since the last one, `frozen` what stood there when it was reset.
 */
export type DemandReadings = {
  readonly running: readonly Reading[];
  readonly frozen: readonly Reading[];
  /** The meter was hung within the stretch, or as it began: what it shows is of this stretch alone. */
  readonly isFresh: boolean;
};

export type DemandRead =
  | { readonly kind: "read"; readonly kw: Micro; readonly by: "running" | "frozen"; readonly at: Instant }
  | { readonly kind: "unknown"; readonly why: DemandUnknown };
export type DemandUnknown = "not_read" | "not_read_at_its_end" | "not_reset" | "reset_within";

/** A register is read at an end, and a month's reset belongs to it, when no more than a day and its longest hour lies between. Our choice. */
const END_MS = DAY_MS + HOUR_MS;

/**
 * The highest mean power of a stretch by the meter's own registers. Pure.
 *
 * The running register is of the stretch as far as it was reset at its beginning or rose within it: a value that only stayed may be of an
 * earlier month. What it was frozen at, by a reset at the stretch's end, also knows the time after its last reading, and goes before it.
 */
export function demandIn(readings: DemandReadings, stretch: Period): DemandRead {
  const running = runningIn(readings, stretch);
  const frozen = frozenAt(readings, stretch);
  if (frozen !== null && (running.kind === "unknown" || frozen.value >= running.kw))
    return { kind: "read", kw: frozen.value, by: "frozen", at: frozen.at };
  return running;
}

function runningIn({ running, isFresh }: DemandReadings, { from, to }: Period): DemandRead {
  const within = running.filter(({ at }) => at > from && at <= to);
  const last = within.at(-1);
  if (last === undefined) return { kind: "unknown", why: "not_read" };
  if (last.at < to - END_MS) return { kind: "unknown", why: "not_read_at_its_end" };
  let before = running.findLast(({ at }) => at <= from && at >= from - END_MS);
  let top: Reading | null = null;
  /** Since its reset, or its last rise within the stretch, all it shows is of the stretch. */
  let isOwn = isFresh && before === undefined;
  for (const reading of within) {
    const fell = before !== undefined && reading.value < before.value;
    const rose = before !== undefined && reading.value > before.value;
    if (fell && !isOwn && reading.at > from + END_MS) return { kind: "unknown", why: "reset_within" };
    if (fell || rose) isOwn = true;
    if (isOwn && (top === null || reading.value > top.value)) top = reading;
    before = reading;
  }
  return top === null
    ? { kind: "unknown", why: "not_reset" }
    : { kind: "read", kw: top.value, by: "running", at: top.at };
}

/** The first value of the frozen register after a reset at the stretch's end, when the one before it was at the beginning. */
function frozenAt({ running, frozen, isFresh }: DemandReadings, { from, to }: Period): Reading | null {
  const wasReset = (at: Instant): boolean =>
    running.length > 0
      ? pairAt(running, at, (a, b) => b.value < a.value)
      : pairAt(frozen, at, (a, b) => a.value !== b.value);
  if (!wasReset(to) || !(isFresh || wasReset(from))) return null;
  return frozen.find(({ at }) => at >= to && at <= to + END_MS) ?? null;
}

/** Whether some two neighbouring readings around an instant, each within a day of it, are as asked. */
const pairAt = (readings: readonly Reading[], at: Instant, test: (a: Reading, b: Reading) => boolean): boolean =>
  readings.some((b, i) => {
    const a = readings[i - 1];
    return (
      a !== undefined && a.at >= at - END_MS && b.at >= at && a.at < at + END_MS && b.at <= at + END_MS && test(a, b)
    );
  });
