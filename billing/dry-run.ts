import { sql, type Transaction } from "kysely";
import { type Currency, type Money, money } from "../domain/money.ts";
import { daysOf, type Period } from "../domain/period.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import type { Utility } from "../domain/unit.ts";
import { type AccountToBill, accountsToBill, type LastBill, lastBills } from "../ledger/last-bills.ts";
import type { RunScope } from "../ledger/runs.ts";
import type { Tables } from "../schema/tables.ts";
import { type AccountBill, accountBillOf } from "./account-bill.ts";
import { HoldBook, holdText } from "./hold-back.ts";
import { type OperatorFacts, operatorFacts } from "./operator.ts";
import type { BillRunDeps } from "./run.ts";
import { readInputs } from "./run-chunk.ts";

/** What now and what on the last bills of the same accounts. */
export type Compared = { readonly now: Money; readonly last: Money };

export type DryBill = {
  readonly accountId: AccountId;
  readonly number: string;
  readonly now: Money;
  /** `null` = its first bill. */
  readonly last: Money | null;
  readonly lastNumber: string | null;
};

/** A cycle as it would be billed now; nothing of it is written. */
export type DryRun = {
  readonly bills: number;
  /** Accounts that would get their first bill: they count in `now` and have nothing in `last`. */
  readonly first: number;
  readonly total: Compared;
  readonly property: Compared;
  readonly utilities: ReadonlyMap<Utility, Compared>;
  /** Whose bill changes most, either way; at most `CHANGES_MAX`. */
  readonly changes: readonly DryBill[];
  /** Of the bills those that rules or persons would hold before they are issued, and why. */
  readonly held: readonly { accountId: AccountId; number: string; why: string; now: Money; last: Money | null }[];
  /** Who would wait for a person, and why. */
  readonly refused: readonly { accountId: AccountId; number: string; reason: string; detail: string }[];
};

/** Enough to look at in one sitting. Our choice. */
export const CHANGES_MAX = 20;
/** Accounts read together. */
const CHUNK_ACCOUNTS = 200;

/** Bills a period for show, by the functions that bill it, chunk by chunk; the database refuses whatever would write. */
export async function dryRun(
  deps: BillRunDeps,
  operatorId: OperatorId,
  period: Period,
  onChunk: (seen: number) => void = () => {},
  scope: RunScope = {},
): Promise<DryRun> {
  const operator = await deps.db.as(operatorId, operatorFacts);
  const tally = new Tally(operator.currency);
  for (let after = 0n, seen = 0; ; ) {
    const chunk = await deps.db.as(operatorId, (trx) => billedForShow(trx, deps, operator, period, { after, scope }));
    const last = chunk.at(-1);
    if (last === undefined) return tally.result();
    for (const one of chunk) tally.add(one);
    after = last.accountId;
    seen += chunk.length;
    onChunk(seen);
  }
}

type Shown = AccountToBill & { readonly bill: AccountBill; readonly last: LastBill | null; readonly held: string };

async function billedForShow(
  trx: Transaction<Tables>,
  deps: BillRunDeps,
  operator: OperatorFacts,
  period: Period,
  { after, scope }: { readonly after: AccountId; readonly scope: RunScope },
): Promise<Shown[]> {
  await sql`set transaction read only`.execute(trx); // a line of code that would write fails instead
  const days = daysOf(period, operator.zone);
  const accounts = await accountsToBill(trx, period, days, { after, limit: CHUNK_ACCOUNTS }, scope);
  if (accounts.length === 0) return [];
  const ids = accounts.map(({ accountId }) => accountId);
  const { inputs, issuedOn } = await readInputs(trx, { deps, operator, period }, ids);
  const byAccount = new Map(inputs.map((input) => [input.accountId, input]));
  const last = await lastBills(trx, ids, period);
  const holds = await HoldBook.read(trx, ids, { period, issuedOn, runId: null });
  return accounts.flatMap((account): Shown[] => {
    const { accountId } = account;
    const input = byAccount.get(accountId);
    if (input === undefined) return [];
    const bill = accountBillOf(input, period, issuedOn, operator);
    const held = holds.heldOf({ ...bill, accountId }, input);
    const why = held === null ? "" : holdText(held.reasons);
    return [{ ...account, bill, last: last.get(accountId) ?? null, held: why }];
  });
}

type Pair = { now: bigint; last: bigint };

class Tally {
  readonly #currency: Currency;
  readonly #total: Pair = { now: 0n, last: 0n };
  readonly #property: Pair = { now: 0n, last: 0n };
  readonly #utilities = new Map<Utility, Pair>();
  readonly #refused: DryRun["refused"][number][] = [];
  readonly #held: DryRun["held"][number][] = [];
  #changes: DryBill[] = [];
  #bills = 0;
  #first = 0;

  constructor(currency: Currency) {
    this.#currency = currency;
  }

  add({ accountId, number, bill, last, held }: Shown): void {
    if (bill.kind === "refused") {
      this.#refused.push({ accountId, number, reason: bill.reason, detail: bill.detail });
      return;
    }
    const { lines, total, charges = [] } = bill.bill;
    const property = charges.reduce((sum, { amount }) => sum + amount.minor, 0n);
    this.#bills += 1;
    if (last === null) this.#first += 1;
    this.#total.now += total.minor + property;
    this.#total.last += (last?.supply ?? 0n) + (last?.property ?? 0n);
    this.#property.now += property;
    this.#property.last += last?.property ?? 0n;
    for (const { utility, amount } of lines) this.#of(utility).now += amount.minor;
    for (const [utility, minor] of last?.utilities ?? []) this.#of(utility).last += minor;
    const figures = {
      now: this.#money(total.minor + property),
      last: last === null ? null : this.#money(last.supply + last.property),
    };
    this.#change({ accountId, number, ...figures, lastNumber: last?.number ?? null });
    if (held !== "") this.#held.push({ accountId, number, why: held, ...figures });
  }

  result(): DryRun {
    const compared = ({ now, last }: Pair): Compared => ({ now: this.#money(now), last: this.#money(last) });
    return {
      bills: this.#bills,
      first: this.#first,
      total: compared(this.#total),
      property: compared(this.#property),
      utilities: new Map([...this.#utilities].map(([utility, pair]) => [utility, compared(pair)])),
      changes: this.#largest(),
      held: this.#held,
      refused: this.#refused,
    };
  }

  #change(bill: DryBill): void {
    if (bill.last === null || bill.last.minor === bill.now.minor) return;
    this.#changes.push(bill);
    // Kept short along the way, so that a large cycle needs no more memory than a small one.
    if (this.#changes.length > 10 * CHANGES_MAX) this.#changes = this.#largest();
  }

  #largest(): DryBill[] {
    return this.#changes
      .toSorted((a, b) => Number(sizeOf(b) - sizeOf(a)) || Number(a.accountId - b.accountId))
      .slice(0, CHANGES_MAX);
  }

  #of(utility: Utility): Pair {
    const pair = this.#utilities.get(utility) ?? { now: 0n, last: 0n };
    this.#utilities.set(utility, pair);
    return pair;
  }

  #money = (minor: bigint): Money => money(this.#currency, minor);
}

/** How far a bill is from the last one. */
const sizeOf = ({ now, last }: DryBill): bigint => {
  const change = now.minor - (last?.minor ?? 0n);
  return change < 0n ? -change : change;
};
