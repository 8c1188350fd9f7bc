/** A bill run in a process of its own, to be killed. DATABASE and accounts per chunk on the command line; says `begin`, then `chunk` after each, through IPC. */
import { pino } from "pino";
import { runBills } from "../../billing/run.ts";
import { PERIOD } from "../../bench/billrun/estate.ts";
import { tariffs } from "../../bench/billrun/tariffs.ts";
import { instant } from "../../domain/instant.ts";
import { noTelemetry as telemetry } from "../../domain/telemetry.ts";
import { openDatabase } from "../../schema/database.ts";

const [url = "", chunk = "10"] = process.argv.slice(2);
const db = openDatabase(url, { max: 4 });
const clock = { now: () => instant(Date.UTC(2026, 9, 2)) };
const deps = { db, clock, tariffs, dials: () => null, telemetry, log: pino({ level: "silent" }) };
process.once("disconnect", () => process.exit()); // the test is over
process.send?.("begin");
await runBills(deps, 1n, PERIOD, { chunk: Number(chunk), onProgress: () => process.send?.("chunk") });
await db.close();
process.disconnect?.();
