import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refusedFileOf } from "../../interchange/register/import.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { bring, NOW, workbook, wrong } from "./register-support.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let other: SmallTown;
let estates = 0;
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  other = await SmallTown.found(owner, "other");
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

/** An empty estate with one bus and one MQTT client. */
async function estate(): Promise<void> {
  town = await SmallTown.found(owner, `estate-${++estates}`);
  await owner.query("insert into bus (operator_id, name, kind, address) values ($1, 'line-1', 'tcp', '{}')", [
    town.operatorId,
  ]);
  await owner.query(
    `insert into mqtt_client (operator_id, username, password_hash, publish_filters, profile_ids) values ($1, $2, 'x', '{}', '{sanbiao-json}')`,
    [town.operatorId, `gw-${estates}`],
  );
}
const client = () => `gw-${estates}`;
const take = (file: string | Uint8Array, how: Parameters<typeof bring>[3] = {}) =>
  bring(fresh.db, town.operatorId, file, how);
const counts = async () => {
  const { rows } = await owner.query<Record<string, bigint>>(
    `select (select count(*) from usage_point where operator_id = $1) as points, (select count(*) from meter where operator_id = $1) as meters,
            (select count(*) from installation where operator_id = $1) as stays, (select count(*) from account where operator_id = $1) as accounts,
            (select count(*) from agreement where operator_id = $1) as agreements`,
    [town.operatorId],
  );
  return rows[0];
};

const POINTS = "building,room,utility\n3,301,water\n3,301,electricity\n";
const meters = () =>
  `表号,能源类型,表型,总线,站号,MQTT用户,设备标识,楼栋,房号,安装日期,倍率,初始示数
0000123,水,sanbiao-json,,,${client()},AbC-1,3,301,2026/3/1,,12.5
E-9,电,eastron-sdm630,line-1,7,,,3,301,2026-03-02 14:30,40,100
`;
const ACCOUNTS = `户号,户名,电话,开户日期,人数,楼栋,房号,水价,电价
3-301,张三,+86 138 0000,2026年3月1日,4,3,301,ningbo.water.residential,zhejiang.electricity.residential
`;

