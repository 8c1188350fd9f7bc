import { type Selectable, sql, type Transaction } from "kysely";
import type { Instant } from "../domain/instant.ts";
import type { Period } from "../domain/period.ts";
import { type Micro, microOf } from "../domain/quantity.ts";
import { appliedRatio, atRatio, RATIO_ONE, type RatioRow, ratioOf, trueRatio } from "../domain/ratio.ts";
import { type AppendOutcome, type MeterId, type OperatorId, READING_SOURCES } from "../domain/reading.ts";
import type { RegisterCode } from "../domain/register.ts";
import type { Utility } from "../domain/unit.ts";
import { timestamptz } from "../schema/database.ts";
import type { ManualReadingTable } from "../schema/tables/manual.ts";
import type { Tables } from "../schema/tables.ts";
import { readRatios } from "./ratios.ts";

type Trx = Transaction<Tables>;

export const SKIP_REASONS = ["no_access", "meter_broken", "not_found", "unreadable"] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** An entry as a person sent it; either a value or why there is none. */
export type ManualEntry = {
  readonly entryId: string;
  readonly routeId: bigint | null;
  readonly meterId: MeterId;
  readonly register: RegisterCode;
  readonly dialValue: Micro | null;
  readonly skip: SkipReason | null;
  /** By the phone's clock. */
  readonly phoneAt: Instant;
  readonly note: string;
  readonly photo: Buffer | null;
};

/** As it is kept, and by whom. */
export type KeptEntry = Selectable<ManualReadingTable> & { readonly by: string };

const kept = sql`select e.*, u.name as by from sanbiao.manual_reading e
  join sanbiao.app_user u on u.operator_id = e.operator_id and u.id = e.user_id`;

async function entryOf(trx: Trx, operatorId: OperatorId, entryId: string): Promise<KeptEntry | null> {
  const { rows } = await sql<KeptEntry>`${kept}
    where e.operator_id = ${operatorId} and e.entry_id = ${entryId}`.execute(trx);
  return rows[0] ?? null;
}

