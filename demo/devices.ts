import { createHmac } from "node:crypto";
import { sql } from "kysely";
import type { Instant } from "../domain/instant.ts";
import type { MeterId, OperatorId } from "../domain/reading.ts";
import { addDeviceKey } from "../ledger/device-commands.ts";
import type { Sealer } from "../ledger/sealing.ts";
import { noteTokenMeter } from "../ledger/tokens.ts";
import type { Database } from "../schema/database.ts";
import type { TownMeter } from "../simulators/town/meter.ts";

/** The keys that the town's own devices are made with. */
export const townDeviceKey =
  (secret: string) =>
  (serial: string): Buffer =>
    createHmac("sha256", secret).update(`device-key/${serial}`).digest();

/** A supply group that no association gave out. */
const TEST_GROUP = { iin: "600727", supplyGroup: "999999", tariffIndex: "01", keyRevision: 1, keyType: 2, base: 2014 };

/**
 * Relays that speak for themselves are told in the signed envelope, and have a keypad that takes STS tokens in test mode. Those that have it
 * from an earlier start are left alone.
 */
export async function seedDevices(options: {
  readonly db: Database;
  readonly sealing: Sealer;
  readonly operators: readonly OperatorId[];
  readonly meters: readonly TownMeter[];
  readonly secret: string;
  readonly now: Instant;
}): Promise<void> {
  const { db, sealing, operators, meters, secret, now } = options;
  const serials = meters.filter(({ hasRelay, modbus }) => hasRelay && modbus === null).map(({ serial }) => serial);
  const keyOf = townDeviceKey(secret);
  for (const operatorId of operators)
    await db.as(operatorId, async (trx) => {
      const { rows } = await sql<{ id: MeterId; serial: string }>`
        select m.id, m.serial from sanbiao.meter m
         where m.operator_id = sanbiao.operator_id() and m.serial = any(${serials})
           and not exists (select 1 from sanbiao.device_key k where k.operator_id = m.operator_id and k.meter_id = m.id)`.execute(
        trx,
      );
      for (const { id: meterId, serial } of rows) {
        await addDeviceKey(trx, sealing, { meterId, secret: keyOf(serial), now });
        const detail = { ...TEST_GROUP, iain: serial.slice(-11).padStart(11, "0") };
        const vending = createHmac("sha256", secret).update("vending-key").digest().subarray(0, 8);
        await noteTokenMeter(trx, sealing, { meterId, scheme: "sts", detail, secret: vending, now });
      }
    });
}
