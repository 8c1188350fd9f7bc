import { sql } from "kysely";
import { type Instant, isoOf, MINUTE_MS } from "../../domain/instant.ts";
import type { AccountId, OperatorId, Reading } from "../../domain/reading.ts";
import { arrayText } from "../../ledger/bulk-insert.ts";
import { operatorFacts } from "../operator.ts";
import type { Accrual, AccrualBasis } from "./accrual.ts";
import type { Job } from "./crew.ts";
import { type Decision, decide, type SupplyFacts } from "./decide.ts";
import type { PrepaidDeps } from "./engine.ts";
import { knownSupply, readMoney, readSupplies, type SupplyRow } from "./facts.ts";
import { AccrualMemo } from "./memo.ts";
import { policiesInForce } from "./policies.ts";
import type { SeenPosition } from "./position.ts";

/** A memo is made anew from the books after this long, whatever happened meanwhile in another process. Our choice. */
const MEMO_AGE_MAX_MS = 10 * MINUTE_MS;
/** Readings kept of all accounts together: about 100 MB. */
const KEPT_MAX = 1_000_000;
/** Accounts looked at in one transaction: short, so that payments pass between two. */
const AT_ONCE = 500;

type Kept = { readonly memo: AccrualMemo; readonly madeAt: Instant };
/** What is asked of one account: its price, the positions that its meter told, or both. */
type Asked = { price: boolean; readonly positions: SeenPosition[] };

/**
 * Prices accounts on from memory after ordinary readings, many at a time, and writes what is available, and when the position
 * that the books know was last seen. Where anything would follow from it (a proof, a warning, an order, another stage) the account
 * is named, and decided on the books, under its lock.
 */
