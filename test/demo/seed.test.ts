import { sql } from "kysely";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isDevicePassword } from "../../broker/password.ts";
import { DEMO_ACCOUNT, demoPlan } from "../../demo/plan.ts";
import { runDownCredit } from "../../demo/run-down.ts";
import { accountIds, type SeededOperator, seedDemo } from "../../demo/seed.ts";
import { type Instant, instant, instantOfIso } from "../../domain/instant.ts";
import { money } from "../../domain/money.ts";
import { townPasswords } from "../../simulators/town/start.ts";
import { TownState } from "../../simulators/town/state.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";

const now = instantOfIso("2026-11-23T12:00:00+08:00") ?? instant(0);
const plan = demoPlan({ seed: 1, now });
const passwordOf = townPasswords("a secret of this test");
const buses = plan.town.buses.map(({ name }, i) => ({ name, host: "127.0.0.1", port: 40_000 + i }));
let base: FreshDatabase;
let owner: Pool;
let first: readonly SeededOperator[];

beforeAll(async () => {
  base = await freshDatabase();
  owner = ownerPool(base.ownerUrl);
  first = await seedDemo({ owner, db: base.db, plan, buses, passwordOf, now });
});
afterAll(async () => {
  await owner.end();
  await base.drop();
});

const count = async (table: string): Promise<number> =>
  Number((await owner.query<{ n: bigint }>(`select count(*) as n from ${table}`)).rows[0]?.n);
const TABLES = [
  "operator",
  "account",
  "household",
  "usage_point",
  "agreement",
  "bus",
  "mqtt_client",
  "meter",
  "installation",
  "supply",
  "journal",
];
const counts = async (): Promise<number[]> => {
  const all: number[] = [];
  for (const table of TABLES) all.push(await count(table));
  return all;
};
const owed = async (operatorId: bigint, accountId: bigint): Promise<bigint | undefined> => {
  const rows = await base.db.as(
    operatorId,
    async (trx) =>
      (
        await sql<{
          owed_minor: bigint;
        }>`select owed_minor from sanbiao.customer_balance where account_id = ${accountId}`.execute(trx)
      ).rows,
  );
  return rows[0]?.owed_minor;
};

describe("seeding the demo", () => {
  test("writes every planned row", async () => {
    expect(first.map((o) => o.fresh)).toEqual([true, true]);
    expect(await count("account")).toBe(68);
    expect(await count("meter")).toBe(plan.town.meters.length);
    expect(await count("installation")).toBe(plan.town.meters.length);
    expect(await count("agreement")).toBe(48 * 3 + 20);
    expect(await count("bus")).toBe(plan.town.buses.length);
    const { rows } = await owner.query<{ n: bigint }>(
      "select count(*) as n from meter where mqtt_client_id is null or device_key is null",
    );
    expect(rows[0]?.n).toBe(0n);
  });

  test("tops every prepaid account up but those that run down", async () => {
    for (const operator of plan.operators) {
      const operatorId = first.find((o) => o.code === operator.code)?.operatorId ?? 0n;
      const ids = await accountIds(base.db, operatorId);
      for (const { number, prepaid } of operator.accounts) {
        const expected = prepaid?.opening.kind === "top_up" ? -prepaid.opening.amount.minor : undefined;
        expect(await owed(operatorId, ids.get(number) ?? 0n), number).toBe(expected);
      }
    }
  });

  test("stores device passwords as hashes that fit", async () => {
    const { rows } = await owner.query<{ username: string; password_hash: string }>(
      "select username, password_hash from mqtt_client limit 2",
    );
    for (const { username, password_hash } of rows) {
      expect(password_hash).not.toContain(passwordOf(username));
      expect(await isDevicePassword(passwordOf(username), password_hash)).toBe(true);
    }
  });

  test("again, and twice at once, adds nothing; buses follow the gateways, a new secret new passwords", async () => {
    const before = await counts();
    const moved = buses.map((bus) => ({ ...bus, port: bus.port + 100 }));
    const other = townPasswords("another secret");
    const again = { owner, db: base.db, plan, buses: moved, passwordOf: other, now: (now + 5) as Instant };
    const [a, b] = await Promise.all([seedDemo(again), seedDemo(again)]);
    expect([...a, ...b].every((o) => !o.fresh)).toBe(true);
    expect(await counts()).toEqual(before);
    const { rows } = await owner.query<{ port: string }>("select address ->> 'port' as port from bus order by 1");
    expect(rows.map((row) => Number(row.port))).toEqual(moved.map((bus) => bus.port));
    const client = await owner.query<{ username: string; password_hash: string }>(
      "select username, password_hash from mqtt_client limit 1",
    );
    const { username, password_hash } = client.rows[0] ?? { username: "", password_hash: "" };
    expect(await isDevicePassword(other(username), password_hash)).toBe(true);
  });

  test("the flat that runs out gets just so much credit, once, and its heater is left on", async () => {
    const state = new TownState(1);
    const town = {
      state,
      heat: (serial: string, heater: Parameters<TownState["heat"]>[1]) => state.heat(serial, heater),
    };
    const available = async () => money("CNY", -12_345n);
    const options = { db: base.db, plan, seeded: first, town, now, available };
    expect(await runDownCredit({ ...options, available: async () => null })).toEqual([]);
    expect(await runDownCredit(options)).toContain(DEMO_ACCOUNT);
    expect(await runDownCredit({ ...options, now: (now + 60_000) as Instant })).toEqual([]);
    const operatorId = first[0]?.operatorId ?? 0n;
    const accountId = (await accountIds(base.db, operatorId)).get(DEMO_ACCOUNT) ?? 0n;
    expect(await owed(operatorId, accountId)).toBe(-12_350n);
    const serial = plan.operators[0]?.accounts.find((a) => a.number === DEMO_ACCOUNT)?.prepaid?.serial ?? "";
    expect(state.heatersOf(serial)).toHaveLength(1);
  });
});
