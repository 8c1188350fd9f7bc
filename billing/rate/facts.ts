import type { Instant } from "../../domain/instant.ts";
import { type Day, startOfDay, type Zone } from "../../domain/period.ts";

/** A fact of an account: always, or each value in force from a day on. */
export type Dated<T> = T | readonly Since<T>[];
export type Since<T> = { readonly from: Day; readonly value: T };

/** The value in force at an instant; `undefined` before the first. */
export function valueAt<T extends bigint | boolean>(
  fact: Dated<T> | undefined,
  at: Instant,
  zone: Zone,
): T | undefined {
  if (!Array.isArray(fact)) return fact as T | undefined;
  let found: Since<T> | undefined;
  for (const one of fact as readonly Since<T>[]) {
    if (startOfDay(one.from, zone) <= at && (found === undefined || one.from >= found.from)) found = one;
  }
  return found?.value;
}
