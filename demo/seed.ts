import type { Pool, PoolClient } from "pg";
import { takePayment } from "../billing/payment.ts";
import { hashDevicePassword, isDevicePassword } from "../broker/password.ts";
import { DAY_MS, type Instant, instant, isoOf } from "../domain/instant.ts";
import { money } from "../domain/money.ts";
import type { OperatorId } from "../domain/reading.ts";
import type { Database } from "../schema/database.ts";
import { hash32 } from "../simulators/town/random.ts";
import { putBalanceRules } from "./balance.ts";
import { putCharges } from "./charges.ts";
import { putContacts } from "./contacts.ts";
import { type DemoPlan, type PlannedAccount, type PlannedOperator, ZONE } from "./plan.ts";

export type SeedDemoOptions = {
  /** The schema's owner: only he founds operators. */
  readonly owner: Pool;
  /** The service, for the opening top-ups through the ledger. */
  readonly db: Database;
  readonly plan: DemoPlan;
  /** Where the town's gateways listen now. */
  readonly buses: readonly { readonly name: string; readonly host: string; readonly port: number }[];
  readonly passwordOf: (username: string) => string;
  readonly now: Instant;
};

export type SeededOperator = {
  readonly code: string;
  readonly operatorId: OperatorId;
  /** Written by this call; false when it was there. */
  readonly fresh: boolean;
};

