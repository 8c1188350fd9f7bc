import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { HOUR_MS, instant, isoOf, MINUTE_MS, SECOND_MS } from "../../domain/instant.ts";
import { ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { appOver, cookieOf, type Estate, NOW, tinyEstate } from "./support.ts";

/** What a bus states of its intervals (`null`: a meter on a radio), the age of the last reading, what the meter then is. */
const CASES: readonly (readonly [string, object | null, number | null, "heard" | "late" | "silent"])[] = [
  ["within five minutes", {}, 5 * MINUTE_MS, "heard"],
  ["a second longer", {}, 5 * MINUTE_MS + SECOND_MS, "late"],
  ["an often asked one", { billing: 10 }, 4 * MINUTE_MS, "heard"],
  ["asked without a pause", { billing: 0 }, 6 * MINUTE_MS, "late"],
  ["three quarters of an hour", { billing: 900 }, 45 * MINUTE_MS, "heard"],
  ["more than three quarters", { billing: 900 }, 46 * MINUTE_MS, "late"],
  ["other groups do not count", { power: 900, state: 900 }, 6 * MINUTE_MS, "late"],
  ["an interval that is no number", { billing: "often" }, 6 * MINUTE_MS, "late"],
  ["a day", {}, 24 * HOUR_MS, "late"],
  ["more than a day", {}, 24 * HOUR_MS + SECOND_MS, "silent"],
  ["asked twice a day, heard", { billing: 43_200 }, 36 * HOUR_MS, "heard"],
  ["asked twice a day, never late", { billing: 43_200 }, 37 * HOUR_MS, "silent"],
  ["asked once a week", { billing: 604_800 }, 73 * HOUR_MS, "silent"],
  ["never", {}, null, "silent"],
  ["on a radio", null, 26 * HOUR_MS, "heard"],
  ["on a radio that missed one", null, 27 * HOUR_MS, "late"],
  ["on a radio that is off", null, 73 * HOUR_MS, "silent"],
  ["by hand, last month", null, 35 * 24 * HOUR_MS, "heard"],
  ["by hand, last quarter", null, 36 * 24 * HOUR_MS, "late"],
  ["by hand, nobody came", null, 101 * 24 * HOUR_MS, "silent"],
];

let estate: Estate;
let app: App;
let close: () => Promise<void>;
let cookie: string;
const asked = async (path: string) =>
  (await app.inject({ url: `/api/v1${path}`, headers: { cookie } })).json<Record<string, unknown>>();
const serialsOf = (answer: Record<string, unknown>) => (answer["items"] as { serial: string }[]).map((m) => m.serial);

beforeAll(async () => {
  estate = await tinyEstate();
  const owner = ownerPool(estate.ownerUrl);
  const town = await SmallTown.found(owner, "heard");
  for (const [title, polls, age] of CASES) {
    const meter = await town.meter(title, "heat");
    if (title.startsWith("by hand"))
      await owner.query("update meter set profile_id = 'by-hand-heat-6-0' where id = $1", [meter]);
    if (polls !== null)
      await owner.query(
        `with b as (insert into bus (operator_id, name, kind, address, poll_seconds) values ($1, $2, 'tcp', '{}', $3) returning id)
         update meter set bus_id = b.id, unit_id = 1 from b where operator_id = $1 and meter.id = $4`,
        [town.operatorId, title, JSON.stringify(polls), meter],
      );
    if (age !== null) await town.readings(meter, "heat_kwh", [[isoOf(instant(NOW - age)), 1]]);
  }
  await owner.query(
    `insert into app_user (operator_id, login, name, password_hash, role)
     select $1, 'heard', 'Heard', password_hash, 'reader' from app_user where login = 'reader'`,
    [town.operatorId],
  );
  await owner.end();
  ({ app, close } = await appOver(estate));
  cookie = await cookieOf(app, "heard");
});
afterAll(async () => {
  await close();
  await estate.drop();
});

test.each(CASES)("a meter last read: %s (%j, %d ms ago) is %s", async (title, _polls, _age, status) => {
  const { items } = await asked(`/meters?search=${encodeURIComponent(title)}`);
  const found = (items as { id: string; serial: string; status: string }[]).filter((m) => m.serial === title);
  expect(found).toMatchObject([{ status }]);
  expect(await asked(`/meters/${found[0]?.id}`)).toMatchObject({ status });
});

test("the list by status and the overview's counts say the same as each meter", async () => {
  const [counts] = (await asked("/overview"))["meters"] as Record<string, unknown>[];
  expect(counts).toMatchObject({ utility: "heat", total: CASES.length });
  for (const status of ["heard", "late", "silent"] as const) {
    const titles = CASES.filter((one) => one[3] === status).map(([title]) => title);
    expect(
      serialsOf(await asked(`/meters?status=${status}&pageSize=200`)).toSorted((a, b) => (a < b ? -1 : 1)),
    ).toEqual(titles.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(counts?.[status]).toBe(titles.length);
  }
});
