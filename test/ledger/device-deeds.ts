import { type Instant, instant, MINUTE_MS } from "../../domain/instant.ts";
import type { OperatorId } from "../../domain/reading.ts";
import { addDeviceKey, deviceCommands } from "../../ledger/device-commands.ts";
import { sealer } from "../../ledger/sealing.ts";
import type { Database } from "../../schema/database.ts";

/** A meter with a key, told one signed command. */
export async function tellDevice(db: Database, operatorId: OperatorId, meterId: bigint, now: Instant): Promise<void> {
  const sealing = sealer(new Uint8Array(32));
  const keyVersion = await db.as(operatorId, (trx) =>
    addDeviceKey(trx, sealing, { meterId, secret: new Uint8Array(32), now }),
  );
  const expires = instant(now + MINUTE_MS);
  await deviceCommands(db, sealing).take(operatorId, { meterId, command: "trip", issued: now, expires, keyVersion });
}

/** What a superuser can do to devices and their tokens, and the invariant that names it. */
export const DEVICE_DEEDS: [title: string, sql: string, named: string][] = [
  ["numbers of commands set back", "update device_sequence set last = last - 1", "commands-numbered"],
  ["the key of a command deleted", "delete from device_key", "commands-numbered"],
];
