/** Broker and ingest in a process of their own, to be killed. DATABASE, PORT and perhaps SPOOL on the command line; says "ready" through IPC. */
import { startBroker } from "../../broker/broker.ts";
import { PROFILES } from "../../catalog/meters/catalogue.ts";
import { openDirectory } from "../../collectors/directory.ts";
import { mqttIngest } from "../../collectors/mqtt/ingest.ts";
import { instant } from "../../domain/instant.ts";
import { noTelemetry as telemetry } from "../../domain/telemetry.ts";
import { readingsBatcher } from "../../ledger/batcher.ts";
import { refusalsBook } from "../../ledger/refusals.ts";
import { diskOverflow } from "../../ledger/spool/overflow.ts";
import { openSpool } from "../../ledger/spool/spool.ts";
import { openDatabase } from "../../schema/database.ts";
import { pino } from "pino";

const [url = "", port = "0", spoolFolder] = process.argv.slice(2);
const db = openDatabase(url);
const clock = { now: () => instant(Date.now()) };
const log = pino({ level: "silent" });
const directory = await openDirectory(db, clock);
const refusals = refusalsBook({ db, telemetry, log });
const overflow =
  spoolFolder === undefined
    ? undefined
    : diskOverflow({
        spool: await openSpool({ folder: spoolFolder, log, segmentBytes: 20_000 }),
        db,
        refusals,
        clock,
        telemetry,
        log,
        onCommitted: () => {},
      });
const batcher = readingsBatcher({ db, telemetry, log, ...(overflow === undefined ? {} : { overflow }) });
const ingest = mqttIngest({ directory, profiles: PROFILES, batcher, refusals, clock, log });
await startBroker({
  port: Number(port),
  host: "127.0.0.1",
  credentials: directory,
  onMessage: ingest.take,
  refusals,
  clock,
  telemetry,
  log,
});
process.send?.("ready");
process.once("disconnect", () => process.exit()); // the test is over