/** Writes the plan's rows once; again, it only points the buses at today's ports and tops up what is not yet topped up. */
export async function seedDemo(options: SeedDemoOptions): Promise<readonly SeededOperator[]> {
  const { owner, plan } = options;
  const hashes = await passwordHashes(options);
  const client = await owner.connect();
  const seeded: SeededOperator[] = [];
  try {
    await client.query("begin");
    await client.query("select pg_advisory_xact_lock(hashtext('sanbiao.demo.seed'))");
    for (const operator of plan.operators) seeded.push(await seedOperator(client, options, operator, hashes));
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
  await openingTopUps(options, seeded);
  await propertyAhead(options, seeded);
  return seeded;
}

/** Hashes are salted: one that fits already is kept. */
async function passwordHashes({ owner, plan, passwordOf }: SeedDemoOptions): Promise<Map<string, string>> {
  const usernames = plan.operators.flatMap((operator) => operator.clients.map((client) => client.username));
  const { rows } = await owner.query<{ username: string; password_hash: string }>(
    "select username, password_hash from mqtt_client where username = any($1)",
    [usernames],
  );
  const stored = new Map(rows.map((row) => [row.username, row.password_hash]));
  const pairs = usernames.map(async (username): Promise<[string, string]> => {
    const before = stored.get(username);
    const fits = before !== undefined && (await isDevicePassword(passwordOf(username), before));
    return [username, fits ? before : await hashDevicePassword(passwordOf(username))];
  });
  return new Map(await Promise.all(pairs));
}

async function seedOperator(
  client: PoolClient,
  { buses, plan }: SeedDemoOptions,
  operator: PlannedOperator,
  hashes: Map<string, string>,
): Promise<SeededOperator> {
  const { rows } = await client.query<{ operator_id: bigint }>(
    `insert into operator (code, kind, name_zh, name_en, zone, currency) values ($1, $2, $3, $4, $5, 'CNY')
     on conflict (code) do nothing returning operator_id`,
    [operator.code, operator.kind, operator.nameZh, operator.nameEn, ZONE],
  );
  const fresh = rows[0] !== undefined;
  const operatorId = rows[0]?.operator_id ?? (await operatorOf(client, operator.code));
  await putBuses(client, operatorId, operator, buses);
  await putClients(client, operatorId, operator, hashes);
  if (fresh) {
    await putMeters(client, operatorId, operator, plan.sinceAt);
    await putAccounts(client, operatorId, operator, plan.since);
    if (operator.kind === "estate")
      await putCharges(client, operatorId, operator, { since: plan.since, at: plan.sinceAt });
    await putBalanceRules(client, operatorId, operator, { seed: plan.town.seed, since: plan.since, at: plan.sinceAt });
  }
  await putContacts(client, operatorId, { since: plan.since, at: plan.sinceAt });
  return { code: operator.code, operatorId, fresh };
}

async function operatorOf(client: PoolClient, code: string): Promise<OperatorId> {
  const { rows } = await client.query<{ operator_id: bigint }>("select operator_id from operator where code = $1", [
    code,
  ]);
  const id = rows[0]?.operator_id;
  if (id === undefined) throw new Error(`operator ${code} is gone`);
  return id;
}

async function putBuses(
  client: PoolClient,
  operatorId: OperatorId,
  { buses }: PlannedOperator,
  running: SeedDemoOptions["buses"],
): Promise<void> {
  for (const { name, kind, pollSeconds } of buses) {
    const at = running.find((bus) => bus.name === name);
    if (at === undefined) throw new Error(`bus ${name} is not running`);
    await client.query(
      `insert into bus (operator_id, name, kind, address, poll_seconds) values ($1, $2, $3, $4, $5)
       on conflict (operator_id, name) do update set address = excluded.address`,
      [operatorId, name, kind, JSON.stringify({ host: at.host, port: at.port }), JSON.stringify(pollSeconds)],
    );
  }
}

async function putClients(
  client: PoolClient,
  operatorId: OperatorId,
  { clients }: PlannedOperator,
  hashes: Map<string, string>,
): Promise<void> {
  for (const { username, publishFilters, subscribeFilters, profileIds } of clients)
    await client.query(
      `insert into mqtt_client (operator_id, username, password_hash, publish_filters, subscribe_filters, profile_ids)
       values ($1, $2, $3, $4, $5, $6)
       on conflict (username) do update set password_hash = excluded.password_hash where mqtt_client.operator_id = $1`,
      [operatorId, username, hashes.get(username), publishFilters, subscribeFilters, profileIds],
    );
}

/** Usage points, meters and installations: one point per meter, in one statement. */
async function putMeters(
  client: PoolClient,
  operatorId: OperatorId,
  { meters }: PlannedOperator,
  installedAt: Instant,
): Promise<void> {
  await client.query(
    `with planned as (
       select nextval(pg_get_serial_sequence('sanbiao.usage_point', 'id')) as point_id,
              nextval(pg_get_serial_sequence('sanbiao.meter', 'id')) as meter_id, p.*
         from jsonb_to_recordset($2) as p (serial text, utility text, "profileId" text, role text, building text, room text,
              modbus jsonb, client text, "deviceKey" text, "capacityPerHour" numeric, "reportEverySeconds" integer)
     ), points as (
       insert into usage_point (operator_id, id, utility, building, room, role) overriding system value
         select $1, point_id, utility, building, room, role from planned
     ), hung as (
       insert into meter (operator_id, id, serial, utility, profile_id, bus_id, unit_id, mqtt_client_id, device_key, report_every_s) overriding system value
         select $1, meter_id, p.serial, p.utility, p."profileId", b.id, (p.modbus ->> 'unitId')::smallint, c.id, p."deviceKey",
                p."reportEverySeconds"
           from planned p
           left join bus b on b.operator_id = $1 and b.name = p.modbus ->> 'bus'
           join mqtt_client c on c.operator_id = $1 and c.username = p.client
     )
     insert into installation (operator_id, meter_id, usage_point_id, installed_at, capacity_per_hour)
       select $1, meter_id, point_id, $3, "capacityPerHour" from planned`,
    [operatorId, JSON.stringify(meters), isoOf(installedAt)],
  );
}

async function putAccounts(
  client: PoolClient,
  operatorId: OperatorId,
  { accounts }: PlannedOperator,
  since: string,
): Promise<void> {
  await client.query(
    `with planned as (
       select nextval(pg_get_serial_sequence('sanbiao.account', 'id')) as account_id, p.*
         from jsonb_to_recordset($2) as p (number text, name text, phone text, address text, persons smallint,
              "protectedReason" text, agreements jsonb, prepaid jsonb, "contractedKw" numeric)
     ), accounts as (
       insert into account (operator_id, id, number, name, phone, address, payment_mode, protected_reason, opened_on) overriding system value
         select $1, account_id, number, name, phone, address, case when prepaid is null or prepaid = 'null' then 'postpaid' else 'prepaid' end,
                "protectedReason", $3 from planned
     ), homes as (
       insert into household (operator_id, account_id, from_day, persons) select $1, account_id, $3, persons from planned
     ), contracts as (
       insert into account_fact (operator_id, account_id, kind, from_day, value)
         select $1, account_id, 'contracted_kw', $3, "contractedKw" * 1000000 from planned where "contractedKw" is not null
     ), agreed as (
       insert into agreement (operator_id, account_id, usage_point_id, tariff_id, from_day)
         select $1, p.account_id, i.usage_point_id, a.a ->> 'tariffId', $3
           from planned p cross join jsonb_array_elements(p.agreements) as a (a)
           join meter m on m.operator_id = $1 and m.serial = a.a ->> 'serial'
           join installation i on i.operator_id = $1 and i.meter_id = m.id and i.removed_at is null
     )
     insert into supply (operator_id, account_id, meter_id, policy_id)
       select $1, p.account_id, m.id, p.prepaid ->> 'policyId'
         from planned p join meter m on m.operator_id = $1 and m.serial = p.prepaid ->> 'serial'`,
    [operatorId, JSON.stringify(accounts.map(accountRow)), since],
  );
}

const accountRow = ({ prepaid, ...account }: PlannedAccount) => ({
  ...account,
  prepaid: prepaid === null ? null : { policyId: prepaid.policyId, serial: prepaid.serial },
});

/** Spread over the first days of the books, by every channel. */
async function openingTopUps({ db, plan, now }: SeedDemoOptions, seeded: readonly SeededOperator[]): Promise<void> {
  for (const operator of plan.operators) {
    const operatorId = seeded.find(({ code }) => code === operator.code)?.operatorId;
    if (operatorId === undefined) continue;
    const ids = await accountIds(db, operatorId);
    for (const account of operator.accounts) {
      const accountId = ids.get(account.number);
      if (account.prepaid?.opening.kind !== "top_up" || accountId === undefined) continue;
      const chance = hash32(plan.town.seed, Number(accountId), 50);
      const at = instant(Math.min(plan.sinceAt + DAY_MS / 3 + (chance % 20) * DAY_MS, now));
      const channel = (["cash", "wallet", "wallet", "card"] as const)[chance % 4] ?? "cash";
      const { amount } = account.prepaid.opening;
      await takePayment(db, { operatorId, accountId, amount, channel, key: `demo-opening/${account.number}`, at });
    }
  }
}

/** What most flats pay ahead for property fee and parking: some months. Invented. */
const AHEAD = money("CNY", 100_000n);

/** Nine of ten flats have paid ahead; the others owe it, and keep their supply. */
async function propertyAhead({ db, plan, now }: SeedDemoOptions, seeded: readonly SeededOperator[]): Promise<void> {
  for (const operator of plan.operators) {
    const operatorId = seeded.find(({ code }) => code === operator.code)?.operatorId;
    if (operatorId === undefined || operator.kind !== "estate") continue;
    for (const [number, accountId] of await accountIds(db, operatorId)) {
      if (hash32(plan.town.seed, Number(accountId), 51) % 10 === 0) continue;
      const at = instant(Math.min(plan.sinceAt + DAY_MS, now));
      const payment = { operatorId, accountId, amount: AHEAD, channel: "bank", pays: "property", at } as const;
      await takePayment(db, { ...payment, key: `demo-property/${number}` });
    }
  }
}

/** Ids of an operator's accounts by number. */
export async function accountIds(db: Database, operatorId: OperatorId): Promise<Map<string, bigint>> {
  const rows = await db.as(operatorId, (trx) => trx.selectFrom("account").select(["id", "number"]).execute());
  return new Map(rows.map((row) => [row.number, row.id]));
}
