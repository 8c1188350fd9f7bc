import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Billing, startBilling } from "../../../billing/main.ts";
import { HOUR_MS } from "../../../domain/instant.ts";
import { noTelemetry } from "../../../domain/telemetry.ts";
import { openDatabase } from "../../../schema/database.ts";
import { severable } from "../../support/severable.ts";
import { type Home, Station } from "./station.ts";

let station: Station;
beforeAll(async () => {
  station = await Station.open();
});
beforeEach(() => station.begin());
afterAll(() => station.close());
const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** The process that has the wires. Its timer is an hour away, so that what leaves was called for. */
async function wires(url: string): Promise<{ billing: Billing; sent: string[] }> {
  const sent: string[] = [];
  const db = openDatabase(url);
  const billing = startBilling({
    db,
    clock: station.deps.clock,
    telemetry: noTelemetry,
    log: pino({ level: "silent" }),
    zone: "UTC",
    send: async (_operator, _meter, action) => {
      sent.push(action);
      return "sent";
    },
    onSupply: () => {},
    onRun: () => {},
    turnMs: HOUR_MS,
  });
  opened.push(
    () => db.close(),
    () => billing.stop(),
  );
  return { billing, sent };
}
const listeners = async (): Promise<number> =>
  (
    await station.owner.query(
      "select 1 from pg_stat_activity where datname = current_database() and query like 'listen %sanbiao_outbox%'",
    )
  ).rowCount ?? 0;
const soon = { timeout: 30_000 } as const;

/** A home that was cut, paid for by a process without wires, which tells nobody. */
async function dark(number: string): Promise<Home> {
  const home = await station.moveIn(number, 0);
  await station.owner.query(
    "update supply set state = 'cut', desired = 'disconnected', reported = 'disconnected' where account_id = $1",
    [home.account],
  );
  return home;
}

test("an order that another process queues leaves at once", async () => {
  const home = await dark("1");
  const { sent } = await wires(station.fresh.url);
  await expect.poll(listeners, soon).toBe(1);
  await home.pay(50);
  await expect.poll(() => sent, soon).toEqual(["connect"]);
  expect(await home.orders()).toEqual(["connect sent"]);
});

test("who lost the line listens again by itself, and finds what was called meanwhile", async () => {
  const [first, second] = [await dark("1"), await dark("2")];
  const line = await severable(station.fresh.url);
  opened.push(() => line.close());
  const { sent } = await wires(line.url);
  await expect.poll(listeners, soon).toBe(1);
  line.sever();
  await expect.poll(listeners, soon).toBe(0);
  await first.pay(50);
  line.mend();
  await expect.poll(() => sent.length, soon).toBe(1);
  await second.pay(50);
  await expect.poll(() => sent.length, soon).toBe(2);
});

test("a payment that queues no order calls nobody", async () => {
  const client = await station.owner.connect();
  try {
    const called: string[] = [];
    client.on("notification", ({ channel }) => called.push(channel));
    await client.query("listen sanbiao_outbox");
    const [lit, cut] = [await station.moveIn("1", 100), await dark("2")];
    await lit.pay(10);
    await cut.pay(50);
    await expect.poll(async () => (await client.query("select 1"), called), soon).toEqual(["sanbiao_outbox"]);
  } finally {
    await client.query("unlisten *");
    client.release();
  }
});
