import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sanbiao } from "../support/command.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

let fresh: FreshDatabase;
let owner: Pool;
let env: Record<string, string>;
let meter: bigint;
let town: SmallTown;

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  env = { DATABASE_URL: fresh.url };
  town = await SmallTown.found(owner, "estate");
  for (const number of ["7", "8"]) {
    const account = await town.account(number, "postpaid", "2025-03-01");
    const supply = await town.supply({ account, tariff: "zhejiang.electricity.residential", from: "2025-03-01" });
    if (number === "7") meter = supply.meter;
    await town.readings(supply.meter, "energy_import_kwh", [
      ["2025-03-01T00:00+08:00", 0],
      ["2025-04-01T00:00+08:00", 205],
    ]);
  }
  const billed = await sanbiao(["bill", "--operator", "estate", "--period", "2025-03"], { env });
  expect(billed.code, billed.err).toBe(0);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

const replay = (...words: string[]) => sanbiao(["bill", "replay", ...words], { env });

test("a clerk corrects a reading that was billed: replay tells the account, the line and the money, and posts nothing", async () => {
  const none = await replay("--operator", "estate", "--all", "--from", "2025-03");
  expect([none.code, none.out.trim()], none.err).toEqual([0, "Every bill since 2025-03-01 is what it would be today."]);
  await owner.query(
    `insert into reading_edit (operator_id, meter_id, register, measured_at, origin, kind, value, source, reason, idempotency_key, made_at)
     values ($1, $2, 1, '2025-04-01T00:00+08:00', 'clerk', 'value', 200000000, 3, 'misread', 'misread', '2025-04-20T00:00Z')`,
    [town.operatorId, meter],
  );
  const told = await replay("--operator", "estate", "--all", "--from", "2025-03", "--json");
  expect(told.code).toBe(1);
  const document = JSON.parse(told.out) as { accounts: { account: string; bills: { usagePoints: object[] }[] }[] };
  expect(document).toMatchObject({
    posted: false,
    difference: { amount: "-2.69" },
    accounts: [{ account: "7", bills: [{ difference: { amount: "-2.69" } }] }],
  });
  expect(document.accounts[0]?.bills[0]?.usagePoints).toMatchObject([
    { kind: "compared", lines: [{ billed: "110.29", shouldBe: "107.60", difference: "-2.69", quantity: "-5" }] },
  ]);
  const { rows } = await owner.query("select count(*)::int as n from journal");
  expect(rows).toEqual([{ n: 2 }]);
});

test("says what it needs", async () => {
  expect((await replay("--operator", "estate")).code).toBe(2);
  const unknown = await replay("--operator", "estate", "--account", "99", "--from", "2025-03");
  expect([unknown.code, unknown.err.includes("Account 99 has no bill")]).toEqual([1, true]);
});
