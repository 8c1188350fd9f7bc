import type { Transaction } from "kysely";
import { overlap, type Period } from "../../domain/period.ts";
import type { Utility } from "../../domain/unit.ts";
import { readStays } from "../../ledger/metered-stays.ts";
import { readEditBook, readingsAround, readingsWithin } from "../../ledger/usage.ts";
import { type PointUse, pointUse } from "../../metering/balance.ts";
import { MAIN_REGISTER } from "../../metering/register.ts";
import { usageOf } from "../../metering/usage.ts";
import type { Tables } from "../../schema/tables.ts";
import { inOrder } from "../chunk.ts";
import { doubtsOf } from "../doubts.ts";
import { installationOf } from "../installation.ts";
import type { DialBook } from "../tariffs.ts";

/** A time in which a point's use is asked for. */
export type Stretch = { readonly usagePointId: bigint; readonly period: Period };

type UsesInput = { readonly utility: Utility; readonly stretches: readonly Stretch[]; readonly dials: DialBook };

/** Reads, in a handful of queries, what these points counted; by the same rules as bills. Ask only for stretches that were named. */
export async function readPointUses(
  trx: Transaction<Tables>,
  { utility, stretches, dials }: UsesInput,
): Promise<(usagePointId: bigint, periods: readonly Period[]) => PointUse> {
  const register = MAIN_REGISTER[utility];
  const stays = await readStays(trx, [...new Set(stretches.map(({ usagePointId }) => usagePointId))]);
  const edges = stretches.flatMap(({ usagePointId, period }) =>
    (stays.get(usagePointId) ?? []).flatMap((stay) => {
      const window = overlap({ from: stay.installedAt, to: stay.removedAt ?? period.to }, period);
      if (window === null) return [];
      return [window.from, window.to].map((at) => ({ meterId: stay.meterId, register, at }));
    }),
  );
  const registers = [...new Map(edges.map((edge) => [edge.meterId, edge])).values()];
  const edits = await readEditBook(trx, registers);
  const instants = stretches.flatMap(({ period }) => [period.from, period.to]);
  const whole = { from: instants.reduce((a, b) => (a < b ? a : b)), to: instants.reduce((a, b) => (a > b ? a : b)) };
  const around = edges.length === 0 ? [] : await readingsAround(trx, edges, edits);
  const within = registers.length === 0 ? [] : await readingsWithin(trx, registers, whole, edits);
  const readings = Map.groupBy(inOrder([...around, ...within]), ({ meterId }) => meterId);
  return (usagePointId, periods) => {
    const own = stays.get(usagePointId) ?? [];
    const installations = own.map((stay) => installationOf(stay, { utility, readings, dials }));
    return pointUse(
      usagePointId,
      periods.map((period) => {
        const result = usageOf({ utility, period, installations });
        const begun = own.filter(({ cut }) => cut?.start !== true); // a changed ratio is no new meter
        return {
          usage: result.usage,
          doubts: doubtsOf(result, begun).map((doubt) => doubt.slice(0, DOUBT_LETTERS_MAX)),
        };
      }),
    );
  };
}

/** A doubt is shown in a table, not told at length. */
const DOUBT_LETTERS_MAX = 300;
