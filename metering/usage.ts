import { type Period, overlap } from "../domain/period.ts";
import type { Instant } from "../domain/instant.ts";
import { type Micro, decimalText } from "../domain/quantity.ts";
import type { MeterId } from "../domain/reading.ts";
import type { RegisterName } from "../domain/register.ts";
import type { TouPeriod, Usage, UsageBasis, UsageSlice } from "../domain/usage.ts";
import { BILLED_UNIT, type Utility } from "../domain/unit.ts";
import type { Gap, GapReason, Verdict } from "../domain/verdict.ts";
import {
  type Decided,
  type DialLimits,
  type Finding,
  type RegisterReading,
  type Step,
  differencesOf,
} from "./difference.ts";
import { partUntil } from "./interpolate.ts";
import { type CountedBy, isCounted, touOfRegister } from "./register.ts";

/** All readings known of one register around the period, in any order. */
export type RegisterSeries = {
  readonly register: RegisterName;
  /** The time of use that the register counts, where its name does not say (`energy_import_t1_kwh`). */
  readonly tou?: TouPeriod;
  readonly readings: readonly RegisterReading[];
  /** Value at installation and at removal, from the exchange protocol. */
  readonly initial?: Micro;
  readonly final?: Micro;
  /** Initial or final lie on the line between their neighbours: nobody looked at the dial when its ratio changed. */
  readonly reckonedInitial?: boolean;
  readonly reckonedFinal?: boolean;
  /** Held stretches that a person has settled. */
  readonly decided?: readonly Decided[];
};

/** One meter's stay at the usage point, or its part under one ratio. */
export type Installation = DialLimits & {
  /** The stay begins where the ratio of the meter that stands there changed: decimal texts. */
  readonly ratioChanged?: { readonly before: string; readonly after: string };
  readonly meterId: MeterId;
  readonly installedAt: Instant;
  readonly removedAt: Instant | null;
  readonly registers: readonly RegisterSeries[];
};

export type UsageInput = {
  readonly utility: Utility;
  readonly period: Period;
  /** In any order; stays must not overlap. */
  readonly installations: readonly Installation[];
  /** `total` (default): the utility's main register. `tou`: the registers of a time of use. Or a register beside them. */
  readonly by?: CountedBy;
};

/** `usage.slices` cover the period except where `gaps` say why not. */
export type UsageResult = {
  readonly usage: Usage;
  readonly verdicts: readonly Verdict[];
  readonly gaps: readonly Gap[];
};

/** Version of the rules behind the verdicts of this room. */
const RULE_VERSION = 1;

/** What was used in the period. Pure, and whatever the readings are: what is not known is a gap, what is doubtful a verdict. */
export function usageOf(input: UsageInput): UsageResult {
  const { utility, period } = input;
  const stays = [...input.installations].sort((a, b) => a.installedAt - b.installedAt);
  const slices: UsageSlice[] = [];
  const verdicts: Verdict[] = [];
  const gaps: Gap[] = withoutMeter(stays, period);
  let before: Installation | undefined;
  for (const stay of stays) {
    const former = before;
    before = stay;
    const window = overlap(stayOf(stay), period);
    if (window === null) continue;
    const counted = stay.registers.filter((series) => counts(series, input));
    if (counted.length === 0) gaps.push({ period: window, reason: "no_readings", meterId: stay.meterId });
    for (const series of counted) {
      const part = usageOfSeries(stay, series, window);
      for (const slice of part.slices) slices.push(slice);
      verdicts.push(...part.verdicts, ...exchangeVerdicts(former, stay, series, period));
      gaps.push(...part.gaps);
    }
  }
  slices.sort(byTime);
  gaps.sort((a, b) => a.period.from - b.period.from);
  let total = 0n;
  let basis: UsageBasis = "actual";
  for (const slice of slices) {
    total += slice.quantity;
    if (slice.basis === "estimated" || basis === "actual") basis = slice.basis;
  }
  return {
    usage: { utility, unit: BILLED_UNIT[utility], servicePeriod: period, slices, total, basis },
    verdicts,
    gaps,
  };
}

