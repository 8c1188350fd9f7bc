import { Command } from "commander";
import { sql } from "kysely";
import { z } from "zod";
import { OpenPaygoDetail, StsDetail } from "../billing/tokens/scheme.ts";
import { CodedError } from "../domain/errors.ts";
import { instant } from "../domain/instant.ts";
import type { MeterId } from "../domain/reading.ts";
import { sealer } from "../ledger/sealing.ts";
import { noteTokenMeter, type TokenScheme } from "../ledger/tokens.ts";
import { openDatabase } from "../schema/database.ts";
import { sealingKeyOf } from "../sealing-key.ts";
import { settingsOf } from "../settings.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf } from "./operator.ts";

type Options = { operator?: string; scheme?: string; key?: string; detail?: string; json?: true };

/** Bytes of the key: of the device (OpenPAYGO), of the supply group's test vending key (STS). */
const KEY_BYTES: Readonly<Record<TokenScheme, number>> = { openpaygo: 16, sts: 8 };
const DETAILS = { openpaygo: OpenPaygoDetail, sts: StsDetail } as const;

/** `sanbiao token-meter`: notes that a meter's keypad takes tokens, and what its scheme must know. */
export const tokenMeterCommand = (io: Io): Command =>
  new Command("token-meter")
    .description(
      "Note that a meter's keypad takes offline tokens. STS is a test mode: real STS keys live in a secure module",
    )
    .argument("<serial>", "the meter's serial number")
    .option("--operator <code>", "the operator's code (required)")
    .option("--scheme <name>", "openpaygo or sts (required)")
    .option("--key <hex>", "the device's key of 16 bytes (openpaygo), or a TEST vending key of 8 (sts) (required)")
    .option("--detail <json>", "what else the scheme must know (required)")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Details: docs/reference/tokens.md. A later note takes the place of this one.

Examples:
  sanbiao token-meter 202431010301 --operator estate --scheme openpaygo --key bc41ec9530f6dac86b1a29ab82edc5fb \\
    --detail '{"startingCode":516959010,"unitMicro":100000,"extended":true}'
  sanbiao token-meter 202431010301 --operator estate --scheme sts --key abababababababab \\
    --detail '{"iin":"600727","iain":"00000000001","supplyGroup":"999999","tariffIndex":"01","keyRevision":1,"keyType":2,"base":2014}'`,
    )
    .action(async (serial: string, _options: unknown, it: Command) => {
      const options = it.optsWithGlobals<Options>();
      const { operator, scheme, key, detail } = options;
      if (
        operator === undefined ||
        key === undefined ||
        detail === undefined ||
        !(scheme === "sts" || scheme === "openpaygo")
      )
        it.error("error: name --operator, --scheme openpaygo or sts, --key and --detail", { exitCode: 2 });
      const bytes = KEY_BYTES[scheme as TokenScheme];
      if (!new RegExp(`^[0-9a-fA-F]{${bytes * 2}}$`).test(key ?? ""))
        it.error(`error: a key of ${scheme} has ${bytes * 2} hex digits`, { exitCode: 2 });
      const parsed = detailOf(scheme as TokenScheme, detail ?? "");
      if ("wrong" in parsed) it.error(`error: --detail: ${parsed.wrong}`, { exitCode: 2 });
      const sealing = sealer(await sealingKeyOf(settingsOf(process.env)));
      const access = await ownerAccess(options.json ? undefined : (text) => io.err(text));
      const db = openDatabase(access.url, { max: 2 });
      try {
        const { operatorId } = await operatorOf(db, operator ?? "");
        await db.as(operatorId, async (trx) => {
          const { rows } = await sql<{ id: MeterId }>`
            select id from sanbiao.meter where operator_id = sanbiao.operator_id() and serial = ${serial}`.execute(trx);
          const meter = rows[0];
          if (meter === undefined)
            throw new CodedError("request.not-found", `No meter of ${operator} has the serial number ${serial}.`);
          await noteTokenMeter(trx, sealing, {
            meterId: meter.id,
            scheme: scheme as TokenScheme,
            detail: "detail" in parsed ? parsed.detail : {},
            secret: Buffer.from(key ?? "", "hex"),
            now: instant(Date.now()),
          });
        });
        if (options.json) printJson(io, { serial, scheme, testMode: scheme === "sts" });
        else
          io.out(
            `${serial} takes ${scheme} tokens${scheme === "sts" ? " (TEST MODE: no meter of a real supply group takes them)" : ""}`,
          );
      } finally {
        await db.close();
        await access.close();
      }
    });

function detailOf(scheme: TokenScheme, text: string): { detail: Record<string, unknown> } | { wrong: string } {
  try {
    const parsed = DETAILS[scheme].safeParse(JSON.parse(text));
    return parsed.success ? { detail: parsed.data } : { wrong: z.prettifyError(parsed.error) };
  } catch {
    return { wrong: "it is no JSON" };
  }
}
