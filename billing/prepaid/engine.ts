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
import { Crew, type Job, keyOf } from "./crew.ts";
import { readFacts } from "./facts.ts";
import { type PolicyBook, type PolicyMemory, policyMemory } from "./policies.ts";
import { lastPosition, positionOf, type SeenPosition, type TakenPosition, takePositions } from "./position.ts";
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
  /** Takes the proofs that came, ends what is under way, and leaves the rest to the next start's first sweep. */
  stop(): Promise<void>;
};

/** Accounts worked out at a time: leaves connections for payments. */
const REVIEWS_AT_ONCE = 2;
/** Proofs taken in one transaction, while the next ones gather. */
const PROOFS_MAX = 200;

export function prepaidEngine(deps: PrepaidDeps): PrepaidEngine {
  return new Engine({ ...deps, known: policyMemory(deps) });
}

/** With what proofs ask of policies, remembered. */
type EngineDeps = PrepaidDeps & { readonly known: PolicyMemory };

/**
 * An account that is asked for many times while it waits is worked out once. After an ordinary reading, or a position that the
 * meter told before, the scout looks at it with many others at a time; it is worked out on the books where that has a consequence,
 * and where memory cannot tell. Proofs wait for no price, and accounts whose money moved are worked out before the others.
 */
class Engine implements PrepaidEngine {
  readonly #deps: EngineDeps;
  #directory: PrepaidDirectory | null = null;
  #early: Reading[] = [];
  /** What each meter last told; another position is told to the books at once. */
  readonly #lastTold = new Map<MeterId, SupplyState>();
  readonly #proofs: Crew;
  readonly #reviews: Crew;
  readonly #scout: Scout;
  #isScouting = false;
  #isLoading = false;
  #waiting: (() => void)[] = [];

  constructor(deps: EngineDeps) {
    this.#deps = deps;
    this.#scout = new Scout(deps);
    const onDone = (): void => this.#goOn();
    this.#proofs = new Crew({ hands: 1, accountsMax: PROOFS_MAX, onDone, work: (jobs) => this.#prove(jobs) });
    this.#reviews = new Crew({ hands: REVIEWS_AT_ONCE, accountsMax: 1, onDone, work: ([job]) => this.#review(job) });
  }

