import { sql } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { AppendOutcome, MeterId, OperatorId, Reading } from "../domain/reading.ts";
import type { RegisterCode } from "../domain/register.ts";
import { appendReadings } from "../ledger/readings.ts";
import type { Database } from "../schema/database.ts";

/** Books a batch and answers for each reading, in order. */
export type Booking = (readings: readonly Reading[]) => Promise<readonly AppendOutcome[]>;

/** Readings per transaction. Our choice: the book's batches are of this size too. */
export const BATCH = 2_000;

export const booking = (db: Database, operatorId: OperatorId): Booking => {
  return (readings) => appendReadings(db, operatorId, readings);
};

/** Says what booking would answer and writes nothing. Remembers the file's own keys, so its memory grows with the file. */
export function rehearsal(db: Database, operatorId: OperatorId): Booking {
  const seen = new Map<string, bigint>();
  return async (readings) => {
    const booked = await bookedValues(db, operatorId, readings);
    return readings.map((reading) => {
      const key = keyOf(reading);
      const before = booked.get(key) ?? seen.get(key);
      if (before === undefined) seen.set(key, reading.value);
      return before === undefined ? "accepted" : before === reading.value ? "already" : "conflict";
    });
  };
}

type Key = Pick<Reading, "meterId" | "register" | "measuredAt">;
const keyOf = ({ meterId, register, measuredAt }: Key): string => `${meterId}/${register}/${measuredAt}`;

async function bookedValues(db: Database, operatorId: OperatorId, keys: readonly Key[]): Promise<Map<string, bigint>> {
  const array = (values: readonly (bigint | number)[]) => `{${values.join(",")}}`;
  const { rows } = await db.as(operatorId, (trx) =>
    sql<{ meter_id: bigint; register: number; measured_at: Instant; value: bigint }>`
      select r.meter_id, r.register, r.measured_at, r.value
        from unnest(${array(keys.map((key) => key.meterId))}::bigint[], ${array(keys.map((key) => key.register))}::smallint[],
                    ${array(keys.map((key) => key.measuredAt))}::bigint[]) as k (m, g, t)
        join sanbiao.reading r on r.operator_id = ${operatorId} and r.meter_id = k.m and r.register = k.g
         and r.measured_at = timestamptz 'epoch' + k.t * interval '1 millisecond'`.execute(trx),
  );
  return new Map(
    rows.map((row) => [
      keyOf({ meterId: row.meter_id, register: row.register, measuredAt: row.measured_at }),
      row.value,
    ]),
  );
}

/** The book's values of one register in `[from, to]`, by instant. */
export async function valuesWithin(
  db: Database,
  operatorId: OperatorId,
  meterId: MeterId,
  register: RegisterCode,
  from: Instant,
  to: Instant,
): Promise<Map<Instant, bigint>> {
  const rows = await db.as(operatorId, (trx) =>
    trx
      .selectFrom("reading")
      .select(["measured_at", "value"])
      .where("operator_id", "=", operatorId)
      .where("meter_id", "=", meterId)
      .where("register", "=", register)
      .where(sql<boolean>`measured_at between ${isoOf(from)}::timestamptz and ${isoOf(to)}::timestamptz`)
      .execute(),
  );
  return new Map(rows.map((row) => [row.measured_at, row.value]));
}

/** The youngest value of one register. */
export async function youngest(
  db: Database,
  operatorId: OperatorId,
  meterId: MeterId,
  register: RegisterCode,
): Promise<{ at: Instant; value: bigint } | null> {
  const row = await db.as(operatorId, (trx) =>
    trx
      .selectFrom("reading")
      .select(["measured_at as at", "value"])
      .where("operator_id", "=", operatorId)
      .where("meter_id", "=", meterId)
      .where("register", "=", register)
      .orderBy("measured_at", "desc")
      .limit(1)
      .executeTakeFirst(),
  );
  return row ?? null;
}
