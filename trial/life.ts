import { prepaidEngine, type PrepaidDeps, type PrepaidEngine } from "../billing/prepaid/engine.ts";
import { controlDispatcher, type Dispatcher, type SendControl } from "../billing/prepaid/dispatch.ts";
import type { Database } from "../schema/database.ts";

class Killed extends Error {}

/** One process of the service: engine and outbox over the books, until it is killed. What it had in memory is then lost. */
export class Life {
  readonly engine: PrepaidEngine;
  readonly dispatcher: Dispatcher;
  readonly db: Database;
  #callsLeft = Number.POSITIVE_INFINITY;
  #isDead = false;

  constructor(deps: PrepaidDeps, send: SendControl) {
    this.db = this.#mortal(deps.db);
    const own = { ...deps, db: this.db };
    this.engine = prepaidEngine(own);
    this.dispatcher = controlDispatcher({
      ...own,
      send: (...order) => {
        this.#mustLive();
        return send(...order);
      },
    });
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Dies at the books, so many calls from now: before the call, or after its commit and before anybody here hears of it. */
  dieAfter(calls: number): void {
    this.#callsLeft = calls;
  }

  /** At once. */
  die(): never {
    this.#isDead = true;
    throw new Killed("killed");
  }

  #mustLive(): void {
    if (this.#isDead) throw new Killed("killed");
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    this.#mustLive();
    this.#callsLeft--;
    if (this.#callsLeft <= 0 && this.#callsLeft % 2 === 0) this.die();
    const done = await work();
    this.#mustLive();
    if (this.#callsLeft <= 0) this.die();
    return done;
  }

  #mortal(db: Database): Database {
    const pool = new Proxy(db.pool, {
      get: (target, name) => {
        const own = Reflect.get(target, name) as unknown;
        if (name !== "query" || typeof own !== "function") return own;
        return (...words: unknown[]) => this.#call(async () => Reflect.apply(own, target, words) as unknown);
      },
    });
    return { ...db, pool, as: (operatorId, work) => this.#call(() => db.as(operatorId, work)) };
  }
}
