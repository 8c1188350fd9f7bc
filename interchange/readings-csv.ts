import { isoIn } from "../domain/instant.ts";
import { type Instant, instantOfIso } from "../domain/instant.ts";
import type { Zone } from "../domain/period.ts";
import { decimalText, type Micro, microOf } from "../domain/quantity.ts";
import { isRegisterName, type RegisterName, REGISTERS } from "../domain/register.ts";

/** A file of readings: one line per reading, the first line names the columns; their order is free. */
export const COLUMNS = ["meter", "register", "measured_at", "value", "unit", "source", "received_at"] as const;
export const REQUIRED = ["meter", "register", "measured_at", "value"] as const;

/** One line as text, under its columns. */
export type CsvRow = Readonly<Partial<Record<string, string>>>;
export type CsvReading = {
  readonly serial: string;
  readonly register: RegisterName;
  readonly at: Instant;
  readonly value: Micro;
};

const INT64_MAX = 2n ** 63n - 1n;
/** 2000-01-01T00:00Z: a clock that was never set says 1970. */
const EARLIEST = 946_684_800_000;

/** @returns what the line says, or the first thing that is wrong with it */
export function readingOfRow(row: CsvRow, now: Instant): CsvReading | string {
  const missing = REQUIRED.find((column) => (row[column] ?? "") === "");
  if (missing !== undefined) return `${missing} is empty`;
  const [serial = "", register = "", measuredAt = "", value = ""] = REQUIRED.map((column) => row[column]);
  if (!isRegisterName(register)) return `there is no register ${JSON.stringify(register)}`;
  const { unit, kind } = REGISTERS[register];
  if (kind === "state") return `${register} is a position: only the meter itself proves it, over its own wire`;
  const stated = row["unit"] ?? "";
  if (stated !== "" && stated !== unit)
    return `${register} is kept in ${unit}, the line says ${JSON.stringify(stated)}`;
  const at = instantOfIso(measuredAt);
  if (at === null)
    return `measured_at ${JSON.stringify(measuredAt)} is not an ISO 8601 time with its offset, as 2026-03-01T00:00:00+08:00`;
  if (at < EARLIEST) return "it was measured before 2000";
  if (at > now) return "it was measured in the future";
  const micro = microOf(value);
  if (micro === null) return `value ${JSON.stringify(value)} is not a decimal number`;
  if (/\.\d{6}\d*[1-9]/.test(value) && /\.\d{7,}/.test(value))
    return `value ${value} has more than six decimals: it would be rounded`;
  if ((kind === "cumulative" || kind === "maximum") && micro < 0n)
    return `${register} is a counter and cannot be negative`;
  if (micro > INT64_MAX || micro < -INT64_MAX) return `value ${value} is greater than the books can hold`;
  return { serial, register, at, value: micro };
}

export type BookedLine = {
  readonly serial: string;
  readonly register: RegisterName;
  readonly measuredAt: Instant;
  readonly value: Micro;
  readonly source: string;
  readonly receivedAt: Instant;
};

export const rowOfReading = (line: BookedLine, zone: Zone): readonly string[] => [
  line.serial,
  line.register,
  isoIn(line.measuredAt, zone),
  decimalText(line.value),
  REGISTERS[line.register].unit,
  line.source,
  isoIn(line.receivedAt, zone),
];
