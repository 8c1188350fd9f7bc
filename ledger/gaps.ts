import { sql } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { MeterId, OperatorId } from "../domain/reading.ts";
import type { Database } from "../schema/database.ts";

/** Which meters are not heard, since when and why: one open row per meter, closed by the next value. */
export type GapsBook = {
  /** A poll failed. Opens a gap, or leaves the open one as it is. */
  missed(operatorId: OperatorId, meterId: MeterId, from: Instant, reason: string): Promise<void>;
  /** The meter spoke again. Costs nothing while no gap is open. */
  heard(operatorId: OperatorId, meterId: MeterId, at: Instant): Promise<void>;
};

/** @returns a book that knows the gaps that a process before it left open */
export async function openGaps(db: Database): Promise<GapsBook> {
  const open = new Set<string>();
  const key = (operatorId: OperatorId, meterId: MeterId) => `${operatorId}/${meterId}`;
  const { rows } = await sql<{ operator_id: bigint }>`select operator_id from sanbiao.operators()`.execute(db.kysely);
  for (const { operator_id } of rows) {
    const left = await db.as(operator_id, (trx) =>
      trx.selectFrom("gap").select("meter_id").where("to_at", "is", null).execute(),
    );
    for (const { meter_id } of left) open.add(key(operator_id, meter_id));
  }
  return {
    async missed(operatorId, meterId, from, reason) {
      if (open.has(key(operatorId, meterId))) return;
      open.add(key(operatorId, meterId));
      await db
        .as(operatorId, (trx) =>
          sql`insert into sanbiao.gap (operator_id, meter_id, from_at, reason) values (${operatorId}, ${meterId}, ${isoOf(from)}, ${reason})
              on conflict do nothing`.execute(trx),
        )
        .catch((error: unknown) => {
          open.delete(key(operatorId, meterId)); // the next failed poll tries again
          throw error;
        });
    },
    async heard(operatorId, meterId, at) {
      if (!open.delete(key(operatorId, meterId))) return;
      await db
        .as(operatorId, (trx) =>
          sql`update sanbiao.gap set to_at = greatest(${isoOf(at)}::timestamptz, from_at)
               where operator_id = ${operatorId} and meter_id = ${meterId} and to_at is null`.execute(trx),
        )
        .catch((error: unknown) => {
          open.add(key(operatorId, meterId));
          throw error;
        });
    },
  };
}
