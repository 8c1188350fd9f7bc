import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { MeterId } from "../domain/reading.ts";
import type { MeterEventTable } from "../schema/tables/meter-life.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;

/** Who does something to a meter, why, and what makes the same request the same. */
export type Deed = {
  readonly key: string;
  readonly reason: string;
  readonly by: bigint | null;
  /** A photo by its sha-256, or in words where it is kept. */
  readonly photo?: string;
  readonly now: Instant;
};

export const LIFE_REFUSALS = [
  "unknown_meter",
  "unknown_point",
  "unknown_wire",
  "serial_taken",
  "address_taken",
  "future",
  "wrong_utility",
  "wrong_register",
  "same_meter",
  "point_taken",
  "elsewhere",
  "overlap",
  "not_installed",
  "below_booked",
  "nothing_changes",
  "seal_in_use",
  "seal_unknown",
  "due_before",
] as const;
export type LifeRefusal = (typeof LIFE_REFUSALS)[number];

/**
 * `already`: this key did the same before. `different`: it did something else; nothing was done now. `refused`: nothing was done.
 * `rebill`: bills that rest on what was now corrected; they stand until somebody bills those periods again.
 */
export type LifeOutcome =
  | {
      readonly kind: "done";
      readonly eventId: bigint;
      readonly meterId: MeterId;
      readonly rebill: readonly string[];
    }
  | { readonly kind: "already" | "different"; readonly eventId: bigint; readonly meterId: MeterId }
  | Refused;
export type Refused = { readonly kind: "refused"; readonly reason: LifeRefusal; readonly detail: string };

export const refused = (reason: LifeRefusal, detail: string): Refused => ({ kind: "refused", reason, detail });

/** What was asked, as it is compared: texts only. */
export type Asked = Readonly<Record<string, unknown>>;

/** Takes the key for this transaction: of two at once the second waits and finds what the first did. */
export async function doneBefore(trx: Trx, deed: Deed, asked: Asked): Promise<LifeOutcome | null> {
  await sql`select pg_advisory_xact_lock(hashtextextended('meter_event/' || sanbiao.operator_id() || '/' || ${deed.key}, 0))`.execute(
    trx,
  );
  const { rows } = await sql<{ id: bigint; meter_id: bigint; same: boolean }>`
    select id, meter_id, request = ${JSON.stringify(asked)}::jsonb as same from sanbiao.meter_event
     where operator_id = sanbiao.operator_id() and idempotency_key = ${deed.key}`.execute(trx);
  const row = rows[0];
  if (row === undefined) return null;
  return { kind: row.same ? "already" : "different", eventId: row.id, meterId: row.meter_id };
}

export type MeterEventToWrite = {
  readonly meterId: MeterId;
  readonly kind: MeterEventTable["kind"];
  readonly at: Instant;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Given on the first row of a request. */
  readonly asked?: Asked;
};

export async function writeEvent(trx: Trx, deed: Deed, event: MeterEventToWrite): Promise<bigint> {
  const { asked } = event;
  const row = await trx
    .insertInto("meter_event")
    .values({
      operator_id: sql<bigint>`sanbiao.operator_id()`,
      meter_id: event.meterId,
      kind: event.kind,
      at: isoOf(event.at),
      detail: JSON.stringify(event.detail),
      photo: deed.photo ?? null,
      reason: deed.reason,
      recorded_at: isoOf(deed.now),
      recorded_by: deed.by,
      idempotency_key: asked === undefined ? null : deed.key,
      request: asked === undefined ? null : JSON.stringify(asked),
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}
