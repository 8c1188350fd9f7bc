import type { Transaction } from "kysely";
import type { Logger } from "pino";
import type { Clock, Instant } from "../../domain/instant.ts";
import type { AccountId, MeterId, OperatorId, Reading } from "../../domain/reading.ts";
import type { SupplyState } from "../../domain/register.ts";
import type { SupplyEventKind } from "../../domain/supply.ts";
import type { Telemetry } from "../../domain/telemetry.ts";
import type { Database } from "../../schema/database.ts";
import type { Tables } from "../../schema/tables.ts";
import type { DialBook, TariffBook } from "../tariffs.ts";
import type { AccrualBasis } from "./accrual.ts";
import { readFacts } from "./facts.ts";
import { lastPosition, positionOf, type SeenPosition, takePosition } from "./position.ts";
import type { PolicyBook } from "./policies.ts";
import { type PrepaidDirectory, readDirectory } from "./directory.ts";
import { type Told, review } from "./review.ts";
import { Scout } from "./scout.ts";

export type PrepaidDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly tariffs: TariffBook;
  readonly dials: DialBook;
  readonly policies: PolicyBook;
  readonly telemetry: Telemetry;
  readonly log?: Logger;
  /** After the commit that wrote it. */
  readonly onEvent?: (event: SupplyEvent) => void;
};

export type SupplyEvent = {
  readonly operatorId: OperatorId;
  readonly accountId: AccountId;
  readonly at: Instant;
  readonly kind: SupplyEventKind;
  readonly detail: Readonly<Record<string, string>>;
};

/** No timers inside: the shell calls `sweep` every minute or so. */
export type PrepaidEngine = {
  /** After readings were committed: takes relay and valve positions, works the accounts concerned out anew. Returns at once. */
  onReadings(readings: readonly Reading[]): void;
  /** After money moved on an account, or anything else about it changed. */
  onPayment(operatorId: OperatorId, accountId: AccountId): void;
  /** Entries by hand, decisions, exchanges, ratios, prices: what is remembered of accounts may no longer be so. */
  onBooksChanged(): void;
  /** Every prepaid account of every operator: hours pass, notices end, readings grow old. Resolves when all are done. */
  sweep(): Promise<void>;
  /** Resolves when nothing is being worked out. */
  idle(): Promise<void>;
};

/** Accounts worked out at a time: leaves connections for payments. */
const AT_ONCE = 2;

type Pending = {
  readonly operatorId: OperatorId;
  readonly accountId: AccountId;
  readonly positions: readonly SeenPosition[];
};

export function prepaidEngine(deps: PrepaidDeps): PrepaidEngine {
  return new Engine(deps);
}

/**
 * An account that is asked for many times while it waits is worked out once. After an ordinary reading, or a position that the
 * meter told before, the scout looks at it with many others at a time; it is worked out on the books where that has a consequence,
 * and where memory cannot tell. Positions that moved and money go before all else.
 */
class Engine implements PrepaidEngine {
  readonly #deps: PrepaidDeps;
  #directory: PrepaidDirectory | null = null;
  #early: Reading[] = [];
  /** Positions that moved, and money: before all else. */
  readonly #urgent = new Map<string, Pending>();
  readonly #pending = new Map<string, Pending>();
  /** What each meter last told; another position is told to the books at once. */
  readonly #lastTold = new Map<MeterId, SupplyState>();
  readonly #busy = new Set<string>();
  readonly #scout: Scout;
  #isScouting = false;
  #workers = 0;
  #waiting: (() => void)[] = [];

  constructor(deps: PrepaidDeps) {
    this.#deps = deps;
    this.#scout = new Scout(deps);
  }

