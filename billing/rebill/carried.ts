import type { RateState } from "../rate/state.ts";
import { stateSchema } from "../rate/account-file.ts";

/** One thing that charges carry from bill to bill, as it was handed on and as it is now; absent = nothing of the kind. */
export type CarriedChange = {
  readonly what: "net_credit" | "net_total" | "money_credit" | "peak" | "year_so_far";
  /** Charge, time of use or month that it is of; empty = all of it. */
  readonly name: string;
  /** Millionths of kWh or kW, or minor units of money. */
  readonly was: bigint | null;
  readonly now: bigint | null;
};

/** What its values are: `money` in minor units, else millionths. */
export const carriedUnit = (what: CarriedChange["what"]): "kWh" | "kW" | "money" =>
  what === "peak" ? "kW" : what === "net_credit" || what === "net_total" ? "kWh" : "money";

/** What differs between two states as they are kept. Pure. */
export function carriedChanges(was: unknown, now: unknown): CarriedChange[] {
  const [before, after] = [valuesOf(was), valuesOf(now)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key): CarriedChange[] => {
    const [old, next] = [before.get(key) ?? null, after.get(key) ?? null];
    const [what = "", name = ""] = key.split("\0");
    return (old ?? 0n) === (next ?? 0n) ? [] : [{ what: what as CarriedChange["what"], name, was: old, now: next }];
  });
}

function valuesOf(json: unknown): Map<string, bigint> {
  const {
    peaks = {},
    netCredit = {},
    netTotal = 0n,
    carried = {},
    minimum = {},
  } = stateSchema.parse(json ?? {}) as RateState;
  const all: readonly (readonly [CarriedChange["what"], string, bigint])[] = [
    ...Object.entries(netCredit).map(([tou, kwh]) => ["net_credit", tou, kwh] as const),
    ["net_total", "", netTotal],
    ...Object.entries(carried).map(([charge, minor]) => ["money_credit", charge, minor] as const),
    ...Object.entries(peaks).flatMap(([charge, months]) =>
      months.map(({ month, kw }) => ["peak", `${charge} ${month}`, kw] as const),
    ),
    ...Object.entries(minimum).map(([charge, { billed }]) => ["year_so_far", charge, billed] as const),
  ];
  return new Map(all.map(([what, name, value]) => [`${what}\0${name}`, value]));
}
