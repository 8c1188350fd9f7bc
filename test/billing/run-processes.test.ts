import { fork } from "node:child_process";
import { once } from "node:events";
import type { Pool } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pino } from "pino";
import { billDepsOf } from "../../billing/main.ts";
import type { HelperNews, HelperTask } from "../../billing/run-processes.ts";
import { runBillsInProcesses } from "../../billing/run-processes.ts";
import { instant } from "../../domain/instant.ts";
import { day, periodOfDays } from "../../domain/period.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { type Database, openDatabase } from "../../schema/database.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { foundMarch } from "../support/march.ts";

const MARCH = periodOfDays(day("2025-03-01"), day("2025-04-01"), "Asia/Shanghai");
const ACCOUNTS = 24;

let fresh: FreshDatabase;
let owner: Pool;
let db: Database;
let operatorId: bigint;
beforeEach(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  db = openDatabase(fresh.url, { max: 4 });
  ({ operatorId } = await foundMarch(owner, ACCOUNTS));
});
afterEach(async () => {
  await db.close();
  await owner.end();
  await fresh.drop();
});

const deps = () =>
  billDepsOf({
    db,
    clock: { now: () => instant(Date.now()) },
    telemetry: noTelemetry,
    log: pino({ level: "silent" }),
  });
const numbers = async () =>
  (await owner.query<{ number: string }>("select number from bill order by number")).rows.map(({ number }) => number);
const run = (url: string, processes = 2) =>
  runBillsInProcesses(deps(), operatorId, MARCH, { processes, url }, { chunk: 2 });

test("several processes bill every account once, without a gap in the numbers", async () => {
  const result = await run(fresh.url, 3);
  expect(result).toMatchObject({ finished: true, refused: [] });
  expect(result.issued.length).toBe(ACCOUNTS);
  expect((await numbers()).map((number) => Number(number.slice(5)))).toEqual(
    Array.from({ length: ACCOUNTS }, (_, i) => i + 1),
  );
  expect((await run(fresh.url)).issued).toEqual([]);
});

test("a helper takes its share when it is asked", async () => {
  const child = fork(new URL("../../billing/run-helper.ts", import.meta.url));
  const news: HelperNews[] = [];
  child.on("message", (one: HelperNews) => news.push(one));
  child.send({
    url: fresh.url,
    operatorId: String(operatorId),
    period: MARCH,
    chunk: 5,
    lanes: 1,
  } satisfies HelperTask);
  const [code] = (await once(child, "exit")) as [number];
  expect(code).toBe(0);
  expect(news.at(-1)).toMatchObject({ kind: "done", refused: [] });
  expect((await numbers()).length).toBe(ACCOUNTS);
});

test("helpers that cannot reach the database leave everything to the first process", async () => {
  const result = await run("postgres://nobody@127.0.0.1:1/nowhere");
  expect(result).toMatchObject({ finished: true, refused: [] });
  expect(result.issued.length).toBe(ACCOUNTS);
});
