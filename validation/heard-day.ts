import { type Instant, instant } from "../domain/instant.ts";
import { overlap, type Period } from "../domain/period.ts";
import { expectedIn, type Heard } from "../ledger/heard.ts";
import type { FoundGap } from "../ledger/gap-work.ts";
import { JUDGED, type MeterDay, mainRegisterOf, readEveryOf } from "./meter-day.ts";

/** A silence of more than so many agreed intervals is a gap: what a bill calls one, too. Our choice. */
export const GAP_AFTER_INTERVALS = 3;

/** Expected against heard: each register that bills, the main one also when it said nothing. None where no meter hung. */
export function heardOf(day: MeterDay): Heard[] {
  const stretch = presenceOf(day);
  if (stretch === null) return [];
  const { meterId, reportEvery_s } = day.meter;
  const expected = expectedIn(stretch, reportEvery_s === null ? null : reportEvery_s * 1000);
  const main = mainRegisterOf(day.meter);
  const all = day.series
    .filter(({ register }) => JUDGED.includes(register))
    .map(({ register, at }) => ({ meterId, register, expected, ...countOf(at, stretch) }));
  if (all.some(({ register }) => register === main)) return all;
  return [...all, { meterId, register: main, expected, ...countOf([], stretch) }];
}

/** Silences of the main register that ended on this day and are longer than was agreed. */
export function gapsOf(day: MeterDay): FoundGap[] {
  const every_ms = readEveryOf(day.meter);
  if (every_ms === null || presenceOf(day) === null) return [];
  const register = mainRegisterOf(day.meter);
  const found: FoundGap[] = [];
  let from = day.marks.findLast((mark) => mark.asked === day.period.from)?.at ?? day.lastActualAt;
  for (const ms of day.series.find((rows) => rows.register === register)?.at ?? []) {
    const to = instant(ms);
    if (from !== null && to - from > GAP_AFTER_INTERVALS * every_ms)
      found.push({ meterId: day.meter.meterId, register, from, to });
    from = to;
  }
  return found;
}

/** The part of the day in which the meter hung somewhere. */
function presenceOf({ meter, period }: MeterDay): Period | null {
  const parts = meter.stays.flatMap(({ installedAt, removedAt }) => {
    const part = overlap(period, { from: installedAt, to: removedAt ?? period.to });
    return part === null ? [] : [part];
  });
  const [first, last] = [parts[0], parts.at(-1)];
  return first === undefined || last === undefined ? null : { from: first.from, to: last.to };
}

function countOf(at: readonly number[], { from, to }: Period): Omit<Heard, "meterId" | "register" | "expected"> {
  let [heard, before, largestGap_ms] = [0, from as number, 0];
  let [firstAt, lastAt]: [Instant | null, Instant | null] = [null, null];
  for (const ms of at) {
    if (ms <= from || ms > to) continue;
    heard++;
    firstAt ??= ms as Instant;
    lastAt = ms as Instant;
    if (ms - before > largestGap_ms) largestGap_ms = ms - before;
    before = ms;
  }
  return { heard, firstAt, lastAt, largestGap_ms: Math.max(largestGap_ms, to - before) };
}