export class Scout {
  readonly #deps: PrepaidDeps;
  readonly #memos = new Map<OperatorId, Map<AccountId, Kept>>();
  readonly #asked = new Map<OperatorId, Map<AccountId, Asked>>();
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
    this.#ask(reading.operatorId, accountId).price = true;
    return true;
  }

  /** A position as the meter told it, which most times is the one that the books know. */
  takePosition(operatorId: OperatorId, accountId: AccountId, position: SeenPosition): void {
    this.#ask(operatorId, accountId).positions.push(position);
  }

  /** Time has passed. `false` = nothing is remembered, or for too long. */
  look(operatorId: OperatorId, accountId: AccountId, now: Instant): boolean {
    const kept = this.#of(operatorId).get(accountId);
    if (kept === undefined || now - kept.madeAt > MEMO_AGE_MAX_MS) return false;
    this.#ask(operatorId, accountId).price = true;
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

  /** What was asked is left. */
  leave(): void {
    this.#asked.clear();
  }

  get isAsked(): boolean {
    return this.#asked.size > 0;
  }

  /** Works off all that was asked for. @returns accounts of which something follows, or of which memory cannot tell */
  async run(): Promise<Job[]> {
    const found: Job[] = [];
    const asked = [...this.#asked];
    this.#asked.clear();
    for (const [operatorId, accounts] of asked) {
      const all = [...accounts];
      for (let i = 0; i < all.length; i += AT_ONCE) {
        const part = new Map(all.slice(i, i + AT_ONCE));
        for (const accountId of await this.#look(operatorId, part))
          found.push({ operatorId, accountId, positions: part.get(accountId)?.positions ?? [] });
      }
    }
    return found;
  }

  async #look(operatorId: OperatorId, asked: ReadonlyMap<AccountId, Asked>): Promise<AccountId[]> {
    const now = this.#deps.clock.now();
    const ids = [...asked.keys()];
    return this.#deps.db.as(operatorId, async (trx) => {
      const operator = await operatorFacts(trx);
      const money = await readMoney(trx, ids, operator);
      const policies = await policiesInForce(trx, this.#deps.policies, { zone: operator.zone, now });
      const supplies = new Map((await readSupplies(trx, ids, now)).map((row) => [row.account_id, row]));
      const [found, quiet]: [AccountId[], Quiet[]] = [[], []];
      for (const [accountId, { price, positions }] of asked) {
        const [row, book] = [supplies.get(accountId), money.get(accountId)];
        if (row === undefined || book === undefined) continue; // no longer prepaid
        const seenAt = seenAgainAt(row, positions);
        if (seenAt === "news") {
          found.push(accountId);
          continue;
        }
        if (!price) {
          if (seenAt !== null) quiet.push({ row, seenAt, priced: null });
          continue;
        }
        const accrual = this.#accrual(operatorId, accountId, book.billedUntil, now);
        const policy = policies(row.policy_id);
        const facts = accrual === null ? null : knownSupply(row, operator, book.balance, accrual, policies).facts;
        if (accrual === null || facts === null || policy === null || !isQuiet(decide(facts, policy, now), facts))
          found.push(accountId);
        else quiet.push({ row, seenAt, priced: { accrual, facts } });
      }
      const written = quiet.length === 0 ? new Set() : await write(trx, quiet, now);
      // One that somebody held, with a position to take: on the books it waits for its turn.
      const left = quiet.filter(({ row, seenAt }) => seenAt !== null && !written.has(row.account_id));
      return [...found, ...left.map(({ row }) => row.account_id)];
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

  #ask(operatorId: OperatorId, accountId: AccountId): Asked {
    const of = this.#asked.get(operatorId) ?? new Map<AccountId, Asked>();
    const asked = of.get(accountId) ?? { price: false, positions: [] };
    this.#asked.set(operatorId, of.set(accountId, asked));
    return asked;
  }

  #dropOldest(): void {
    for (const [operatorId, of] of this.#memos)
      for (const accountId of of.keys()) {
        if (this.#size <= KEPT_MAX / 2) return;
        this.forget(operatorId, accountId);
      }
  }
}

type Quiet = {
  readonly row: SupplyRow;
  readonly seenAt: Instant | null;
  /** `null` = only the position was told. */
  readonly priced: { readonly accrual: Accrual; readonly facts: SupplyFacts } | null;
};

/**
 * When the meter last told the position that the books know; `null` when no younger one came. Another position is news, and so is
 * any while an order is open or its end is unproven: it may prove something.
 */
function seenAgainAt(row: SupplyRow, positions: readonly SeenPosition[]): Instant | null | "news" {
  const { reported_at: known, last_unknown_at: unknown } = row;
  const younger = positions.filter(({ measuredAt }) => known === null || measuredAt > known);
  if (younger.length === 0) return null;
  const isSettled = row.open_action === null && known !== null && (unknown === null || known > unknown);
  const isSame = younger.every(({ meterId, position }) => meterId === row.meter_id && position === row.reported);
  const isEnd = row.reported === "connected" || row.reported === "disconnected";
  return isSettled && isSame && isEnd
    ? younger.reduce((a, b) => (b.measuredAt > a.measuredAt ? b : a)).measuredAt
    : "news";
}

/** Nothing follows but another figure. */
const isQuiet = (decision: Decision, facts: SupplyFacts): boolean =>
  decision.event === undefined &&
  decision.control === undefined &&
  decision.withdraw === undefined &&
  decision.stage === facts.stage &&
  decision.desired === facts.desired &&
  decision.warned2At === facts.warned2At &&
  (decision.held ?? "") === facts.held;

/** A supply that somebody holds, or that was decided about meanwhile, is left to him. @returns those written */
async function write(
  trx: Parameters<Parameters<PrepaidDeps["db"]["as"]>[1]>[0],
  quiet: readonly Quiet[],
  now: Instant,
): Promise<Set<AccountId>> {
  const column = (of: (one: Quiet) => string | bigint | null): string => arrayText(quiet.map(of));
  const { rows } = await sql<{ account_id: AccountId }>`
    with known as (
      select * from unnest(${column(({ row }) => row.account_id)}::bigint[],
        ${column(({ priced }) => (priced === null ? "f" : "t"))}::boolean[],
        ${column(({ priced }) => priced?.facts.available?.minor ?? null)}::bigint[],
        ${column(({ priced }) => priced?.accrual.unbilled?.minor ?? null)}::bigint[],
        ${column(({ priced }) => isoOrNull(priced?.facts.lastReadingAt ?? null))}::timestamptz[],
        ${column(({ row }) => row.state)}::text[], ${column(({ row }) => row.desired)}::text[],
        ${column(({ row }) => row.reported)}::text[], ${column(({ seenAt }) => isoOrNull(seenAt))}::timestamptz[])
        as k (account_id, is_priced, available, unbilled, read_at, state, desired, reported, seen_at)
    ), free as (
      select k.* from known k join sanbiao.supply s on s.operator_id = sanbiao.operator_id() and s.account_id = k.account_id
         and s.state = k.state and s.desired = k.desired and s.reported = k.reported
         and coalesce(s.decided_at, '-infinity') <= ${isoOf(now)}::timestamptz
       order by s.account_id for update of s skip locked
    )
    update sanbiao.supply s set
           available_minor = case when f.is_priced then f.available else s.available_minor end,
           unbilled_minor = case when f.is_priced then f.unbilled else s.unbilled_minor end,
           last_reading_at = case when f.is_priced then f.read_at else s.last_reading_at end,
           decided_at = case when f.is_priced then ${isoOf(now)}::timestamptz else s.decided_at end,
           reported_at = greatest(s.reported_at, f.seen_at)
      from free f where s.operator_id = sanbiao.operator_id() and s.account_id = f.account_id
    returning s.account_id`.execute(trx);
  return new Set(rows.map(({ account_id }) => account_id));
}

const isoOrNull = (at: Instant | null): string | null => (at === null ? null : isoOf(at));
