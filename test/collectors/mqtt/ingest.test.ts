import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, MINUTE_MS } from "../../../domain/instant.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../../support/database.ts";
import {
  bookRows,
  publish,
  refusedRows,
  seedDevices,
  signedIn,
  type Stack,
  startStack,
  until,
  type WireClient,
} from "../../support/mqtt.ts";

let fresh: FreshDatabase;
let operatorId: bigint;
let stack: Stack;
let client: WireClient;
beforeAll(async () => {
  fresh = await freshDatabase();
  operatorId = await seedDevices(fresh, [
    { username: "dev", keys: ["e-1"] },
    { username: "slow", keys: ["s-1"] },
    { username: "gw", keys: ["g-1", "g-2"] },
  ]);
});
afterAll(async () => fresh.drop());
beforeEach(async () => {
  stack = await startStack(fresh.db);
  client = await signedIn(stack.broker.port, "dev");
});
afterEach(async () => {
  client.socket.destroy();
  await stack.stop();
});

let id = 0;
async function say(
  payload: string | Buffer,
  options: { key?: string; kind?: string; dup?: boolean; from?: WireClient } = {},
): Promise<void> {
  const from = options.from ?? client;
  publish(
    from,
    `sanbiao/v1/${options.key ?? "e-1"}/${options.kind ?? "readings"}`,
    payload,
    ++id,
    1,
    options.dup === true,
  );
  expect(await from.next("puback", id)).not.toBeNull(); // refused or taken: acknowledged, so that it is not sent for ever
}
const iso = (ms: number) => new Date(ms).toISOString();
const now = () => Math.floor(Date.now() / 1000) * 1000;
const START = now() - 3 * 3_600_000;
let tick = 0;
/** An instant that no other message of this file has. */
const moment = () => iso(START + ++tick * 1000);
const lastTaken = () => stack.taken.at(-1);
const metric = (reason: string) => stack.telemetry.total("sanbiao_refused_frames_total", { reason });
const row = (reason: string) =>
  until(`a row of ${reason}`, async () => (await refusedRows(fresh)).findLast((r) => r.reason === reason));

const WHOLE: { title: string; reason: string; payload: string | Buffer; kind?: string }[] = [
  { title: "JSON that is cut off", reason: "malformed_json", payload: '{"energy_import_kwh": 1' },
  { title: "an empty payload", reason: "malformed_json", payload: "" },
  { title: "bytes that are no text", reason: "malformed_payload", payload: Buffer.from([0xff, 0xfe, 0x00]) },
  { title: "a list where an object is expected", reason: "malformed_payload", payload: "[1,2]" },
  { title: "fields that nobody knows", reason: "unmapped_payload", payload: '{"foo":1}' },
  { title: "a text that is not a number", reason: "not_a_number", payload: '{"energy_import_kwh":"NaN"}' },
  { title: "a counter below zero", reason: "out_of_range", payload: '{"energy_import_kwh":-1}' },
  { title: "more than the book can hold", reason: "out_of_range", payload: '{"energy_import_kwh":1e17}' },
  {
    title: "a clock that runs a day ahead",
    reason: "future_timestamp",
    payload: `{"t":"${iso(now() + DAY_MS)}","energy_import_kwh":1}`,
  },
  { title: "the year 9999", reason: "future_timestamp", payload: '{"t":"9999-12-31T23:59:59Z","energy_import_kwh":1}' },
  {
    title: "a clock that was never set",
    reason: "past_timestamp",
    payload: '{"t":"1970-01-01T00:00:12Z","energy_import_kwh":1}',
  },
  { title: "a time that is no time", reason: "malformed_payload", payload: '{"t":"yesterday","energy_import_kwh":1}' },
  { title: "a topic that no profile reads", reason: "unknown_topic", payload: "{}", kind: "nonsense" },
];

describe("a message that is no reading is acknowledged with a named outcome, a metric and a row, and the rest flows on", () => {
  test.each(WHOLE)("$title → $reason", async ({ reason, payload, kind }) => {
    const before = (await bookRows(fresh)).length;
    await say(payload, kind === undefined ? {} : { kind });
    expect(lastTaken()).toEqual({ outcomes: [], refused: [reason] });
    expect(metric(reason)).toBe(1);
    const kept = await row(reason);
    expect(kept).toMatchObject({
      operator_id: operatorId,
      origin: "mqtt:dev",
      address: `sanbiao/v1/e-1/${kind ?? "readings"}`,
    });
    expect(kept.detail).not.toBe("");
    expect(await bookRows(fresh)).toHaveLength(before);
    await say(`{"t":"${moment()}","energy_import_kwh":1}`);
    expect(lastTaken()).toEqual({ outcomes: ["accepted"], refused: [] });
  });

  test("an unknown device behind a gateway; its neighbours in the same message are kept", async () => {
    const gateway = await signedIn(stack.broker.port, "gw");
    const t = iso(now() - MINUTE_MS);
    const of = (device: string) => ({ device, t, energy_import_kwh: 5 });
    await say(JSON.stringify({ readings: [of("g-1"), of("g-9"), of("g-2")] }), {
      key: "g-1",
      kind: "backlog",
      from: gateway,
    });
    expect(lastTaken()).toEqual({ outcomes: ["accepted", "accepted"], refused: ["unknown_device"] });
    expect((await row("unknown_device")).detail).toContain("g-9");
    gateway.socket.destroy();
  });

  test("one bad value beside good ones: the good ones are kept", async () => {
    await say(`{"t":"${moment()}","energy_import_kwh":7,"power_w":"nan","relay_state":"connected"}`);
    expect(lastTaken()).toEqual({ outcomes: ["accepted", "accepted"], refused: ["not_a_number"] });
    expect(stack.committed.map((r) => r.register)).toEqual([1, 60]);
  });
});