const byTime = (a: UsageSlice, b: UsageSlice): number => a.period.from - b.period.from || a.period.to - b.period.to;
const END_OF_TIME = 8.64e15 as Instant; // the last instant of ECMAScript
const stayOf = (stay: Installation): Period => ({ from: stay.installedAt, to: stay.removedAt ?? END_OF_TIME });
const touOf = (series: RegisterSeries): TouPeriod | null => series.tou ?? touOfRegister(series.register);

const counts = (series: RegisterSeries, { utility, by = "total" }: UsageInput): boolean =>
  by === "tou" ? touOf(series) !== null : isCounted(series.register, utility, by) && series.tou === undefined;

/** Parts of the period in which no meter was installed. @throws TypeError when two stays overlap: their use would double */
function withoutMeter(stays: readonly Installation[], period: Period): Gap[] {
  const gaps: Gap[] = [];
  let at = period.from;
  let until: number = Number.NEGATIVE_INFINITY;
  for (const stay of stays) {
    const { from, to } = stayOf(stay);
    if (from < until) throw new TypeError(`meter ${stay.meterId} is installed while another one still is`);
    until = to;
    const covered = overlap({ from, to }, period);
    if (covered === null) continue;
    if (covered.from > at) gaps.push({ period: { from: at, to: covered.from }, reason: "no_meter" });
    at = covered.to;
  }
  if (at < period.to) gaps.push({ period: { from: at, to: period.to }, reason: "no_meter" });
  return gaps;
}

function usageOfSeries(
  stay: Installation,
  series: RegisterSeries,
  window: Period,
): { slices: UsageSlice[]; verdicts: Verdict[]; gaps: Gap[] } {
  const readings = readingsOf(stay, series);
  const { steps, held, findings } = differencesOf(readings, stay, series.decided);
  const tou = touOf(series);
  const gapOf = (period: Period, reason: GapReason): Gap => ({
    period,
    reason,
    meterId: stay.meterId,
    register: series.register,
  });
  const gaps: Gap[] = endsWithoutReading(readings, window).map(({ period, reason }) => gapOf(period, reason));
  for (const stretch of held) {
    const period = overlap(stretch, window);
    if (period !== null) gaps.push(gapOf(period, "held"));
  }
  return {
    slices: slicesOf(withReckonedEnds(steps, stay, series), window, tou),
    verdicts: findings
      .filter((finding) => overlap(finding.period, window))
      .map((finding) => verdictOf(finding, stay, series)),
    gaps,
  };
}

const verdictOf = (finding: Finding, { meterId }: Installation, { register }: RegisterSeries): Verdict => ({
  rule: `difference.${finding.result}`,
  version: RULE_VERSION,
  meterId,
  register,
  ...finding,
});

/** Steps that end at a value which nobody read. */
function withReckonedEnds(steps: readonly Step[], stay: Installation, series: RegisterSeries): readonly Step[] {
  const { reckonedInitial = false, reckonedFinal = false } = series;
  if (!reckonedInitial && !reckonedFinal) return steps;
  return steps.map((step) => {
    const reckoned =
      (reckonedInitial && step.period.from === stay.installedAt) ||
      (reckonedFinal && step.period.to === stay.removedAt);
    return reckoned && step.basis === "actual" ? { ...step, basis: "interpolated" } : step;
  });
}

