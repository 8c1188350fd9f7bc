import type { Pool } from "pg";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Instant, instantOfIso } from "../../domain/instant.ts";
import type { Verdict, VerdictResult } from "../../domain/verdict.ts";
import { writeDecisions } from "../../ledger/decisions.ts";
import { judgeAgain, WORK_RESULTS } from "../../ledger/verdicts.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let meter: bigint;
let n = 0;

const at = (text: string): Instant => instantOfIso(`2026-${text}T00:00:00+08:00`) ?? (0 as Instant);
const october = { from: at("10-01"), to: at("11-01") };
const found = (from: string, to: string, result: VerdictResult = "backwards"): Verdict => ({
  rule: `difference.${result}`,
  version: 1,
  result,
  meterId: meter,
  register: "energy_import_kwh",
  period: { from: at(from), to: at(to) },
  inputs: { from: "50", to: "5" },
  threshold: {},
});
const judge = (...verdicts: Verdict[]) =>
  fresh.db.as(town.operatorId, (trx) =>
    judgeAgain(trx, [{ meterId: meter, period: october }], verdicts, {
      rules: ["difference"],
      touches: "overlaps",
      at: at("11-02"),
    }),
  );
const decisions = async () =>
  (
    await owner.query<{ decision: string }>(
      "select decision from current_verdict_decision where operator_id = $1 order by from_at",
      [town.operatorId],
    )
  ).rows.map((row) => row.decision);

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
});
beforeEach(async () => {
  town = await SmallTown.found(owner, `town-${n++}`);
  meter = await town.meter("m1");
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

test("what is not found again is withdrawn, and found once more it is open again", async () => {
  await judge(found("10-05", "10-06"), found("10-10", "10-11"));
  expect(await decisions()).toEqual([]);
  await judge(found("10-10", "10-11"));
  expect(await decisions()).toEqual(["withdrawn"]);
  await judge(found("10-10", "10-11"));
  expect(await decisions()).toEqual(["withdrawn"]);
  await judge(found("10-05", "10-06"), found("10-10", "10-11"));
  expect(await decisions()).toEqual(["reopen"]);
  await judge();
  expect(await decisions()).toEqual(["withdrawn", "withdrawn"]);
});

test("what lies outside the stretch that was looked at, and another rule's, stays as it is", async () => {
  await judge(found("09-05", "09-06"), { ...found("10-05", "10-06", "suspect"), rule: "vee.spike" });
  await judge();
  expect(await decisions()).toEqual([]);
});

test("a person's decision stays, whether the rule finds it again or not", async () => {
  await judge(found("10-05", "10-06"));
  const { register, period, rule } = found("10-05", "10-06");
  await fresh.db.as(town.operatorId, (trx) =>
    writeDecisions(trx, [
      {
        meterId: meter,
        register,
        ...period,
        rule,
        decision: "accept",
        reason: "seen",
        key: `k-${n}`,
        madeAt: at("11-03"),
      },
    ]),
  );
  await judge();
  await judge(found("10-05", "10-06"));
  expect(await decisions()).toEqual(["accept"]);
});

test("the indexes of the work list name exactly the results that are work for a person", async () => {
  const file = new URL("../../schema/migrations/0007_validated_readings.sql", import.meta.url);
  const lists = [...(await readFile(file, "utf8")).matchAll(/where result in \(([^)]*)\)/g)].map((match) =>
    (match[1] ?? "")
      .split(",")
      .map((name) => name.trim().replaceAll("'", ""))
      .sort(),
  );
  expect(lists).toEqual([WORK_RESULTS.toSorted(), WORK_RESULTS.toSorted()]);
});
