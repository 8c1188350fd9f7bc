import { sql } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { MeterId, OperatorId } from "../domain/reading.ts";
import type { Database } from "../schema/database.ts";
import { isTransient } from "./transient.ts";

/**
 * Which meters are not heard, since when and why: one open row per meter, closed by the next value. What cannot be written
 * now rejects, is kept with its times, and is written by the next call for the meter.
 */
export type GapsBook = {
  /** A poll failed. Opens a gap, or leaves the open one as it is: it begins with the first failure. */
  missed(operatorId: OperatorId, meterId: MeterId, from: Instant, reason: string): Promise<void>;
  /** The meter spoke at `at`. Costs nothing while no gap is open; a value from before the gap does not close it. */
  heard(operatorId: OperatorId, meterId: MeterId, at: Instant): Promise<void>;
  /** Meters whose gap is open now. */
  open(): MeterId[];
  /** Since when a meter's gap is open; `null` when none is. */
  openSince(operatorId: OperatorId, meterId: MeterId): Instant | null;
  /** Writes what could not be written before. */
  settle(): Promise<void>;
};

type Change =
  | { readonly kind: "open"; readonly from: Instant; readonly reason: string }
  | { readonly kind: "close"; readonly at: Instant };

/** A meter with an open gap, or with changes that are not in the book yet: they are written in their order. */
type Silence = {
  readonly operatorId: OperatorId;
  readonly meterId: MeterId;
  openSince: Instant | null;
  readonly unwritten: Change[];
  writing: Promise<void> | null;
};

/** @returns a book that knows the gaps that a process before it left open */
export async function openGaps(db: Database): Promise<GapsBook> {
  const silences = new Map<string, Silence>();
  const keyOf = (operatorId: OperatorId, meterId: MeterId): string => `${operatorId}/${meterId}`;
  const silenceOf = (operatorId: OperatorId, meterId: MeterId, openSince: Instant | null): Silence => {
    const silence = { operatorId, meterId, openSince, unwritten: [], writing: null };
    silences.set(keyOf(operatorId, meterId), silence);
    return silence;
  };

  async function writeAll(silence: Silence): Promise<void> {
    const { operatorId, meterId, unwritten } = silence;
    try {
      for (let change = unwritten[0]; change !== undefined; change = unwritten[0]) {
        await write(db, operatorId, meterId, change);
        unwritten.shift();
      }
      if (silence.openSince === null) silences.delete(keyOf(operatorId, meterId));
    } catch (error) {
      if (!isTransient(error as Error)) unwritten.shift(); // it would be refused for ever
      throw error;
    } finally {
      silence.writing = null;
    }
  }
  const settle = (silence: Silence): Promise<void> =>
    silence.unwritten.length === 0 ? Promise.resolve() : (silence.writing ??= writeAll(silence));

  for (const { operatorId, meterId, from } of await leftOpen(db)) silenceOf(operatorId, meterId, from);
  return {
    openSince: (operatorId, meterId) => silences.get(keyOf(operatorId, meterId))?.openSince ?? null,
    settle: async () => {
      for (const silence of silences.values()) await settle(silence);
    },
    open: () => [...silences.values()].filter(({ openSince }) => openSince !== null).map(({ meterId }) => meterId),
    missed(operatorId, meterId, from, reason) {
      const silence = silences.get(keyOf(operatorId, meterId)) ?? silenceOf(operatorId, meterId, null);
      if (silence.openSince === null) {
        silence.openSince = from;
        silence.unwritten.push({ kind: "open", from, reason });
      }
      return settle(silence);
    },
    async heard(operatorId, meterId, at) {
      const silence = silences.get(keyOf(operatorId, meterId));
      if (silence === undefined) return;
      if (silence.openSince !== null && at >= silence.openSince) {
        silence.openSince = null;
        silence.unwritten.push({ kind: "close", at });
      }
      await settle(silence);
    },
  };
}

async function leftOpen(db: Database): Promise<{ operatorId: OperatorId; meterId: MeterId; from: Instant }[]> {
  const { rows } = await sql<{ operator_id: bigint }>`select operator_id from sanbiao.operators()`.execute(db.kysely);
  const all = [];
  for (const { operator_id: operatorId } of rows) {
    const open = await db.as(operatorId, (trx) =>
      trx.selectFrom("gap").select(["meter_id", "from_at"]).where("to_at", "is", null).execute(),
    );
    for (const { meter_id, from_at } of open) all.push({ operatorId, meterId: meter_id, from: from_at });
  }
  return all;
}

const write = (db: Database, operatorId: OperatorId, meterId: MeterId, change: Change): Promise<unknown> =>
  db.as(operatorId, (trx) =>
    change.kind === "open"
      ? sql`insert into sanbiao.gap (operator_id, meter_id, from_at, reason)
              values (${operatorId}, ${meterId}, ${isoOf(change.from)}, ${change.reason}) on conflict do nothing`.execute(
          trx,
        )
      : sql`update sanbiao.gap set to_at = ${isoOf(change.at)}
              where operator_id = ${operatorId} and meter_id = ${meterId} and to_at is null`.execute(trx),
  );