/** Readings of the stay in order, with its initial and final values; of two at one instant the protocol's, then an actual, then the lower. */
export function readingsOf(stay: Installation, series: RegisterSeries): RegisterReading[] {
  const { from, to } = stayOf(stay);
  const all: RegisterReading[] = [];
  if (series.initial !== undefined) all.push({ at: from, value: series.initial, source: "installation" });
  if (series.final !== undefined && stay.removedAt !== null) {
    all.push({ at: stay.removedAt, value: series.final, source: "installation" });
  }
  for (const reading of series.readings) if (reading.at >= from && reading.at <= to) all.push(reading);
  if (!isOrdered(all)) all.sort((a, b) => a.at - b.at || rank(a) - rank(b) || (a.value < b.value ? -1 : 1));
  return all.filter((reading, i) => i === 0 || reading.at !== all[i - 1]?.at);
}

const rank = (reading: RegisterReading): number =>
  reading.source === "installation" ? 0 : reading.source === "estimate" ? 2 : 1;

function isOrdered(readings: readonly RegisterReading[]): boolean {
  for (let i = 1; i < readings.length; i++) {
    if ((readings[i - 1] as RegisterReading).at >= (readings[i] as RegisterReading).at) return false;
  }
  return true;
}

function endsWithoutReading(
  readings: readonly RegisterReading[],
  { from, to }: Period,
): { period: Period; reason: GapReason }[] {
  const [first, last] = [readings[0], readings.at(-1)];
  if (first === undefined || last === undefined) return [{ period: { from, to }, reason: "no_readings" }];
  const ends: { period: Period; reason: GapReason }[] = [];
  if (first.at >= to) return [{ period: { from, to }, reason: "no_reading_before" }];
  if (last.at <= from) return [{ period: { from, to }, reason: "no_reading_after" }];
  if (first.at > from) ends.push({ period: { from, to: first.at }, reason: "no_reading_before" });
  if (last.at < to) ends.push({ period: { from: last.at, to }, reason: "no_reading_after" });
  return ends;
}

/** Steps inside the window; one over its edge is shared by time, so that neighbouring periods add up to it exactly. */
function slicesOf(steps: readonly Step[], window: Period, tou: TouPeriod | null): UsageSlice[] {
  const slices: UsageSlice[] = [];
  for (const step of steps) {
    if (step.period.to <= window.from || step.period.from >= window.to) continue;
    if (step.period.from >= window.from && step.period.to <= window.to) {
      slices.push(tou === null ? step : { ...step, tou });
      continue;
    }
    const period = overlap(step.period, window) as Period;
    const quantity =
      partUntil(step.period, step.quantity, period.to) - partUntil(step.period, step.quantity, period.from);
    const basis = step.basis === "estimated" ? "estimated" : "interpolated";
    slices.push(tou === null ? { period, quantity, basis } : { period, quantity, basis, tou });
  }
  return slices;
}

/** That one meter followed another at this stay's beginning, and whether both protocol values are known. */
function exchangeVerdicts(
  before: Installation | undefined,
  stay: Installation,
  series: RegisterSeries,
  period: Period,
): Verdict[] {
  if (before === undefined || before.removedAt === null) return [];
  if (stay.installedAt < period.from || stay.installedAt >= period.to) return [];
  const old = before.registers.find(({ register }) => register === series.register);
  const complete = old?.final !== undefined && series.initial !== undefined;
  const { ratioChanged } = stay;
  const inputs =
    ratioChanged === undefined
      ? { removed_meter: `${before.meterId}` }
      : {
          ratio_before: ratioChanged.before,
          ratio_after: ratioChanged.after,
          dial: series.reckonedInitial === true ? "interpolated" : "read",
        };
  return [
    {
      rule: ratioChanged === undefined ? "usage.exchange" : "usage.ratio_change",
      version: RULE_VERSION,
      result: complete ? "exchange" : "exchange_incomplete",
      meterId: stay.meterId,
      register: series.register,
      period: { from: before.removedAt, to: stay.installedAt },
      inputs: {
        ...inputs,
        ...(old?.final === undefined ? {} : { final: decimalText(old.final) }),
        ...(series.initial === undefined ? {} : { initial: decimalText(series.initial) }),
      },
      threshold: {},
    },
  ];
}
