import { type Instant, instant, MINUTE_MS, SECOND_MS } from "../../domain/instant.ts";
import { wallClock, type Zone } from "../../domain/period.ts";
import type { ClockFormat, ModbusClock } from "../../domain/profile.ts";

/** Off by less is what clocks are: a quarter of an hour wrong by 10 s is 1 %. Our choice. */
export const DRIFT_MS_MIN = 10 * SECOND_MS;
/** Off by more is a wrong zone, a flat battery or a stranger: a person looks first. Our choice. */
export const DRIFT_MS_MAX = 10 * MINUTE_MS;
/** Meters freeze their registers at the ends of quarter hours and at midnight; neither clock may be near one, and none may be stepped over. */
const INTERVAL_MS = 15 * MINUTE_MS;
const INTERVAL_MARGIN_MS = MINUTE_MS;
const MIDNIGHT_MARGIN_MINUTES = 15;
const DAY_MINUTES = 24 * 60;

export const CLOCK_WORDS: Readonly<Record<ClockFormat, number>> = {
  ymdhms_words: 6,
  ymdhms_bytes: 3,
  ymdhms_bcd: 3,
  unix_s: 2,
};

/** The meter's time, by whole seconds; `null` for words that are no time. A local time that comes twice a year means the first. */
export function timeOfWords({ format, zone: kept }: ModbusClock, words: ArrayLike<number>, zone: Zone): Instant | null {
  if (words.length !== CLOCK_WORDS[format]) return null;
  if (format === "unix_s") return instant(((words[0] ?? 0) * 65_536 + (words[1] ?? 0)) * SECOND_MS);
  const parts = partsOf(format, words);
  if (parts === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  try {
    const local = Temporal.PlainDateTime.from({ year, month, day, hour, minute, second }, { overflow: "reject" });
    return instant(
      local.toZonedDateTime(kept === "utc" ? "UTC" : zone, { disambiguation: "earlier" }).epochMilliseconds,
    );
  } catch {
    return null;
  }
}

export function wordsOfTime({ format, zone: kept }: ModbusClock, at: Instant, zone: Zone): number[] {
  const seconds = Math.round(at / SECOND_MS);
  if (format === "unix_s") return [Math.floor(seconds / 65_536), seconds % 65_536];
  const z = Temporal.Instant.fromEpochMilliseconds(seconds * SECOND_MS).toZonedDateTimeISO(
    kept === "utc" ? "UTC" : zone,
  );
  if (format === "ymdhms_words") return [z.year, z.month, z.day, z.hour, z.minute, z.second];
  const bytes = [z.year - 2000, z.month, z.day, z.hour, z.minute, z.second].map((n) =>
    format === "ymdhms_bcd" ? Math.floor(n / 10) * 16 + (n % 10) : n,
  );
  return [0, 2, 4].map((i) => (bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0));
}

function partsOf(format: Exclude<ClockFormat, "unix_s">, words: ArrayLike<number>): number[] | null {
  if (format === "ymdhms_words") return Array.from(words);
  const bytes = Array.from(words).flatMap((word) => [word >>> 8, word & 0xff]);
  if (format === "ymdhms_bcd" && bytes.some((byte) => byte >>> 4 > 9 || (byte & 15) > 9)) return null;
  const [year = 0, ...rest] = format === "ymdhms_bcd" ? bytes.map((b) => (b >>> 4) * 10 + (b & 15)) : bytes;
  return [2000 + year, ...rest];
}

/** Meter's clock less ours in the middle of the transaction. It shows whole seconds: the moment lies half a second further on average. */
export function driftMs(read: Instant, sentAt: Instant, receivedAt: Instant): number {
  return Math.round(read + SECOND_MS / 2 - (sentAt + receivedAt) / 2);
}

/** `leave`: right enough. `hold`: for a person. `wait`: to be set, but not now. `set`: now. */
export type ClockStep = "leave" | "hold" | "wait" | "set";

export function stepFor(drift: number, at: Instant, zone: Zone): ClockStep {
  const off = Math.abs(drift);
  if (off < DRIFT_MS_MIN) return "leave";
  if (off > DRIFT_MS_MAX) return "hold";
  const shown = instant(at + drift);
  return sameInterval(at, shown) && !nearMidnight(at, zone) && !nearMidnight(shown, zone) ? "set" : "wait";
}

/** Quarter hours begin alike in every zone of today. */
function sameInterval(a: Instant, b: Instant): boolean {
  const [from, to] = a < b ? [a, b] : [b, a];
  const begin = Math.floor(from / INTERVAL_MS) * INTERVAL_MS;
  return from - begin >= INTERVAL_MARGIN_MS && begin + INTERVAL_MS - to >= INTERVAL_MARGIN_MS;
}

function nearMidnight(at: Instant, zone: Zone): boolean {
  const { minute } = wallClock(at, zone);
  return minute < MIDNIGHT_MARGIN_MINUTES || minute >= DAY_MINUTES - MIDNIGHT_MARGIN_MINUTES;
}
