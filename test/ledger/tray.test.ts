import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Found, FoundFrame, FoundPlace } from "../../domain/found.ts";
import { instant, type Instant } from "../../domain/instant.ts";
import {
  FRAME_BYTES_MAX,
  FRAME_BYTES_PER_DEVICE_MAX,
  FRAMES_PER_DEVICE_MAX,
  keepAllFound,
  keepFound,
  WAITING_PER_CLIENT_MAX,
} from "../../ledger/tray.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

const NOW = instant(1_780_000_000_000);
let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let other: SmallTown;
let clients = 0;
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner);
  other = await SmallTown.found(owner, "other");
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

async function client(of: SmallTown = town): Promise<bigint> {
  const { rows } = await owner.query<{ id: bigint }>(
    `insert into mqtt_client (operator_id, username, password_hash, publish_filters, profile_ids)
     values ($1, $2, 'x', '{}', '{sanbiao-json}') returning id`,
    [of.operatorId, `client-${++clients}`],
  );
  return rows[0]?.id ?? 0n;
}

const found = (place: FoundPlace, more: Partial<Found> = {}, at: Instant = NOW): Found =>
  ({ operatorId: town.operatorId, seenAt: at, candidates: [], ...place, ...more }) as Found;
const mqtt = (clientId: bigint, deviceKey: string): FoundPlace => ({ origin: "mqtt", clientId, deviceKey });
const frame = (payload: string, samples: FoundFrame["samples"] = null): FoundFrame => ({
  receivedAt: NOW,
  address: "site/a/up",
  payload: Buffer.from(payload),
  samples,
});
const keep = (one: Found) => fresh.db.as(one.operatorId, (trx) => keepFound(trx, one));
const keepAll = (all: readonly Found[]) =>
  fresh.db.as(town.operatorId, (trx) => keepAllFound(trx, town.operatorId, all));
const devices = (clientId: bigint) =>
  fresh.db.as(town.operatorId, (trx) =>
    trx.selectFrom("found_device").selectAll().where("mqtt_client_id", "=", clientId).orderBy("id").execute(),
  );

describe("a found device", () => {
  test("waits once however often it is seen, with its newest candidates", async () => {
    const id = await client();
    const candidate = {
      profileId: "p",
      utility: "water",
      evidence: [{ kind: "reads", detail: "a\0b" }],
      sample: [],
    } as const;
    expect(await keep(found(mqtt(id, "m1")))).toBe("new");
    expect(await keep(found(mqtt(id, "m1"), { candidates: [candidate] }, instant(NOW + 60_000)))).toBe("seen");
    expect(await keep(found(mqtt(id, "m1"), {}, instant(NOW + 30_000)))).toBe("seen");
    expect(await devices(id)).toMatchObject([
      {
        state: "waiting",
        times: 3,
        first_seen_at: NOW,
        last_seen_at: NOW + 60_000,
        candidates: [{ profileId: "p", evidence: [{ kind: "reads", detail: "a␀b" }] }],
      },
    ]);
  });

  test("on a bus is told by bus and unit id, and a scan of all its units is one statement each", async () => {
    const { rows } = await owner.query<{ id: bigint }>(
      "insert into bus (operator_id, name, kind, address) values ($1, 'b', 'tcp', '{}') returning id",
      [town.operatorId],
    );
    const busId = rows[0]?.id ?? 0n;
    const scan = Array.from({ length: 247 }, (_, i) => found({ origin: "modbus", busId, unitId: i + 1 }));
    expect(new Set(await keepAll(scan))).toEqual(new Set(["new"]));
    expect(new Set(await keepAll(scan))).toEqual(new Set(["seen"]));
  });

  test("of one operator is not seen by another, who cannot write there either", async () => {
    const id = await client();
    await keep(found(mqtt(id, "mine")));
    const seen = await fresh.db.as(other.operatorId, (trx) => trx.selectFrom("found_device").selectAll().execute());
    expect(seen).toEqual([]);
    const forged = fresh.db.as(other.operatorId, (trx) => keepFound(trx, found(mqtt(id, "forged"))));
    await expect(forged).rejects.toThrow(/row-level security/);
  });

  test("that a clerk ignored is counted and its frames are not kept", async () => {
    const id = await client();
    await keep(found(mqtt(id, "noise"), { frames: [frame("1")] }));
    await owner.query("update found_device set state = 'ignored' where mqtt_client_id = $1", [id]);
    expect(await keep(found(mqtt(id, "noise"), { frames: [frame("2")] }))).toBe("ignored");
    expect(await devices(id)).toMatchObject([{ times: 2, frames: 1 }]);
  });

  test("that was accepted meanwhile keeps the frame and is to be replayed once more", async () => {
    const id = await client();
    await keep(found(mqtt(id, "late")));
    const meter = await town.meter("late-1");
    await owner.query(
      "update found_device set state = 'accepted', meter_id = $2, replayed_at = now() where mqtt_client_id = $1",
      [id, meter],
    );
    expect(await keep(found(mqtt(id, "late"), { frames: [frame("x")] }))).toBe("accepted");
    expect(await devices(id)).toMatchObject([{ frames: 1, replayed_at: null }]);
  });
});

