import { type Instant, instantOfIso } from "../../domain/instant.ts";
import type { TimeFormat } from "../../domain/profile.ts";
import type { Zone } from "../../domain/period.ts";

const DAY_MS = 86_400_000;
const PLAIN = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?Z$/;
const LOCAL = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$/;
/** Instants that the language's calendar knows: ±10⁸ days. */
const LIMIT_MS = 8.64e15;

/**
 * A time as a payload writes it. `null`: it cannot be read. `"absent"`: local text and nobody says in which zone.
 * @param near tells seconds from milliseconds: of the two the one closer to it is meant
 */
export function instantOf(value: unknown, format: TimeFormat, near: Instant, zone?: Zone): Instant | "absent" | null {
  switch (format) {
    case "received":
      return "absent";
    case "iso":
      return typeof value === "string" ? instantOfText(value) : null;
    case "unix_s":
      return instantOfNumber(value, 1000);
    case "unix_ms":
      return instantOfNumber(value, 1);
    case "local":
      return typeof value === "string" ? (instantOfText(value) ?? instantOfLocal(value, zone)) : null;
    case "any":
      return typeof value === "string" && value.includes("-")
        ? (instantOfText(value) ?? instantOfLocal(value, zone))
        : closer(instantOfNumber(value, 1000), instantOfNumber(value, 1), near);
  }
}

function closer(a: Instant | null, b: Instant | null, near: Instant): Instant | null {
  if (a === null || b === null) return a ?? b;
  return Math.abs(a - near) <= Math.abs(b - near) ? a : b;
}

function instantOfNumber(value: unknown, unitMs: number): Instant | null {
  const text =
    typeof value === "number" ? value : typeof value === "string" && /^\d{1,17}(\.\d+)?$/.test(value) ? +value : null;
  if (text === null) return null;
  const ms = Math.round(text * unitMs);
  return Number.isFinite(ms) && Math.abs(ms) <= LIMIT_MS ? (ms as Instant) : null;
}

/** The usual form by arithmetic, every other by the calendar of the language (which also knows that no day is a 30 February). */
function instantOfText(text: string): Instant | null {
  const m = PLAIN.exec(text);
  if (m === null) return instantOfIso(text);
  const [year, month, day] = [+(m[1] ?? 0), +(m[2] ?? 0), +(m[3] ?? 0)];
  const [hour, minute, second] = [+(m[4] ?? 0), +(m[5] ?? 0), +(m[6] ?? 0)];
  if (day > 28 || day < 1 || month > 12 || month < 1 || hour > 23 || minute > 59 || second > 59)
    return instantOfIso(text);
  const ms = ((hour * 60 + minute) * 60 + second) * 1000 + +(m[7] ?? 0);
  return (daysFromCivil(year, month, day) * DAY_MS + ms) as Instant;
}

/** Days since 1970-01-01 of a Gregorian date (Howard Hinnant, chrono-compatible low-level date algorithms). */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

function instantOfLocal(text: string, zone: Zone | undefined): Instant | "absent" | null {
  if (!LOCAL.test(text)) return null;
  try {
    const local = Temporal.PlainDateTime.from(text);
    return zone === undefined ? "absent" : (local.toZonedDateTime(zone).epochMilliseconds as Instant);
  } catch {
    return null;
  }
}
