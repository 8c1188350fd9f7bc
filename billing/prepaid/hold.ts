import { type Instant, MINUTE_MS } from "../../domain/instant.ts";
import { wallClock } from "../../domain/period.ts";
import type { ClockHours, PrepaidPolicy } from "../../domain/policy.ts";
import type { SupplyFacts } from "./decide.ts";

/** Why a cut that the money asks for must wait. */
export const HELD_REASONS = {
  not_cuttable: { zh: "此类表不自动停供", en: "this utility is never cut by the engine" },
  protected_customer: { zh: "受保护用户", en: "protected customer" },
  balance_unknown: { zh: "可用余额无法计算", en: "the available balance cannot be told" },
  no_reading: { zh: "没有读数", en: "no reading" },
  estimated_reading: { zh: "读数为估算", en: "the reading is an estimate" },
  held_reading: { zh: "读数待人工核实", en: "a reading is held for a person" },
  stale_reading: { zh: "读数过旧", en: "the last reading is too old" },
  notice_running: { zh: "催费通知期内", en: "the notice period runs" },
  recent_credit: { zh: "刚刚缴费", en: "a credit came in a short while ago" },
  protected_day: { zh: "保护日", en: "protected day" },
  protected_hours: { zh: "保护时段", en: "protected hours" },
  hourly_cap: { zh: "已达每小时停供上限", en: "the hourly limit of cuts is reached" },
} as const;
export type HeldReason = keyof typeof HELD_REASONS;

/** The first guard that forbids a cut now; `null` when none does. Asked at decision and again at sending. */
export function holdOf(f: SupplyFacts, p: PrepaidPolicy, now: Instant): HeldReason | null {
  const after = (at: Instant | null, minutes: number) => at === null || now - at >= minutes * MINUTE_MS;
  if (!p.utilities.includes(f.utility)) return "not_cuttable";
  if (f.protectedReason !== null) return "protected_customer";
  if (f.available === null) return "balance_unknown";
  if (f.lastReadingAt === null) return "no_reading";
  if (f.estimated) return "estimated_reading";
  if (f.useHeld) return "held_reading";
  if (now - f.lastReadingAt > p.readingAgeMinutesMax * MINUTE_MS) return "stale_reading";
  if (f.warned2At === null || !after(f.warned2At, p.noticeMinutes)) return "notice_running";
  if (!after(f.lastCreditAt, p.creditGraceMinutes)) return "recent_credit";
  const { day, weekday, minute } = wallClock(now, f.zone);
  if (p.protectedWeekdays.includes(weekday) || p.protectedDays.includes(day)) return "protected_day";
  if (p.protectedHours.some((hours) => isWithin(hours, minute))) return "protected_hours";
  const others = f.open === null ? f.cutsQueued : 0;
  if (f.cutsSentLastHour + others >= p.cutsPerHourMax) return "hourly_cap";
  return null;
}

function isWithin({ from, to }: ClockHours, minute: number): boolean {
  const a = minuteOf(from);
  const b = minuteOf(to);
  return a <= b ? a <= minute && minute < b : minute >= a || minute < b;
}

function minuteOf(text: string): number {
  const [hours, minutes] = text.split(":");
  return Temporal.Duration.from(`PT${hours}H${minutes}M`).total("minutes");
}
