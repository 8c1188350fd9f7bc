import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { type Day, type Period, startOfDay, type Zone } from "../../domain/period.ts";
import type { Micro } from "../../domain/quantity.ts";
import type { Capacity } from "../../domain/tariff.ts";
import type { RateContext } from "../rate.ts";

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

const CONTRACTED = { kW: "contractedKw", kVA: "contractedKva" } as const;

/** What the account has contracted at an instant. @throws CodedError `usage.invalid` when nobody said */
export function contractedAt(context: RateContext, capacity: Capacity, charge: string, at: Instant, zone: Zone): Micro {
  const field = CONTRACTED[capacity];
  const value = valueAt(context[field], at, zone);
  if (value !== undefined) return value;
  throw new CodedError(
    "usage.invalid",
    `${field}: \`${charge}\` is charged by the account's contracted ${capacity}: give it`,
  );
}

/** A part where a fact changes within it: each piece with one value. */
export function cutByFact<T extends bigint | boolean>(fact: Dated<T> | undefined, part: Period, zone: Zone): Period[] {
  if (!Array.isArray(fact)) return [part];
  const changes = (fact as readonly Since<T>[])
    .map(({ from }) => startOfDay(from, zone))
    .filter((at) => at > part.from && at < part.to)
    .filter((at) => factAt(at) !== factAt((at - 1) as Instant));
  const ends = [...new Set([...changes, part.to])].sort((a, b) => a - b);
  return ends.map((to, i) => ({ from: ends[i - 1] ?? part.from, to }));

  function factAt(at: Instant): T | undefined {
    return valueAt(fact, at, zone);
  }
}
