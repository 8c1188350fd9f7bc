import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../../domain/instant.ts";
import type { AccountId } from "../../domain/reading.ts";
import {
  type BilledMeasure,
  type BilledState,
  billedCharges,
  billedMeasures,
  billedStates,
} from "../../ledger/correction-books.ts";
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
import type { SettlementInput } from "../settlement.ts";
import { chargeDifferences, differenceOf, type ReplayedBill, replayPoint } from "./compare.ts";

type Trx = Transaction<Tables>;

/** An account's issued bills made again, in order of time. */
export type AccountReplay = {
  readonly accountId: AccountId;
  readonly bills: readonly ReplayedBill[];
  readonly differenceMinor: bigint;
};

export type ReplayOptions = {
  readonly only?: OneBill | undefined;
  /** Hand out what each bill was made again from. */
  readonly withInputs?: boolean;
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
 * ladder's year sees what changed before it. What charges carry is handed on from bill to bill as it is now. A cancelled bill stays at
 * nothing, other charges too. Nothing is written.
 */
export async function replayAccounts(
  trx: Trx,
  accountIds: readonly AccountId[],
  from: Instant,
  books: Omit<SettlementBooks, "zone">,
  { only, withInputs = false }: ReplayOptions = {},
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
    const measures = await billedMeasures(trx, billIds);
    const states = await billedStates(trx, billIds);
    const charges = await billedCharges(trx, billIds);
    for (const bill of ofPeriod) {
      const input = inputs.find(({ accountId }) => accountId === bill.accountId);
      const isOwn = ({ billId }: { readonly billId: bigint }) => billId === bill.id;
      const billed = {
        lines: lines.filter(isOwn),
        stretches: stretches.filter(isOwn),
        measures: measures.filter(isOwn),
        states: states.filter(isOwn),
      };
      const isCancelled = cancelled.has(bill.id);
      const settled: SettlementInput[] = [];
      const points = pointsOf(bill, input, billed, waiting).map((one) => {
        const settlements = chain.on(one.settlements);
        settled.push(...settlements);
        return replayPoint({ ...one, settlements, cancelled: isCancelled }, operator.currency, chain);
      });
      const ofCharges = chargeDifferences(charges.filter(isOwn), isCancelled);
      replayed.get(bill.accountId)?.push({
        billId: bill.id,
        number: bill.number,
        period,
        points,
        charges: ofCharges,
        isCancelled,
        ...(withInputs ? { settlements: settled } : {}),
        differenceMinor:
          differenceOf(points) + ofCharges.reduce((sum, one) => sum + one.dueMinor - one.billedMinor, 0n),
      });
    }
  }
  return [...replayed].map(([accountId, own]) => ({
    accountId,
    bills: own.toSorted((a, b) => a.period.from - b.period.from),
    differenceMinor: own.reduce((sum, bill) => sum + bill.differenceMinor, 0n),
  }));
}

type Billed = {
  readonly lines: readonly BilledLine[];
  readonly stretches: readonly BilledStretch[];
  readonly measures: readonly BilledMeasure[];
  readonly states: readonly BilledState[];
};

/** Usage points that were billed or would be: one that moved away from the account is compared with nothing. */
function pointsOf(bill: IssuedBill, input: AccountInput | undefined, billed: Billed, waiting: ReadonlySet<string>) {
  const settlements = input?.settlements ?? [];
  const ids = new Set([
    ...settlements.map(({ agreement }) => agreement.usagePointId),
    ...billed.lines.map(({ usagePointId }) => usagePointId),
  ]);
  const withoutTariff = (input?.withoutTariff.length ?? 0) > 0;
  return [...ids].map((usagePointId) => {
    const own = settlements.filter(({ agreement }) => agreement.usagePointId === usagePointId);
    const isOwn = (one: { readonly usagePointId: bigint }) => one.usagePointId === usagePointId;
    return {
      usagePointId,
      settlements: own,
      lines: billed.lines.filter(isOwn),
      stretches: billed.stretches.filter(isOwn),
      measures: billed.measures.filter(isOwn),
      states: billed.states.filter(isOwn),
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