describe("the frames of a waiting device", () => {
  const kept = async (clientId: bigint) => {
    const { rows } = await owner.query<{ n: bigint; bytes: bigint; oldest: number; newest: number }>(
      `select count(*) as n, coalesce(sum(octet_length(payload)), 0) as bytes, min(seq) as oldest, max(seq) as newest
         from found_frame f join found_device d on d.operator_id = f.operator_id and d.id = f.found_device_id where d.mqtt_client_id = $1`,
      [clientId],
    );
    return rows[0];
  };

  test("keep their bytes, their order and what only the moment could tell of them", async () => {
    const id = await client();
    const sample = { register: "volume_m3", value: 1_500_000n, measuredAt: NOW } as const;
    await keepAll([
      found(mqtt(id, "a"), { frames: [frame("one")] }),
      found(mqtt(id, "a"), { frames: [frame("two", [sample])] }),
    ]);
    const { rows } = await owner.query(
      `select seq, convert_from(payload, 'utf8') as payload, samples from found_frame f join found_device d on d.id = f.found_device_id
        where d.mqtt_client_id = $1 order by seq`,
      [id],
    );
    expect(rows).toEqual([
      { seq: 1, payload: "one", samples: null },
      { seq: 2, payload: "two", samples: [["volume_m3", "1500000", NOW]] },
    ]);
  });

  test("are bounded in number: the newest stay, and what was let go is counted", async () => {
    const id = await client();
    const frames = Array.from({ length: 1_100 }, (_, i) => frame(String(i)));
    await keep(found(mqtt(id, "a"), { frames }));
    await keep(found(mqtt(id, "a"), { frames }));
    expect(await kept(id)).toMatchObject({ n: BigInt(FRAMES_PER_DEVICE_MAX), oldest: 201, newest: 2_200 });
    expect(await devices(id)).toMatchObject([{ frames: 2_200, frames_dropped: 200 }]);
  });

  test("are bounded in bytes, each and together", async () => {
    const id = await client();
    const long = "x".repeat(FRAME_BYTES_MAX);
    await keep(found(mqtt(id, "a"), { frames: [frame(`${long}y`)] }));
    for (let i = 0; i < 20; i++) await keep(found(mqtt(id, "a"), { frames: [frame(long)] }));
    expect(await kept(id)).toMatchObject({ n: 16n, bytes: BigInt(FRAME_BYTES_PER_DEVICE_MAX) });
    expect(await devices(id)).toMatchObject([{ frames: 20, frames_dropped: 5 }]);
  });
});

describe("a client that invents keys", () => {
  test("fills the tray to its bound; ten thousand more are counted, and a neighbour's device still comes in", async () => {
    const [bad, good] = [await client(), await client()];
    for (let i = 0; i < 20; i++)
      await keepAll(
        Array.from({ length: 500 }, (_, k) => found(mqtt(bad, `invented-${i}-${k}`), { frames: [frame("f")] })),
      );
    expect(await keep(found(mqtt(bad, "one more")))).toBe("no_room");
    expect(await keep(found(mqtt(bad, "invented-0-0")))).toBe("seen");
    expect(await keep(found(mqtt(good, "honest")))).toBe("new");
    expect((await devices(bad)).length).toBe(WAITING_PER_CLIENT_MAX);
    const { rows } = await owner.query("select times, last_key from found_overflow where mqtt_client_id = $1", [bad]);
    expect(rows).toEqual([{ times: BigInt(10_001 - WAITING_PER_CLIENT_MAX), last_key: "one more" }]);
  });

  test("does not get beyond the bound by coming through several processes at once, and none of them meets a deadlock", async () => {
    const id = await client();
    const bursts = Array.from({ length: 6 }, (_, p) =>
      keepAll(Array.from({ length: 100 }, (_, k) => found(mqtt(id, `k-${(p * 50 + k) % 350}`)))),
    );
    await Promise.all(bursts);
    const all = await devices(id);
    expect(all.length).toBe(WAITING_PER_CLIENT_MAX);
    const { rows } = await owner.query<{ times: bigint }>(
      "select times from found_overflow where mqtt_client_id = $1",
      [id],
    );
    expect(all.reduce((sum, { times }) => sum + times, 0) + Number(rows[0]?.times ?? 0n)).toBe(600);
  });
});
