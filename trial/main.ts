import type { Pool } from "pg";
import { reversePayment, takePayment } from "../billing/payment.ts";
import type { PrepaidDeps } from "../billing/prepaid/engine.ts";
import { wake } from "../billing/schedule.ts";
import { DAY_MS, type Instant, instant, isoOf, MINUTE_MS, SECOND_MS } from "../domain/instant.ts";
import { money } from "../domain/money.ts";
import type { NoticeChannel } from "../domain/notice.ts";
import { dayOf, type Day, startOfDay } from "../domain/period.ts";
import type { PrepaidPolicy } from "../domain/policy.ts";
import type { MeterId, Reading } from "../domain/reading.ts";
import type { ControlAction } from "../domain/supply.ts";
import { noTelemetry } from "../domain/telemetry.ts";
import { type ReadingsBatcher, readingsBatcher } from "../ledger/batcher.ts";
import { verify } from "../ledger/verify/verify.ts";
import { closeByPerson } from "../ledger/work-orders.ts";
import type { Carrier } from "../notices/carrier.ts";
import { noticeDispatcher } from "../notices/dispatch.ts";
import type { Database } from "../schema/database.ts";
import { Chance } from "./chance.ts";
import { type Broken, darkTooLong, isCertified, moneyPosted, ordersEnd } from "./checks.ts";
import { availableOf, foundStation, policiesOf, trialTariff } from "./ground.ts";
import type { Home } from "./home.ts";
import { Life } from "./life.ts";
import { Agenda, type Happening, planOf, troubleOf } from "./plan.ts";

export type TrialOptions = {
  readonly db: Database;
  /** The schema's owner: founds the station and checks. */
  readonly owner: Pool;
  readonly seed: number;
  readonly meters: number;
  readonly days: number;
  readonly from: Day;
  readonly onDay?: (day: Day, tally: Tally) => void;
};

/** What was lived through. */
export type Tally = {
  steps: number;
  payments: number;
  doubled: number;
  reversals: number;
  cuts: number;
  reconnections: number;
  kills: number;
  troubles: number;
  bounced: number;
  workOrders: number;
};

export type TrialResult = { readonly tally: Tally; readonly broken: readonly Broken[] };

const ZONE = "Asia/Shanghai";
const CREDIT_MINOR = 1_000n;
/** The last days in which nothing goes wrong any more: all that is open must end. */
const QUIET_DAYS = 3;
/** Steps while an order is under way, or somebody waits for power. */
const CLOSE_STEP_MS = 30 * SECOND_MS;
const BROKEN_MAX = 20;

/** Lives through a station's days on the real books with the real engine and outbox, and checks after each step. */
export async function liveThrough(options: TrialOptions): Promise<TrialResult> {
  const trial = await Trial.begin(options);
  return trial.run();
}

class Trial {
  readonly #options: TrialOptions;
  readonly #homes: readonly Home[];
  readonly #byMeter: ReadonlyMap<MeterId, Home>;
  readonly #chance: Chance;
  readonly #agenda = new Agenda();
  readonly #batcher: ReadingsBatcher;
  readonly #broken: Broken[] = [];
  readonly #quietFrom: Instant;
  readonly #until: Instant;
  readonly #entries = new Map<string, bigint>();
  readonly #said: Home[] = [];
  readonly #deps: PrepaidDeps;
  #now: Instant;
  #life: Life;
  #billedOn: Day | null = null;
  #sweptOn: Day | null = null;
  #sweptBy: Life | null = null;
  readonly tally: Tally = {
    steps: 0,
    payments: 0,
    doubled: 0,
    reversals: 0,
    cuts: 0,
    reconnections: 0,
    kills: 0,
    troubles: 0,
    bounced: 0,
    workOrders: 0,
  };

  static async begin(options: TrialOptions): Promise<Trial> {
    const at = startOfDay(options.from, ZONE);
    const homes = await foundStation(options.owner, `trial-${options.seed}`, options.meters, at, options.from);
    return new Trial(options, homes, at);
  }

