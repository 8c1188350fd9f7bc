import { InvalidArgumentError } from "commander";
import { type Day, isDay } from "../domain/period.ts";

/** A day as an option's value. @throws InvalidArgumentError */
export function dayOption(text: string): Day {
  if (!isDay(text)) throw new InvalidArgumentError("A day is written 2026-10-31.");
  return text;
}

/** Every value of an option that may be given again and again. */
export const collect = (text: string, before: readonly string[]): string[] => [...before, text];
