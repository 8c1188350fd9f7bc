import { CodedError } from "../domain/errors.ts";
import type { Zone } from "../domain/period.ts";
import type { LocalTime } from "./espi-entry.ts";

/** espi.xsd, DstRuleType: no daylight saving time. */
const NO_RULE = "FFFFFFFF";

/** A rule of espi.xsd, DstRuleType: bits 0–11 seconds, 12–16 hour, 17–19 weekday (1 Monday), 20–24 day, 25–27 operator, 28–31 month. */
export type DstRule = {
  readonly month: number;
  readonly operator: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly second: number;
};

/** @returns null for a rule that is switched off or no rule at all */
export function dstRuleOf(hex: string): DstRule | null {
  if (!/^[0-9A-Fa-f]{8}$/.test(hex) || hex.toUpperCase() === NO_RULE) return null;
  const bits = Number.parseInt(hex, 16);
  const field = (from: number, width: number) => Math.floor(bits / 2 ** from) % 2 ** width;
  const rule = {
    month: field(28, 4),
    operator: field(25, 3),
    day: field(20, 5),
    weekday: field(17, 3),
    hour: field(12, 5),
    second: field(0, 12),
  };
  return rule.month >= 1 && rule.month <= 12 && rule.hour < 24 ? rule : null;
}

export function dstRuleHex({ month, operator, day, weekday, hour, second }: DstRule): string {
  const bits = month * 2 ** 28 + operator * 2 ** 25 + day * 2 ** 20 + weekday * 2 ** 17 + hour * 2 ** 12 + second;
  return bits.toString(16).toUpperCase().padStart(8, "0");
}

const WEEKDAYS = ["", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const NTH = ["", "", "first", "second", "third", "fourth", "fifth", "last"];

function ruleText(hex: string): string {
  const rule = dstRuleOf(hex);
  if (rule === null) return "none";
  const { month, operator, day, weekday, hour, second } = rule;
  const time = `${String(hour).padStart(2, "0")}:${String(Math.floor(second / 60)).padStart(2, "0")}`;
  if (operator === 0) return `on day ${day} of month ${month} at ${time}`;
  if (operator === 1) return `${WEEKDAYS[weekday]} on or after day ${day} of month ${month} at ${time}`;
  return `${NTH[operator]} ${WEEKDAYS[weekday]} of month ${month} at ${time}`;
}

/** What a feed says of its local time. Interval times are UTC seconds, so nothing is shifted by it. */
export function localTimeText({ tzOffset, dstOffset, startRule, endRule }: LocalTime): string {
  const offset = `UTC${tzOffset.startsWith("-") ? "" : "+"}${tzOffset || "?"} s`;
  if (ruleText(startRule) === "none") return `${offset}, no daylight saving time`;
  return `${offset}, daylight saving ${dstOffset || "?"} s from ${ruleText(startRule)} to ${ruleText(endRule)}`;
}

/** The zone's rules as ESPI writes them, read off its transitions in `year`. */
export function localTimeOf(zone: Zone, year: number): LocalTime {
  const offset = (at: Temporal.ZonedDateTime) => at.offsetNanoseconds / 1e9;
  let at: Temporal.ZonedDateTime | null = zonedYear(zone, year);
  const changes: { rule: DstRule; by: number }[] = [];
  const winter = Math.min(offset(at), offset(at.add({ months: 6 })));
  for (at = at.getTimeZoneTransition("next"); at !== null && at.year === year; at = at.getTimeZoneTransition("next")) {
    const before = at.subtract({ seconds: 1 });
    changes.push({ rule: ruleOf(before), by: offset(at) - offset(before) });
  }
  const start = changes.find(({ by }) => by > 0);
  const end = changes.find(({ by }) => by < 0);
  if (start === undefined || end === undefined)
    return { tzOffset: String(winter), dstOffset: "0", startRule: NO_RULE, endRule: NO_RULE };
  return {
    tzOffset: String(winter),
    dstOffset: String(start.by),
    startRule: dstRuleHex(start.rule),
    endRule: dstRuleHex(end.rule),
  };
}

function zonedYear(zone: Zone, year: number): Temporal.ZonedDateTime {
  try {
    return Temporal.PlainDate.from({ year, month: 1, day: 1 }).toZonedDateTime(zone);
  } catch {
    throw new CodedError("config.invalid", `The operator's time zone ${zone} is not known.`);
  }
}

/** @param before the last second of the old time, on the clock that people see */
function ruleOf(before: Temporal.ZonedDateTime): DstRule {
  const wall = before.toPlainDateTime().add({ seconds: 1 });
  const nth = Math.ceil(wall.day / 7);
  const last = wall.day + 7 > wall.daysInMonth;
  return {
    month: wall.month,
    operator: last ? 7 : nth + 1,
    day: 0,
    weekday: wall.dayOfWeek,
    hour: wall.hour,
    second: wall.minute * 60 + wall.second,
  };
}
