import type { Transaction } from "kysely";
import type { Period } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import { billedLines, billedStretches, type OpenTrueUp, openTrueUps } from "../ledger/true-ups.ts";
import type { Tables } from "../schema/tables.ts";
import { type AccountInput, readAccounts, type SettlementBooks } from "./chunk.ts";
import type { CorrectionInput } from "./true-up.ts";

/** Estimated bills of one account at one usage point, in order of time; the next one begins where the last one ended. */
type Chain = { readonly accountId: AccountId; readonly usagePointId: bigint; readonly trueUps: readonly OpenTrueUp[] };

/**
 * Adds what can be trued up now: a chain of estimated bills as soon as an actual reading of every register is known at or
 * after its last end. One bill of a chain is never trued up without the others: they share their ends.
 */
export async function withTrueUps(
  trx: Transaction<Tables>,
  inputs: readonly AccountInput[],
  books: SettlementBooks,
): Promise<readonly AccountInput[]> {
  const open = await openTrueUps(
    trx,
    inputs.map(({ accountId }) => accountId),
  );
  if (open.length === 0) return inputs;
  const chains = chainsOf(open);
  const corrections = await correctionsOf(trx, chains.filter(isKnown), books);
  return inputs.map((input) => {
    const own = chains.filter(({ accountId }) => accountId === input.accountId);
    return {
      ...input,
      corrections: corrections
        .filter(({ accountId }) => accountId === input.accountId)
        .map(({ correction }) => correction),
      estimatedBills: new Map(
        own
          .filter((chain) => !isKnown(chain))
          .map(({ usagePointId, trueUps }) => [usagePointId, new Set(trueUps.map(({ bill }) => bill.id)).size]),
      ),
    };
  });
}

const chainsOf = (open: readonly OpenTrueUp[]): Chain[] =>
  [...Map.groupBy(open, ({ accountId, usagePointId }) => `${accountId} ${usagePointId}`).values()].flatMap(
    (trueUps) => {
      const [first] = trueUps;
      return first === undefined ? [] : [{ accountId: first.accountId, usagePointId: first.usagePointId, trueUps }];
    },
  );

function isKnown({ trueUps }: Chain): boolean {
  const last = trueUps.reduce((latest, { at }) => Math.max(latest, at), 0);
  return trueUps.every(({ at, hasActual }) => at < last || hasActual);
}

async function correctionsOf(
  trx: Transaction<Tables>,
  chains: readonly Chain[],
  books: SettlementBooks,
): Promise<{ accountId: AccountId; correction: CorrectionInput }[]> {
  const byPeriod = Map.groupBy(
    chains.flatMap((chain) =>
      [...Map.groupBy(chain.trueUps, ({ bill }) => bill.id).values()].map((trueUps) => ({ ...chain, trueUps })),
    ),
    ({ trueUps }) => `${trueUps[0]?.bill.from} ${trueUps[0]?.bill.to}`,
  );
  const found: { accountId: AccountId; correction: CorrectionInput }[] = [];
  for (const bills of byPeriod.values()) {
    const period = bills[0]?.trueUps[0]?.bill as Period;
    const inputs = await readAccounts(trx, [...new Set(bills.map(({ accountId }) => accountId))], period, books);
    const ids = bills.flatMap(({ trueUps }) => trueUps.slice(0, 1).map(({ bill }) => bill.id));
    const [lines, stretches] = [await billedLines(trx, ids), await billedStretches(trx, ids)];
    for (const { accountId, usagePointId, trueUps } of bills) {
      const bill = trueUps[0]?.bill as OpenTrueUp["bill"];
      const isOwn = (part: { billId: bigint; usagePointId: bigint }) =>
        part.billId === bill.id && part.usagePointId === usagePointId;
      const settlements = (inputs.find((input) => input.accountId === accountId)?.settlements ?? []).filter(
        ({ agreement }) => agreement.usagePointId === usagePointId,
      );
      const correction = {
        bill,
        usagePointId,
        settlements,
        lines: lines.filter(isOwn),
        stretches: stretches.filter(isOwn),
        trueUps,
      };
      found.push({ accountId, correction });
    }
  }
  return found.sort((a, b) => Number(a.correction.bill.id - b.correction.bill.id));
}
