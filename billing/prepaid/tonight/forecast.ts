import { DAY_MS, HOUR_MS, type Instant, instant, MINUTE_MS } from "../../../domain/instant.ts";
import { addDays, type Day, dayOf, startOfDay } from "../../../domain/period.ts";
import type { PrepaidPolicy } from "../../../domain/policy.ts";
import type { AccountId } from "../../../domain/reading.ts";
import type { HoldKind } from "../../../domain/supply.ts";
import type { SupplyFacts } from "../decide.ts";
import { guardsOf, type HeldReason, isSecondNoticeFresh } from "../hold.ts";

/** A supply with all that will change by itself while nobody pays and its meter goes on reading. */
export type Outlooked = {
  readonly accountId: AccountId;
  readonly facts: SupplyFacts;
  readonly policy: PrepaidPolicy;
  readonly building: string | null;
  /** What is in force now or begins later; `until` `null` = until somebody ends it. */
  readonly holds: readonly { readonly kind: HoldKind; readonly from: Instant; readonly until: Instant | null }[];
  readonly temperatures: ReadonlyMap<Day, { readonly lowC: number; readonly highC: number }>;
  /** When cuts of the operator's other supplies were sent in the last hour, and in which building. */
  readonly cuts: readonly { readonly at: Instant; readonly building: string | null }[];
  /** When the money is below the limit: now, or at the usual use; `null` = not within the hours looked at. */
  readonly dueAt: Instant | null;
};

/** What a guard says now, and when it lets a cut pass by itself; `null` = when somebody does something, or it passes already. */
export type GuardAnswer = { readonly guard: HeldReason; readonly passes: boolean; readonly opensAt: Instant | null };

export type Forecast = {
  readonly accountId: AccountId;
  /** When an order to cut would leave, if nobody pays and the meter goes on reading; `null` = not in the days that can be seen. */
  readonly cutAt: Instant | null;
  readonly guards: readonly GuardAnswer[];
};

/** Holidays, hours and notices are looked for so far ahead. Our choice. */
const AHEAD_DAYS = 45;

/** What follows for each supply while time passes, the hourly limits shared in the order of their times. Pure. */
export function forecast(supplies: readonly Outlooked[], now: Instant): Forecast[] {
  const seen = supplies.map((one) => {
    const guards = answersOf(one, now);
    return { one, guards, first: firstAt(one, guards, now, []) };
  });
  const planned: Cut[] = [];
  const cutAt = new Map<AccountId, Instant | null>();
  for (const { one, guards, first } of seen.toSorted((a, b) => (a.first ?? Infinity) - (b.first ?? Infinity))) {
    const at = first === null ? null : firstAt(one, guards, now, planned);
    if (at !== null) planned.push({ at, building: one.building });
    cutAt.set(one.accountId, at);
  }
  return seen.map(({ one, guards }) => {
    const at = cutAt.get(one.accountId) ?? null;
    const opens = guards.map((answer) =>
      answer.guard === "second_notice" && !answer.passes ? { ...answer, opensAt: at } : answer,
    );
    return { accountId: one.accountId, cutAt: at, guards: opens };
  });
}

type Cut = Outlooked["cuts"][number];

/** Guards that no time opens: a reading, a person or a message does. They are taken as they stand. */
const OPENED_BY_OTHERS: ReadonlySet<HeldReason> = new Set([
  "not_cuttable",
  "balance_unknown",
  "no_reading",
  "estimated_reading",
  "held_reading",
  "stale_reading",
  "notice_not_served",
  "second_notice",
]);

function answersOf(one: Outlooked, now: Instant): GuardAnswer[] {
  const answers = guardsOf(factsAt(one, now, now, []), one.policy, now);
  const shut = new Set(answers.filter(({ passes }) => !passes).map(({ guard }) => guard));
  const opens = new Map<HeldReason, Instant>();
  const waiting = new Set([...shut].filter((guard) => opensByItself(one, guard)));
  for (const at of waiting.size === 0 ? [] : momentsOf(one, now, [])) {
    for (const { guard, passes } of guardsOf(factsAt(one, now, at, []), one.policy, at))
      if (passes && waiting.delete(guard)) opens.set(guard, at);
    if (waiting.size === 0) break;
  }
  return answers.map((answer) => ({ ...answer, opensAt: opens.get(answer.guard) ?? null }));
}

/** Of what persons say, what has an end; protection of the account itself has none. */
function opensByItself({ facts, holds }: Outlooked, guard: HeldReason): boolean {
  const kind = HOLD_OF[guard];
  if (kind === undefined) return !OPENED_BY_OTHERS.has(guard);
  if (guard === "protected_customer" && facts.protectedReason !== null) return false;
  return !holds.some((hold) => hold.kind === kind && hold.until === null);
}

