import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { templateCsv, templateWorkbook } from "../../interchange/register/templates.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { bring, wrong } from "./register-support.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let estates = 0;
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});
beforeEach(async () => {
  town = await SmallTown.found(owner, `estate-${++estates}`);
  await owner.query(
    `insert into mqtt_client (operator_id, username, password_hash, publish_filters, profile_ids) values ($1, $2, 'x', '{}', '{sanbiao-json}')`,
    [town.operatorId, client()],
  );
});
const client = () => `gw-${estates}`;
const take = (file: string | Uint8Array) => bring(fresh.db, town.operatorId, file);

describe("the templates", () => {
  test("are read back as a register without rows, and their examples are good rows once the # is gone", async () => {
    await expect(take(await templateWorkbook())).rejects.toThrow(/no rows/);
    for (const kind of ["points", "meters", "accounts"] as const) {
      await expect(take(templateCsv(kind))).rejects.toThrow(/no rows/);
      const report = await take(templateCsv(kind).replace("\n#", "\n"));
      expect({ kind, errors: wrong(report), outcome: report.outcome }).toEqual({
        kind,
        errors: [],
        outcome: "applied",
      });
    }
  });
});

test("a thousand flats with three meters each are in the register within seconds", async () => {
  const flats = Array.from({ length: 1000 }, (_, i) => ({
    building: String(1 + Math.floor(i / 50)),
    room: String(101 + (i % 50)),
  }));
  const utilities = ["electricity", "water", "gas"];
  const of = (head: string, lines: string[]) => `${head}\n${lines.join("\n")}\n`;
  const points = of(
    "building,room,utility",
    flats.flatMap(({ building, room }) => utilities.map((u) => `${building},${room},${u}`)),
  );
  const hung = of(
    "serial,utility,profile,client,building,room,installed_at,ratio",
    flats.flatMap(({ building, room }) =>
      utilities.map(
        (u) =>
          `${u[0]}-${building}-${room},${u},sanbiao-json,${client()},${building},${room},2026-03-01,${u === "gas" ? 10 : 1}`,
      ),
    ),
  );
  const accounts = of(
    "number,name,opened_on,persons,building,room,tariff_electricity,tariff_water,tariff_gas",
    flats.map(
      ({ building, room }) =>
        `${building}-${room},户主${room},2026-03-01,3,${building},${room},zhejiang.electricity.residential,ningbo.water.residential,ningbo.gas.residential`,
    ),
  );
  for (const file of [points, hung, accounts]) expect(wrong(await take(file))).toEqual([]);
  const { rows } = await owner.query(
    `select (select count(*) from usage_point where operator_id = $1) as points, (select count(*) from meter where operator_id = $1) as meters,
            (select count(*) from installation where operator_id = $1) as stays, (select count(*) from account where operator_id = $1) as accounts,
            (select count(*) from agreement where operator_id = $1) as agreements`,
    [town.operatorId],
  );
  expect(rows[0]).toEqual({ points: 3000n, meters: 3000n, stays: 3000n, accounts: 1000n, agreements: 3000n });
});
