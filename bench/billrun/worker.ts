/**
 * One process that bills the bench's month, for a parent that measures it.
 * Run: node bench/billrun/worker.ts URL LANES; tells `{ issued, refused, seconds, ownCpuSeconds, peakMiB }`.
 */
import { performance } from "node:perf_hooks";
import { pino } from "pino";
import { runBills } from "../../billing/run.ts";
import { instant } from "../../domain/instant.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { openDatabase } from "../../schema/database.ts";
import { PERIOD } from "./estate.ts";
import { tariffs } from "./tariffs.ts";

const [url = "", lanes = "2"] = process.argv.slice(2);
const db = openDatabase(url, { max: 8 });
const deps = {
  db,
  clock: { now: () => instant(Date.now()) },
  tariffs,
  dials: () => null,
  telemetry: noTelemetry,
  log: pino({ level: "warn" }, pino.destination(2)),
};
const [begun, cpu] = [performance.now(), process.cpuUsage()];
const { issued, refused } = await runBills(deps, 1n, PERIOD, { lanes: Number(lanes) });
const seconds = (performance.now() - begun) / 1000;
const { user, system } = process.cpuUsage(cpu);
const ownCpuSeconds = (user + system) / 1e6;
await db.close();
const peakMiB = process.resourceUsage().maxRSS / 1024;
const told = { issued: issued.length, refused: refused.length, seconds, ownCpuSeconds, peakMiB };
if (process.send === undefined) console.log(told);
else process.send(told);
