import { z } from "zod";
import { type Day, isDay, startOfDay } from "../../domain/period.ts";

/** Decimal text; a JSON number is taken in its shortest form, so that 0.538 stays 0.538. */
export const decimal = z
  .union([z.string(), z.number()])
  .transform((value) => (typeof value === "number" ? plain(value) : value.trim()))
  .pipe(z.string().regex(/^-?\d{1,12}(\.\d{1,20})?$/, "not a decimal such as 0.538"));

/** The shortest text of a number, without an exponent. */
function plain(value: number): string {
  const text = value.toString();
  const m = /^(-?)(\d)(?:\.(\d+))?e-(\d+)$/.exec(text);
  return m === null ? text : `${m[1]}0.${"0".repeat(Number(m[4]) - 1)}${m[2]}${m[3] ?? ""}`;
}

export const notBelowZero = decimal.refine((text) => !text.startsWith("-") || !/[1-9]/.test(text), "is below zero");

export const day = z
  .string()
  .refine(isDay, "not a day of the calendar (YYYY-MM-DD)")
  .transform((text) => text as Day);
export const zone = z.string().refine(isZone, "not a time zone such as Asia/Shanghai");

export const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "an id has small letters, digits, `.`, `_`, `-`; at most 64");
export const touName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, "a time of use is named like `peak` or `summer_peak`");
export const title = z.strictObject({ zh: z.string().min(1), en: z.string().min(1) });
export const months = z.array(z.int().min(1).max(12)).min(1);
export const time = z
  .string()
  .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, "not a time such as 08:00; the day ends at 24:00");
export const yearDay = z.string().regex(/^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$/, "MM-DD, at most day 28");

function isZone(text: string): boolean {
  try {
    startOfDay("2000-01-01" as Day, text);
    return true;
  } catch {
    return false;
  }
}
