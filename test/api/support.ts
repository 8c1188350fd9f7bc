import { randomBytes, scryptSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import pino from "pino";
import type { App } from "../../api/routes/route.ts";
import { type ApiOptions, appOf } from "../../api/server.ts";
import { reversePayment, takePayment } from "../../billing/payment.ts";
import { DAY_MS, HOUR_MS, instant, type Instant, MINUTE_MS } from "../../domain/instant.ts";
import type { Reading } from "../../domain/reading.ts";
import { REGISTERS, type RegisterName } from "../../domain/register.ts";
import { appendReadings } from "../../ledger/readings.ts";
import { type Database, timestamptz } from "../../schema/database.ts";
import { freshDatabase, ownerPool } from "../support/database.ts";

/** 16 June 2026, 10:00 in Shanghai. */
export const NOW = instant(Date.parse("2026-06-16T10:00:00+08:00"));
export const PASSWORD = "correct horse";

/** Logins of the first estate, one per role, and the manager of the other operator. */
export const USERS = ["boss", "clerk", "reader", "other"] as const;
export type Login = (typeof USERS)[number];

export type Estate = {
  readonly db: Database;
  readonly ownerUrl: string;
  readonly one: bigint;
  readonly two: bigint;
  /** A prepaid flat whose supply is cut, with three meters. */
  readonly flat: bigint;
  readonly relayMeter: bigint;
  readonly bill: bigint;
  /** An account and a meter of the other operator. */
  readonly foreignAccount: bigint;
  readonly foreignMeter: bigint;
  drop: () => Promise<void>;
};

export const silent = pino({ level: "silent" });

/** As `hashPassword` writes it, at a four-thousandth of the cost: each test signs in, and none of them asks what a guess costs. */
function cheapHash(password: string): string {
  const [salt, cost] = [randomBytes(16), { N: 8, r: 8, p: 1 }];
  const key = scryptSync(password, salt, 32, cost);
  return ["scrypt", cost.N, cost.r, cost.p, salt.toString("base64url"), key.toString("base64url")].join("$");
}

/** Two operators; the first has one flat with electricity, water and gas, ten days of readings, a bill, a cut. */
export async function tinyEstate(): Promise<Estate> {
  const fresh = await freshDatabase();
  const owner = ownerPool(fresh.ownerUrl);
  const idOf = async (text: string, values: unknown[] = []): Promise<bigint> =>
    (await owner.query<{ id: bigint }>(text, values)).rows[0]?.id ?? 0n;
  const operator = (code: string) =>
    idOf(
      `insert into operator (code, kind, name_zh, name_en) values ($1, 'estate', '小区', 'Estate') returning operator_id as id`,
      [code],
    );
  const one = await operator("one");
  const two = await operator("two");
  const hash = cheapHash(PASSWORD);
  const user = (operatorId: bigint, login: string, role: string) =>
    owner.query("insert into app_user (operator_id, login, name, password_hash, role) values ($1, $2, $3, $4, $5)", [
      operatorId,
      login,
      `User ${login}`,
      hash,
      role,
    ]);
  await user(one, "boss", "manager");
  await user(one, "clerk", "clerk");
  await user(one, "reader", "reader");
  await user(two, "other", "manager");

  const account = (operatorId: bigint, number: string, name: string, mode: string) =>
    idOf(
      `insert into account (operator_id, number, name, phone, payment_mode, opened_on) values ($1, $2, $3, '13800000001', $4, '2026-01-01') returning id`,
      [operatorId, number, name, mode],
    );
  const meterAt = async (operatorId: bigint, accountId: bigint, utility: string, serial: string, room: string) => {
    const point = await idOf(
      `insert into usage_point (operator_id, utility, building, room) values ($1, $2, '1', $3) returning id`,
      [operatorId, utility, room],
    );
    await owner.query(
      `insert into agreement (operator_id, account_id, usage_point_id, tariff_id, from_day) values ($1, $2, $3, 'demo', '2026-01-01')`,
      [operatorId, accountId, point],
    );
    const meter = await idOf(
      `insert into meter (operator_id, serial, utility, profile_id) values ($1, $2, $3, 'demo') returning id`,
      [operatorId, serial, utility],
    );
    await owner.query(
      `insert into installation (operator_id, meter_id, usage_point_id, installed_at, capacity_per_hour) values ($1, $2, $3, '2026-01-01T00:00:00+08', 20)`,
      [operatorId, meter, point],
    );
    return meter;
  };
  const flat = await account(one, "A-101", "张三 100%_real", "prepaid");
  await account(one, "A-102", "李四", "postpaid");
  const relayMeter = await meterAt(one, flat, "electricity", "E-101", "101");
  const water = await meterAt(one, flat, "water", "W-101", "101");
  await meterAt(one, flat, "gas", "G-101", "101");
  const foreignAccount = await account(two, "B-1", "王五", "postpaid");
  const foreignMeter = await meterAt(two, foreignAccount, "water", "W-B1", "1");

  await readings(fresh.db, one, relayMeter, "energy_import_kwh", 240, (n) => 1_000_000_000n + n * 250_000n);
  await readings(fresh.db, one, water, "volume_m3", 240, (n) => 50_000_000n + n * 10_000n);
  await readings(fresh.db, one, relayMeter, "relay_state", 3, () => 0n);
  const bill = await billAndCut(fresh.db, one, flat, relayMeter);
  await owner.end();
  return {
    db: fresh.db,
    ownerUrl: fresh.ownerUrl,
    one,
    two,
    flat,
    relayMeter,
    bill,
    foreignAccount,
    foreignMeter,
    drop: () => fresh.drop(),
  };
}

/** From now on the estate's use has a price, so that what is available to the flat can be told. */
export async function priceByCatalogue({ ownerUrl }: Estate): Promise<void> {
  const owner = ownerPool(ownerUrl);
  await owner.query(`update agreement a set tariff_id =
      case p.utility when 'electricity' then 'zhejiang.electricity.residential' else 'ningbo.' || p.utility || '.residential' end
    from usage_point p where p.id = a.usage_point_id`);
  await owner.end();
}

/** One reading each hour, the last five minutes before `NOW`. */
async function readings(
  db: Database,
  operatorId: bigint,
  meterId: bigint,
  register: RegisterName,
  count: number,
  value: (n: bigint) => bigint,
): Promise<void> {
  const batch = Array.from({ length: count }, (_, n): Reading => {
    const at = instant(NOW - 5 * MINUTE_MS - (count - 1 - n) * HOUR_MS);
    const { code } = REGISTERS[register];
    return {
      operatorId,
      meterId,
      register: code,
      measuredAt: at,
      receivedAt: at,
      value: value(BigInt(n)),
      source: "modbus",
    };
  });
  await appendReadings(db, operatorId, batch);
}

/** May's bill of 80.00, a supply that was cut for it, and one of each thing that a person looks at. */
async function billAndCut(db: Database, operatorId: bigint, flat: bigint, meter: bigint): Promise<bigint> {
  const at = timestamptz(instant(NOW - 5 * DAY_MS));
  return db.as(operatorId, async (trx) => {
    const { rows } = await sql<{
      journal_id: bigint;
    }>`select journal_id from post_entry(${operatorId}, 'bill/1', 'bill', '{"bill":"1"}'::jsonb, ${at}, ${at}, null,
      ${JSON.stringify([
        { ledger_account: "customer", account_id: String(flat), currency: "CNY", amount_minor: "8000" },
        { ledger_account: "revenue_electricity", currency: "CNY", amount_minor: "-8000" },
      ])}::jsonb)`.execute(trx);
    const from = "2026-05-01T00:00:00+08:00";
    const to = "2026-06-01T00:00:00+08:00";
    const bill = await trx
      .insertInto("bill")
      .values({
        operator_id: operatorId,
        account_id: flat,
        number: "2026-05-A-101",
        period_from: from,
        period_to: to,
        issued_on: "2026-06-01",
        due_on: "2026-06-20",
        currency: "CNY",
        total_minor: 8000n,
        journal_id: rows[0]?.journal_id ?? 0n,
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    const point = await trx
      .selectFrom("installation")
      .select("usage_point_id")
      .where("meter_id", "=", meter)
      .executeTakeFirstOrThrow();
    await trx
      .insertInto("bill_line")
      .values({
        operator_id: operatorId,
        bill_id: bill.id,
        line: 1,
        key: "1/energy/t1",
        usage_point_id: point.usage_point_id,
        utility: "electricity",
        tariff_id: "demo",
        tariff_version: "1",
        charge: "energy",
        kind: "usage",
        tier: 1,
        period_from: from,
        period_to: to,
        quantity: 160_000_000n,
        unit: "kWh",
        price: "0.5",
        amount_minor: 8000n,
        basis: "actual",
        title_zh: "电费",
        title_en: "Energy",
      })
      .execute();
    await trx
      .insertInto("billed_usage")
      .values({
        operator_id: operatorId,
        bill_id: bill.id,
        usage_point_id: point.usage_point_id,
        utility: "electricity",
        quantity: 160_000_000n,
        unit: "kWh",
        basis: "actual",
        period_from: from,
        period_to: to,
        registers: JSON.stringify([
          { meter: String(meter), serial: "E-101", from, to, start: "840", end: "1000", used: "160", basis: "actual" },
        ]),
      })
      .execute();
    await trx
      .insertInto("supply")
      .values({
        operator_id: operatorId,
        account_id: flat,
        meter_id: meter,
        policy_id: "demo",
        state: "cut",
        desired: "disconnected",
        reported: "disconnected",
        reported_at: at,
        available_minor: -8500n,
        unbilled_minor: 500n,
        decided_at: at,
        last_reading_at: timestamptz(NOW),
      })
      .execute();
    await trx
      .insertInto("supply_event")
      .values({ operator_id: operatorId, account_id: flat, at, kind: "cut_due", detail: '{"available":"-85.00"}' })
      .execute();
    await trx
      .insertInto("verdict")
      .values({
        operator_id: operatorId,
        meter_id: meter,
        register: 1,
        from_at: from,
        to_at: to,
        rule: "vee",
        rule_version: 1,
        result: "gap",
        inputs: "{}",
        judged_at: at,
      })
      .execute();
    await trx
      .insertInto("gap")
      .values({ operator_id: operatorId, meter_id: meter, from_at: from, reason: "timeout" })
      .execute();
    await trx
      .insertInto("reading_conflict")
      .values({
        operator_id: operatorId,
        meter_id: meter,
        register: 1,
        measured_at: at,
        received_at: at,
        value: 2n,
        booked_value: 1n,
        source: 1,
      })
      .execute();
    await trx
      .insertInto("refused_frame")
      .values({
        operator_id: operatorId,
        received_at: timestamptz(instant(NOW - HOUR_MS)),
        last_at: timestamptz(NOW),
        reason: "malformed_json",
        detail: "no JSON",
        origin: "mqtt:x",
        address: "t",
        payload: Buffer.from("{<script>"),
        times: 3,
      })
      .execute();
    await trx
      .insertInto("due_run")
      .values({
        operator_id: operatorId,
        kind: "bill",
        period_from: from,
        period_to: to,
        due_at: to,
        state: "running",
        done: 1,
        refused: 1,
      })
      .execute();
    return bill.id;
  });
}

/** The application over an estate, without a port. Time stands still at `NOW` unless a test moves it. */
export async function appOver(
  estate: Estate,
  changed: Partial<ApiOptions> = {},
): Promise<{ app: App; close: () => Promise<void> }> {
  const consoleDir = await mkdtemp(join(tmpdir(), "sanbiao-console-"));
  const clock = { now: (): Instant => NOW };
  const app = await appOf({
    db: estate.db,
    host: "127.0.0.1",
    port: 0,
    clock,
    log: silent,
    services: { takePayment, reversePayment },
    consoleDir,
    ...changed,
  });
  await app.ready();
  return {
    app,
    close: async () => {
      await app.close();
      await rm(consoleDir, { recursive: true, force: true });
    },
  };
}

/** Signs in and answers the cookie header. */
export async function cookieOf(app: App, login: string, password = PASSWORD): Promise<string> {
  const reply = await app.inject({
    method: "POST",
    url: "/api/v1/sign-in",
    payload: { login, password },
    remoteAddress: `10.0.0.${++address % 250}`,
  });
  const cookie = reply.cookies[0];
  if (reply.statusCode !== 200 || cookie === undefined)
    throw new Error(`sign-in of ${login}: ${reply.statusCode} ${reply.body}`);
  return `${cookie.name}=${cookie.value}`;
}
let address = 0;