test("the same again is a duplicate, an old message again is a replay, another value is a conflict: the first value stays", async () => {
  const recent = `{"t":"${iso(now() - 1863)}","energy_import_kwh":41}`;
  const old = `{"t":"${iso(now() - 2 * DAY_MS + 137)}","energy_import_kwh":39}`;
  await say(recent);
  await say(old);
  stack.committed.length = 0;
  await say(recent, { dup: true });
  expect(lastTaken()?.outcomes).toEqual(["already"]);
  await say(old);
  expect(lastTaken()?.outcomes).toEqual(["already"]);
  await say(old.replace('kwh":39', 'kwh":38'));
  expect(lastTaken()?.outcomes).toEqual(["conflict"]);
  expect(stack.committed).toEqual([]); // nobody is told of what is not new
  for (const reason of ["duplicate", "replay", "conflict"]) {
    expect((await row(reason)).operator_id).toBe(operatorId);
    expect(metric(reason)).toBe(1);
  }
  expect(stack.telemetry.total("sanbiao_readings_total", { source: "mqtt", outcome: "already" })).toBe(2);
  expect(stack.telemetry.total("sanbiao_readings_total", { source: "mqtt", outcome: "conflict" })).toBe(1);
  expect((await bookRows(fresh)).filter((r) => r.value === 38_000_000n)).toEqual([]);
  const conflicts = await fresh.db.as(operatorId, (trx) => trx.selectFrom("reading_conflict").selectAll().execute());
  expect(conflicts.map((c) => [c.value, c.booked_value])).toEqual([[38_000_000n, 39_000_000n]]);
});

test("a meter that was registered a moment ago is found without a restart; its ratio is applied", async () => {
  const gateway = await signedIn(stack.broker.port, "gw");
  const owner = ownerPool(fresh.ownerUrl);
  await owner.query(
    `with m as (insert into sanbiao.meter (operator_id, serial, utility, profile_id, mqtt_client_id, device_key)
       select operator_id, 'new', 'electricity', 'sanbiao-json', id, 'g-new' from sanbiao.mqtt_client where username = 'gw' returning operator_id, id),
     u as (insert into sanbiao.usage_point (operator_id, utility, building) select operator_id, 'electricity', 'B1' from m returning operator_id, id)
     insert into sanbiao.installation (operator_id, meter_id, usage_point_id, installed_at, ratio, capacity_per_hour)
     select m.operator_id, m.id, u.id, '2026-01-01', 40, 100 from m, u`,
  );
  await owner.end();
  await until("the directory may be asked again", async () => {
    await say(JSON.stringify({ readings: [{ device: "g-new", t: iso(now() - 1000), energy_import_kwh: "2.5" }] }), {
      key: "g-1",
      kind: "backlog",
      from: gateway,
    });
    return lastTaken()?.outcomes[0] === "accepted";
  });
  expect(stack.committed.at(-1)?.value).toBe(100_000_000n);
  gateway.socket.destroy();
});

test("a device that sends too fast is slowed down and nothing is lost; one that floods is disconnected with a row", async () => {
  await stack.stop();
  stack = await startStack(fresh.db, { messagesPerSecond: 200, messagesBurst: 10, waitMsMax: 300 });
  const slow = await signedIn(stack.broker.port, "slow");
  const start = now() - DAY_MS;
  const send = (n: number) =>
    publish(slow, "sanbiao/v1/s-1/readings", `{"t":"${iso(start + n * 1000)}","energy_import_kwh":${n}}`, n + 1);
  for (let n = 0; n < 40; n++) send(n);
  for (let n = 0; n < 40; n++) expect(await slow.next("puback", n + 1)).not.toBeNull();
  expect(stack.telemetry.total("sanbiao_mqtt_messages_total", { outcome: "slowed" })).toBeGreaterThan(0);
  for (let n = 40; n < 400; n++) send(n);
  await slow.closed;
  expect((await row("rate_limited")).origin).toBe("mqtt:slow");
  const acked = new Set(
    slow.received.filter((p) => p.cmd === "puback").map((p) => (p as { messageId: number }).messageId - 1),
  );
  const book = new Set((await bookRows(fresh)).map((r) => r.measured_at));
  for (const n of acked) expect(book.has(start + n * 1000)).toBe(true); // never acknowledged without commit
});
