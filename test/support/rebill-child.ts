/** Posts every difference of operator 1's bills in a process of its own, to be killed: DATABASE on the command line; says `begin`, then `posted` after each account, through IPC. */
import { pino } from "pino";
import { billDepsOf } from "../../billing/main.ts";
import { postAccounts, previewAccounts, requireSame, type ToPost, toPost } from "../../billing/rebill/batch.ts";
import { instant, instantOfIso } from "../../domain/instant.ts";
import { noTelemetry as telemetry } from "../../domain/telemetry.ts";
import { openDatabase } from "../../schema/database.ts";

const [url = "", digest = ""] = process.argv.slice(2);
const db = openDatabase(url, { max: 2 });
const clock = { now: () => instant(Date.UTC(2025, 3, 25)) };
const books = billDepsOf({ db, clock, telemetry, log: pino({ level: "silent" }) });
const from = instantOfIso("2025-03-01T00:00:00+08:00") ?? clock.now();
process.once("disconnect", () => process.exit()); // the test is over
const accounts: ToPost[] = [];
for await (const one of previewAccounts(db, 1n, { selection: {}, from }, books)) accounts.push(...toPost(one));
await requireSame(db, 1n, accounts, digest);
process.send?.("begin");
const batch = { operatorId: 1n, accounts, from, digest, reason: "misread", by: null };
for await (const { outcome } of postAccounts(db, clock, batch, books)) process.send?.(outcome.kind);
await db.close();
process.disconnect?.();
