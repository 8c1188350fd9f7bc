import { afterAll, beforeAll, expect, test } from "vitest";
import { PROFILES } from "../../catalog/meters/catalogue.ts";
import type { BusEntry, MeterEntry } from "../../collectors/directory.ts";
import { Link } from "../../collectors/modbus/link.ts";
import { Scans } from "../../collectors/scans.ts";
import type { BusScan } from "../../domain/bus.ts";
import { type ModbusServer, startModbusServer } from "../../simulators/modbus/server.ts";
import { imageUnit } from "../../simulators/modbus/unit.ts";
import { type Estate, NOW, silent, tinyEstate } from "../api/support.ts";
import { until } from "./modbus/gateway.ts";

let estate: Estate;
let server: ModbusServer;
let link: Link;
let bus: BusEntry;
beforeAll(async () => {
  estate = await tinyEstate();
  // 1234.56 kWh where Acrel's prepaid meter has its total.
  const words = Uint16Array.of(0x0001, 0xe240);
  const slave = imageUnit({ holding: { start: 0, words } });
  server = await startModbusServer({
    kind: "tcp",
    host: "127.0.0.1",
    port: 0,
    units: new Map([
      [2, slave],
      [3, slave],
      [9, slave],
    ]),
  });
  server.faults.set(3, { kind: "wrong_unit_id", unitId: 77 });
  link = new Link({ kind: "tcp", host: "127.0.0.1", port: server.port, timeoutMs: 50 });
  const id = await estate.db.as(estate.one, async (trx) => {
    const row = await trx
      .insertInto("bus")
      .values({
        operator_id: estate.one,
        name: "riser",
        kind: "tcp",
        address: JSON.stringify({ host: "127.0.0.1", port: server.port }),
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    return row.id;
  });
  const taken = Array.from({ length: 243 }, (_, i) => [i + 5, {} as MeterEntry] as const);
  bus = {
    operatorId: estate.one,
    id,
    name: "riser",
    kind: "tcp",
    address: {},
    pollSeconds: {},
    enabled: true,
    meters: new Map(taken),
  };
});
afterAll(async () => {
  await link.close();
  await server.stop();
  await estate.drop();
});

test("a scan asks the free unit ids only, is one scan for two who start it, and what it finds waits in the tray", async () => {
  const scans = new Scans({
    db: estate.db,
    clock: { now: () => NOW },
    log: silent,
    profiles: [...PROFILES.values()].filter((profile) => profile.kind === "modbus"),
    ask: async (_, request) => {
      await link.open();
      return link.request(request);
    },
  });
  const begun = scans.start(bus);
  expect(scans.start(bus).id).toBe(begun.id);
  const now = (): BusScan | undefined => scans.get(estate.one, begun.id);
  await until("it is done", () => now()?.state === "done");
  expect(now()).toMatchObject({ asked: 4, total: 4, endedAt: NOW });
  expect(now()?.found.map(({ unitId, trouble }) => [unitId, trouble])).toEqual([
    [2, null],
    [3, "wrong_unit_id"],
  ]);
  expect(scans.get(estate.two, begun.id)).toBeUndefined();
  expect(scans.lastOf(bus.id)?.id).toBe(begun.id);
  const rows = await estate.db.as(estate.one, (trx) =>
    trx.selectFrom("found_device").select(["origin", "bus_id", "unit_id", "state", "candidates"]).execute(),
  );
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ origin: "modbus", bus_id: bus.id, unit_id: 2, state: "waiting" });
  expect(JSON.stringify(rows[0]?.candidates)).toContain("acrel-ddsy1352");
  const again = scans.start(bus);
  expect(again.id).not.toBe(begun.id);
  await scans.stop();
  expect(scans.get(estate.one, again.id)?.state).toBe("failed");
});