  onReadings(readings: readonly Reading[]): void {
    if (this.#directory === null) {
      this.#early.push(...readings);
      this.#kick();
      return;
    }
    for (const reading of readings) {
      const accountId = this.#directory.accountOf(reading.operatorId, reading.meterId);
      if (accountId === null) continue;
      const position = positionOf(reading);
      if (position !== null) this.#takePosition(reading.operatorId, accountId, position);
      else if (isBilling(reading) && !this.#scout.take(accountId, reading))
        this.#mark(this.#pending, { operatorId: reading.operatorId, accountId, positions: [] });
    }
    this.#kick();
  }

  onBooksChanged(): void {
    this.#scout.forgetAll();
  }

  onPayment(operatorId: OperatorId, accountId: AccountId): void {
    this.#mark(this.#urgent, { operatorId, accountId, positions: [] });
    this.#kick();
  }

  async sweep(): Promise<void> {
    await this.#loadDirectory();
    const now = this.#deps.clock.now();
    for (const { operatorId, accountId } of this.#directory?.accounts ?? [])
      if (!this.#scout.look(operatorId, accountId, now))
        this.#mark(this.#pending, { operatorId, accountId, positions: [] });
    this.#kick();
    await this.idle();
  }

  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #takePosition(operatorId: OperatorId, accountId: AccountId, seen: SeenPosition): void {
    const before = this.#lastTold.get(seen.meterId);
    this.#lastTold.set(seen.meterId, seen.position);
    if (before === undefined || before === seen.position) this.#scout.takePosition(operatorId, accountId, seen);
    else this.#mark(this.#urgent, { operatorId, accountId, positions: [seen] });
  }

  #mark(among: Map<string, Pending>, { operatorId, accountId, positions }: Pending): void {
    const key = `${operatorId}/${accountId}`;
    const waiting = [this.#urgent.get(key), this.#pending.get(key)].flatMap((one) => one?.positions ?? []);
    const to = this.#urgent.has(key) ? this.#urgent : among;
    if (to === this.#urgent) this.#pending.delete(key);
    to.set(key, { operatorId, accountId, positions: [...waiting, ...positions] });
  }

  #isIdle(): boolean {
    const isAsked = this.#urgent.size + this.#pending.size > 0 || this.#early.length > 0 || this.#scout.isAsked;
    return this.#workers === 0 && !this.#isScouting && !isAsked;
  }

  #kick(): void {
    if (this.#scout.isAsked && !this.#isScouting) {
      this.#isScouting = true;
      void this.#scoutAll().finally(() => {
        this.#isScouting = false;
        this.#goOn();
      });
    }
    while (this.#workers < AT_ONCE && (this.#early.length > 0 || this.#next() !== null)) {
      this.#workers++;
      void this.#work().finally(() => {
        this.#workers--;
        this.#goOn();
      });
    }
  }

  #goOn(): void {
    if (this.#isIdle()) for (const done of this.#waiting.splice(0)) done();
    else this.#kick();
  }

  async #scoutAll(): Promise<void> {
    try {
      for (const found of await this.#scout.run()) this.#mark(this.#pending, found);
    } catch (error) {
      this.#scout.forgetAll(); // the next sweep looks at every account on the books
      this.#deps.log?.error({ err: error }, "prepaid accounts could not be priced from memory");
    }
  }

  /** An account that nobody works on at this moment. */
  #next(): string | null {
    for (const waiting of [this.#urgent, this.#pending])
      for (const key of waiting.keys()) if (!this.#busy.has(key)) return key;
    return null;
  }

  async #work(): Promise<void> {
    try {
      if (this.#early.length > 0) await this.#loadDirectory();
    } catch (error) {
      this.#early = []; // the books have them; the next sweep looks at every account
      this.#deps.log?.warn({ err: error }, "the prepaid accounts could not be read");
    }
    for (let key = this.#next(); key !== null; key = this.#next()) {
      const pending = this.#urgent.get(key) ?? this.#pending.get(key);
      this.#urgent.delete(key);
      this.#pending.delete(key);
      this.#busy.add(key);
      try {
        if (pending !== undefined) await this.#review(pending);
      } catch (error) {
        this.#deps.log?.error({ err: error, account: key }, "a prepaid account could not be worked out");
      } finally {
        this.#busy.delete(key);
      }
    }
  }

  /** What comes in while the books are read finds nothing remembered, and asks for another look. */
  async #review(pending: Pending): Promise<void> {
    const { operatorId, accountId } = pending;
    this.#scout.forget(operatorId, accountId);
    const basis = await reviewAccount(this.#deps, pending);
    const key = `${operatorId}/${accountId}`;
    if (!this.#urgent.has(key) && !this.#pending.has(key))
      this.#scout.remember(operatorId, accountId, basis, this.#deps.clock.now());
  }

  async #loadDirectory(): Promise<void> {
    this.#directory = await readDirectory(this.#deps.db);
    const early = this.#early;
    this.#early = [];
    if (early.length > 0) this.onReadings(early);
  }
}

/** Registers 1–23 are counters: their readings change what is owed. */
const isBilling = (reading: Reading): boolean => reading.register < 40;

/**
 * Proofs first and in a transaction of their own: an account that cannot be priced is restored all the same.
 * @returns what the account's accrual rested on
 */
async function reviewAccount(deps: PrepaidDeps, pending: Pending): Promise<AccrualBasis | null> {
  const { operatorId, accountId } = pending;
  const now = deps.clock.now();
  const tell = (told: readonly Told[]): void => {
    for (const one of told) deps.onEvent?.({ operatorId, accountId, at: now, ...one });
  };
  tell(await deps.db.as(operatorId, (trx) => takePositions(trx, deps, pending, now)));
  const { told, basis } = await deps.db.as(operatorId, (trx) => reviewNow(trx, deps, accountId, now));
  tell(told);
  return basis;
}

async function takePositions(
  trx: Transaction<Tables>,
  deps: PrepaidDeps,
  { accountId, positions }: Pending,
  now: Instant,
): Promise<Told[]> {
  const ordered = [...positions].sort((a, b) => a.measuredAt - b.measuredAt);
  const last = ordered.length > 0 ? null : await lastPosition(trx, accountId);
  const all: Told[] = [];
  for (const seen of last === null ? ordered : [last]) {
    const { confirmed, told } = await takePosition(trx, accountId, seen, now);
    if (confirmed !== null) deps.telemetry.count("sanbiao_commands_total", { action: confirmed, state: "confirmed" });
    all.push(...told);
  }
  return all;
}

async function reviewNow(
  trx: Transaction<Tables>,
  deps: PrepaidDeps,
  accountId: AccountId,
  now: Instant,
): Promise<{ told: Told[]; basis: AccrualBasis | null }> {
  const supply = await readFacts(trx, accountId, deps, now);
  if (supply === null) return { told: [], basis: null };
  const { policy } = supply;
  if (policy === null) {
    deps.log?.error(
      { account: String(accountId), policy: supply.policyId },
      "no such prepaid policy: the account is left as it is",
    );
    return { told: [], basis: null };
  }
  return { told: (await review(trx, supply, policy, now)).told, basis: supply.basis };
}
