import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { MeterId, OperatorId } from "../domain/reading.ts";
import type { Database } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import type { Sealer } from "./sealing.ts";

type Trx = Transaction<Tables>;

/** A meter's key by version. Never leaves this process but as a signature. */
export type DeviceKey = { readonly version: number; readonly secret: Buffer };

/** Keeps a key of a meter as its next version, which signs from now on; the device must hold it before. */
export async function addDeviceKey(
  trx: Trx,
  sealer: Sealer,
  key: { meterId: MeterId; secret: Uint8Array; now: Instant; madeBy?: bigint },
): Promise<number> {
  const { rows } = await sql<{ version: number }>`
    with held as (select id from sanbiao.meter where operator_id = sanbiao.operator_id() and id = ${key.meterId} for update)
    insert into sanbiao.device_key (operator_id, meter_id, version, sealed, made_at, made_by)
    select sanbiao.operator_id(), held.id, 1 + coalesce((select max(version) from sanbiao.device_key
             where operator_id = sanbiao.operator_id() and meter_id = held.id), 0),
           ${sealer.seal(key.secret)}, ${isoOf(key.now)}, ${key.madeBy ?? null} from held returning version`.execute(
    trx,
  );
  const row = rows[0];
  if (row === undefined) throw new RangeError(`no meter ${key.meterId} of this operator`);
  return row.version;
}

/** A number for one command, with the key that signs it. */
export type CommandNumber = { readonly sequence: number; readonly key: DeviceKey };

export type DeviceCommands = {
  /** `null`: this meter has no key, and is told in the plain envelope. */
  keysOf(operatorId: OperatorId, meterId: MeterId): Promise<readonly DeviceKey[] | null>;
  /**
   * Takes the next number of a meter and writes the command down; committed when it resolves. Two processes never get the same, and a restart
   * goes on above. A number is at least the milliseconds since 1970, so that a database brought back from a backup goes on above too.
   */
  take(
    operatorId: OperatorId,
    command: { meterId: MeterId; command: string; issued: Instant; expires: Instant; keyVersion: number },
  ): Promise<number>;
  /** The device has heard a higher number than we know of: go on above it. */
  lift(operatorId: OperatorId, meterId: MeterId, last: number): Promise<void>;
};

export function deviceCommands(db: Database, sealer: Sealer): DeviceCommands {
  return {
    keysOf: (operatorId, meterId) =>
      db.as(operatorId, async (trx) => {
        const { rows } = await sql<{ version: number; sealed: Buffer }>`
          select version, sealed from sanbiao.device_key
           where operator_id = sanbiao.operator_id() and meter_id = ${meterId} order by version desc`.execute(trx);
        return rows.length === 0 ? null : rows.map(({ version, sealed }) => ({ version, secret: sealer.open(sealed) }));
      }),
    take: (operatorId, { meterId, command, issued, expires, keyVersion }) =>
      db.as(operatorId, async (trx) => {
        const { rows } = await sql<{ sequence: bigint }>`
          with next as (
            insert into sanbiao.device_sequence as s (operator_id, meter_id, last)
              values (sanbiao.operator_id(), ${meterId}, ${BigInt(issued)})
              on conflict (operator_id, meter_id) do update set last = greatest(s.last + 1, excluded.last) returning last)
          insert into sanbiao.device_command (operator_id, meter_id, sequence, command, key_version, issued_at, expires_at)
          select sanbiao.operator_id(), ${meterId}, next.last, ${command}, ${keyVersion}, ${isoOf(issued)}, ${isoOf(expires)}
            from next returning sequence`.execute(trx);
        return Number(rows[0]?.sequence);
      }),
    lift: (operatorId, meterId, last) =>
      db.as(operatorId, async (trx) => {
        await sql`update sanbiao.device_sequence set last = ${BigInt(last)}
                   where operator_id = sanbiao.operator_id() and meter_id = ${meterId} and last < ${BigInt(last)}`.execute(
          trx,
        );
      }),
  };
}
