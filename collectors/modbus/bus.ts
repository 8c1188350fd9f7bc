import type { BreakerState, BusHealth } from "../../domain/bus.ts";
import type { Instant } from "../../domain/instant.ts";
import type { MeterId } from "../../domain/reading.ts";
import type { WordBlock } from "../decode/words.ts";
import { LINK_BACKOFF, pauseMs, SLAVE_BACKOFF } from "./backoff.ts";
import { afterAnswer, afterFailure, afterTurn, type Breaker, mayPoll, mayProbe } from "./breaker.ts";
import { type Errand, ErrandDesk, type ErrandKind, notSent, type Timed } from "./errand.ts";
import { unitHealthOf } from "./health.ts";
import { LineBudget } from "./line-budget.ts";
import { Link } from "./link.ts";
import { type ControlOutcome, isAlive, refusedOrder, type Wish, type WishDetail } from "./order.ts";
import { OrderDesk } from "./order-desk.ts";
import { GROUPS } from "./plan.ts";
import { type Outcome, type Refused, refused, type Request } from "./request.ts";
import { isSuspect, missed, settleSlot, type Task, taskOf, type Unit, unitOf } from "./task.ts";
import { BusTally } from "./tally.ts";
import { Turns } from "./turns.ts";
import type { BusEvents, BusOptions, BusWorld } from "./world.ts";

const TICK_MS = 100; // how late a poll may begin; finer than any interval that a meter line can keep
const RETRIES_MAX = 2;
const DROPS_GUILTY = 2; // the second time it was asked alone
const CONTROL_DEADLINE_MS = 30_000; // a DN25 valve closes in 5 to 20 s

/**
 * The one owner of a bus. Meters take turns, a turn is all requests of one poll group. In this order: orders to relays, poll groups
 * (billing, state, power, slow), errands. Slaves that do not answer and errands have `SPARE_SHARE` of a busy line, and an idle one whole.
 */
export class Bus {
  readonly #options: BusOptions;
  readonly #world: BusWorld;
  readonly #events: BusEvents;
  readonly #link: Link;
  readonly #units: readonly Unit[];
  readonly #tasks: readonly Task[];
  readonly #turns = new Turns();
  readonly #errands: ErrandDesk;
  readonly #budget = new LineBudget(performance.now());
  readonly #tally: BusTally;
  #idle: PromiseWithResolvers<void> | null = null;
  /** A suspect has the line for itself. */
  #alone = false;
  readonly #desk: OrderDesk;
  #openTimer: NodeJS.Timeout | undefined;
  readonly #tick: NodeJS.Timeout;
  #running = 0;
  #opening = false;
  #gated = false;
  #linkFailures = 0;
  #downAt = performance.now();
  #linkDetail: string | null = "not opened yet";
  #stopped = false;