const HOLD_OF: Partial<Record<HeldReason, HoldKind>> = {
  paused: "pause",
  disputed: "dispute",
  stop_window: "stop_window",
  protected_customer: "protection",
};

/** The first moment at which money and every guard let the cut pass. */
function firstAt(
  one: Outlooked,
  guards: readonly GuardAnswer[],
  now: Instant,
  planned: readonly Cut[],
): Instant | null {
  const { dueAt, facts, policy } = one;
  const shut = guards.filter(({ guard, passes }) => !passes && guard !== "second_notice");
  if (dueAt === null || shut.some(({ opensAt }) => opensAt === null)) return null;
  const from = Math.max(dueAt, ...shut.map(({ opensAt }) => opensAt ?? 0));
  const moments = momentsOf(one, now, planned);
  const passes = (at: Instant): boolean =>
    guardsOf(factsAt(one, now, at, planned), policy, at).every((of) => of.passes || of.guard === "second_notice");
  const due = moments.find((at) => at >= from && passes(at)) ?? null;
  if (due === null || policy.secondNoticeMinutes === undefined) return due;
  // It is given when nothing else stands against the cut, and served at once at best.
  const given = isSecondNoticeFresh(facts, now) && facts.secondNoticeAt !== null ? facts.secondNoticeAt : due;
  const start = instant(Math.max(due, given + policy.secondNoticeMinutes * MINUTE_MS));
  return [start, ...moments.filter((at) => at > start)].find(passes) ?? null;
}

/** Moments at which a guard may open, in order: nothing changes between two of them. */
function momentsOf({ facts, policy, holds, cuts, dueAt }: Outlooked, now: Instant, planned: readonly Cut[]): Instant[] {
  const { zone } = facts;
  const moments = new Set<number>([now, dueAt ?? now]);
  const today = dayOf(now, zone);
  for (let i = 0; i <= AHEAD_DAYS; i++) {
    const midnight = startOfDay(addDays(today, i), zone);
    moments.add(midnight);
    for (const { from, to } of policy.protectedHours)
      for (const text of [from, to]) moments.add(wallInstant(addDays(today, i), text, zone));
  }
  for (const { from, until } of holds) {
    moments.add(from);
    if (until !== null) moments.add(until);
  }
  const notice = policy.noticeMinutes * MINUTE_MS;
  for (const from of [facts.warned2At, facts.noticeServedAt, now]) if (from !== null) moments.add(from + notice);
  if (facts.lastCreditAt !== null) moments.add(facts.lastCreditAt + policy.creditGraceMinutes * MINUTE_MS);
  for (const { at } of [...cuts, ...planned]) moments.add(at + HOUR_MS);
  const last = now + AHEAD_DAYS * DAY_MS;
  return [...moments]
    .filter((at) => at >= now && at <= last)
    .sort((a, b) => a - b)
    .map((at) => instant(at));
}

function wallInstant(day: Day, text: string, zone: string): number {
  return Temporal.PlainDate.from(day).toZonedDateTime({ timeZone: zone, plainTime: text }).epochMilliseconds;
}

/** The facts as they will be at a moment if nobody pays, nobody says anything, and the meter goes on reading as it does now. */
function factsAt(one: Outlooked, now: Instant, at: Instant, planned: readonly Cut[]): SupplyFacts {
  const { facts, building } = one;
  const later = at - now;
  const recent = [...one.cuts, ...planned].filter((cut) => cut.at > at - HOUR_MS && cut.at <= at);
  return {
    ...facts,
    open: null,
    holds: one.holds.filter(({ from, until }) => from <= at && (until === null || until > at)).map(({ kind }) => kind),
    temperature: one.temperatures.get(dayOf(at, facts.zone)) ?? null,
    // A meter that is heard now is heard then, too; one that is not is not.
    lastReadingAt: facts.lastReadingAt === null ? null : instant(facts.lastReadingAt + later),
    // Who was not warned yet is warned now at the earliest; a message that is out counts from now on.
    warned2At: facts.warned2At ?? now,
    noticeServedAt: facts.noticeServedAt ?? (facts.warned2At === null ? now : null),
    cutsSentLastHour: recent.length,
    cutsQueued: 0,
    cutsSentInBuilding: building === null ? 0 : recent.filter((cut) => cut.building === building).length,
    cutsQueuedInBuilding: 0,
  };
}
