import { type Instant, instant, instantOfIso } from "../../domain/instant.ts";
import { type Day, isDay, startOfDay, type Zone } from "../../domain/period.ts";
import type { Cell } from "./sheet.ts";
import type { RowError } from "./words.ts";

/** A value of a cell, or why it is none. `null`: the cell is empty. */
export type Read<T> = { readonly value: T | null } | { readonly error: Omit<RowError, "column"> };
const is = <T>(value: T | null): Read<T> => ({ value });
const no = (code: RowError["code"], a?: string, b?: string): Read<never> => ({
  error: { code, ...(a === undefined ? {} : { a }), ...(b === undefined ? {} : { b }) },
});

/** Digits that a spreadsheet's numbers have; what is longer was rounded. IEEE 754 double, as every spreadsheet has it. */
const DIGITS_MAX = 15;

/** Text as people typed it; an apostrophe before it is the spreadsheet's sign for text. Full-width digits and letters are made plain in codes. */
export function textOf(cell: Cell, charsMax: number): Read<string> {
  if (cell.kind === "f") return no("formula_failed", cell.text);
  const number = cell.kind === "n" ? digitsOf(cell.text) : cell.text;
  if (number === null) return no("excel_rounded");
  const text = (cell.kind === "d" ? cell.text.slice(0, 10) : number).trim().replace(/^'/, "").normalize("NFC");
  if (/^[=@]/.test(text)) return no("formula");
  if (text.length > charsMax) return no("too_long", String(charsMax));
  // No control character of a pasted cell becomes part of a name.
  return is(text === "" ? null : text.replaceAll(/\p{Cc}+/gu, " ").toWellFormed());
}

/** A serial number, an account number, an id: one word. */
export function codeOf(cell: Cell, charsMax = 64): Read<string> {
  const read = textOf(cell, charsMax);
  if ("error" in read || read.value === null) return read;
  const text = read.value.normalize("NFKC");
  if (/^\d(\.\d+)?E\+\d+$/i.test(text)) return no("excel_rounded");
  return /^[^\s\p{C}]+$/u.test(text) ? is(text) : no("not_code");
}

/** `4.10023E+11` as a spreadsheet keeps a long number → its digits; null when digits were lost. */
function digitsOf(text: string): string | null {
  if (/^-?\d+$/.test(text)) return text.replace("-", "").length > DIGITS_MAX ? null : text;
  const m = /^(-?)(\d)(?:\.(\d+))?E\+?(\d{1,3})$/i.exec(text);
  if (m === null) return text;
  const [, sign = "", head = "", tail = "", power = ""] = m;
  const zeros = Number.parseInt(power, 10) - tail.length;
  return zeros < 0 || head.length + tail.length + zeros > DIGITS_MAX
    ? null
    : `${sign}${head}${tail}${"0".repeat(zeros)}`;
}

/** One of the words; each has its English name and others. Compared without case and width, `住户 customer` is both. */
export function choiceOf<T extends string>(cell: Cell, words: Readonly<Record<string, T>>): Read<T> {
  const read = textOf(cell, 60);
  if ("error" in read || read.value === null) return read as Read<T>;
  const text = read.value.normalize("NFKC").toLowerCase();
  const found = words[text] ?? words[text.split(/[\s/]+/).at(-1) ?? ""];
  return found === undefined ? no("not_choice", [...new Set(Object.values(words))].join(", ")) : is(found);
}

export function integerOf(cell: Cell, min: number, max: number): Read<number> {
  const read = textOf(cell, 30);
  if ("error" in read || read.value === null) return read as Read<number>;
  const text = read.value.normalize("NFKC").replace(/\.0+$/, "");
  const value = /^\d{1,9}$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
  return value >= min && value <= max ? is(value) : no("not_integer", String(min), String(max));
}

/** Plain decimal text without needless zeros. @param whole digits before the point that the books hold */
export function decimalOf(cell: Cell, whole: number, decimals: number, zero: boolean): Read<string> {
  const read = textOf(cell, 60);
  if ("error" in read || read.value === null) return read;
  const text = cell.kind === "n" ? roundedNumber(read.value) : read.value.normalize("NFKC");
  const m = /^(\d+)(?:\.(\d*))?$/.exec(text);
  if (m === null) return no("not_decimal");
  const units = (m[1] ?? "").replace(/^0+(?=\d)/, "");
  const fraction = (m[2] ?? "").replace(/0+$/, "");
  if (fraction.length > decimals) return no("decimals", String(decimals));
  if (units.length > whole) return no("out_of_range", `1${"0".repeat(whole)}`);
  const value = fraction === "" ? units : `${units}.${fraction}`;
  return value === "0" && !zero ? no("not_positive") : is(value);
}

/** `0.30000000000000004`, as a spreadsheet computes 0.1 + 0.2 → `0.3`. */
function roundedNumber(text: string): string {
  if (text.replace(/\D/g, "").length <= DIGITS_MAX && !/e/i.test(text)) return text;
  const [units = "", fraction] = Number(text).toFixed(12).split(".");
  const kept = Math.max(0, DIGITS_MAX - units.replace("-", "").length);
  return fraction === undefined
    ? units
    : Number(text)
        .toFixed(Math.min(kept, 12))
        .replace(/\.?0+$/, "");
}

/** Spreadsheets count days from 1899-12-30; 20000 is 1954 and 80000 is 2119. */
const SERIAL = /^[2-7]\d{4}(\.\d+)?$/;
const serialMoment = (text: string): Temporal.PlainDateTime =>
  Temporal.PlainDateTime.from("1899-12-30T00:00").add({ seconds: Math.round(Number(text) * 86_400) });

type Wall = { readonly at: Temporal.PlainDateTime; readonly hasTime: boolean };

/** `2026-03-01`, `2026/3/1`, `2026.3.1`, `2026年3月1日`, `20260301`, each with a time behind it; a date cell; a day's number. */
function wallOf(cell: Cell): Read<Wall> {
  if (cell.kind === "d") {
    const at = Temporal.PlainDateTime.from(cell.text.replace(/Z$/, ""));
    return is({ at: at.round("second"), hasTime: at.hour + at.minute + at.second > 0 });
  }
  const read = textOf(cell, 60);
  if ("error" in read || read.value === null) return read as Read<Wall>;
  const text = read.value.normalize("NFKC");
  if (SERIAL.test(text)) return is({ at: serialMoment(text), hasTime: text.includes(".") });
  const m = /^(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d\d)(\d\d))(?:[T ]+(\d{1,2}):(\d\d)(?::(\d\d))?)?$/.exec(
    text,
  );
  if (m === null) return no(/^\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d\d)$/.test(text) ? "ambiguous_day" : "not_day");
  const [year, month, day, hour, minute, second] = [m[1], m[2] ?? m[4], m[3] ?? m[5], m[6], m[7], m[8]].map((part) =>
    part === undefined ? 0 : Number.parseInt(part, 10),
  );
  try {
    const parts = {
      year: year ?? 0,
      month: month ?? 0,
      day: day ?? 0,
      hour: hour ?? 0,
      minute: minute ?? 0,
      second: second ?? 0,
    };
    return is({ at: Temporal.PlainDateTime.from(parts, { overflow: "reject" }), hasTime: m[6] !== undefined });
  } catch {
    return no("not_day");
  }
}

export function dayOf(cell: Cell): Read<Day> {
  const read = wallOf(cell);
  if ("error" in read || read.value === null) return read as Read<Day>;
  const text = read.value.at.toPlainDate().toString();
  return isDay(text) && !read.value.hasTime ? is(text) : no("not_day");
}

/** A day means its first instant in the operator's zone; a time without an offset is local there. */
export function momentOf(cell: Cell, zone: Zone): Read<Instant> {
  const stated = cell.kind === "s" ? instantOfIso(cell.text.trim()) : null;
  if (stated !== null) return is(stated);
  const read = wallOf(cell);
  if ("error" in read) return read.error.code === "not_day" ? no("not_moment") : (read as Read<Instant>);
  if (read.value === null) return is<Instant>(null);
  const { at, hasTime } = read.value;
  if (!hasTime) return is(startOfDay(at.toPlainDate().toString() as Day, zone));
  return is(instant(at.toZonedDateTime(zone).epochMilliseconds));
}