  constructor(options: BusOptions, world: BusWorld, events: BusEvents) {
    this.#options = options;
    this.#world = world;
    this.#events = events;
    this.#link = new Link(options.link);
    this.#units = options.meters.map(unitOf);
    this.#tally = new BusTally(options.id, world.telemetry);
    this.#tally.breakers(this.#states, null);
    const now = world.clock.now();
    this.#tasks = this.#units.flatMap((unit, place) =>
      GROUPS.flatMap((group) => {
        const intervalMs = options.intervals[group];
        const task = intervalMs === undefined ? null : taskOf(unit, group, intervalMs, place, this.#units.length, now);
        return task === null ? [] : [task];
      }),
    );
    this.#errands = new ErrandDesk(() => world.clock.now());
    this.#desk = new OrderDesk(options.controlDeadlineMs ?? CONTROL_DEADLINE_MS, {
      ask: (unit, request) => this.#ask(unit, request, true),
      onFrame: (unit, plan, blocks) => events.onFrame(unit.meter, plan, blocks, world.clock.now()),
      now: () => world.clock.now(),
      wake: () => this.#pump(),
    });
    this.#link.onDown = (detail) => this.#onDown(detail);
    this.#tick = setInterval(() => this.#onTick(), world.tickMs ?? TICK_MS);
    this.#onTick();
  }

  health(): BusHealth {
    const now = performance.now();
    return {
      id: this.#options.id,
      link: this.#link.ready ? "up" : "down",
      detail: this.#linkDetail,
      transactions: this.#tally.transactions,
      units: this.#units.map((unit) => unitHealthOf(unit, now)),
    };
  }

  // ---- when: the slots that are due

  #onTick(): void {
    const now = this.#world.clock.now();
    const monotonic = performance.now();
    for (const task of this.#tasks) {
      if (task.running) continue;
      const lost = missed(task, now);
      if (lost !== null) this.#gap(task, lost);
      if (now >= task.dueAt && mayPoll(task.unit.breaker, monotonic)) this.#turns.enqueue(task);
    }
    this.#pump();
  }

  /** Without `refusal` the slot was not even tried to its end: the unit rests, the link is down, or the bus is too slow. */
  #gap(task: Task, slots: { from: Instant; until: Instant }, refusal: Refused | null = null): void {
    const rests = task.unit.breaker.failures > 0 ? task.unit.lastRefusal : null;
    const down = this.#link.ready ? null : refused("link_down", this.#linkDetail ?? "the link is down");
    const slow = refused("timeout", "the bus has more to do than its intervals allow");
    const { reason, detail } = refusal ?? rests ?? down ?? task.lastRefusal ?? slow;
    const { group, attempts } = task;
    this.#events.onGap({ meter: task.unit.meter, group, ...slots, attempts, reason, detail });
    task.attempts = 0;
  }

  // ---- who: the next turn

  #pump(): void {
    if (this.#stopped) return;
    if (!this.#link.ready) return this.#open();
    while (this.#running < this.#link.inFlightMax && this.#link.ready) {
      const order = this.#desk.next();
      if (order !== null) this.#turn(order.unit, () => this.#desk.turn(order));
      else if (this.#alone || !(this.#beginSpare(false) || this.#beginPoll() || this.#beginSpare(true))) return;
    }
  }

  #beginPoll(): boolean {
    const task = this.#mayPoll() ? this.#turns.next(performance.now(), this.#running) : null;
    if (task === null) return false;
    this.#turn(task.unit, () => this.#pollTurn(task));
    return true;
  }

  /** A probe of an open slave, or an errand: within its share while polls wait, at any time while the line has nothing else to do. */
  #beginSpare(nothingElse: boolean): boolean {
    const now = performance.now();
    if (nothingElse ? this.#running > 0 : !this.#budget.may(now)) return false;
    const unit = this.#units.find((u) => !u.busy && u.probe !== null && mayProbe(u.breaker, now));
    if (unit !== undefined) {
      if (this.#running > 0 && isSuspect(unit)) return false;
      this.#turn(unit, () => this.#probeTurn(unit));
      return true;
    }
    // A stranger may answer anything: nothing else is under way meanwhile.
    if (this.#running > 0) return false;
    const errand = this.#errands.next((unitId) => this.#unitAt(unitId)?.breaker.kind !== "open");
    if (errand === null) return false;
    this.#turn(this.#unitAt(errand.unitId) ?? null, () => this.#errandTurn(errand), true);
    return true;
  }

  #unitAt(unitId: number): Unit | undefined {
    return this.#units.find(({ meter }) => meter.unitId === unitId);
  }

  /** Orders pass while readings pile up behind the bus; polls wait. */
  #mayPoll(): boolean {
    if (this.#gated) return false;
    const gate = this.#events.gate();
    if (gate === null) return true;
    this.#gated = true;
    void gate.finally(() => {
      this.#gated = false;
      this.#pump();
    });
    return false;
  }

  #turn(unit: Unit | null, work: () => Promise<void>, alone = unit !== null && isSuspect(unit)): void {
    if (unit !== null) unit.busy = true;
    this.#running++;
    this.#alone ||= alone;
    void this.#guarded(unit, work);
  }

  async #guarded(unit: Unit | null, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#world.log.error({ err: error, unitId: unit?.meter.unitId }, "a meter's turn failed");
    }
    if (unit !== null) unit.busy = false;
    this.#running--;
    if (this.#running === 0) {
      this.#alone = false;
      this.#idle?.resolve();
    }
    this.#pump();
  }

  // ---- what: one meter's turn

  async #pollTurn(task: Task): Promise<void> {
    task.running = true;
    const blocks: WordBlock[] = [];
    let refusal: Refused | null = null;
    const { unit } = task;
    for (const request of task.requests) {
      const outcome = await this.#ask(unit, request);
      if (outcome.kind === "words")
        blocks.push({ table: request.table, address: request.address, words: outcome.words });
      else if (outcome.kind === "refused") {
        refusal ??= outcome;
        if (outcome.reason !== "exception_reply") break; // a slave that objects to one block may answer the next
      }
    }
    const now = this.#world.clock.now();
    task.running = false;
    if (blocks.length > 0) this.#events.onFrame(unit.meter, task.plan, blocks, now);
    if (this.#stopped) return;
    if (refusal === null || isAlive(refusal)) this.#settle(unit, afterTurn(unit.breaker));
    task.lastRefusal = refusal;
    if (refusal === null) {
      settleSlot(task, now);
      task.attempts = 0;
    } else this.#failed(task, refusal, now);
    if (task.intervalMs === 0 && mayPoll(unit.breaker, performance.now())) this.#turns.enqueue(task);
  }

  /** What the answer says is not kept: the turns that follow it ask for everything. */
  async #probeTurn(unit: Unit): Promise<void> {
    if (unit.probe !== null) await this.#ask(unit, unit.probe);
  }

  async #errandTurn({ unitId, request: made, settle }: Errand): Promise<void> {
    const { clock } = this.#world;
    const unit = this.#unitAt(unitId);
    const sentAt = clock.now();
    const request = made();
    if (request === null) return settle(notSent("it is not wanted any more", sentAt));
    const began = performance.now();
    const outcome = unit === undefined ? await this.#sent(request) : await this.#ask(unit, request);
    const now = performance.now();
    this.#budget.charge(now - began, now);
    settle({ outcome, sentAt, receivedAt: clock.now() });
  }

  #failed(task: Task, refusal: Refused, now: Instant): void {
    if (refusal.reason === "link_down" && task.unit.drops < DROPS_GUILTY) return; // not its fault: asked again when the link is back
    task.attempts++;
    // The slot stays owed: it is asked when the slave comes back, and becomes a gap when the next one is due.
    if (task.unit.breaker.kind === "open") return;
    if (!isAlive(refusal) && task.attempts <= (this.#options.retriesMax ?? RETRIES_MAX)) return;
    const lost = settleSlot(task, now);
    if (lost !== null) this.#gap(task, lost, refusal);
  }

  async #sent(request: Request): Promise<Outcome> {
    const began = performance.now();
    const outcome = await this.#link.request(request);
    this.#tally.transaction(outcome, performance.now() - began);
    return outcome;
  }

  /** One request; what it says about the unit is noted here. An order to an open slave does not lengthen its pauses. */
  async #ask(unit: Unit, request: Request, order = false): Promise<Outcome> {
    const began = performance.now();
    const outcome = await this.#sent(request);
    const { clock, random } = this.#world;
    if (outcome.kind !== "refused") {
      this.#linkFailures = 0;
      unit.drops = 0;
      unit.lastRefusal = null;
      unit.lastHeardAt = clock.now();
      this.#settle(unit, afterAnswer(unit.breaker));
      return outcome;
    }
    if (this.#stopped) return outcome;
    unit.lastRefusal = outcome;
    if (outcome.unsent === true) return outcome;
    if (outcome.reason === "link_down") unit.drops++;
    else {
      this.#linkFailures = 0;
      unit.drops = 0;
      this.#events.onRefused(unit.meter, request, outcome, clock.now());
    }
    if (isAlive(outcome)) this.#settle(unit, afterAnswer(unit.breaker));
    else if (outcome.reason !== "link_down" || unit.drops >= DROPS_GUILTY) {
      const monotonic = performance.now();
      this.#budget.charge((monotonic - began) / this.#link.inFlightMax, monotonic);
      if (order && unit.breaker.kind === "open") return outcome;
      const rules = { backoff: this.#options.slaveBackoff ?? SLAVE_BACKOFF, pauseMsMin: this.#link.restMs };
      const failure = { cause: outcome.reason, at: clock.now(), monotonic };
      this.#settle(unit, afterFailure(unit.breaker, failure, rules, random));
    }
    return outcome;
  }

  #settle(unit: Unit, breaker: Breaker): void {
    const from = unit.breaker.kind;
    unit.breaker = breaker;
    if (breaker.kind === from) return;
    this.#tally.breakers(this.#states, breaker.kind);
    const { log } = this.#world;
    const what = {
      bus: this.#options.id,
      unitId: unit.meter.unitId,
      meterId: String(unit.meter.meterId),
      from,
      to: breaker.kind,
    };
    if (breaker.kind === "open") log.warn({ ...what, cause: breaker.cause }, "a slave is only probed from now on");
    else log.info(what, breaker.kind === "closed" ? "a slave is trusted again" : "a slave has answered its probe");
    // Back again: everything is asked at once, also what was given up while it was away.
    if (breaker.kind === "half_open") for (const task of this.#tasks) if (task.unit === unit) this.#turns.enqueue(task);
  }

  get #states(): BreakerState[] {
    return this.#units.map(({ breaker }) => breaker.kind);
  }

  /** The same order again joins the one that waits or runs; another one follows it. */
  control(meterId: MeterId, wish: Wish, detail: WishDetail = {}): Promise<ControlOutcome> {
    const unit = this.#units.find((u) => u.meter.meterId === meterId);
    return unit === undefined
      ? Promise.resolve(refusedOrder("unknown_meter", `meter ${meterId} is not on bus ${this.#options.id}`))
      : this.#desk.give(unit, wish, detail);
  }

  /** One request in the lowest place; to an open slave it waits until that one has come back. */
  errand(kind: ErrandKind, unitId: number, request: () => Request | null): Promise<Timed> {
    const timed = this.#errands.give(kind, unitId, request);
    this.#pump();
    return timed;
  }

  // ---- the link

  #onDown(detail: string): void {
    this.#linkDetail = detail;
    if (this.#stopped) return;
    this.#world.log.warn({ bus: this.#options.id, detail }, "modbus link down");
    this.#downAt = performance.now();
    // After whoever was under way has noted his outcome: a slave's failure is no failure of the link, and costs no pause.
    setImmediate(() => this.#open());
  }

  /** Opened again for ever. The first try follows at once; a link that never bears an answer is tried ever less often. */
  #open(): void {
    if (this.#opening || this.#stopped || this.#link.ready) return;
    this.#opening = true;
    const pause = pauseMs(this.#options.linkBackoff ?? LINK_BACKOFF, this.#linkFailures, this.#world.random);
    this.#linkFailures++;
    this.#openTimer = setTimeout(() => void this.#openNow(), pause);
  }

  async #openNow(): Promise<void> {
    const refusal = await this.#link.open();
    this.#opening = false;
    this.#linkDetail = refusal?.detail ?? null;
    if (refusal !== null) return this.#open();
    const now = performance.now();
    this.#budget.charge(now - this.#downAt, now);
    this.#pump();
  }

  /** Nothing is asked any more; what is under way settles; orders that wait are answered. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#tick);
    clearTimeout(this.#openTimer);
    this.#desk.stop();
    this.#errands.stop();
    await this.#link.close();
    if (this.#running === 0) return;
    this.#idle = Promise.withResolvers<void>();
    await this.#idle.promise;
  }
}