describe("a register that is brought in as files", () => {
  test("is rehearsed without a trace, written, and found there already by the same files", async () => {
    await estate();
    expect(await take(POINTS, { dryRun: true })).toMatchObject({
      outcome: "rehearsed",
      counts: { points: { created: 2, already: 0, refused: 0 } },
    });
    expect(await counts()).toMatchObject({ points: 0n });
    for (const file of [POINTS, meters(), ACCOUNTS]) expect((await take(file)).outcome).toBe("applied");
    expect(await counts()).toEqual({ points: 2n, meters: 2n, stays: 2n, accounts: 1n, agreements: 2n });
    expect((await take(POINTS)).counts.points).toEqual({ created: 0, changed: 0, already: 2, refused: 0 });
    expect((await take(meters())).counts.meters).toEqual({ created: 0, changed: 0, already: 2, refused: 0 });
    expect((await take(ACCOUNTS)).counts.accounts).toEqual({ created: 0, changed: 0, already: 1, refused: 0 });
    expect(await counts()).toEqual({ points: 2n, meters: 2n, stays: 2n, accounts: 1n, agreements: 2n });
  });

  test("has kept zeros, key, ratio, instants and initial dial as the file says them, with their history", async () => {
    await estate();
    for (const file of [POINTS, meters(), ACCOUNTS]) await take(file);
    const { rows } = await owner.query(
      `select m.serial, m.device_key, m.unit_id, i.installed_at, trim_scale(i.ratio)::text as ratio, r.dial, r.register,
              (select array_agg(kind order by id) from meter_event e where e.meter_id = m.id) as events
         from meter m join installation i on i.meter_id = m.id join installation_reading r on r.installation_id = i.id
        where m.operator_id = $1 order by m.serial`,
      [town.operatorId],
    );
    const at = (text: string) => Date.parse(text);
    expect(rows).toEqual([
      {
        serial: "0000123",
        device_key: "abc-1",
        unit_id: null,
        installed_at: at("2026-03-01T00:00+08:00"),
        ratio: "1",
        dial: 12_500_000n,
        register: 20,
        events: ["registered", "installed"],
      },
      {
        serial: "E-9",
        device_key: null,
        unit_id: 7,
        installed_at: at("2026-03-02T14:30+08:00"),
        ratio: "40",
        dial: 100_000_000n,
        register: 1,
        events: ["registered", "installed"],
      },
    ]);
    const ratios = await owner.query<{ applies: boolean }>(
      "select applies_to_received_from > recorded_at as applies from meter_ratio where operator_id = $1 and ratio = 40",
      [town.operatorId],
    );
    expect(ratios.rows).toEqual([{ applies: true }]);
    const account = await owner.query(
      "select a.phone, a.opened_on, h.persons from account a join household h on h.account_id = a.id where a.operator_id = $1",
      [town.operatorId],
    );
    expect(account.rows).toEqual([{ phone: "+86 138 0000", opened_on: "2026-03-01", persons: 4 }]);
  });

  test("of one workbook refers to its own rows, whatever the order of its sheets", async () => {
    await estate();
    const book = await workbook({
      用户: [
        ["户号", "户名", "开户日期", "楼栋", "房号", "水价"],
        ["5-1", "李四", new Date("2026-03-01T00:00:00Z"), "5", "1", "ningbo.water.residential"],
      ],
      表计: [
        ["表号", "能源类型", "表型", "楼栋", "房号", "安装日期"],
        ["00077", "水", "sanbiao-json", 5, 1, 46_082],
      ],
      计量点: [
        ["楼栋", "房号", "能源类型"],
        [5, 1, "水"],
      ],
    });
    expect(wrong(await take(book))).toEqual([]);
    expect(await counts()).toEqual({ points: 1n, meters: 1n, stays: 1n, accounts: 1n, agreements: 1n });
    const { rows } = await owner.query(
      "select serial, installed_at from meter m join installation i on i.meter_id = m.id where m.operator_id = $1",
      [town.operatorId],
    );
    expect(rows).toEqual([{ serial: "00077", installed_at: Date.parse("2026-03-01T00:00+08:00") }]);
    expect((await take(book)).counts.meters.already).toBe(1);
  });

  test("may mix kinds in one table, whose column says what each row is", async () => {
    await estate();
    const file = `kind,building,room,utility,serial,profile,installed_at\nmeters,7,1,gas,G1,sanbiao-json,2026-03-01\npoints,7,1,gas,,,\nhouse,7,2,gas,,,\n`;
    expect(wrong(await take(file))).toEqual(["4 kind not_choice"]);
    expect((await take(file.replace(/house.*\n/, ""))).outcome).toBe("applied");
  });

  test("in GBK, in UTF-16 and with semicolons is read like any other", async () => {
    await estate();
    const gbk = Buffer.from("c2a5b6b02cb7bfbac52cc4dcd4b4c0e0d0cd0ad2bb2c312ccbae0a", "hex"); // 楼栋,房号,能源类型 / 一,1,水
    expect((await take(gbk)).counts.points.created).toBe(1);
    const utf16 = Buffer.from("\ufeff楼栋;房号;能源类型\r\n二;1;水\r\n", "utf16le");
    expect((await take(utf16)).counts.points.created).toBe(1);
    const { rows } = await owner.query("select building from usage_point where operator_id = $1 order by id", [
      town.operatorId,
    ]);
    expect(rows).toEqual([{ building: "一" }, { building: "二" }]);
  });

  test("meters of another operator are neither seen nor in the way", async () => {
    await estate();
    await other.meter("0000123", "water");
    await take(POINTS);
    expect((await take(meters())).counts.meters.created).toBe(2);
  });
});

