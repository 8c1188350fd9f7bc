import { sql } from "kysely";
import { type Instant, isoOf, MINUTE_MS } from "../../domain/instant.ts";
import type { AccountId, OperatorId, Reading } from "../../domain/reading.ts";
import { arrayText } from "../../ledger/bulk-insert.ts";
import { operatorFacts } from "../operator.ts";
import type { Accrual, AccrualBasis } from "./accrual.ts";
import { type Decision, decide, type SupplyFacts } from "./decide.ts";
import type { PrepaidDeps } from "./engine.ts";
import { knownSupply, readMoney, readSupplies } from "./facts.ts";
import { AccrualMemo } from "./memo.ts";
import { policiesInForce } from "./policies.ts";

/** A memo is made anew from the books after this long, whatever happened meanwhile in another process. Our choice. */
const MEMO_AGE_MAX_MS = 10 * MINUTE_MS;
/** Readings kept of all accounts together: about 100 MB. */
const KEPT_MAX = 1_000_000;
/** Accounts looked at in one transaction: short, so that payments pass between two. */
const AT_ONCE = 500;

type Kept = { readonly memo: AccrualMemo; readonly madeAt: Instant };

/**
 * Prices accounts on from memory after ordinary readings, many at a time, and writes what is available. Where anything would
 * follow from it (a warning, an order, another stage) the account is named, and decided on the books, under its lock.
 */
export class Scout {
  readonly #deps: PrepaidDeps;
  readonly #memos = new Map<OperatorId, Map<AccountId, Kept>>();
  readonly #asked = new Map<OperatorId, Set<AccountId>>();
  #size = 0;

  constructor(deps: PrepaidDeps) {
    this.#deps = deps;
  }

  /** Of one account. `false` = it must be looked at on the books. */
  take(accountId: AccountId, reading: Reading): boolean {
    const kept = this.#of(reading.operatorId).get(accountId);
    if (kept === undefined) return false;
    if (!kept.memo.take(reading)) {
      this.forget(reading.operatorId, accountId);
      return false;
    }
    this.#ask(reading.operatorId, accountId);
    return true;
  }

  /** Time has passed. `false` = nothing is remembered, or for too long. */
  look(operatorId: OperatorId, accountId: AccountId, now: Instant): boolean {
    const kept = this.#of(operatorId).get(accountId);
    if (kept === undefined || now - kept.madeAt > MEMO_AGE_MAX_MS) return false;
    this.#ask(operatorId, accountId);
    return true;
  }

  /** What the books were just seen to say. */
  remember(operatorId: OperatorId, accountId: AccountId, basis: AccrualBasis | null, madeAt: Instant): void {
    this.forget(operatorId, accountId);
    const memo = basis === null ? null : AccrualMemo.of(basis);
    if (memo === null) return;
    this.#of(operatorId).set(accountId, { memo, madeAt });
    this.#size += memo.size;
    if (this.#size > KEPT_MAX) this.#dropOldest();
  }

  forget(operatorId: OperatorId, accountId: AccountId): void {
    const of = this.#of(operatorId);
    this.#size -= of.get(accountId)?.memo.size ?? 0;
    of.delete(accountId);
  }

  /** Prices, ratios, entries by hand: something that no reading tells may have changed. */
  forgetAll(): void {
    this.#memos.clear();
    this.#size = 0;
  }

  get isAsked(): boolean {
    return this.#asked.size > 0;
  }

  /** Prices all accounts that were asked for. @returns those of which something follows, or that memory cannot tell */
  async run(): Promise<{ operatorId: OperatorId; accountId: AccountId }[]> {
    const found: { operatorId: OperatorId; accountId: AccountId }[] = [];
    const asked = [...this.#asked];
    this.#asked.clear();
    for (const [operatorId, accounts] of asked) {
      const ids = [...accounts];
      for (let i = 0; i < ids.length; i += AT_ONCE)
        for (const accountId of await this.#price(operatorId, ids.slice(i, i + AT_ONCE)))
          found.push({ operatorId, accountId });
    }
    return found;
  }

  async #price(operatorId: OperatorId, ids: readonly AccountId[]): Promise<AccountId[]> {
    const now = this.#deps.clock.now();
    return this.#deps.db.as(operatorId, async (trx) => {
      const operator = await operatorFacts(trx);
      const money = await readMoney(trx, ids, operator);
      const policies = await policiesInForce(trx, this.#deps.policies, { zone: operator.zone, now });
      const supplies = new Map((await readSupplies(trx, ids, now)).map((row) => [row.account_id, row]));
      const [found, quiet]: [AccountId[], Priced[]] = [[], []];
      for (const accountId of ids) {
        const [row, book] = [supplies.get(accountId), money.get(accountId)];
        if (row === undefined || book === undefined) continue; // no longer prepaid
        const accrual = this.#accrual(operatorId, accountId, book.billedUntil, now);
        const policy = policies(row.policy_id);
        if (accrual === null || policy === null) {
          found.push(accountId);
          continue;
        }
        const { facts } = knownSupply(row, operator, book.balance, accrual, policies);
        if (isQuiet(decide(facts, policy, now), facts)) quiet.push({ accountId, accrual, facts });
        else found.push(accountId);
      }
      if (quiet.length > 0) await writeAvailable(trx, quiet, now);
      return found;
    });
  }

  #accrual(operatorId: OperatorId, accountId: AccountId, billedUntil: Instant | null, now: Instant): Accrual | null {
    const memo = this.#of(operatorId).get(accountId)?.memo;
    const accrual = memo === undefined || memo.billedUntil !== billedUntil ? null : memo.accrual(now);
    if (accrual === null) this.forget(operatorId, accountId);
    return accrual;
  }

