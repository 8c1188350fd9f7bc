import type { Instant } from "../../domain/instant.ts";
import type { WordBlock } from "../decode/words.ts";
import {
  type ControlOutcome,
  fulfils,
  givenUp,
  isUnreachable,
  type Order,
  orderOf,
  readBackPauseMs,
  refusedOrder,
  sayingOf,
  stateShown,
  type Wish,
  type WishDetail,
} from "./order.ts";
import { proofOf } from "../../domain/supply-command.ts";
import type { Plan } from "./plan.ts";
import { type Outcome, type Request, refused } from "./request.ts";
import type { Unit } from "./task.ts";

/** What the desk needs of its bus. */
export type Desk = {
  ask(unit: Unit, request: Request): Promise<Outcome>;
  onFrame(unit: Unit, plan: Plan, blocks: readonly WordBlock[]): void;
  now(): Instant;
  /** An order wants a turn. */
  wake(): void;
};

/** The orders of one bus: one at a time per unit, each written once and read back until its state shows or its time is up. */
export class OrderDesk {
  readonly #deadlineMs: number;
  readonly #desk: Desk;
  readonly #orders = new Map<Unit, Order[]>();
  readonly #timers = new Map<Order, NodeJS.Timeout[]>();
  #wanting: Order[] = [];
  #stopped = false;

  constructor(deadlineMs: number, desk: Desk) {
    this.#deadlineMs = deadlineMs;
    this.#desk = desk;
  }

  /** The order that was given last, given again, is the same order; another one follows it. */
  give(unit: Unit, wish: Wish, detail: WishDetail = {}): Promise<ControlOutcome> {
    const { control, id } = unit.meter.profile;
    const saying = sayingOf(control, wish, detail);
    if (control === undefined || "missing" in saying) {
      const why = "missing" in saying ? saying.missing : "it has no relay or valve to control";
      return Promise.resolve(refusedOrder("not_supported", `${id}: ${why}`));
    }
    if (this.#stopped) return Promise.resolve(refusedOrder("link_down", "the collector has stopped"));
    const waiting = this.#orders.get(unit) ?? [];
    const last = waiting.at(-1);
    if (last?.command === saying.command && isSame(last.write.words, saying.write.words)) return last.outcome;
    const deadlineMs = this.#deadlineMs * (waiting.length + 1);
    const order = orderOf(unit, control, saying);
    this.#orders.set(unit, [...waiting, order]);
    this.#later(order, deadlineMs, () => this.#finish(order, givenUp(order)));
    if (waiting.length === 0) this.#call(order);
    return order.outcome;
  }

  /** The next order whose unit is free. */
  next(): Order | null {
    if (this.#wanting.length === 0) return null;
    const at = this.#wanting.findIndex((order) => !order.unit.busy);
    return at < 0 ? null : (this.#wanting.splice(at, 1)[0] ?? null);
  }

  /** One turn of an order: the write, when it has not left yet, and one look at the state. */
  async turn(order: Order): Promise<void> {
    if (!this.#isOpen(order)) return;
    if (!order.written && !(await this.#write(order))) return;
    await this.#readBack(order);
    if (!this.#isOpen(order)) return;
    if (order.lastState !== null && fulfils(order.command, order.lastState)) {
      return this.#finish(order, { kind: "confirmed", state: order.lastState, at: this.#desk.now() });
    }
    if (proofOf(order.command) === null) {
      const { acknowledged, lastState: state } = order;
      return this.#finish(order, acknowledged ? { kind: "accepted", state } : givenUp(order));
    }
    this.#again(order);
  }

  /** Answers whether there is anything to read back. */
  async #write(order: Order): Promise<boolean> {
    order.written = true; // before it is sent: whatever happens now, the slave may have heard it
    const outcome = await this.#desk.ask(order.unit, {
      kind: "write",
      unitId: order.unit.meter.unitId,
      write: order.write,
    });
    if (outcome.kind === "refused") {
      order.lastRefusal = outcome;
      order.written = outcome.unsent !== true;
    } else order.acknowledged = true;
    if (!this.#isOpen(order)) return false;
    if (outcome.kind === "refused" && outcome.reason === "exception_reply" && !isUnreachable(outcome)) {
      this.#finish(order, refusedOrder(outcome.reason, outcome.detail));
      return false;
    }
    if (!order.written) this.#again(order);
    return order.written;
  }

  async #readBack(order: Order): Promise<void> {
    const blocks: WordBlock[] = [];
    for (const request of order.proofRequests) {
      const outcome = await this.#desk.ask(order.unit, request);
      if (outcome.kind === "words")
        blocks.push({ table: request.table, address: request.address, words: outcome.words });
      else if (outcome.kind === "refused") order.lastRefusal = outcome;
    }
    if (blocks.length === 0) return;
    order.lastRefusal = null;
    order.lastState = stateShown(order, blocks);
    this.#desk.onFrame(order.unit, order.proof, blocks);
  }

  #again(order: Order): void {
    this.#later(order, readBackPauseMs(order.tries++), () => this.#call(order));
  }

  #call(order: Order): void {
    if (!this.#isOpen(order)) return;
    this.#wanting.push(order);
    this.#desk.wake();
  }

  #isOpen(order: Order): boolean {
    return !this.#stopped && this.#orders.get(order.unit)?.[0] === order;
  }

  #finish(order: Order, outcome: ControlOutcome): void {
    const waiting = this.#orders.get(order.unit) ?? [];
    if (!waiting.includes(order)) return;
    for (const timer of this.#timers.get(order) ?? []) clearTimeout(timer);
    this.#timers.delete(order);
    const left = waiting.filter((other) => other !== order);
    if (left.length === 0) this.#orders.delete(order.unit);
    else this.#orders.set(order.unit, left);
    this.#wanting = this.#wanting.filter((other) => other !== order);
    order.settle(outcome);
    if (waiting[0] === order && left[0] !== undefined) this.#call(left[0]);
  }

  #later(order: Order, ms: number, act: () => void): void {
    const [deadline] = this.#timers.get(order) ?? [];
    const timer = setTimeout(act, ms);
    this.#timers.set(order, deadline === undefined ? [timer] : [deadline, timer]);
  }

  /** Every order is answered: what was written is unknown, what was not is refused. */
  stop(): void {
    this.#stopped = true;
    for (const order of [...this.#orders.values()].flat()) {
      order.lastRefusal = refused("link_down", "the collector has stopped");
      this.#finish(order, givenUp(order));
    }
  }
}

const isSame = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((word, i) => word === other[i]);
