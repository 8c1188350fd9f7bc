/**
 * One more process of a bill run (`run-processes.ts`): told by message what to bill, it takes its share and says what it did.
 * It ends with the process that began it.
 */
import { once } from "node:events";
import { pino } from "pino";
import { instant } from "../domain/instant.ts";
import { noTelemetry } from "../domain/telemetry.ts";
import { openDatabase } from "../schema/database.ts";
import { billDepsOf } from "./main.ts";
import { runBills } from "./run.ts";
import type { HelperNews, HelperTask } from "./run-processes.ts";

const [task] = (await once(process, "message")) as [HelperTask];
let isStopped = false;
process.on("message", () => {
  isStopped = true;
});
process.once("disconnect", () => process.exit(1));
process.on("SIGINT", () => {}); // a terminal tells all its processes; the one that began this one decides
const say = (news: HelperNews): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(news, () => resolve());
  });
const { url, operatorId, period, ...options } = task;
const db = openDatabase(url, { max: 4 });
const log = pino({ level: "warn" }, pino.destination(2));
const deps = billDepsOf({ db, clock: { now: () => instant(Date.now()) }, telemetry: noTelemetry, log });
const { issued, refused } = await runBills(deps, BigInt(operatorId), period, {
  ...options,
  stop: () => isStopped,
  onProgress: (seen) => void say({ kind: "progress", issued: seen.issued, refused: seen.refused }),
}).catch((error: unknown) => {
  log.error({ err: error }, "a helper of the bill run ends; the others take over its share");
  process.exit(1);
});
await say({
  kind: "done",
  issued: issued.map(({ accountId, billId }) => [String(accountId), String(billId)]),
  refused: refused.map(({ accountId, reason, detail }) => ({ accountId: String(accountId), reason, detail })),
});
await db.close();
process.exit(0);
