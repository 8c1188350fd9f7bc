import { calendarOf } from "../../catalog/calendars/catalogue.ts";
import { DAY_MS, type Instant, MINUTE_MS } from "../../domain/instant.ts";
import { wallClock } from "../../domain/period.ts";
import type { ClockHours, PrepaidPolicy } from "../../domain/policy.ts";
import { holidayOf, isPublished } from "../../domain/work-calendar.ts";
import type { SupplyFacts } from "./decide.ts";

/** Why a cut that the money asks for must wait. */
export const HELD_REASONS = {
  not_cuttable: { zh: "此类表不自动停供", en: "this utility is never cut by the engine" },
  paused: { zh: "运营方暂停停供", en: "the operator paused all cuts" },
  protected_customer: { zh: "受保护用户", en: "protected customer" },
  disputed: { zh: "争议处理中", en: "a dispute is open" },
  stop_window: { zh: "报停期内", en: "the customer has reported the supply out of use" },
  balance_unknown: { zh: "可用余额无法计算", en: "the available balance cannot be told" },
  no_reading: { zh: "没有读数", en: "no reading" },
  estimated_reading: { zh: "读数为估算", en: "the reading is an estimate" },
  held_reading: { zh: "读数待人工核实", en: "a reading is held for a person" },
  stale_reading: { zh: "读数过旧", en: "the last reading is too old" },
  notice_not_served: { zh: "催费通知未送达", en: "the notice has not been served" },
  notice_running: { zh: "催费通知期内", en: "the notice period runs" },
  recent_credit: { zh: "刚刚缴费", en: "a credit came in a short while ago" },
  protected_day: { zh: "保护日", en: "protected day" },
  holiday: { zh: "法定节假日", en: "public holiday" },
  protected_weather: { zh: "严寒或高温日", en: "a cold or hot day" },
  protected_hours: { zh: "保护时段", en: "protected hours" },
  building_cap: { zh: "本楼已达每小时停供上限", en: "the hourly limit of cuts in the building is reached" },
  hourly_cap: { zh: "已达每小时停供上限", en: "the hourly limit of cuts is reached" },
  second_notice: { zh: "停供前二次通知未满时限", en: "the second notice has not been given, or its time runs" },
} as const;
export type HeldReason = keyof typeof HELD_REASONS;

/** Never cut, and given back when cut. */
export const isProtected = (f: SupplyFacts): boolean => f.protectedReason !== null || f.holds.includes("protection");

type Guard = (f: SupplyFacts, p: PrepaidPolicy, now: Instant) => boolean;

const isOver = (at: Instant | null, minutes: number, now: Instant) => at === null || now - at >= minutes * MINUTE_MS;

/** Every guard, in the order in which it is told; `true` = it lets a cut pass. Each stands for itself and is total. */
const GUARDS: Readonly<Record<HeldReason, Guard>> = {
  not_cuttable: (f, p) => f.utility !== "gas" && p.utilities.includes(f.utility),
  paused: (f, p) => p.paused !== true && !f.holds.includes("pause"),
  protected_customer: (f) => !isProtected(f),
  disputed: (f) => !f.holds.includes("dispute"),
  stop_window: (f) => !f.holds.includes("stop_window"),
  balance_unknown: (f) => f.available !== null,
  no_reading: (f) => f.lastReadingAt !== null,
  estimated_reading: (f) => !f.estimated,
  held_reading: (f) => !f.useHeld,
  stale_reading: (f, p, now) => f.lastReadingAt !== null && now - f.lastReadingAt <= p.readingAgeMinutesMax * MINUTE_MS,
  notice_not_served: (f, p) => p.noticeServed !== true || f.warned2At === null || f.noticeServedAt !== null,
  notice_running: (f, p, now) => {
    const from = p.noticeServed === true ? f.noticeServedAt : f.warned2At;
    return f.warned2At !== null && from !== null && isOver(from, p.noticeMinutes, now);
  },
  recent_credit: (f, p, now) => isOver(f.lastCreditAt, p.creditGraceMinutes, now),
  protected_day: (f, p, now) => {
    const { day, weekday } = wallClock(now, f.zone);
    return !p.protectedWeekdays.includes(weekday) && !p.protectedDays.includes(day);
  },
  holiday: (f, p, now) => {
    if (p.holidays === undefined) return true;
    const { day } = wallClock(now, f.zone);
    const calendar = calendarOf(p.holidays);
    // A year that is not announced yet: nobody can tell that a day is none.
    return calendar !== null && isPublished(calendar, day) && holidayOf(calendar, day) === null;
  },
  protected_weather: (f, p) =>
    f.temperature === null ||
    ((p.coldAtC === undefined || f.temperature.lowC > p.coldAtC) &&
      (p.hotAtC === undefined || f.temperature.highC < p.hotAtC)),
  protected_hours: (f, p, now) => {
    const { minute } = wallClock(now, f.zone);
    return !p.protectedHours.some((hours) => isWithin(hours, minute));
  },
  building_cap: (f, p) =>
    f.cutsSentInBuilding + (f.open === null ? f.cutsQueuedInBuilding : 0) <
    (p.cutsPerHourPerBuildingMax ?? Number.POSITIVE_INFINITY),
  hourly_cap: (f, p) => f.cutsSentLastHour + (f.open === null ? f.cutsQueued : 0) < p.cutsPerHourMax,
  // The last one: the notice goes out when nothing else stands against the cut.
  second_notice: (f, p, now) => {
    if (p.secondNoticeMinutes === undefined) return true;
    const from = p.noticeServed === true ? f.secondNoticeServedAt : f.secondNoticeAt;
    return isSecondNoticeFresh(f, now) && from !== null && isOver(from, p.secondNoticeMinutes, now);
  },
};
const ORDER = Object.keys(HELD_REASONS) as readonly HeldReason[];

/** Who was told yesterday that supply will be cut in half an hour is told again. Our choice. */
const SECOND_NOTICE_VALID_MS = DAY_MS;

/** A second notice was given since the second warning, and a short while ago. */
export const isSecondNoticeFresh = ({ secondNoticeAt, warned2At }: SupplyFacts, now: Instant): boolean =>
  secondNoticeAt !== null &&
  warned2At !== null &&
  secondNoticeAt >= warned2At &&
  now - secondNoticeAt < SECOND_NOTICE_VALID_MS;

/** The first guard that forbids a cut now; `null` when none does. Asked at decision and again at sending. */
export const holdOf = (f: SupplyFacts, p: PrepaidPolicy, now: Instant): HeldReason | null =>
  ORDER.find((reason) => !GUARDS[reason](f, p, now)) ?? null;

/** Every guard with what it says: what a certificate tells. */
export const guardsOf = (
  f: SupplyFacts,
  p: PrepaidPolicy,
  now: Instant,
): { readonly guard: HeldReason; readonly passes: boolean }[] =>
  ORDER.map((guard) => ({ guard, passes: GUARDS[guard](f, p, now) }));

function isWithin({ from, to }: ClockHours, minute: number): boolean {
  const a = minuteOf(from);
  const b = minuteOf(to);
  return a <= b ? a <= minute && minute < b : minute >= a || minute < b;
}

function minuteOf(text: string): number {
  const [hours, minutes] = text.split(":");
  return Temporal.Duration.from(`PT${hours}H${minutes}M`).total("minutes");
}
