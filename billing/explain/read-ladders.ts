import type { Transaction } from "kysely";
import type { Ladder } from "../../domain/tariff.ts";
import type { Tables } from "../../schema/tables.ts";
import { hasLadder } from "../rate/ladder.ts";
import { readKept } from "./kept.ts";

/**
 * How tiers run over a bill of several months: begun anew with each calendar month, over the whole bill with thresholds once or once
 * for each month or day, or over the year.
 */
export const LADDER_RUNS = ["month", "bill", "bill_by_month", "bill_by_day", "year"] as const;
export type LadderRun = (typeof LADDER_RUNS)[number];

const runOf = ({ basis, scale }: Ladder): LadderRun =>
  basis === "period" ? (scale === undefined ? "bill" : `bill_by_${scale}`) : basis;

/** What the tariffs of these bills say, out of what was kept with each bill. A bill whose tariffs have no tiers is not in it. */
export async function readLadderRuns(
  trx: Transaction<Tables>,
  ids: readonly bigint[],
): Promise<ReadonlyMap<bigint, readonly LadderRun[]>> {
  const found = new Map<bigint, readonly LadderRun[]>();
  for (const id of ids) {
    const kept = await readKept(trx, id);
    if (kept === null) continue;
    const runs = [...kept.tariffs.values()].flatMap(({ charges }) =>
      charges.flatMap((charge) => (charge.kind === "energy" && hasLadder(charge) ? [runOf(charge.ladder)] : [])),
    );
    if (runs.length > 0)
      found.set(
        id,
        LADDER_RUNS.filter((run) => runs.includes(run)),
      );
  }
  return found;
}
