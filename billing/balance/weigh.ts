import { type Day, daysBetween } from "../../domain/period.ts";
import { decimalText, type Micro, MICRO_PER_UNIT } from "../../domain/quantity.ts";
import type { AccountId } from "../../domain/reading.ts";
import type { RuleRow, Taker } from "../../ledger/topology.ts";
import type { Claim } from "../../metering/apportion.ts";

/** A value that holds from a day on. */
type Dated = { readonly from: Day; readonly size: bigint };

export type WeighInput = {
  readonly key: RuleRow["key"];
  readonly takers: readonly Taker[];
  /** Hundredths of a square metre. */
  readonly areas: ReadonlyMap<AccountId, readonly Dated[]>;
  readonly persons: ReadonlyMap<AccountId, readonly Dated[]>;
  /** Micro units that an account's points counted while it took them. */
  readonly used: ReadonlyMap<AccountId, Micro>;
};

/** Weights as integers: area in 1/100 m² × days, persons × days, micro units, homes × days. Pure. */
export function weigh({ key, takers, areas, persons, used }: WeighInput): Claim[] {
  return [...Map.groupBy(takers, ({ accountId }) => accountId)].map(([accountId, own]) => {
    switch (key) {
      case "usage":
        return { accountId, weight: positive(used.get(accountId) ?? 0n) };
      case "equal":
        return { accountId, weight: overDays(own, [{ from: "0001-01-01" as Day, size: 1n }]) };
      case "area":
        return { accountId, weight: overDays(own, areas.get(accountId) ?? []) };
      case "household":
        return { accountId, weight: overDays(own, persons.get(accountId) ?? []) };
    }
  });
}

/** A weight as it is published: in the key's own measure. */
export const weightText = (key: RuleRow["key"], weight: bigint): string =>
  decimalText(key === "usage" ? weight : key === "area" ? weight * (MICRO_PER_UNIT / 100n) : weight * MICRO_PER_UNIT);

/** Reversed estimates can leave less than nothing: such an account bears nothing, and nobody pays it. */
const positive = (used: Micro): bigint => (used > 0n ? used : 0n);

/** Size × days over the days on which the account took anything here, each day once; `null` when a day has no size. */
function overDays(takers: readonly Taker[], sizes: readonly Dated[]): bigint | null {
  let sum = 0n;
  for (const { from, to } of union(takers)) {
    const days = [from, ...sizes.map((size) => size.from).filter((day) => day > from && day < to)];
    for (const [i, day] of days.entries()) {
      const size = sizes.findLast((one) => one.from <= day)?.size;
      if (size === undefined) return null;
      sum += size * BigInt(daysBetween(day, days[i + 1] ?? to));
    }
  }
  return sum;
}

function union(takers: readonly Taker[]): { from: Day; to: Day }[] {
  const spans: { from: Day; to: Day }[] = [];
  for (const { from, to } of [...takers].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))) {
    const last = spans.at(-1);
    if (last === undefined || from > last.to) spans.push({ from, to });
    else if (to > last.to) last.to = to;
  }
  return spans;
}
