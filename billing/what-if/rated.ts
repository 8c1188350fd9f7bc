import { CodedError } from "../../domain/errors.ts";
import type { Micro } from "../../domain/quantity.ts";
import type { Unit, Utility } from "../../domain/unit.ts";
import type { AccountInput } from "../chunk.ts";
import type { StateChain } from "../books-state.ts";
import { settleAll } from "../settlement.ts";

/** What one utility of an account comes to, in minor units. */
export type RatedUtility = {
  readonly utility: Utility;
  readonly unit: Unit;
  readonly quantity: Micro;
  readonly minor: bigint;
  /** Units whose hours nobody saw: priced by a share of time. */
  readonly guessed: Micro;
};

export type LeftOutReason = "no_tariff" | "in_doubt" | "cannot_rate" | "failed";

/** An account priced for one bill period, or why it cannot be: the same reasons for which a bill waits. */
export type Rated =
  | { readonly kind: "rated"; readonly utilities: readonly RatedUtility[] }
  | { readonly kind: "left_out"; readonly reason: LeftOutReason; readonly detail: string };

/**
 * Prices what an account used, line by line as its bill does. `points` limits it to these usage points. Pure.
 * @param chain what the months before hand on; takes what this one does
 */
export function ratedOf(input: AccountInput, points: ReadonlySet<bigint>, chain?: StateChain): Rated {
  try {
    const own = input.settlements.filter(({ agreement }) => points.has(agreement.usagePointId));
    const settled = settleAll(chain?.on(own) ?? own);
    chain?.note(settled);
    const doubts = [...settled.flatMap((one) => one.doubts), ...(input.unestimated ?? [])];
    if (settled.some((one) => one.doubts.length > 0)) {
      return { kind: "left_out", reason: "in_doubt", detail: doubts.join("; ") };
    }
    const utilities = settled.map(({ agreement, usage, lines, guessed }) => ({
      utility: agreement.utility,
      unit: usage.unit,
      quantity: usage.total,
      minor: lines.reduce((sum, { amount }) => sum + amount.minor, 0n),
      guessed,
    }));
    return { kind: "rated", utilities: sumByUtility(utilities) };
  } catch (error) {
    const reason = error instanceof CodedError ? "cannot_rate" : "failed";
    return { kind: "left_out", reason, detail: error instanceof Error ? error.message : String(error) };
  }
}

/** One entry per utility, in the order in which they first appear. */
export function sumByUtility(all: readonly RatedUtility[]): RatedUtility[] {
  return [...Map.groupBy(all, ({ utility }) => utility).values()].map((own) =>
    own.reduce((sum, one) => ({
      ...sum,
      quantity: sum.quantity + one.quantity,
      minor: sum.minor + one.minor,
      guessed: sum.guessed + one.guessed,
    })),
  );
}
