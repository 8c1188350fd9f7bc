import type { ClockFormat, ModbusClock } from "../../domain/profile.ts";
import type { ModbusUnit } from "./unit.ts";

/** A slave's own clock: it runs `ppm` millionths too fast, jumps when told, and can be set over the wire where its profile says so. */
export class SlaveClock {
  ppm = 0;
  /** What is wrong with it now, apart from its rate. */
  offMs = 0;
  /** Answers writes with an echo and stays as it was. */
  stuck = false;
  /** Times it was set over the wire. */
  set = 0;
  readonly #real: () => number;
  #since: number;

  constructor(real: () => number) {
    this.#real = real;
    this.#since = real();
  }

  jump(ms: number): void {
    this.offMs += ms;
  }

  now(): number {
    const real = this.#real();
    return real + this.offMs + ((real - this.#since) * this.ppm) / 1e6;
  }

  setTo(ms: number): void {
    this.set++;
    if (this.stuck) return;
    this.#since = this.#real();
    this.offMs = ms - this.#since;
  }
}

/**
 * A slave with clock registers beside its others. Calendar and format are written here a second time, apart from the collector's,
 * so that a mistake in one shows in the other. `utcOffsetMs`: of the slave's local time.
 */
export function withClock(inner: ModbusUnit, map: ModbusClock, clock: SlaveClock, utcOffsetMs = 0): ModbusUnit {
  const offset = map.zone === "utc" || map.format === "unix_s" ? 0 : utcOffsetMs;
  return {
    read(table, address, count) {
      if (table !== map.table || address !== map.address) return inner.read(table, address, count);
      const words = wordsOf(map.format, clock.now() + offset);
      return words.length === count ? words : 2;
    },
    write(table, address, words) {
      if (table !== "holding" || address !== map.address) return inner.write(table, address, words);
      if (map.writable !== true) return 2;
      const at = timeOf(map.format, words);
      if (Number.isNaN(at)) return 3;
      clock.setTo(at - offset);
      return 0;
    },
  };
}

function wordsOf(format: ClockFormat, ms: number): Uint16Array {
  const seconds = Math.floor(ms / 1000);
  if (format === "unix_s") return Uint16Array.of(seconds >>> 16, seconds & 0xffff);
  const [year = 0, ...rest] = new Date(ms).toISOString().match(/\d+/g)?.map(Number) ?? [];
  const parts = [year, ...rest.slice(0, 5)];
  if (format === "ymdhms_words") return Uint16Array.from(parts);
  const bytes = parts.map((n) => n % 100).map((n) => (format === "ymdhms_bcd" ? parseInt(String(n), 16) : n));
  return Uint16Array.from([0, 2, 4], (i) => ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
}

function timeOf(format: ClockFormat, words: Uint16Array): number {
  const [high = 0, low = 0] = words;
  if (format === "unix_s") return (high * 65_536 + low) * 1000;
  const bytes = [...words].flatMap((word) => [word >>> 8, word & 255]);
  const plain = format === "ymdhms_bcd" ? bytes.map((byte) => Number(byte.toString(16))) : bytes;
  const [y = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = format === "ymdhms_words" ? words : plain;
  return Date.UTC(y < 100 ? 2000 + y : y, month - 1, day, hour, minute, second);
}
