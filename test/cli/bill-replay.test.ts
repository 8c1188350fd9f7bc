import type { Pool } from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { billDepsOf } from "../../billing/main.ts";
import { postAccounts, previewAccounts, type ToPost, toPost } from "../../billing/rebill/batch.ts";
import { instant } from "../../domain/instant.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { sanbiaoHere } from "../support/command.ts";
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
  const billed = await sanbiaoHere(["bill", "--operator", "estate", "--period", "2025-03"], { env });
  expect(billed.code, billed.err).toBe(0);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

const replay = (...words: string[]) => sanbiaoHere(["bill", "replay", ...words], { env });

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

test("what was shown is posted account by account; after a kill the same command goes on, and twice adds nothing", async () => {
  await owner.query(
    `insert into reading_edit (operator_id, meter_id, register, measured_at, origin, kind, value, source, reason, idempotency_key, made_at)
     select operator_id, id, 1, '2025-04-01T00:00+08:00', 'clerk', 'value', 190000000, 3, 'misread', 'misread too', '2025-04-21T00:00Z'
       from meter where operator_id = $1 and id <> $2`,
    [town.operatorId, meter],
  );
  const all = ["--operator", "estate", "--all", "--from", "2025-03"];
  const told = await replay(...all, "--json");
  const { digest } = JSON.parse(told.out) as { digest: string };
  const csv = await replay(...all, "--csv");
  expect(csv.out.trim().split("\n")).toHaveLength(3);
  const post = (...words: string[]) => replay(...all, "--post", "--reason", "misread in March", ...words);
  expect((await post("--digest", "0".repeat(64))).err).toContain("rebill.changed");

  // A process that was killed after its first account.
  const from = instant(Date.parse("2025-03-01T00:00+08:00"));
  const clock = { now: () => instant(Date.now()) };
  const books = billDepsOf({ db: fresh.db, clock, telemetry: noTelemetry, log: pino({ level: "silent" }) });
  const accounts: ToPost[] = [];
  for await (const one of previewAccounts(fresh.db, town.operatorId, { selection: {}, from }, books))
    accounts.push(...toPost(one));
  const batch = { operatorId: town.operatorId, accounts, from, digest, reason: "misread in March", by: null };
  const killed = postAccounts(fresh.db, clock, batch, books);
  expect((await killed.next()).value).toMatchObject({ outcome: { kind: "posted" } });
  await killed.return(undefined);

  const rest = await post("--digest", digest, "--json");
  expect(rest.code, rest.err).toBe(0);
  expect(JSON.parse(rest.out)).toMatchObject({ posted: true, corrections: [{ outcome: "posted", account: "8" }] });
  const again = await post("--digest", digest);
  expect([again.code, again.out.trim()]).toEqual([0, "Nothing is left to post."]);
  const { rows } = await owner.query("select number, total_minor from correction order by number");
  expect(rows.map(({ number }: { number: string }) => number.slice(5))).toEqual(["-000001", "-000002"]);
});

test("a bill is cancelled as it was shown and made anew, each under a note of its own", async () => {
  const { rows } = await owner.query<{ number: string }>("select number from bill order by number limit 1");
  const [{ number }] = rows as [{ number: string }];
  const one = async (kind: string, ...words: string[]) => {
    const said = await sanbiaoHere(["bill", kind, number, "--operator", "estate", ...words, "--json"], { env });
    return { code: said.code, ...(JSON.parse(said.out) as { digest: string; outcome?: string; difference: object }) };
  };
  for (const [kind, amount] of [
    ["cancel", "-107.60"],
    ["anew", "107.60"],
  ] as const) {
    const shown = await one(kind);
    expect(shown).toMatchObject({ code: 1, difference: { amount }, charges: { amount: "0.00" } });
    const post = () => one(kind, "--post", "--digest", shown.digest, "--reason", "wrong home");
    expect(await post()).toMatchObject({ code: 0, outcome: "posted", difference: { amount } });
    expect(await post()).toMatchObject({ code: 0, outcome: "already" });
    expect(await one(kind)).toMatchObject({ code: 0, digest: null });
  }
});

test("says what it needs", async () => {
  expect((await replay("--operator", "estate")).code).toBe(2);
  expect((await replay("--operator", "estate", "--all", "--post", "--reason", "why")).code).toBe(2);
  const far = await replay("--operator", "estate", "--all", "--from", "2001-01");
  expect([far.code, far.err.includes("rebill.too-far")]).toEqual([1, true]);
  const unknown = await replay("--operator", "estate", "--account", "99", "--from", "2025-03");
  expect([unknown.code, unknown.err.includes("Account 99 has no bill")]).toEqual([1, true]);
});
