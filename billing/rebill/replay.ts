import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../../domain/instant.ts";
import type { AccountId } from "../../domain/reading.ts";
import { cancelledBills } from "../../ledger/corrections.ts";
import {
  type BilledLine,
  type BilledStretch,
  billedLines,
  billedStretches,
  openTrueUps,
} from "../../ledger/true-ups.ts";
import type { Tables } from "../../schema/tables.ts";
import { type AccountInput, readAccounts, type SettlementBooks } from "../chunk.ts";
import { StateChain } from "../books-state.ts";
import { operatorFacts } from "../operator.ts";
import { differenceOf, type ReplayedBill, replayPoint } from "./compare.ts";

type Trx = Transaction<Tables>;

/** An account's issued bills made again, in order of time. */
export type AccountReplay = {
  readonly accountId: AccountId;
  readonly bills: readonly ReplayedBill[];
  readonly differenceMinor: bigint;
};

/** One bill only, as if it were cancelled already, or were not any more. */
export type OneBill = { readonly billId: bigint; readonly as: "cancelled" | "standing" };

type IssuedBill = {
  readonly id: bigint;
  readonly number: string;
  readonly accountId: AccountId;
  readonly from: Instant;
  readonly to: Instant;
};

/**
 * Makes every bill of these accounts that ends after `from` again by what is known now: readings, edits, decisions, exchanges,
 * ratios, households, agreements and tariffs. Where a ladder stands is counted from the registers, so that each later bill of the
 * ladder's year sees what changed before it. A cancelled bill stays at nothing. Nothing is written.
 */
export async function replayAccounts(
  trx: Trx,
  accountIds: readonly AccountId[],
  from: Instant,
  books: Omit<SettlementBooks, "zone">,
  only?: OneBill,
): Promise<AccountReplay[]> {
  const operator = await operatorFacts(trx);
  const bills = (await issuedBills(trx, accountIds, from)).filter(({ id }) => id === (only?.billId ?? id));
  const ids = bills.map(({ id }) => id);
  const cancelled = only === undefined ? await cancelledBills(trx, ids) : new Set(only.as === "cancelled" ? ids : []);
  const waiting = new Set((await openTrueUps(trx, accountIds)).map((one) => `${one.bill.id} ${one.usagePointId}`));
  const replayed = new Map<AccountId, ReplayedBill[]>(accountIds.map((id) => [id, []]));
  const chain = new StateChain();
  for (const ofPeriod of Map.groupBy(bills, (bill) => `${bill.from} ${bill.to}`).values()) {
    const [{ from: begin, to: end }] = ofPeriod as [IssuedBill];
    const period = { from: begin, to: end };
    const own = [...new Set(ofPeriod.map(({ accountId }) => accountId))];
    const inputs = await readAccounts(trx, own, period, { ...books, zone: operator.zone });
    const billIds = ofPeriod.map(({ id }) => id);
    const lines = await billedLines(trx, billIds);
    const stretches = await billedStretches(trx, billIds);
    for (const bill of ofPeriod) {
      const input = inputs.find(({ accountId }) => accountId === bill.accountId);
      const billed = {
        lines: lines.filter(({ billId }) => billId === bill.id),
        stretches: stretches.filter(({ billId }) => billId === bill.id),
      };
      const points = pointsOf(bill, input, billed, waiting).map((one) =>
        replayPoint(
          { ...one, settlements: chain.on(one.settlements), cancelled: cancelled.has(bill.id) },
          operator.currency,
          chain,
        ),
      );
      const differenceMinor = differenceOf(points);
      replayed.get(bill.accountId)?.push({ billId: bill.id, number: bill.number, period, points, differenceMinor });
    }
  }
  return [...replayed].map(([accountId, own]) => ({
    accountId,
    bills: own.toSorted((a, b) => a.period.from - b.period.from),
    differenceMinor: own.reduce((sum, bill) => sum + bill.differenceMinor, 0n),
  }));
}

/** Usage points that were billed or would be: one that moved away from the account is compared with nothing. */
function pointsOf(
  bill: IssuedBill,
  input: AccountInput | undefined,
  billed: { readonly lines: readonly BilledLine[]; readonly stretches: readonly BilledStretch[] },
  waiting: ReadonlySet<string>,
) {
  const settlements = input?.settlements ?? [];
  const ids = new Set([
    ...settlements.map(({ agreement }) => agreement.usagePointId),
    ...billed.lines.map(({ usagePointId }) => usagePointId),
  ]);
  const withoutTariff = (input?.withoutTariff.length ?? 0) > 0;
  return [...ids].map((usagePointId) => {
    const own = settlements.filter(({ agreement }) => agreement.usagePointId === usagePointId);
    return {
      usagePointId,
      settlements: own,
      lines: billed.lines.filter((line) => line.usagePointId === usagePointId),
      stretches: billed.stretches.filter((stretch) => stretch.usagePointId === usagePointId),
      trueUpOpen: waiting.has(`${bill.id} ${usagePointId}`),
      // Not a credit for all of it: nobody knows the price.
      withoutTariff: withoutTariff && own.length === 0,
    };
  });
}

async function issuedBills(trx: Trx, accountIds: readonly AccountId[], from: Instant): Promise<IssuedBill[]> {
  const { rows } = await sql<{
    id: bigint;
    number: string;
    account_id: bigint;
    period_from: Instant;
    period_to: Instant;
  }>`select id, number, account_id, period_from, period_to from sanbiao.bill
      where operator_id = sanbiao.operator_id() and account_id = any(${`{${accountIds.join(",")}}`}::bigint[])
        and period_to > ${isoOf(from)}::timestamptz order by period_from, id`.execute(trx);
  return rows.map((row) => ({
    id: row.id,
    number: row.number,
    accountId: row.account_id,
    from: row.period_from,
    to: row.period_to,
  }));
}
