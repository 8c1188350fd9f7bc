import type { Pool } from "pg";
import { takePayment } from "../../../billing/payment.ts";
import { type Dispatcher, controlDispatcher, type SendOutcome } from "../../../billing/prepaid/dispatch.ts";
import { type PrepaidDeps, type PrepaidEngine, prepaidEngine } from "../../../billing/prepaid/engine.ts";
import { type Instant, instant, instantOfIso, isoOf, MINUTE_MS } from "../../../domain/instant.ts";
import { money } from "../../../domain/money.ts";
import { day } from "../../../domain/period.ts";
import type { PrepaidPolicy } from "../../../domain/policy.ts";
import type { Reading } from "../../../domain/reading.ts";
import { REGISTERS, SUPPLY_STATES } from "../../../domain/register.ts";
import type { Tariff } from "../../../domain/tariff.ts";
import { noTelemetry } from "../../../domain/telemetry.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../../support/database.ts";
import { SmallTown } from "../../support/town.ts";

const title = { zh: "测试", en: "test" };
const power: Tariff = {
  id: "power",
  version: "1",
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom: day("2025-01-01"),
  zone: "Asia/Shanghai",
  title,
  source: ["invented for the test"],
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "energy",
      title,
      ladder: { basis: "month" },
      tiers: [
        { upTo: "100", price: "1" },
        { upTo: null, price: "2" },
      ],
    },
    { kind: "standing", id: "standing", title, per: "day", price: "0.1" },
  ],
};
const policy: PrepaidPolicy = {
  id: "test",
  version: "1",
  effectiveFrom: day("2025-01-01"),
  title,
  source: ["invented for the test"],
  currency: "CNY",
  warn1: "20",
  warn2: "5",
  cutBelow: "0",
  reconnectAbove: "0",
  utilities: ["electricity"],
  noticeMinutes: 10,
  creditGraceMinutes: 10,
  readingAgeMinutesMax: 60,
  protectedHours: [{ from: "22:00", to: "06:00" }],
  protectedWeekdays: [],
  protectedDays: [],
  cutsPerHourMax: 2,
  order: { attemptsMax: 3, proofWithinSeconds: 60, unknownRetryMinutes: 15 },
};

/** A supply station of prepaid homes with a wire that answers as it is told, on a real database. Its clock stands still until `later`. */
export class Station {
  readonly fresh: FreshDatabase;
  readonly owner: Pool;
  town!: SmallTown;
  now!: Instant;
  deps!: PrepaidDeps;
  engine!: PrepaidEngine;
  dispatcher!: Dispatcher;
  /** Orders as they reached the wire. */
  wire: { meterId: bigint; action: string; cut?: string }[] = [];
  answer: SendOutcome | (() => Promise<SendOutcome>) = "sent";
  policy = policy;
  /** Events as they were told. */
  told: string[] = [];
  #towns = 0;

  private constructor(fresh: FreshDatabase) {
    this.fresh = fresh;
    this.owner = ownerPool(fresh.ownerUrl);
  }

  static open = async (): Promise<Station> => new Station(await freshDatabase());

  async close(): Promise<void> {
    await this.owner.end();
    await this.fresh.drop();
  }

  /** Another operator, on 1 November at ten in the morning. */
  async begin(): Promise<void> {
    await this.owner.query("update control set state = 'cancelled' where state in ('queued', 'sent')");
    await this.owner.query("delete from supply");
    this.town = await SmallTown.found(this.owner, `station-${++this.#towns}`, "supply_station");
    this.now = instantOfIso("2026-11-01T10:00:00+08:00") as Instant;
    [this.wire, this.told, this.answer, this.policy] = [[], [], "sent", policy];
    this.deps = {
      db: this.fresh.db,
      clock: { now: () => this.now },
      tariffs: (id) => (id === "power" ? [power] : null),
      dials: () => null,
      policies: (id) => (id === "test" ? [this.policy] : []),
      telemetry: noTelemetry,
      onEvent: (event) => this.told.push(event.kind),
    };
    this.restart();
  }