  #of(operatorId: OperatorId): Map<AccountId, Kept> {
    const of = this.#memos.get(operatorId) ?? new Map<AccountId, Kept>();
    this.#memos.set(operatorId, of);
    return of;
  }

  #ask(operatorId: OperatorId, accountId: AccountId): void {
    const of = this.#asked.get(operatorId) ?? new Set<AccountId>();
    this.#asked.set(operatorId, of.add(accountId));
  }

  #dropOldest(): void {
    for (const [operatorId, of] of this.#memos)
      for (const accountId of of.keys()) {
        if (this.#size <= KEPT_MAX / 2) return;
        this.forget(operatorId, accountId);
      }
  }
}

type Priced = { readonly accountId: AccountId; readonly accrual: Accrual; readonly facts: SupplyFacts };

/** Nothing follows but another figure. */
const isQuiet = (decision: Decision, facts: SupplyFacts): boolean =>
  decision.event === undefined &&
  decision.control === undefined &&
  decision.withdraw === undefined &&
  decision.stage === facts.stage &&
  decision.desired === facts.desired &&
  decision.warned2At === facts.warned2At &&
  (decision.held ?? "") === facts.held;

/** A supply that somebody holds, or that was decided about meanwhile, is left to him. */
async function writeAvailable(
  trx: Parameters<Parameters<PrepaidDeps["db"]["as"]>[1]>[0],
  priced: readonly Priced[],
  now: Instant,
): Promise<void> {
  await sql`
    with known as (
      select * from unnest(${arrayText(priced.map(({ accountId }) => accountId))}::bigint[],
        ${arrayText(priced.map(({ facts }) => facts.available?.minor ?? null))}::bigint[],
        ${arrayText(priced.map(({ accrual }) => accrual.unbilled?.minor ?? null))}::bigint[],
        ${arrayText(priced.map(({ facts }) => (facts.lastReadingAt === null ? null : isoOf(facts.lastReadingAt))))}::timestamptz[],
        ${arrayText(priced.map(({ facts }) => facts.stage))}::text[], ${arrayText(priced.map(({ facts }) => facts.desired))}::text[])
        as k (account_id, available, unbilled, read_at, state, desired)
    ), free as (
      select k.* from known k join sanbiao.supply s on s.operator_id = sanbiao.operator_id() and s.account_id = k.account_id
         and s.state = k.state and s.desired = k.desired and coalesce(s.decided_at, '-infinity') <= ${isoOf(now)}::timestamptz
       order by s.account_id for update of s skip locked
    )
    update sanbiao.supply s set available_minor = f.available, unbilled_minor = f.unbilled, last_reading_at = f.read_at,
           decided_at = ${isoOf(now)}::timestamptz
      from free f where s.operator_id = sanbiao.operator_id() and s.account_id = f.account_id`.execute(trx);
}