  private constructor(options: TrialOptions, homes: readonly Home[], at: Instant) {
    this.#options = options;
    this.#homes = homes;
    this.#byMeter = new Map(homes.map((home) => [home.meter, home]));
    this.#chance = new Chance(options.seed);
    this.#now = at;
    this.#until = instant(at + options.days * DAY_MS);
    this.#quietFrom = instant(this.#until - QUIET_DAYS * DAY_MS);
    this.#batcher = readingsBatcher({ db: options.db, telemetry: noTelemetry });
    this.#deps = {
      db: options.db,
      clock: { now: () => this.#now },
      tariffs: (id) => (id === trialTariff.id ? [trialTariff] : null),
      dials: () => null,
      policies: policiesOf,
      telemetry: noTelemetry,
    };
    this.#life = this.#born();
    planOf(this.#agenda, homes, { from: at, until: this.#until, quietFrom: this.#quietFrom }, this.#chance);
    for (const home of homes) this.#pay(home, CREDIT_MINOR, at);
  }

  async run(): Promise<TrialResult> {
    for (let next = this.#agenda.next; next !== null && next < this.#until; next = this.#agenda.next) {
      if (dayOf(next, ZONE) !== dayOf(this.#now, ZONE)) this.#options.onDay?.(dayOf(next, ZONE), this.tally);
      this.#now = instant(Math.max(next, this.#now));
      await this.#step();
      if (this.#broken.length >= BROKEN_MAX) break;
    }
    await this.#atEnd();
    await this.#batcher.stop();
    return { tally: this.tally, broken: this.#broken };
  }

  async #step(): Promise<void> {
    this.tally.steps++;
    for (const home of this.#homes) home.heal(this.#now);
    if (this.#now < this.#quietFrom && this.#chance.is(0.06)) this.#life.dieAfter(this.#chance.whole(1, 40));
    for (const happening of this.#agenda.take(this.#now)) await this.#happen(happening);
    await this.#read(this.#homes);
    await this.#live();
    await this.#offices();
    await this.#check();
    await this.#lookAhead();
  }

  /** What the service's timers do, until nothing moves any more at this time. */
  async #live(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      if (this.#life.isDead) {
        this.tally.kills++;
        this.#life = this.#born();
        this.#now = instant(this.#now + 20 * SECOND_MS);
      }
      if (this.#isSweepDue()) await quietly(this.#life.engine.sweep());
      await quietly(this.#life.dispatcher.turn());
      const moved = this.#said.splice(0);
      if (moved.length === 0 && !this.#life.isDead) return;
      this.#now = instant(this.#now + 2 * SECOND_MS);
      await this.#read(moved.filter((home) => !home.has("ack-lost")));
    }
  }

  /** A new process looks at every account, and so does an old one once a day: in between meters that speak are enough. */
  #isSweepDue(): boolean {
    const today = dayOf(this.#now, ZONE);
    const isDue = this.#sweptBy !== this.#life || this.#sweptOn !== today;
    [this.#sweptBy, this.#sweptOn] = [this.#life, today];
    return isDue;
  }

  #born(): Life {
    return new Life(this.#deps, (_operator, meterId, action) => this.#wire(meterId, action));
  }

  /** The line and the meter at its end. */
  async #wire(meterId: MeterId, action: ControlAction): Promise<"sent" | "refused" | "unreachable"> {
    const home = this.#byMeter.get(meterId);
    if (home === undefined || home.has("offline")) return "unreachable";
    if (action === "disconnect") {
      if (!(await isCertified(this.#options.owner, home)))
        this.#break("no cut without certificate", String(home.account));
    }
    if (home.has("refuses")) return "refused";
    if (home.has("order-lost")) return "sent";
    if (!home.has("relay-stuck")) home.move(action, this.#now);
    this.tally[action === "connect" ? "reconnections" : "cuts"]++;
    this.#said.push(home);
    if (this.#now < this.#quietFrom && this.#chance.is(0.05)) this.#life.die();
    return "sent";
  }

  /** Meters speak; what is new in the book is told to the engine. */
  async #read(homes: readonly Home[]): Promise<void> {
    const readings: Reading[] = homes.flatMap((home) => home.speak(this.#now));
    if (readings.length === 0) return;
    const outcomes = await this.#batcher.submit(readings);
    this.#life.engine.onReadings(readings.filter((_, i) => outcomes[i] === "accepted"));
    await this.#life.engine.idle();
  }

  async #happen(happening: Happening): Promise<void> {
    switch (happening.kind) {
      case "report":
        return;
      case "use":
        return happening.home.use(BigInt(this.#chance.whole(100_000, 1_400_000)), this.#now);
      case "trouble": {
        const { kind, until, offsetMs } = troubleOf(this.#chance, this.#now, this.#quietFrom);
        this.tally.troubles++;
        return happening.home.fall(kind, until, offsetMs);
      }
      case "opens-by-itself":
        return happening.home.move("disconnect", this.#now);
      case "pays":
        return this.#takePayment(happening);
      case "reversal":
        return this.#reverse(happening);
      case "visit":
        return this.#visit();
    }
  }

  #pay(home: Home, minor: bigint, at: Instant): void {
    const key = `${this.#options.seed}-${home.account}-${at}`;
    this.#agenda.put(at, { kind: "pays", home, minor, key, twice: this.#chance.is(0.15) });
  }

  async #takePayment({ home, minor, key, twice }: Happening & { kind: "pays" }): Promise<void> {
    const pay = () =>
      takePayment(this.#options.db, {
        operatorId: home.operatorId,
        accountId: home.account,
        amount: money("CNY", minor),
        channel: "cash",
        key,
        at: this.#now,
      });
    const taken = await Promise.all(twice ? [pay(), pay()] : [pay()]);
    const posted = taken.filter(({ kind }) => kind === "posted");
    if (posted.length > 1 || taken.some(({ kind }) => kind === "different"))
      this.#break("the same payment is taken once", `${home.account} ${key}`);
    home.paidMinor += minor * BigInt(posted.length);
    if (twice) this.tally.doubled++;
    if (posted[0] === undefined) return;
    this.tally.payments++;
    this.#entries.set(key, posted[0].journalId);
    this.#life.engine.onPayment(home.operatorId, home.account);
    const isMistake = this.#now < this.#quietFrom && this.#chance.is(0.08);
    const later = instant(this.#now + this.#chance.whole(1, 2_000) * MINUTE_MS);
    if (isMistake) this.#agenda.put(later, { kind: "reversal", home, key });
    // The channel tells the same payment again, late.
    else if (this.#chance.is(0.1)) this.#agenda.put(later, { kind: "pays", home, minor, key, twice: false });
  }

  async #reverse({ home, key }: Happening & { kind: "reversal" }): Promise<void> {
    const journalId = this.#entries.get(key);
    if (journalId === undefined) return;
    const undone = await reversePayment(this.#options.db, {
      operatorId: home.operatorId,
      journalId,
      reason: "trial",
      at: this.#now,
    });
    if (undone.kind !== "posted") return;
    this.tally.reversals++;
    const { rows } = await this.#options.owner.query<{ amount_minor: bigint }>(
      "select amount_minor from posting where operator_id = $1 and journal_id = $2 and ledger_account = 'customer'",
      [home.operatorId, undone.journalId],
    );
    home.paidMinor -= rows[0]?.amount_minor ?? 0n;
    this.#life.engine.onPayment(home.operatorId, home.account);
  }

  /** Somebody goes out with the work orders of more than a day, and finds the meter as it is. */
  async #visit(): Promise<void> {
    const { db, owner } = this.#options;
    const { rows } = await owner.query<{ operator_id: bigint; id: bigint; meter_id: bigint }>(
      "select operator_id, id, meter_id from work_order where closed_at is null and opened_at < $1",
      [isoOf(instant(this.#now - DAY_MS))],
    );
    for (const { operator_id: operatorId, id, meter_id: meterId } of rows) {
      const home = this.#byMeter.get(meterId);
      if (home === undefined) continue;
      if (home.trouble !== null) home.fall(home.trouble.kind, this.#now, 0);
      home.heal(this.#now);
      this.tally.workOrders++;
      await db.as(operatorId, (trx) => closeByPerson(trx, id, { by: 1n, note: "repaired", now: this.#now }));
    }
  }

  /** Notices, and once a day what is due to be billed. */
  async #offices(): Promise<void> {
    const { db } = this.#options;
    const clock = { now: () => this.#now };
    const carriers = new Map<NoticeChannel, Carrier>([["email", this.#post()]]);
    await noticeDispatcher({ db, clock, wall: clock, telemetry: noTelemetry, carriers }).turn();
    const today = dayOf(this.#now, ZONE);
    if (today === this.#billedOn) return;
    this.#billedOn = today;
    await wake(this.#deps);
  }

  #post(): Carrier {
    return {
      send: async ({ delivery }) => {
        const isGone = delivery.address.startsWith("gone");
        if (isGone) this.tally.bounced++;
        return isGone
          ? { kind: "undeliverable", detail: "550 no such mailbox" }
          : { kind: "delivered", detail: "250 ok" };
      },
      close: () => undefined,
    };
  }

  async #check(): Promise<void> {
    const { owner } = this.#options;
    for (const home of this.#homes)
      this.#broken.push(...darkTooLong(home, this.#policyOf(home.policyId), availableOf(home, this.#now), this.#now));
    this.#broken.push(...(await moneyPosted(owner, this.#homes, this.#now)));
    this.#broken.push(...(await ordersEnd(owner, (id) => this.#policyOf(id), this.#now)));
  }

  /** Customers who are short of money think of paying; while something is under way the next step is soon. */
  async #lookAhead(): Promise<void> {
    const { rows } = await this.#options.owner.query<{ account_id: bigint; state: string; next: Instant | null }>(
      `select s.account_id, s.state,
              (select min(c.not_before) from control c where c.operator_id = s.operator_id and c.account_id = s.account_id and c.state in ('queued', 'sent')) as next
         from supply s where s.operator_id = $1`,
      [this.#homes[0]?.operatorId],
    );
    const dues = rows.flatMap(({ next }) => (next === null ? [] : [Math.max(next, this.#now + CLOSE_STEP_MS)]));
    for (const row of rows) {
      const home = this.#homes.find(({ account }) => account === row.account_id);
      if (home === undefined) continue;
      const isShort = row.state !== "normal" || availableOf(home, this.#now) < CREDIT_MINOR;
      const isPlanned = this.#agenda.has((one) => one.kind === "pays" && one.home === home);
      if (isShort && !isPlanned) {
        const isPatient = this.#now < this.#quietFrom && this.#chance.is(0.5);
        const minutes = isPatient ? this.#chance.whole(12 * 60, 7 * 24 * 60) : this.#chance.whole(1, 6 * 60);
        this.#pay(home, BigInt(this.#chance.whole(1, 150) * 100), instant(this.#now + minutes * MINUTE_MS));
      }
      if (home.entitledSince !== null && home.trouble === null) dues.push(this.#now + 5 * MINUTE_MS);
    }
    const soon = Math.min(...dues);
    if (soon < (this.#agenda.next ?? this.#until)) this.#agenda.put(instant(soon), { kind: "report" });
  }

  async #atEnd(): Promise<void> {
    for (const { name, ok, examples } of await verify(this.#options.owner))
      if (!ok) this.#break(`verify: ${name}`, examples.join("; "));
    const { rows } = await this.#options.owner.query<{
      account_id: bigint;
      desired: string;
      reported: string;
      state: string;
    }>("select account_id, desired, reported, state from supply where operator_id = $1", [this.#homes[0]?.operatorId]);
    for (const { account_id: account, desired, reported, state } of rows) {
      const home = this.#homes.find((one) => one.account === account);
      const real = home?.isOn === true ? "connected" : "disconnected";
      if (reported !== real || (desired !== real && state !== "cut_sent" && state !== "reconnect_sent"))
        this.#break(
          "after quiet days all is as it is wanted and told",
          `${account}: ${state}, wanted ${desired}, told ${reported}, is ${real}`,
        );
    }
  }

  #policyOf(id: string): PrepaidPolicy {
    const policy = policiesOf(id)[0];
    if (policy === undefined) throw new Error(`no policy ${id}`);
    return policy;
  }

  #break(promise: string, detail: string): void {
    this.#broken.push({ at: this.#now, promise, detail });
  }
}

/** A killed process says nothing. */
const quietly = (work: Promise<void>): Promise<void> => work.catch(() => undefined);
