import { sql, type Transaction } from "kysely";
import { type Instant, isoOf, MINUTE_MS } from "../domain/instant.ts";
import { decimalText, type Micro, microOf } from "../domain/quantity.ts";
import {
  appliedRatio,
  atRatio,
  isEverRescaled,
  type Nano,
  RATIO_ONE,
  type RatioRow,
  ratioOf,
  ratioText,
  takesRatio,
  trueRatio,
} from "../domain/ratio.ts";
import { type MeterId, READING_SOURCES, type ReadingSource } from "../domain/reading.ts";
import { isRegisterName, type RegisterName } from "../domain/register.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;

/** Per meter its ratios in the order of recording; a meter that is not in it has always been read at 1. */
export type RatioBook = ReadonlyMap<MeterId, readonly RatioRow[]>;

/**
 * A new ratio goes into readings received so long after it was recorded. Collectors look at the table once a minute and
 * the transaction that records it ends within half a minute: by then every one of them knows it. Our choice.
 */
export const APPLIES_AFTER_MS = 2 * MINUTE_MS;

/** A row as the database has it; `all_meter_ratios()` gives the same. */
export type RatioRecord = {
  operator_id: bigint;
  meter_id: MeterId;
  from_at: Instant;
  ratio: string;
  applies_to_received_from: Instant;
  dials: Record<string, string>;
  recorded_at: Instant;
};

export function ratioRowOf(record: RatioRecord): RatioRow {
  return {
    from: record.from_at,
    ratio: ratioOf(record.ratio) ?? RATIO_ONE,
    appliesFrom: record.applies_to_received_from,
    recordedAt: record.recorded_at,
    dials: dialsOf(record.dials),
  };
}

function dialsOf(texts: Record<string, string>): Map<RegisterName, Micro> {
  const dials = new Map<RegisterName, Micro>();
  for (const [name, text] of Object.entries(texts)) {
    const dial = microOf(text);
    if (isRegisterName(name) && dial !== null) dials.set(name, dial);
  }
  return dials;
}

export const dialTexts = (dials: ReadonlyMap<RegisterName, Micro>): Record<string, string> =>
  Object.fromEntries([...dials].map(([name, dial]) => [name, decimalText(dial)]));

/** All ratios that were ever recorded of those of these meters that had another one than 1. */
export async function readRatios(trx: Trx, meterIds: Iterable<MeterId>): Promise<RatioBook> {
  const ids = [...new Set(meterIds)];
  if (ids.length === 0) return new Map();
  const { rows } = await sql<RatioRecord>`
    select operator_id, meter_id, from_at, ratio, applies_to_received_from, dials, recorded_at from sanbiao.meter_ratio r
     where operator_id = sanbiao.operator_id() and meter_id = any(${`{${ids.join(",")}}`}::bigint[])
       and exists (select 1 from sanbiao.meter_ratio o where o.operator_id = r.operator_id and o.meter_id = r.meter_id
                      and o.ratio <> 1)
     order by recorded_at, id`.execute(trx);
  const byMeter = new Map<MeterId, RatioRow[]>();
  for (const record of rows) {
    const of = byMeter.get(record.meter_id);
    if (of === undefined) byMeter.set(record.meter_id, [ratioRowOf(record)]);
    else of.push(ratioRowOf(record));
  }
  return byMeter;
}

/** What tells which ratio a value in the book carries. */
export type Carried = {
  readonly meterId: MeterId;
  readonly register: RegisterName;
  readonly at: Instant;
  readonly receivedAt: Instant;
  readonly source: ReadingSource;
};

/** The meters of the book of which a value may carry another ratio than the true one. The others need no look. */
export const rescaledOnly = (book: RatioBook): RatioBook =>
  new Map([...book].filter(([, rows]) => isEverRescaled(rows)));

/** A booked value at the ratio that is true for its instant. */
export function atTrueRatio(book: RatioBook, reading: Carried, value: Micro): Micro {
  const rows = book.get(reading.meterId);
  if (rows === undefined || !takesRatio(reading.register)) return value;
  return atRatio(value, appliedRatio(rows, reading), trueRatio(rows, reading.at));
}

/** A booked value as if the ratio that is true at `asOf` had always hung there: for pictures, in which a new ratio is no use. */
export function atRatioAsOf(book: RatioBook, reading: Carried, value: Micro, asOf: Instant): Micro {
  const rows = book.get(reading.meterId);
  if (rows === undefined || !takesRatio(reading.register)) return value;
  return atRatio(value, appliedRatio(rows, reading), trueRatio(rows, asOf));
}

/** The name of a source as the book has it, for values that were read beside `usage.ts`. */
export const sourceOf = (code: number): ReadingSource => SOURCE_BY_CODE.get(code) ?? "manual";
const SOURCE_BY_CODE = new Map(
  Object.entries(READING_SOURCES).map(([name, code]) => [code as number, name as ReadingSource]),
);

/** Writes a ratio; the caller has locked the meter and decided. */
export async function recordRatio(
  trx: Trx,
  row: {
    readonly meterId: MeterId;
    readonly from: Instant;
    readonly ratio: Nano;
    readonly dials?: ReadonlyMap<RegisterName, Micro>;
    readonly reason: string;
    readonly now: Instant;
    readonly by: bigint | null;
  },
): Promise<RatioRow> {
  // A session that hangs here would commit a ratio that readings should carry already: the server ends it first.
  await sql`set local transaction_timeout = '30s'`.execute(trx);
  const { meterId, from, ratio, dials = new Map(), reason, now, by } = row;
  const appliesFrom = (now + APPLIES_AFTER_MS) as Instant;
  await trx
    .insertInto("meter_ratio")
    .values({
      operator_id: sql<bigint>`sanbiao.operator_id()`,
      meter_id: meterId,
      from_at: isoOf(from),
      ratio: ratioText(ratio),
      applies_to_received_from: isoOf(appliesFrom),
      dials: JSON.stringify(dialTexts(dials)),
      reason,
      recorded_at: isoOf(now),
      recorded_by: by,
    })
    .execute();
  return { from, ratio, appliesFrom, recordedAt: now, dials };
}