  onReadings(readings: readonly Reading[]): void {
    if (this.#directory === null) this.#early.push(...readings);
    else for (const reading of readings) this.#take(this.#directory, reading);
    this.#kick();
  }

  onBooksChanged(): void {
    this.#scout.forgetAll();
  }

  onPayment(operatorId: OperatorId, accountId: AccountId): void {
    this.#reviews.ask({ operatorId, accountId, positions: [] }, "urgent");
    this.#kick();
  }

  async sweep(): Promise<void> {
    await this.#loadDirectory();
    const now = this.#deps.clock.now();
    for (const { operatorId, accountId } of this.#directory?.accounts ?? [])
      if (!this.#scout.look(operatorId, accountId, now)) this.#reviews.ask({ operatorId, accountId, positions: [] });
    this.#kick();
    await this.idle();
  }

  idle(): Promise<void> {
    if (this.#isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async stop(): Promise<void> {
    this.#reviews.leave();
    this.#scout.leave();
    await this.idle();
  }

  #take(directory: PrepaidDirectory, reading: Reading): void {
    const { operatorId } = reading;
    const accountId = directory.accountOf(operatorId, reading.meterId);
    if (accountId === null) return;
    const position = positionOf(reading);
    if (position !== null) this.#takePosition(operatorId, accountId, position);
    else if (isBilling(reading) && !this.#scout.take(accountId, reading))
      this.#reviews.ask({ operatorId, accountId, positions: [] });
  }

  #takePosition(operatorId: OperatorId, accountId: AccountId, seen: SeenPosition): void {
    const before = this.#lastTold.get(seen.meterId);
    this.#lastTold.set(seen.meterId, seen.position);
    if (before === undefined || before === seen.position) this.#scout.takePosition(operatorId, accountId, seen);
    else this.#proofs.ask({ operatorId, accountId, positions: [seen] });
  }

  get #isIdle(): boolean {
    const isAsked = this.#early.length > 0 || this.#scout.isAsked;
    return this.#proofs.isIdle && this.#reviews.isIdle && !this.#isScouting && !this.#isLoading && !isAsked;
  }

  #kick(): void {
    if (this.#early.length > 0 && !this.#isLoading) {
      this.#isLoading = true;
      void this.#loadEarly().finally(() => {
        this.#isLoading = false;
        this.#goOn();
      });
    }
    if (this.#scout.isAsked && !this.#isScouting) {
      this.#isScouting = true;
      void this.#scoutAll().finally(() => {
        this.#isScouting = false;
        this.#goOn();
      });
    }
    this.#proofs.kick();
    this.#reviews.kick();
  }

  #goOn(): void {
    if (this.#isIdle) for (const done of this.#waiting.splice(0)) done();
    else this.#kick();
  }

  async #scoutAll(): Promise<void> {
    try {
      for (const found of await this.#scout.run())
        (found.positions.length > 0 ? this.#proofs : this.#reviews).ask(found);
    } catch (error) {
      this.#scout.forgetAll(); // the next sweep looks at every account on the books
      this.#deps.log?.error({ err: error }, "prepaid accounts could not be priced from memory");
    }
  }

  /** A proof stands by itself: an account that cannot be priced is restored all the same. Its price follows. */
  async #prove(jobs: readonly [Job, ...Job[]]): Promise<void> {
    try {
      await provePositions(this.#deps, jobs);
    } catch (error) {
      const accounts = jobs.map(keyOf);
      this.#deps.log?.error({ err: error, accounts }, "positions could not be taken; the next sweep reads them again");
    }
    const now = this.#deps.clock.now();
    for (const { operatorId, accountId } of jobs)
      if (!this.#scout.look(operatorId, accountId, now))
        this.#reviews.ask({ operatorId, accountId, positions: [] }, "urgent");
  }

  /** What comes in while the books are read finds nothing remembered, and asks for another look. */
  async #review(job: Job): Promise<void> {
    const { operatorId, accountId } = job;
    try {
      this.#scout.forget(operatorId, accountId);
      const basis = await reviewAccount(this.#deps, job);
      if (!this.#reviews.isAsked(keyOf(job)))
        this.#scout.remember(operatorId, accountId, basis, this.#deps.clock.now());
    } catch (error) {
      this.#deps.log?.error({ err: error, account: keyOf(job) }, "a prepaid account could not be worked out");
    }
  }

  async #loadEarly(): Promise<void> {
    try {
      await this.#loadDirectory();
    } catch (error) {
      this.#early = []; // the books have them; the next sweep looks at every account
      this.#deps.log?.warn({ err: error }, "the prepaid accounts could not be read");
    }
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

/** @returns what the account's accrual rested on */
async function reviewAccount(deps: EngineDeps, job: Job): Promise<AccrualBasis | null> {
  const { operatorId, accountId } = job;
  const now = deps.clock.now();
  const last = await deps.db.as(operatorId, (trx) => lastPosition(trx, accountId));
  if (last !== null) await provePositions(deps, [{ ...job, positions: [last] }]);
  const { told, basis } = await deps.db.as(operatorId, (trx) => reviewNow(trx, deps, accountId, now));
  tell(deps, job, told, now);
  return basis;
}

/** Of accounts of one operator, each one's positions in the order of their measuring. */
async function provePositions(deps: EngineDeps, jobs: readonly [Job, ...Job[]]): Promise<void> {
  const now = deps.clock.now();
  const [{ operatorId }] = jobs;
  const walks = jobs.map(({ accountId, positions }) =>
    positions.map((one) => ({ ...one, accountId })).toSorted((a, b) => a.measuredAt - b.measuredAt),
  );
  const taken = await deps.db.as(operatorId, async (trx) => {
    const all: TakenPosition[] = [];
    for (let n = 0; walks.some((walk) => n < walk.length); n++) {
      const seen = walks.flatMap((walk) => walk.slice(n, n + 1));
      all.push(
        ...(await takePositions(trx, seen, { policies: () => deps.known(operatorId, (work) => work(trx)), now })),
      );
    }
    return all;
  });
  for (const { accountId, confirmed, told } of taken) {
    if (confirmed !== null) deps.telemetry.count("sanbiao_commands_total", { action: confirmed, state: "confirmed" });
    tell(deps, { operatorId, accountId }, told, now);
  }
}

function tell(
  deps: PrepaidDeps,
  { operatorId, accountId }: Omit<Job, "positions">,
  told: readonly Told[],
  at: Instant,
): void {
  for (const one of told) deps.onEvent?.({ operatorId, accountId, at, ...one });
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
