import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DAY_MS, instant } from "../../domain/instant.ts";
import { dayOf } from "../../domain/period.ts";
import { sanbiaoHere } from "../support/command.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

let fresh: FreshDatabase;
let owner: Pool;
const now = Date.now();
const [YESTERDAY, BEFORE] = [1, 3].map((days) => dayOf(instant(now - days * DAY_MS), "Asia/Shanghai"));

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  const town = await SmallTown.found(owner, "estate");
  const gone = await town.account("gone", "postpaid", "2025-01-01");
  const { meter } = await town.supply({
    account: gone,
    tariff: "zhejiang.electricity.residential",
    from: "2025-01-01",
    serial: "E-1",
  });
  await owner.query("update agreement set to_day = $1", [BEFORE]);
  await owner.query("update usage_point set building = '1', room = '101'");
  await town.readings(meter, "energy_import_kwh", [[`${BEFORE}T00:00:00+08:00`, 400]]);
  await owner.query(
    "insert into app_user (operator_id, login, name, password_hash, role) select operator_id, 'li', 'Li', '-', 'clerk' from operator",
  );
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

test("the next customer is shown, refused in words, and entered once", async () => {
  const words = ["move-in", "next", "--operator", "estate", "--name", "王芳", "--building", "1", "--room", "101"];
  const run = async (from: string | undefined, ...more: string[]) => {
    const { code, out, err } = await sanbiaoHere([...words, "--from", from ?? "", "--json", ...more], {
      env: { DATABASE_URL: fresh.url },
    });
    return { code, err, told: out === "" ? null : JSON.parse(out) };
  };
  const reasons = (told: { refused: { reason: string }[] }) => told.refused.map(({ reason }) => reason);
  const unread = await run(YESTERDAY);
  expect([unread.code, reasons(unread.told)]).toEqual([1, ["start_unknown"]]);
  expect(reasons((await run("2025-06-01")).told)).toEqual(["too_early"]);
  expect(await run(YESTERDAY, "--reading", "E-1=410")).toMatchObject({ code: 2, err: expect.stringContaining("--by") });
  expect(await run(YESTERDAY, "--persons", "0")).toMatchObject({
    code: 1,
    told: { error: { code: "request.invalid" } },
  });
  const low = await run(YESTERDAY, "--reading", "E-1=399", "--by", "li", "--confirm", "E-1");
  expect(low.told.error).toMatchObject({ code: "move-in.refused", message: expect.stringContaining("399 is less") });
  const read = ["--reading", "E-1=410", "--by", "li", "--persons", "3", "--deposit", "500.00"];
  expect(await run(YESTERDAY, ...read)).toMatchObject({
    code: 0,
    told: { points: [{ start: { value: "410" }, vacantDays: 2, usedVacant: "10" }] },
  });
  expect((await run(YESTERDAY, ...read, "--post")).told).toMatchObject({ outcome: "moved_in", number: "next" });
  expect((await run(YESTERDAY, ...read, "--post")).told).toMatchObject({ outcome: "already" });
  expect((await run(YESTERDAY, ...read, "--persons", "4", "--post")).told.error.code).toBe("request.conflict");
  const { rows } = await owner.query(
    `select a.number, v.deposit_asked_minor as deposit, u.login from move_in v join account a on a.id = v.account_id
       join app_user u on u.id = v.noted_by`,
  );
  expect(rows).toEqual([{ number: "next", deposit: 50_000n, login: "li" }]);
});
