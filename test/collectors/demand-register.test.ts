import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runBills } from "../../billing/run.ts";
import { cetPmc512D } from "../../catalog/meters/cet-pmc-512-d.ts";
import { type Collectors, startCollectors } from "../../collectors/main.ts";
import { DAY_MS, type Instant, instant, MINUTE_MS } from "../../domain/instant.ts";
import { day } from "../../domain/period.ts";
import type { Reading } from "../../domain/reading.ts";
import { REGISTERS } from "../../domain/register.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { type ModbusServer, startModbusServer } from "../../simulators/modbus/server.ts";
import { unitOf } from "../../simulators/town/image.ts";
import { drawn, type TownMeter } from "../../simulators/town/meter.ts";
import { TownState } from "../../simulators/town/state.ts";
import { buildTown } from "../../simulators/town/town.ts";
import { monthNamed, zone } from "../billing/lives.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { quiet, until } from "../support/mqtt.ts";
import { SmallTown } from "../support/town.ts";

const SEED = 7;
const NOVEMBER = monthNamed("2025-11");
const title = { zh: "需量", en: "Demand" };
const tariff: Tariff = {
  id: "by-demand",
  version: "1",
  currency: "CNY",
  effectiveFrom: day("2020-01-01"),
  zone,
  unit: "kWh",
  utility: "electricity",
  title,
  source: ["invented for the test"],
  charges: [{ kind: "demand", id: "demand", title, price: "40" }],
};

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let server: ModbusServer;
let collectors: Collectors;
const committed: Reading[] = [];
const state = new TownState(SEED);
const workshop = buildTown({ seed: SEED }).meters.find(({ reactiveShare }) => reactiveShare !== undefined) as TownMeter;

/** The town's time: it stands where it is put, and goes on from there. */
let put = { at: NOVEMBER.from, since: performance.now() };
const clock = { now: (): Instant => instant(put.at + Math.floor(performance.now() - put.since)) };
const KW = REGISTERS.demand_import_max_kw.code;
const LAST = REGISTERS.demand_import_last_kw.code;
const valuesSince = (at: Instant, register: number) =>
  committed.filter((one) => one.register === register && one.measuredAt >= at).map(({ value }) => value);

/** Puts the clock there and waits for what the meter shows then. */
async function readAt(at: Instant): Promise<{ running: bigint; frozen: bigint }> {
  put = { at, since: performance.now() };
  await until("both demand registers are in the book", () =>
    [KW, LAST].every((register) => valuesSince(at, register).length > 0),
  );
  return { running: valuesSince(at, KW)[0] ?? -1n, frozen: valuesSince(at, LAST)[0] ?? -1n };
}

/** By the load itself: the highest quarter of an hour, millionths of a kW. */
function highest(from: Instant, to: Instant): number {
  let most = 0;
  for (let at = from; at < to; at = instant(at + 15 * MINUTE_MS))
    most = Math.max(most, (drawn(workshop, state, instant(at + 15 * MINUTE_MS)) - drawn(workshop, state, at)) * 4);
  return most;
}

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner);
  const unit = unitOf({ meter: workshop, profile: cetPmc512D, state, clock, onOrder: () => {} });
  server = await startModbusServer({ kind: "tcp", host: "127.0.0.1", port: 0, units: new Map([[1, unit]]) });
});
afterAll(async () => {
  await collectors?.stop();
  await server.stop();
  await owner.end();
  await fresh.drop();
});

test("a month's highest demand is read over the wire, judged, and billed by the meter's own freeze", async () => {
  const account = await town.account("workshop", "postpaid", "2025-11-01");
  const { meter } = await town.supply({ account, tariff: "by-demand", from: "2025-11-01", capacity: "500" });
  const { rows } = await owner.query<{ id: bigint }>(
    "insert into bus (operator_id, name, kind, address, poll_seconds) values ($1, 'line', 'tcp', $2, $3) returning id",
    [
      town.operatorId,
      JSON.stringify({ host: "127.0.0.1", port: server.port, timeoutMs: 2_000 }),
      JSON.stringify({ billing: 0.2 }),
    ],
  );
  await owner.query("update meter set profile_id = $2, bus_id = $3, unit_id = 1 where id = $1", [
    meter,
    cetPmc512D.id,
    rows[0]?.id,
  ]);
  put = { at: instant(NOVEMBER.from - 15 * MINUTE_MS), since: performance.now() };
  collectors = await startCollectors({
    db: fresh.db,
    clock,
    telemetry: noTelemetry,
    log: quiet,
    host: "127.0.0.1",
    mqtt: { kind: "embedded", port: 0 },
    onCommitted: (readings) => void committed.push(...readings),
  });
  const october = await readAt(instant(NOVEMBER.from - 15 * MINUTE_MS));
  const begun = await readAt(NOVEMBER.from);
  expect([begun.running, begun.frozen >= october.running]).toEqual([0n, true]);
  const ending = await readAt(instant(NOVEMBER.to - 15 * MINUTE_MS));
  const ended = await readAt(NOVEMBER.to);
  expect(ended.running).toBe(0n);
  const truth = highest(NOVEMBER.from, NOVEMBER.to);
  // A float32 of watts is good to a watt.
  expect(Math.abs(Number(ended.frozen) - truth)).toBeLessThan(1_000);
  expect(ended.frozen >= ending.running && ending.running > 0n).toBe(true);

  const deps = {
    db: fresh.db,
    clock: { now: () => instant(NOVEMBER.to + 10 * DAY_MS) },
    tariffs: (id: string) => (id === tariff.id ? [tariff] : null),
    dials: () => 1_000_000_000_000n,
    telemetry: noTelemetry,
  };
  expect(await runBills(deps, town.operatorId, NOVEMBER)).toMatchObject({ issued: [{ accountId: account }] });
  const billed = await owner.query(
    `select m.quantity, m.registers, l.amount_minor from bill b
       join billed_measure m on m.operator_id = b.operator_id and m.bill_id = b.id
       join bill_line l on l.operator_id = b.operator_id and l.bill_id = b.id and l.charge = 'demand'
      where b.account_id = $1`,
    [account],
  );
  const cents = BigInt(Math.round((Number(ended.frozen) * 40) / 10_000));
  expect(billed.rows).toMatchObject([
    { quantity: ended.frozen, registers: [{ register: "demand_import_last_kw" }], amount_minor: cents },
  ]);
  const verdicts = await owner.query("select 1 from verdict where meter_id = $1 and rule = 'demand.not_used'", [meter]);
  expect(verdicts.rowCount).toBe(0);
});
