import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { instant } from "../../domain/instant.ts";
import { addDays, type Day, day, dayOf } from "../../domain/period.ts";
import { sanbiaoHere } from "../support/command.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

let fresh: FreshDatabase;
let owner: Pool;
let [serial, other] = ["", ""];
/** Five days within one month that are over: readings by hand are taken for some weeks only. */
const ONE: Day = fiveDaysAgo(dayOf(instant(Date.now()), "Asia/Shanghai"));
const FIVE = addDays(ONE, 5);
function fiveDaysAgo(today: Day): Day {
  return today.slice(8) >= "06" ? addDays(today, -5) : day(`${addDays(today, -10).slice(0, 8)}20`);
}

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  const town = await SmallTown.found(owner, "estate");
  const home = async (number: string) => {
    const account = await town.account(number, "postpaid", ONE);
    const { meter } = await town.supply({
      account,
      tariff: "zhejiang.electricity.residential",
      from: ONE,
      serial: `E-${number}`,
    });
    await town.readings(meter, "energy_import_kwh", [[`${ONE}T00:00:00+08:00`, 400]]);
    return `E-${number}`;
  };
  [serial, other] = [await home("8"), await home("9")];
  await owner.query(
    `insert into app_user (operator_id, login, name, password_hash, role)
     select operator_id, u.login, u.login, '-', u.role from operator, (values ('li', 'clerk'), ('walker', 'reader')) u (login, role)`,
  );
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

test("what the dials showed at a move-out is taken by the rules of the page, and booked with the bill alone", async () => {
  const final = ["bill", "final", "8", "--operator", "estate", "--on", FIVE, "--json"];
  const run = async (...words: string[]) => {
    const { code, out, err } = await sanbiaoHere([...final, ...words], { env: { DATABASE_URL: fresh.url } });
    return { code, err, told: out === "" ? {} : JSON.parse(out) };
  };
  const read = (of: string, value: string, by = "li") => ["--reading", `${of}=${value}`, "--by", by];
  const booked = async () =>
    (await owner.query("select value from reading where measured_at = $1", [`${FIVE}T00:00:00+08:00`])).rows;
  expect(await run()).toMatchObject({ code: 1, told: { refused: { reason: "in_doubt" }, digest: null } });
  expect(await run("--reading", `${serial}=460`)).toMatchObject({ code: 2, err: expect.stringContaining("--by") });
  expect((await run("--reading", serial)).code).toBe(2);
  const refused: [string[], string, string][] = [
    [read("nobody", "460"), "request.not-found", "no meter nobody"],
    [read(serial, "460", "nobody"), "request.not-found", "no user nobody"],
    [read(serial, "460", "walker"), "auth.forbidden", "walker is a reader"],
    [read(other, "460"), "closing.refused", "does not measure for this customer"],
    [read(serial, "90000"), "closing.refused", "expected is"],
  ];
  for (const [words, code, message] of refused)
    expect(await run(...words)).toMatchObject({
      code: 1,
      told: { error: { code, message: expect.stringContaining(message) } },
    });
  expect(await run(...read(serial, "90000"), "--confirm", serial)).toMatchObject({
    told: { boundary: [{ value: "90000", basis: "reading" }] },
  });
  const { digest, boundary } = (await run(...read(serial, "460"))).told;
  expect(boundary).toMatchObject([{ value: "460", basis: "reading" }]);
  expect(await booked()).toEqual([]);
  const issue = async (value: string) => (await run(...read(serial, value), "--issue", digest)).told;
  expect(await issue("461")).toMatchObject({ error: { code: "closing.changed" } });
  expect(await issue("460")).toMatchObject({ outcome: "closed", onDay: FIVE });
  expect(await issue("460")).toMatchObject({ outcome: "already" });
  expect(await booked()).toEqual([{ value: 460_000_000n }]);
  const { rows } = await owner.query(
    "select u.login, m.outcome from account_closing c join app_user u on u.id = c.closed_by join manual_reading m on m.user_id = u.id",
  );
  expect(rows).toEqual([{ login: "li", outcome: "booked" }]);
});

test("a consent to a set-off is said whole, and refused where the operator's rule is that nothing is set off", async () => {
  const final = ["bill", "final", "9", "--operator", "estate", "--on", FIVE, "--json"];
  const run = (...words: string[]) => sanbiaoHere([...final, ...words], { env: { DATABASE_URL: fresh.url } });
  expect(await run("--set-off-by", "Wang")).toMatchObject({ code: 2, err: expect.stringContaining("belong together") });
  const consent = ["--set-off-by", "Wang", "--set-off-on", ONE, "--set-off-reference", "protocol 7"];
  expect(JSON.parse((await run(...consent)).out)).toMatchObject({ error: { code: "closing.refused" } });
});