  /** A new process: nothing survives but the database. */
  restart(): void {
    this.engine = prepaidEngine(this.deps);
    this.dispatcher = controlDispatcher({
      ...this.deps,
      send: async (_operator, meterId, action, { cut }) => {
        this.wire.push({ meterId, action, ...(cut === "close" ? {} : { cut }) });
        return typeof this.answer === "function" ? this.answer() : this.answer;
      },
    });
  }

  later(ms: number): void {
    this.now = instant(this.now + ms);
  }

  /** Moved in on 1 November with the register at 1000 and so much paid in. */
  async moveIn(number: string, yuan: number): Promise<Home> {
    const account = await this.town.account(number, "prepaid", "2026-11-01");
    const { meter } = await this.town.supply({
      account,
      tariff: "power",
      from: "2026-11-01",
      serial: `m${number}`,
      capacity: "200",
    });
    await this.town.prepaid(account, meter, "test");
    await this.town.readings(meter, "energy_import_kwh", [["2026-11-01T00:00:00+08:00", 1000]], 6);
    const home = new Home(this, account, meter);
    if (yuan > 0) await home.pay(yuan);
    return home;
  }
}

export class Home {
  readonly station: Station;
  readonly account: bigint;
  readonly meter: bigint;
  constructor(station: Station, account: bigint, meter: bigint) {
    this.station = station;
    this.account = account;
    this.meter = meter;
  }

  /** The register stands at `kWh` above 1000 this.station.now, and the engine is told; `told`: nothing is written. */
  async uses(kWh: number, how: "read" | "told" = "read"): Promise<void> {
    if (how === "read")
      await this.station.town.readings(this.meter, "energy_import_kwh", [[isoOf(this.station.now), 1000 + kWh]]);
    this.station.engine.onReadings([this.#reading("energy_import_kwh", BigInt((1000 + kWh) * 1_000_000))]);
    await this.station.engine.idle();
  }

  async reports(position: keyof typeof SUPPLY_STATES, measuredAt: Instant = this.station.now): Promise<void> {
    this.station.engine.onReadings([{ ...this.#reading("relay_state", SUPPLY_STATES[position]), measuredAt }]);
    await this.station.engine.idle();
  }

  pays = 0;
  async pay(yuan: number) {
    const key = `${this.station.town.operatorId}-${this.account}-${++this.pays}`;
    const amount = money("CNY", BigInt(yuan * 100));
    const paid = await takePayment(this.station.fresh.db, {
      operatorId: this.station.town.operatorId,
      accountId: this.account,
      amount,
      channel: "cash",
      key,
      at: this.station.now,
    });
    this.station.engine.onPayment(this.station.town.operatorId, this.account);
    await this.station.engine.idle();
    return paid;
  }

  async supply() {
    const { rows } = await this.station.owner.query(
      "select state, desired, reported, held, available_minor, unbilled_minor from supply where account_id = $1",
      [this.account],
    );
    return rows[0] as {
      state: string;
      desired: string;
      reported: string;
      held: string;
      available_minor: bigint;
      unbilled_minor: bigint;
    };
  }

  async orders(): Promise<string[]> {
    const { rows } = await this.station.owner.query<{ action: string; state: string }>(
      "select action, state from control where account_id = $1 order by id",
      [this.account],
    );
    return rows.map((row) => `${row.action} ${row.state}`);
  }

  async story(): Promise<string[]> {
    const { rows } = await this.station.owner.query<{ kind: string }>(
      "select kind from supply_event where account_id = $1 order by id",
      [this.account],
    );
    return rows.map((row) => row.kind);
  }

  /** All money used up, notice over, the cut queued. */
  async goesBroke(): Promise<void> {
    await this.uses(200);
    this.station.later(11 * MINUTE_MS);
    await this.uses(201);
  }

  #reading(register: keyof typeof REGISTERS, value: bigint): Reading {
    return {
      operatorId: this.station.town.operatorId,
      meterId: this.meter,
      register: REGISTERS[register].code,
      measuredAt: this.station.now,
      receivedAt: this.station.now,
      value,
      source: "modbus",
    };
  }
}