/** One at a time per entry: the same entry on its way twice waits for its twin. Held to the end of the transaction. */
export async function lockEntry(trx: Trx, operatorId: OperatorId, entryId: string): Promise<KeptEntry | null> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`manual/${operatorId}/${entryId}`}, 0))`.execute(trx);
  return entryOf(trx, operatorId, entryId);
}

/** Whether a kept entry says the same as one that came again. */
export const isSameEntry = (before: KeptEntry, entry: ManualEntry): boolean =>
  before.meter_id === entry.meterId &&
  before.register === entry.register &&
  before.dial_value === entry.dialValue &&
  before.skip_reason === entry.skip &&
  before.phone_at === entry.phoneAt &&
  before.note === entry.note &&
  (before.photo_sha256 ?? Buffer.alloc(0)).equals(entry.photo ?? Buffer.alloc(0));

/** A meter where it hung at an instant. */
export type HandMeter = {
  readonly meterId: MeterId;
  readonly utility: Utility;
  readonly profileId: string;
  /** `null`: it hung nowhere then. Greatest use per hour as the dial counts it. */
  readonly stay: { readonly maxPerHour: Micro | null } | null;
  /** Its ratios in the order of recording; none: always read at 1. */
  readonly ratios: readonly RatioRow[];
};

/** Locks the meter against a second reader at the same dial; `null` when there is none. */
export async function lockMeter(
  trx: Trx,
  operatorId: OperatorId,
  meterId: MeterId,
  at: Instant,
): Promise<HandMeter | null> {
  const locked = await sql<{ id: bigint }>`select id from sanbiao.meter
    where operator_id = ${operatorId} and id = ${meterId} for no key update`.execute(trx);
  if (locked.rows.length === 0) return null;
  return (await metersAt(trx, operatorId, [{ meterId, at }]))[0] ?? null;
}

/** These meters with the ratio and the capacity that they had at these instants, in the order asked. Unknown ones are left out. */
export async function metersAt(
  trx: Trx,
  operatorId: OperatorId,
  asked: readonly { readonly meterId: MeterId; readonly at: Instant }[],
): Promise<HandMeter[]> {
  const ids = `{${asked.map(({ meterId }) => meterId).join(",")}}`;
  const ats = `{${asked.map(({ at }) => `"${timestamptz(at)}"`).join(",")}}`;
  const { rows } = await sql<{
    id: bigint;
    utility: Utility;
    profile_id: string;
    ratio: string | null;
    capacity_per_hour: string | null;
  }>`select m.id, m.utility, m.profile_id, r.ratio,
            round(i.capacity_per_hour * r.ratio / i.ratio, 6) as capacity_per_hour
       from unnest(${ids}::bigint[], ${ats}::timestamptz[]) with ordinality as a (id, at, o)
       join sanbiao.meter m on m.operator_id = ${operatorId} and m.id = a.id
       left join lateral (select ratio, capacity_per_hour from sanbiao.installation i
          where i.operator_id = m.operator_id and i.meter_id = m.id and i.installed_at <= a.at
            and (i.removed_at is null or i.removed_at > a.at)
          order by i.installed_at desc limit 1) i on true
       left join lateral (select r.ratio from sanbiao.meter_ratio r
          where r.operator_id = m.operator_id and r.meter_id = m.id and r.from_at <= a.at and i.ratio is not null
          order by r.recorded_at desc, r.id desc limit 1) r on true
      order by a.o`.execute(trx);
  const book = await readRatios(
    trx,
    rows.map((row) => row.id),
  );
  return rows.map((row) => ({
    meterId: row.id,
    utility: row.utility,
    profileId: row.profile_id,
    stay: row.ratio === null ? null : { maxPerHour: capacityOf(row.capacity_per_hour, row.ratio) },
    ratios: book.get(row.id) ?? [],
  }));
}

function capacityOf(perHour: string | null, ratio: string): Micro | null {
  const booked = perHour === null ? null : microOf(perHour);
  return booked === null ? null : atRatio(booked, ratioOf(ratio) ?? RATIO_ONE, RATIO_ONE);
}

/** What a dial's value is in the readings book, at the ratio that is known as it is booked. */
export const bookOfDial = (dial: Micro, { ratios }: HandMeter, at: Instant, receivedAt: Instant): Micro =>
  atRatio(dial, RATIO_ONE, appliedRatio(ratios, { at, receivedAt, source: "manual" }));
/** What the dial showed at an instant when its quantity, at the ratio that is true for then, is this. */
export const dialOfBook = (quantity: Micro, { ratios }: HandMeter, at: Instant): Micro =>
  atRatio(quantity, trueRatio(ratios, at), RATIO_ONE);

/** Two people before one dial, or one who looks again, are this close. Our choice. */
const TWIN_MINUTES = 30;

/** A booked entry of the same register within half an hour that says something else. */
export async function differingTwin(
  trx: Trx,
  entry: { operatorId: OperatorId; meterId: MeterId; register: RegisterCode; at: Instant; dialValue: Micro },
): Promise<{ at: Instant; by: string; dialValue: Micro } | null> {
  const at = sql`${timestamptz(entry.at)}::timestamptz`;
  const near = sql`make_interval(mins => ${sql.lit(TWIN_MINUTES)})`;
  const { rows } = await sql<KeptEntry>`${kept}
     where e.operator_id = ${entry.operatorId} and e.meter_id = ${entry.meterId} and e.register = ${entry.register}
       and e.outcome = 'booked' and e.dial_value <> ${entry.dialValue} and e.measured_at between ${at} - ${near} and ${at} + ${near}
     order by e.id limit 1`.execute(trx);
  const twin = rows[0];
  return twin?.dial_value == null ? null : { at: twin.booked_at, by: twin.by, dialValue: twin.dial_value };
}

/** What the book holds where a conflict was laid beside it. */
export async function conflictAt(
  trx: Trx,
  of: { operatorId: OperatorId; meterId: MeterId; register: RegisterCode; at: Instant },
): Promise<Micro> {
  const { rows } = await sql<{ value: Micro }>`select value from sanbiao.reading
    where operator_id = ${of.operatorId} and meter_id = ${of.meterId} and register = ${of.register}
      and measured_at = ${timestamptz(of.at)}::timestamptz`.execute(trx);
  const value = rows[0]?.value;
  if (value === undefined) throw new Error(`meter ${of.meterId}: a conflict with nothing at ${timestamptz(of.at)}`);
  return value;
}

/** Writes one reading into the book in the caller's transaction. */
export async function bookManual(
  trx: Trx,
  reading: {
    operatorId: OperatorId;
    meterId: MeterId;
    register: RegisterCode;
    at: Instant;
    receivedAt: Instant;
    value: Micro;
  },
): Promise<AppendOutcome> {
  await sql`select sanbiao.ensure_reading_months(${timestamptz(reading.at)}, ${timestamptz(reading.at)})`.execute(trx);
  const one = (value: bigint | number) => `{${value}}`;
  const { rows } = await sql<{ outcome: AppendOutcome }>`
    select outcome from sanbiao.append_readings(${reading.operatorId}, ${one(reading.meterId)}, ${one(reading.register)},
      ${one(reading.at)}, ${one(reading.receivedAt)}, ${one(reading.value)}, ${one(READING_SOURCES.manual)})`.execute(
    trx,
  );
  return rows[0]?.outcome ?? "accepted";
}

export type KeepEntry = {
  readonly operatorId: OperatorId;
  readonly userId: bigint;
  readonly entry: ManualEntry;
  readonly clockOffsetMs: number;
  readonly measuredAt: Instant;
  readonly receivedAt: Instant;
  readonly bookValue: Micro | null;
  readonly expected: unknown;
  readonly outsideConfirmed: boolean;
  readonly outcome: KeptEntry["outcome"];
  readonly bookedAt: Instant;
};

/** The protocol of an entry, in the transaction that books it. */
export async function keepEntry(trx: Trx, of: KeepEntry): Promise<KeptEntry> {
  const { entry } = of;
  await trx
    .insertInto("manual_reading")
    .values({
      operator_id: of.operatorId,
      entry_id: entry.entryId,
      route_id: entry.routeId,
      meter_id: entry.meterId,
      register: entry.register,
      dial_value: entry.dialValue,
      book_value: of.bookValue,
      phone_at: timestamptz(entry.phoneAt),
      clock_offset_ms: BigInt(of.clockOffsetMs),
      measured_at: timestamptz(of.measuredAt),
      received_at: timestamptz(of.receivedAt),
      user_id: of.userId,
      note: entry.note,
      photo_sha256: entry.photo,
      expected: of.expected === null ? null : JSON.stringify(of.expected),
      outside_confirmed: of.outsideConfirmed,
      outcome: of.outcome,
      skip_reason: entry.skip,
      booked_at: timestamptz(of.bookedAt),
    })
    .execute();
  const row = await entryOf(trx, of.operatorId, entry.entryId);
  if (row === null) throw new Error(`entry ${entry.entryId} was written and is not there`);
  return row;
}

/** Everything that was entered of these meters within a stretch, in the order in which it came, with who did. */
export async function entriesWithin(
  trx: Trx,
  operatorId: OperatorId,
  meterIds: readonly MeterId[],
  { from, to }: Period,
): Promise<KeptEntry[]> {
  const { rows } = await sql<KeptEntry>`${kept}
     where e.operator_id = ${operatorId} and e.meter_id = any(${`{${meterIds.join(",")}}`}::bigint[])
       and e.measured_at >= ${timestamptz(from)}::timestamptz and e.measured_at < ${timestamptz(to)}::timestamptz
     order by e.id`.execute(trx);
  return rows;
}
