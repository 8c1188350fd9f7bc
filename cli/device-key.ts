import { randomBytes } from "node:crypto";
import { Command } from "commander";
import { sql } from "kysely";
import { CodedError } from "../domain/errors.ts";
import { instant } from "../domain/instant.ts";
import type { MeterId } from "../domain/reading.ts";
import { addDeviceKey } from "../ledger/device-commands.ts";
import { sealer } from "../ledger/sealing.ts";
import { openDatabase } from "../schema/database.ts";
import { sealingKeyOf } from "../sealing-key.ts";
import { settingsOf } from "../settings.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf } from "./operator.ts";

type Options = { operator?: string; key?: string; json?: true };

/** `sanbiao device-key`: the key that signs commands to one meter. It is shown this once. */
export const deviceKeyCommand = (io: Io): Command =>
  new Command("device-key")
    .description("Give a meter of our own MQTT envelope its next key; from now on commands to it are signed with it")
    .argument("<serial>", "the meter's serial number")
    .option("--operator <code>", "the operator's code (required)")
    .option("--key <hex>", "64 hex digits that the device holds already; default: a fresh key, shown this once")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Let the device hold the new key before (it may hold two): docs/reference/mqtt.md, Signed commands.

Examples:
  sanbiao device-key 202431010301 --operator estate
  sanbiao device-key 202431010301 --operator estate --key 00010203…1e1f`,
    )
    .action(async (serial: string, _options: unknown, it: Command) => {
      const options = it.optsWithGlobals<Options>();
      if (options.operator === undefined) it.error("error: name --operator", { exitCode: 2 });
      if (options.key !== undefined && !/^[0-9a-f]{64}$/i.test(options.key))
        it.error("error: a key has 64 hex digits", { exitCode: 2 });
      const secret = options.key === undefined ? randomBytes(32) : Buffer.from(options.key, "hex");
      const sealing = sealer(await sealingKeyOf(settingsOf(process.env)));
      const access = await ownerAccess(options.json ? undefined : (text) => io.err(text));
      const db = openDatabase(access.url, { max: 2 });
      try {
        const { operatorId } = await operatorOf(db, options.operator ?? "");
        const version = await db.as(operatorId, async (trx) => {
          const { rows } = await sql<{ id: MeterId }>`
            select id from sanbiao.meter where operator_id = sanbiao.operator_id() and serial = ${serial}`.execute(trx);
          const meter = rows[0];
          if (meter === undefined)
            throw new CodedError(
              "request.not-found",
              `No meter of ${options.operator} has the serial number ${serial}.`,
            );
          return addDeviceKey(trx, sealing, { meterId: meter.id, secret, now: instant(Date.now()) });
        });
        const shown = options.key === undefined ? { key: secret.toString("hex") } : {};
        if (options.json) printJson(io, { serial, version, ...shown });
        else {
          io.out(`key ${version} of ${serial} signs from now on`);
          if (shown.key !== undefined) io.out(`${shown.key}   (shown this once)`);
        }
      } finally {
        await db.close();
        await access.close();
      }
    });