describe("what is wrong with a file", () => {
  test("is told for every row and column at once, and nothing of it is written", async () => {
    await estate();
    await take(POINTS);
    const file = `serial,utility,profile,bus,unit_id,client,device_key,building,room,installed_at,ratio,capacity_per_hour,initial
,steam,nobody,line-9,300,,,3,301,31.02.2026,0,-1,x
1.2E+15,water,sanbiao-json,,,,key,,301,,1,1,
A 1,water,eastron-sdm630,,5,,,3,301,2027-01-01,1.0000000001,1,1
A2,water,sanbiao-json,line-1,,,,9,9,2026-03-01,,,
=1+1,gas,sanbiao-json,,,stranger,,3,301,1999-01-01,,,
`;
    const report = await take(file);
    expect(report.outcome).toBe("refused");
    expect(wrong(report)).toEqual([
      "2 serial missing",
      "2 utility not_choice",
      "2 unit_id not_integer",
      "2 installed_at ambiguous_day",
      "2 ratio not_positive",
      "2 capacity_per_hour not_decimal",
      "2 initial not_decimal",
      "2 profile unknown_profile",
      "2 bus unknown_bus",
      "3 serial excel_rounded",
      "3 room needs",
      "3 device_key needs",
      "4 serial not_code",
      "4 ratio decimals",
      "4 unit_id needs",
      "4 installed_at future",
      "5 bus needs",
      "5 building unknown_point",
      "6 serial formula",
      "6 installed_at too_early",
      "6 client unknown_client",
      "6 building unknown_point",
    ]);
    const second = await take(
      "serial,utility,profile,building,room,installed_at,bus,unit_id,client\nA2,water,nobody,9,9,2026-03-01,,,\nA3,gas,eastron-sdm630,3,301,2026-03-01,none,3,\nA4,water,sanbiao-json,3,301,2026-03-01,,,stranger\n",
    );
    expect(wrong(second)).toEqual([
      "2 profile unknown_profile",
      "2 building unknown_point",
      "3 profile profile_utility",
      "3 bus unknown_bus",
      "3 building unknown_point",
      "4 client unknown_client",
    ]);
    expect(await counts()).toMatchObject({ meters: 0n });
  });

  test("includes doubles within the file and places that others have", async () => {
    await estate();
    await take(`${POINTS}3,302,water\n`);
    await take(meters());
    const file = `serial,utility,profile,client,device_key,building,room,installed_at
N1,water,sanbiao-json,${client()},k1,3,302,2026-03-01
N1,water,sanbiao-json,,,,,
N2,water,sanbiao-json,${client()},K1,,,
N3,water,sanbiao-json,${client()},abc-1,,,
N4,water,sanbiao-json,,,3,301,2026-04-01
N5,water,sanbiao-json,,,3,302,2026-04-01
`;
    expect(wrong(await take(file))).toEqual([
      "3 serial twice",
      "4 device_key wire_taken",
      "5 device_key wire_taken",
      "6 building point_taken",
      "7 building point_taken",
    ]);
    expect(wrong(await take("楼栋,房号,能源类型,用途\n3,301,水,总表\n4,1,水,\n4,1,water,\n"))).toEqual([
      "2 role differs",
      "4 row twice",
    ]);
  });

  test("in accounts: tariffs, policies, points that others take, days", async () => {
    await estate();
    await take(POINTS);
    await take(ACCOUNTS);
    const head = "number,name,opened_on,payment_mode,policy,persons,building,room,tariff_water,tariff_electricity\n";
    const file = `${head}B1,a,2026-03-01,prepaid,,0,3,301,,
B2,a,3/1/2026,prepaid,demo-estate,,3,999,nobody,
B3,a,2026-03-01,postpaid,demo-estate,,3,301,zhejiang.electricity.residential,
B4,a,2026-03-01,,,,3,301,ningbo.water.residential,
B5,a,2026-03-01,prepaid,demo-estate,,3,301,,
`;
    expect(wrong(await take(file))).toEqual([
      "2 persons not_integer",
      "2 policy missing",
      "3 opened_on ambiguous_day",
      "3 tariff_water unknown_tariff",
      "3 tariff_water unknown_point",
      "4 policy needs_prepaid",
      "5 tariff_water agreement_taken",
      "6 building no_switch",
    ]);
    expect(
      wrong(
        await take(
          `${head}B6,a,2026-03-01,,,,3,999,nobody,\nB7,a,2026-03-01,,,,3,301,zhejiang.electricity.residential,\n`,
        ),
      ),
    ).toEqual([
      "2 tariff_water unknown_tariff",
      "2 tariff_water unknown_point",
      "3 tariff_water tariff_utility",
      "3 tariff_water agreement_taken",
    ]);
  });

  test("in headings is told before any row is looked at", async () => {
    await estate();
    expect(wrong(await take("building,rom,utility\n1,1,water\n", { kind: "points" }))).toEqual([
      "1 rom heading_unknown",
    ]);
    expect(wrong(await take("building,楼栋,utility\n", { kind: "points" }))).toEqual(["1 building heading_twice"]);
    expect(wrong(await take("building\n1\n", { kind: "points" }))).toEqual(["1 utility heading_missing"]);
    expect(wrong(await take("a,b\n1,2\n"))).toEqual(["1 row sheet_unknown"]);
    expect(wrong(await take("building,utility,备注\n1,water,note,beyond\n"))).toEqual(["2 row too_many_cells"]);
  });

  test("can be downloaded with the errors in a last column, corrected there, and brought again", async () => {
    await estate();
    const report = await take("楼栋,房号,能源类型,备注\n8,1,水,ok\n8,2,steam,=cmd()\n8,3,,\n");
    expect(report.outcome).toBe("refused");
    const refused = (await refusedFileOf(fresh.db, town.operatorId, report.importId ?? 0n))?.toString() ?? "";
    expect(refused.split("\n").map((line) => line.replace(/"/g, ""))).toEqual([
      "\ufeff楼栋,房号,能源类型,备注,错误 error",
      expect.stringMatching(/^8,2,steam,'=cmd\(\),utility 应为：.* · is none of electricity, gas, water, heat$/),
      "8,3,,,utility 不能为空 · is empty and must not be",
      "",
    ]);
    const corrected = refused.replace("steam", "水").replace("8,3,,", "8,3,水,");
    expect((await take(corrected)).counts.points.created).toBe(2);
    expect(await refusedFileOf(fresh.db, other.operatorId, report.importId ?? 0n)).toBeNull();
  });
});

describe("a row that the register has otherwise", () => {
  test("is an error unless changes are allowed; then what may change is changed, and no more", async () => {
    await estate();
    for (const file of [POINTS, meters(), ACCOUNTS]) await take(file);
    const renamed = ACCOUNTS.replace("张三", "王五").replace(",4,", ",5,");
    expect(wrong(await take(renamed))).toEqual(["2 name differs_update", "2 persons differs_update"]);
    const done = await take(renamed, { update: true });
    expect(done.counts.accounts.changed).toBe(1);
    expect(done.rows[0]?.changes).toEqual([
      { column: "name", from: "张三", to: "王五" },
      { column: "persons", from: "4", to: "5" },
    ]);
    expect((await take(renamed, { update: true })).counts.accounts.already).toBe(1);
    expect(wrong(await take(renamed.replace(",5,", ",6,"), { update: true }))).toEqual(["2 persons one_day"]);
    expect(wrong(await take(renamed.replace("2026年3月1日", "2026-04-01"), { update: true }))).toEqual([
      "2 opened_on differs",
    ]);
    expect(wrong(await take(meters().replace(",40,", ",80,"), { update: true }))).toEqual(["3 ratio differs"]);
    expect((await take(meters().replace("line-1,7", "line-1,8"), { update: true })).counts.meters.changed).toBe(1);
    const { rows } = await owner.query("select unit_id from meter where operator_id = $1 and serial = 'E-9'", [
      town.operatorId,
    ]);
    expect(rows).toEqual([{ unit_id: 8 }]);
    const household = await owner.query(
      "select persons, from_day from household where operator_id = $1 order by from_day",
      [town.operatorId],
    );
    expect(household.rows).toEqual([
      { persons: 4, from_day: "2026-03-01" },
      { persons: 5, from_day: new Date(NOW + 8 * 3_600_000).toISOString().slice(0, 10) },
    ]);
  });

  test("an address for messages is taken, replaced from today on, and refused when nothing can go there", async () => {
    await estate();
    const file = (email: string) => `number,name,邮箱,短信号码,opened_on\n3-301,张三,${email},13800005678,2026-03-01\n`;
    expect(wrong(await take(file("zhang at example")))).toEqual(["2 email not_address"]);
    expect((await take(file("zhang@example.org"))).counts.accounts.created).toBe(1);
    expect((await take(file("zhang@example.org"))).counts.accounts.already).toBe(1);
    expect(wrong(await take(file("wang@example.org")))).toEqual(["2 email differs_update"]);
    expect((await take(file("wang@example.org"), { update: true })).counts.accounts.changed).toBe(1);
    const said =
      "select string_agg(concat_ws(' ', address, active, bills), '; ' order by id) as said from contact_point";
    const { rows } = await owner.query(`${said} where operator_id = $1 and channel = 'email'`, [town.operatorId]);
    expect(rows[0].said).toBe("zhang@example.org t t; zhang@example.org f f; wang@example.org t t");
  });

  test("what the file leaves empty is left as it is", async () => {
    await estate();
    for (const file of [POINTS, ACCOUNTS]) await take(file);
    expect((await take("number,name,phone,opened_on\n3-301,张三,,2026-03-01\n")).counts.accounts.already).toBe(1);
  });
});

test("two that bring the same file at once write it once", async () => {
  await estate();
  const all = await Promise.all(Array.from({ length: 4 }, () => take(POINTS)));
  expect(all.map(({ counts: c }) => c.points.created).toSorted((a, b) => a - b)).toEqual([0, 0, 0, 2]);
  expect(await counts()).toMatchObject({ points: 2n });
});

test("a prepaid account gets its supply with the electricity meter of its place", async () => {
  await estate();
  await take(POINTS);
  await take(meters());
  await take("number,name,opened_on,payment_mode,policy,building,room\nP1,a,2026-03-01,预付费,demo-estate,3,301\n");
  const { rows } = await owner.query(
    "select policy_id, serial from supply s join meter m on m.id = s.meter_id where s.operator_id = $1",
    [town.operatorId],
  );
  expect(rows).toEqual([{ policy_id: "demo-estate", serial: "E-9" }]);
});

test("a device that waits in the tray and is a meter by the file is that meter", async () => {
  await estate();
  const { rows } = await owner.query<{ id: bigint }>(
    `insert into found_device (operator_id, origin, mqtt_client_id, device_key, first_seen_at, last_seen_at)
     select operator_id, 'mqtt', id, 'abc-1', now(), now() from mqtt_client where operator_id = $1 returning id`,
    [town.operatorId],
  );
  await take(POINTS);
  await take(meters());
  const found = await owner.query(
    "select f.state, m.serial, f.replayed_at from found_device f join meter m on m.id = f.meter_id where f.id = $1",
    [rows[0]?.id],
  );
  expect(found.rows).toEqual([{ state: "accepted", serial: "0000123", replayed_at: null }]);
});
