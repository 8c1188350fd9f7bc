import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Collectors, startCollectors } from "../../collectors/main.ts";
import type { ProfileCandidate } from "../../domain/found.ts";
import { REGISTERS } from "../../domain/register.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { openDatabase } from "../../schema/database.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { publish, quiet, seedDevices, signedIn, systemClock, until, type WireClient } from "../support/mqtt.ts";
import { severable } from "../support/severable.ts";

let fresh: FreshDatabase;
let owner: Pool;
let operatorId: bigint;
let collectors: Collectors;
let client: WireClient;
const settings = () => ({
  db: fresh.db,
  clock: systemClock,
  telemetry: noTelemetry,
  log: quiet,
  host: "127.0.0.1",
  mqtt: { kind: "embedded", port: 0 } as const,
  onCommitted: () => {},
});
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  operatorId = await seedDevices(fresh, [{ username: "gateway", keys: ["known"] }]);
  await owner.query("update mqtt_client set publish_filters = '{#}', profile_ids = '{sanbiao-json,sparkplug-b}'");
});
beforeEach(async () => {
  collectors = await startCollectors(settings());
  client = await signedIn(collectors.mqttPort ?? 0, "gateway");
});
afterEach(async () => {
  client.socket.destroy();
  await collectors.stop();
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

let id = 0;
/** Published and acknowledged: from then on nothing of it may be lost. */
async function say(topic: string, payload: string | Buffer): Promise<void> {
  publish(client, topic, payload, ++id);
  expect(await client.next("puback", id)).not.toBeNull();
}
const START = Math.floor(Date.now() / 1000) * 1000 - 3 * 3_600_000;
const iso = (seconds: number) => new Date(START + seconds * 1000).toISOString();
const water = (seconds: number, m3: string) => JSON.stringify({ t: iso(seconds), volume_m3: m3 });

type Device = {
  id: bigint;
  state: string;
  times: number;
  frames: number;
  candidates: ProfileCandidate[];
  replayed_readings: number | null;
};
const device = async (key: string) =>
  (await owner.query<Device>("select * from found_device where device_key = $1", [key])).rows[0];

/** What accepting does to the rows; the way there is tested with the API. */
async function accept(key: string, serial = `meter-${key}`): Promise<bigint> {
  const { rows } = await owner.query<{ id: bigint }>(
    `with m as (insert into meter (operator_id, serial, utility, profile_id, mqtt_client_id, device_key)
       select operator_id, $2, 'water', 'sanbiao-json', mqtt_client_id, device_key from found_device where device_key = $1 returning id)
     update found_device set state = 'accepted', meter_id = m.id from m where device_key = $1 returning meter_id as id`,
    [key, serial],
  );
  const meterId = rows[0]?.id ?? 0n;
  await collectors.onRegister(operatorId);
  return meterId;
}
const booked = async (meterId: bigint) => {
  const { rows } = await owner.query<{ register: number; measured_at: number; value: bigint }>(
    "select register, measured_at, value from reading where meter_id = $1 order by measured_at",
    [meterId],
  );
  return rows.map(({ register, measured_at, value }) => [register, (measured_at - START) / 1000, value]);
};
const VOLUME = REGISTERS.volume_m3.code;

describe("an unknown device of a known client", () => {
  test("waits, recognised by the client's profile, and all that it said is booked when it is accepted", async () => {
    for (let n = 0; n < 5; n++) await say("sanbiao/v1/W-1/readings", water(n * 60, `10.${n}`));
    const found = await device("w-1");
    expect(found).toMatchObject({ state: "waiting", times: 5, frames: 5 });
    expect(found?.candidates[0]).toMatchObject({
      profileId: "sanbiao-json",
      utility: null,
      evidence: [{ kind: "client_profile", detail: "volume_m3" }],
      sample: [{ register: "volume_m3", value: "10", unit: "m3" }],
    });
    const { rows } = await owner.query(
      "select reason, times from refused_frame where address = 'sanbiao/v1/W-1/readings'",
    );
    expect(rows).toEqual([{ reason: "unknown_device", times: 5 }]);
    const meterId = await accept("w-1");
    expect(await booked(meterId)).toEqual(
      [0, 1, 2, 3, 4].map((n) => [VOLUME, n * 60, 10_000_000n + BigInt(n) * 100_000n]),
    );
    expect(await device("w-1")).toMatchObject({ replayed_readings: 5 });
    expect((await owner.query("select 1 from found_frame where found_device_id = $1", [found?.id])).rows).toEqual([]);
    await say("sanbiao/v1/W-1/readings", water(300, "11"));
    expect((await booked(meterId)).length).toBe(6);
  });

  test("in one message with a known meter keeps its own part, and the neighbour's reading is booked at once", async () => {
    const backlog = (rows: unknown[]) => JSON.stringify({ readings: rows });
    await say(
      "sanbiao/v1/box/backlog",
      backlog([
        { device: "known", t: iso(1000), energy_import_kwh: "7" },
        { device: "new-a", t: iso(1000), volume_m3: "1" },
        { device: "new-b", t: iso(1000), volume_m3: "2" },
        { device: "new-a", t: iso(1060), volume_m3: "1.5" },
      ]),
    );
    const { rows } = await owner.query<{ value: bigint }>(
      "select value from reading r join meter m on m.id = r.meter_id where m.device_key = 'known'",
    );
    expect(rows).toEqual([{ value: 7_000_000n }]);
    expect(await booked(await accept("new-a"))).toEqual([
      [VOLUME, 1000, 1_000_000n],
      [VOLUME, 1060, 1_500_000n],
    ]);
    expect(await device("new-b")).toMatchObject({ state: "waiting", frames: 1 });
  });

  test("whose messages only another profile reads waits with that profile as its candidate", async () => {
    await say("cellar/sensor/water_total/state", "17.5");
    const found = await device("cellar");
    expect(found?.candidates[0]).toMatchObject({ profileId: "esphome", evidence: [{ kind: "reads" }] });
    await owner.query("update mqtt_client set profile_ids = array_append(profile_ids, 'esphome')");
    const meterId = await accept("cellar");
    const { rows } = await owner.query<{ value: bigint }>("select value from reading where meter_id = $1", [meterId]);
    expect(rows).toEqual([{ value: 17_500_000n }]);
  });

  test("behind a dialect with memory is replayed as it was understood then, whatever the edge node says later", async () => {
    const birth = Buffer.from(
      (await import("../../catalog/meters/sparkplug-b.ts")).sparkplugB.samples[0]?.messages[1]?.payload ?? "",
      "hex",
    );
    await say("spBv1.0/G/NBIRTH/E", Buffer.from("1800", "hex"));
    await say("spBv1.0/G/DBIRTH/E/m1", birth);
    expect(await device("g/e/m1")).toMatchObject({ state: "waiting", frames: 1 });
    await collectors.stop();
    collectors = await startCollectors(settings()); // the memory of births is gone
    const meterId = await accept("g/e/m1");
    const { rows } = await owner.query<{ register: number; value: bigint }>(
      "select register, value from reading where meter_id = $1 order by register",
      [meterId],
    );
    expect(rows).toEqual([
      { register: REGISTERS.energy_import_kwh.code, value: 1_234_500_000n },
      { register: REGISTERS.online_state.code, value: 1n },
    ]);
  });

  test("that is registered as a meter by other means is that meter, and its frames are replayed", async () => {
    await say("sanbiao/v1/w-hand/readings", water(0, "4"));
    const { rows } = await owner.query<{ id: bigint }>(
      `insert into meter (operator_id, serial, utility, profile_id, mqtt_client_id, device_key)
       select operator_id, 'w-hand', 'water', 'sanbiao-json', mqtt_client_id, device_key from found_device where device_key = 'w-hand' returning id`,
    );
    expect(await collectors.onRegister(operatorId)).toBe(1);
    expect(await booked(rows[0]?.id ?? 0n)).toEqual([[VOLUME, 0, 4_000_000n]]);
    expect(await device("w-hand")).toMatchObject({ state: "accepted" });
  });

  test("accepted by a process that was killed before the replay is replayed by the next start", async () => {
    await say("sanbiao/v1/w-killed/readings", water(0, "3"));
    const { rows } = await owner.query<{ id: bigint }>(
      `with m as (insert into meter (operator_id, serial, utility, profile_id, mqtt_client_id, device_key)
         select operator_id, 'w-killed', 'water', 'sanbiao-json', mqtt_client_id, device_key from found_device where device_key = 'w-killed' returning id)
       update found_device set state = 'accepted', meter_id = m.id from m where device_key = 'w-killed' returning meter_id as id`,
    );
    await collectors.stop();
    collectors = await startCollectors(settings());
    await until("the frame in the book", async () => (await booked(rows[0]?.id ?? 0n)).length === 1);
    await until("the replay noted", async () => (await device("w-killed"))?.replayed_readings === 1);
  });

  test("is not acknowledged while the database is away, and waits in the tray when it is back", async () => {
    const way = await severable(fresh.url);
    const db = openDatabase(way.url);
    const far = await startCollectors({ ...settings(), db });
    let speaker = await signedIn(far.mqttPort ?? 0, "gateway", "gateway-2");
    try {
      publish(speaker, "sanbiao/v1/w-away/readings", water(0, "1"), 1);
      expect(await speaker.next("puback", 1)).not.toBeNull();
      way.sever();
      publish(speaker, "sanbiao/v1/w-away/readings", water(60, "2"), 2);
      await until("it waits unanswered", async () => !speaker.received.some(({ cmd }) => cmd === "puback"));
      way.mend();
      // Taken, or its connection was closed without an answer: then the device says it again.
      if ((await speaker.next("puback", 2)) === null) {
        speaker = await signedIn(far.mqttPort ?? 0, "gateway", "gateway-2");
        publish(speaker, "sanbiao/v1/w-away/readings", water(60, "2"), 3, 1, true);
        expect(await speaker.next("puback", 3)).not.toBeNull();
      }
      expect(await device("w-away")).toMatchObject({ frames: 2 });
    } finally {
      speaker.socket.destroy();
      await far.stop();
      await db.close();
      await way.close();
    }
  });
});

test("a client that invents ten thousand keys fills its own share of the tray, and its neighbour is heard all the while", async () => {
  const keys = 10_000;
  for (let n = 0; n < keys; n++) {
    publish(client, `sanbiao/v1/invented-${n}/readings`, water(n, "1"), (n % 60_000) + 1);
    if (n % 500 === 499) await client.next("puback", (n % 60_000) + 1);
  }
  publish(client, "sanbiao/v1/known/readings", JSON.stringify({ t: iso(2000), energy_import_kwh: "8" }), 65_000);
  expect(await client.next("puback", 65_000)).not.toBeNull();
  const { rows } = await owner.query<{ n: bigint }>(
    "select count(*) as n from found_device where device_key like 'invented-%' and state = 'waiting'",
  );
  expect(rows[0]?.n).toBeGreaterThan(0n);
  expect(rows[0]?.n).toBeLessThanOrEqual(200n);
  const over = await owner.query<{ times: bigint }>("select times from found_overflow");
  expect(Number(over.rows[0]?.times) + Number(rows[0]?.n)).toBe(keys);
});
