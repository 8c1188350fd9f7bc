import { DAY_MS, type Instant, MINUTE_MS } from "../../domain/instant.ts";
import { type Day, type Period, type Zone, addDays, dayOf, startOfDay, wallClock } from "../../domain/period.ts";
import type { Charge, Price, Tariff, TouClock, TouRule } from "../../domain/tariff.ts";
import type { TouPeriod } from "../../domain/usage.ts";

/** Half-open hours of one time of use; never over local midnight. */
export type TouSpan = { readonly from: number; readonly to: number; readonly tou: TouPeriod };

/** A tariff's clock on the calendar of a zone. Remembers days it has worked out: a month of intervals asks 31 times. */
export type Timetable = { spanAt(at: Instant): TouSpan };

const MINUTES_PER_DAY = 1440;
const REMEMBERED_DAYS_MAX = 2_000;
const TIMETABLES = new WeakMap<TouClock, Map<Zone, Timetable>>();

export function timetableOf(clock: TouClock, zone: Zone): Timetable {
  const byZone = TIMETABLES.get(clock) ?? new Map<Zone, Timetable>();
  TIMETABLES.set(clock, byZone);
  const known = byZone.get(zone);
  if (known !== undefined) return known;
  const made = makeTimetable(clock, zone);
  byZone.set(zone, made);
  return made;
}

function makeTimetable(clock: TouClock, zone: Zone): Timetable {
  /** Spans that touch one UTC day, by its number: a local day touches two or three of them. */
  const spansByUtcDay = new Map<number, readonly TouSpan[]>();
  let last: TouSpan = { from: 0, to: 0, tou: clock.otherwise };
  return {
    spanAt(at) {
      if (last.from <= at && at < last.to) return last;
      const utcDay = Math.floor(at / DAY_MS);
      let spans = spansByUtcDay.get(utcDay);
      if (spans === undefined) {
        if (spansByUtcDay.size >= REMEMBERED_DAYS_MAX) spansByUtcDay.clear();
        spans = spansOfUtcDay(clock, zone, utcDay);
        spansByUtcDay.set(utcDay, spans);
      }
      for (const span of spans) if (span.from <= at && at < span.to) return (last = span);
      throw new RangeError(`no hour of ${zone} holds ${at}`);
    },
  };
}

function spansOfUtcDay(clock: TouClock, zone: Zone, utcDay: number): TouSpan[] {
  const spans: TouSpan[] = [];
  const end = (utcDay + 1) * DAY_MS;
  let day = dayOf((utcDay * DAY_MS) as Instant, zone);
  for (let start = startOfDay(day, zone); start < end; ) {
    const next = startOfDay(addDays(day, 1), zone);
    const { month, weekday } = wallClock(start, zone);
    spans.push(...spansOfDay(clock, zone, start, next, rulesOfDay(clock, day, month, weekday)));
    day = addDays(day, 1);
    start = next;
  }
  return spans;
}

/** The rules that fit a local day, by its month, weekday and the clock's calendar. */
function rulesOfDay({ rules, calendar }: TouClock, day: Day, month: number, weekday: number): TouRule[] {
  const holiday = calendar?.holidays.includes(day) ?? false;
  const workday = calendar?.workdays?.includes(day) === true || (weekday <= 5 && !holiday);
  const kinds: readonly (string | undefined)[] = [
    undefined,
    workday ? "workday" : "restday",
    holiday ? "holiday" : undefined,
  ];
  return rules.filter(
    (rule) =>
      (rule.months?.includes(month) ?? true) && (rule.weekdays?.includes(weekday) ?? true) && kinds.includes(rule.days),
  );
}

function spansOfDay(clock: TouClock, zone: Zone, start: Instant, next: Instant, rules: readonly TouRule[]): TouSpan[] {
  const spans: TouSpan[] = [];
  const step = next - start === DAY_MS ? stepsOf(rules) : null;
  if (step !== null) {
    for (const [i, minute] of step.entries()) {
      const until = step[i + 1] ?? MINUTES_PER_DAY;
      spans.push({
        from: start + minute * MINUTE_MS,
        to: start + until * MINUTE_MS,
        tou: touAt(rules, minute) ?? clock.otherwise,
      });
    }
    return spans;
  }
  // A day whose clock is put forward or back: look at its wall clock every minute.
  for (let at: number = start; at < next; at += MINUTE_MS) {
    const tou = touAt(rules, wallClock(at as Instant, zone).minute) ?? clock.otherwise;
    const before = spans.at(-1);
    const to = Math.min(at + MINUTE_MS, next);
    if (before?.tou === tou) spans[spans.length - 1] = { ...before, to };
    else spans.push({ from: at, to, tou });
  }
  return spans;
}

/** Minutes of the day at which some rule begins or ends, from 0. */
function stepsOf(rules: readonly TouRule[]): number[] {
  const minutes = new Set([0]);
  for (const rule of rules) {
    for (const text of [rule.from, rule.to]) {
      const minute = text === undefined ? 0 : minuteOf(text);
      if (minute < MINUTES_PER_DAY) minutes.add(minute);
    }
  }
  return [...minutes].sort((a, b) => a - b);
}

function touAt(rules: readonly TouRule[], minute: number): TouPeriod | null {
  for (const rule of rules) {
    const from = rule.from === undefined ? 0 : minuteOf(rule.from);
    const to = rule.to === undefined ? MINUTES_PER_DAY : minuteOf(rule.to);
    if (from < to ? from <= minute && minute < to : minute >= from || minute < to) return rule.period;
  }
  return null;
}

/** `HH:MM` as minutes from midnight. */
export const minuteOf = (text: string): number =>
  digits(text, 0) * 600 + digits(text, 1) * 60 + digits(text, 3) * 10 + digits(text, 4);
const digits = (text: string, at: number): number => text.charCodeAt(at) - 48;

/**
 * Instants inside a period at which the time of use changes by the versions' clocks: two or so a day. A register read
 * there needs no sharing by time. Empty where no price depends on a clock.
 */
export function touEdges(tariffs: readonly Tariff[], { from, to }: Period): Instant[] {
  const edges = new Set<Instant>();
  for (const { tou, zone, charges } of tariffs) {
    if (tou === undefined || !charges.some(isByTou)) continue;
    const timetable = timetableOf(tou, zone);
    let before = timetable.spanAt(from);
    while (before.to < to) {
      const next = timetable.spanAt(before.to as Instant);
      if (next.tou !== before.tou) edges.add(next.from as Instant);
      before = next;
    }
  }
  return [...edges].sort((a, b) => a - b);
}

const byHours = (price: Price): boolean => typeof price !== "string";

/** Whether a charge has a price for each time of use, or for each interval. */
export function isByTou(charge: Charge): boolean {
  if (charge.kind !== "energy" && charge.kind !== "export") return false;
  return pricesOf(charge).some(byHours);
}

/** Every price of an energy or export charge; none for others and for a series. */
export function pricesOf(charge: Charge): Price[] {
  if ((charge.kind !== "energy" && charge.kind !== "export") || charge.form === "series") return [];
  if (charge.form === "flat" || charge.form === "surcharged") return [charge.price];
  return [charge, ...(charge.seasons ?? [])].flatMap((one) => one.tiers.map((tier) => tier.price));
}
