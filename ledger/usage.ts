import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Day, Period } from "../domain/period.ts";
import type { Micro } from "../domain/quantity.ts";
import type { Nano, RatioRow } from "../domain/ratio.ts";
import { type AccountId, type MeterId, READING_SOURCES, type ReadingSource } from "../domain/reading.ts";
import { type RegisterName, REGISTERS, registerName } from "../domain/register.ts";
import type { DecidedStretch, EstimationMethod } from "../domain/reading-edit.ts";
import type { Utility } from "../domain/unit.ts";
import type { Tables } from "../schema/tables.ts";
import { readStays } from "./metered-stays.ts";
import { atTrueRatio, readRatios, rescaledOnly } from "./ratios.ts";
import { readEdits } from "./edits.ts";
import { supersededEstimates } from "./true-ups.ts";
import { EditBook, validated } from "./validated.ts";

type Trx = Transaction<Tables>;

/** One agreement of an account, with the meters that stood at its usage point and what they read. */
export type MeteredAgreement = {
  readonly accountId: AccountId;
  readonly usagePointId: bigint;
  readonly utility: Utility;
  readonly tariffId: string;
  readonly fromDay: Day;
  readonly toDay: Day | null;
  /** First day of this account at this usage point under any tariff: where its ladder begins to count. */
  readonly sinceDay: Day;
  /** The day after its last one there; absent = it stays. */
  readonly untilDay?: Day;
  readonly stays: readonly MeterStay[];
};

/** A meter's stay at a usage point, or the part of it under one ratio. */
export type MeterStay = {
  readonly usagePointId: bigint;
  readonly meterId: MeterId;
  readonly serial: string;
  readonly profileId: string;
  readonly installedAt: Instant;
  readonly removedAt: Instant | null;
  readonly maxPerHour: Micro;
  /** By what the dial is multiplied; absent for a meter that never had another ratio than 1. */
  readonly ratio?: Nano;
  /** What dials were seen to show in the whole stay, before any ratio: when the meter came, went, or changed its ratio. */
  readonly stated?: readonly { readonly at: Instant; readonly dials: ReadonlyMap<RegisterName, Micro> }[];
  /** Of a stay that changes of ratio cut: the whole of it, all its ratios, and which ends are such a change. */
  readonly cut?: {
    readonly whole: { readonly from: Instant; readonly to: Instant | null };
    readonly ratios: readonly RatioRow[];
    readonly start: boolean;
    readonly end: boolean;
  };
  /** What persons decided about stretches of this meter that a rule holds. */
  readonly decided: readonly DecidedStretch[];
};

/** A reading that bills may rest on: of the book, or of a clerk's or an estimate's entry beside it. */
export type BookedReading = {
  readonly meterId: MeterId;
  readonly register: RegisterName;
  readonly at: Instant;
  readonly value: Micro;
  readonly source: ReadingSource;
  /** Of an estimate: how it was found, and from what. */
  readonly method?: EstimationMethod;
  readonly basis?: Readonly<Record<string, string>>;
};

/** Agreements of these accounts that touch the days `[from, to)`, with all stays at their usage points, in order. */
export async function readAgreements(
  trx: Trx,
  accountIds: readonly AccountId[],
  from: Day,
  to: Day,
): Promise<MeteredAgreement[]> {
  // Each table is asked by its own index: a join would walk through all usage points of an estate for every thousand accounts.
  const { rows } = await sql<AgreementRow>`
    select account_id, usage_point_id, tariff_id, from_day, to_day from sanbiao.agreement
     where operator_id = sanbiao.operator_id() and account_id = any(${idArray(accountIds)}::bigint[])`.execute(trx);
  const touching = rows.filter(({ from_day, to_day }) => from_day < to && (to_day === null || to_day > from));
  const points = [...new Set(touching.map((row) => row.usage_point_id))];
  const utilities = await utilitiesOf(trx, points);
  const stays = await readStays(trx, points);
  const spells = Map.groupBy(rows, (row) => `${row.account_id} ${row.usage_point_id}`);
  const agreements = touching.map((row): MeteredAgreement => {
    const { since, until } = spellOf(spells.get(`${row.account_id} ${row.usage_point_id}`) ?? [row]);
    return {
      accountId: row.account_id,
      fromDay: row.from_day,
      sinceDay: since,
      ...(row.to_day === null || until === null ? {} : { untilDay: until }),
      stays: stays.get(row.usage_point_id) ?? [],
      tariffId: row.tariff_id,
      toDay: row.to_day,
      usagePointId: row.usage_point_id,
      utility: utilities.get(row.usage_point_id) as Utility,
    };
  });
  return agreements.sort(inBillOrder);
}

type AgreementRow = {
  account_id: AccountId;
  usage_point_id: bigint;
  tariff_id: string;
  from_day: Day;
  to_day: Day | null;
};

const order = <T extends bigint | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
const inBillOrder = (a: MeteredAgreement, b: MeteredAgreement): number =>
  order(a.accountId, b.accountId) ||
  order(a.utility, b.utility) ||
  order(a.usagePointId, b.usagePointId) ||
  order(a.fromDay, b.fromDay);

/** First and last day of one account at one usage point, under any tariff; `until` null = it stays. */
function spellOf([first, ...others]: readonly AgreementRow[]): { since: Day; until: Day | null } {
  let { from_day: since, to_day: until } = first as AgreementRow;
  for (const { from_day, to_day } of others) {
    if (from_day < since) since = from_day;
    if (until !== null && (to_day === null || to_day > until)) until = to_day;
  }
  return { since, until };
}

async function utilitiesOf(trx: Trx, usagePointIds: readonly bigint[]): Promise<Map<bigint, Utility>> {
  const { rows } = await sql<{ id: bigint; utility: Utility }>`
    select id, utility from sanbiao.usage_point
     where operator_id = sanbiao.operator_id() and id = any(${idArray(usagePointIds)}::bigint[])`.execute(trx);
  return new Map(rows.map(({ id, utility }) => [id, utility]));
}

/** One register of one meter. */
export type MeterRegister = { readonly meterId: MeterId; readonly register: RegisterName };

/**
 * Entries beside the book that concern these registers: read once, for both functions below. Estimates that a bill ended
 * at step back as soon as an actual reading tells: the difference is a true-up, use is counted by what was read.
 */
export async function readEditBook(trx: Trx, registers: readonly MeterRegister[]): Promise<EditBook> {
  const edits = await readEdits(
    trx,
    registers.map(({ meterId }) => meterId),
  );
  const superseded = await supersededEstimates(trx, edits);
  return new EditBook(edits.filter(({ id }) => !superseded.has(id)));
}

/**
 * Every validated reading of these registers inside `[from, to]`, in no order. Each register is named once.
 * @param scaled the meters among them that ever had another ratio than 1, where their stays have told it already
 */
export async function readingsWithin(
  trx: Trx,
  registers: readonly MeterRegister[],
  { from, to }: Period,
  edits: EditBook,
  scaled: Iterable<MeterId> = registers.map(({ meterId }) => meterId),
): Promise<BookedReading[]> {
  if (registers.length === 0) return [];
  const ratios = rescaledOnly(await readRatios(trx, scaled));
  const plain = registers.filter(({ meterId }) => !ratios.has(meterId));
  const rescaled = registers.filter(({ meterId }) => ratios.has(meterId));
  const booked = [
    ...(plain.length === 0 ? [] : await seriesWithin(trx, plain, { from, to })),
    ...(rescaled.length === 0 ? [] : await bookedWithin(trx, rescaled, { from, to })),
  ];
  return validated(booked, registers, edits).filter(({ at }) => at >= from && at <= to);
}

/** Readings that carry the ratio 1: per register one row of texts, joined in the server and cut here. */
async function seriesWithin(
  trx: Trx,
  registers: readonly MeterRegister[],
  { from, to }: Period,
): Promise<BookedReading[]> {
  const { rows } = await sql<{ meter_id: bigint; register: number; ats: string; vals: string; sources: string }>`
    select p.meter as meter_id, p.code as register, r.ats, r.vals, r.sources
      from unnest(${metersOf(registers)}::bigint[], ${codesOf(registers)}::smallint[]) as p (meter, code)
     cross join lateral (
       select string_agg(floor(date_part('epoch', measured_at) * 1000)::bigint::text, ',') as ats,
              string_agg(value::text, ',') as vals, string_agg(source::text, ',') as sources from sanbiao.reading
        where operator_id = sanbiao.operator_id() and meter_id = p.meter and register = p.code
          and measured_at >= ${isoOf(from)}::timestamptz and measured_at <= ${isoOf(to)}::timestamptz) r
     where r.ats is not null`.execute(trx);
  return rows.flatMap(({ meter_id, register, ats, vals, sources }) => {
    const [values, origins] = [vals.split(","), sources.split(",")];
    return ats.split(",").map((at, i) =>
      readingOf({
        meter_id,
        register,
        measured_at: Number(at) as Instant,
        value: BigInt(values[i] ?? "0"),
        source: Number(origins[i]),
      }),
    );
  });
}

async function bookedWithin(
  trx: Trx,
  registers: readonly MeterRegister[],
  { from, to }: Period,
): Promise<BookedReading[]> {
  const { rows } = await sql<ReadingRow>`
    select r.meter_id, r.register, r.measured_at, r.received_at, r.value, r.source
      from unnest(${metersOf(registers)}::bigint[], ${codesOf(registers)}::smallint[]) as p (meter, code)
     cross join lateral (
       select meter_id, register, measured_at, received_at, value, source from sanbiao.reading
        where operator_id = sanbiao.operator_id() and meter_id = p.meter and register = p.code
          and measured_at >= ${isoOf(from)}::timestamptz and measured_at <= ${isoOf(to)}::timestamptz) r`.execute(trx);
  return bookedOf(trx, rows);
}

/** For each of these registers and instants: the last validated reading at or before it and the first at or after it. */
export async function readingsAround(
  trx: Trx,
  edges: readonly (MeterRegister & { readonly at: Instant })[],
  edits: EditBook,
): Promise<BookedReading[]> {
  const plain = edges.filter(({ meterId, register }) => !edits.isEdited(meterId, register));
  const edited = edges.filter(({ meterId, register }) => edits.isEdited(meterId, register));
  const booked = plain.length === 0 ? [] : await bookedAround(trx, plain);
  const values = await Promise.all(edited.map((edge) => validatedAround(trx, edge, edits)));
  return [...booked, ...values.flat()];
}

async function bookedAround(
  trx: Trx,
  edges: readonly (MeterRegister & { readonly at: Instant })[],
): Promise<BookedReading[]> {
  const instants = instantArray(edges.map(({ at }) => at));
  const { rows } = await sql<ReadingRow>`
    select n.* from unnest(${metersOf(edges)}::bigint[], ${codesOf(edges)}::smallint[], ${instants}::timestamptz[])
        as p (meter, code, at)
     cross join lateral (
       (select meter_id, register, measured_at, received_at, value, source from sanbiao.reading
         where operator_id = sanbiao.operator_id() and meter_id = p.meter and register = p.code and measured_at <= p.at
         order by measured_at desc limit 1)
       union all
       (select meter_id, register, measured_at, received_at, value, source from sanbiao.reading
         where operator_id = sanbiao.operator_id() and meter_id = p.meter and register = p.code and measured_at >= p.at
         order by measured_at limit 1)) n`.execute(trx);
  return bookedOf(trx, rows);
}

/** The same for a register with entries beside the book: few, so one look each. */
async function validatedAround(
  trx: Trx,
  { meterId, register, at }: MeterRegister & { readonly at: Instant },
  edits: EditBook,
): Promise<BookedReading[]> {
  const passedOver = instantArray(edits.passedOver(meterId, register));
  const { rows } = await sql<ReadingRow>`
    (select meter_id, register, measured_at, received_at, value, source from sanbiao.reading
      where operator_id = sanbiao.operator_id() and meter_id = ${meterId} and register = ${REGISTERS[register].code}
        and measured_at <= ${isoOf(at)}::timestamptz and not measured_at = any(${passedOver}::timestamptz[])
      order by measured_at desc limit 1)
    union all
    (select meter_id, register, measured_at, received_at, value, source from sanbiao.reading
      where operator_id = sanbiao.operator_id() and meter_id = ${meterId} and register = ${REGISTERS[register].code}
        and measured_at >= ${isoOf(at)}::timestamptz and not measured_at = any(${passedOver}::timestamptz[])
      order by measured_at limit 1)`.execute(trx);
  const booked = await bookedOf(trx, rows);
  const values = edits.valuesOf(meterId, register, (instant) => booked.some((reading) => reading.at === instant));
  const all = [...booked, ...values].sort((a, b) => a.at - b.at);
  const [before, after] = [all.findLast((reading) => reading.at <= at), all.find((reading) => reading.at >= at)];
  return [before, after].filter((reading) => reading !== undefined);
}

/** Persons per household, effective-dated, per account. */
export async function readHouseholds(
  trx: Trx,
  accountIds: readonly AccountId[],
): Promise<Map<AccountId, { from: Day; persons: number }[]>> {
  const { rows } = await sql<{ account_id: bigint; from_day: Day; persons: number }>`
    select account_id, from_day, persons from sanbiao.household_size
     where operator_id = sanbiao.operator_id() and account_id = any(${idArray(accountIds)}::bigint[])
     order by account_id, from_day`.execute(trx);
  const byAccount = new Map<AccountId, { from: Day; persons: number }[]>();
  for (const { account_id, from_day, persons } of rows) {
    const of = byAccount.get(account_id) ?? [];
    of.push({ from: from_day, persons });
    byAccount.set(account_id, of);
  }
  return byAccount;
}

/** How these accounts pay. */
export async function paymentModesOf(
  trx: Trx,
  accountIds: readonly AccountId[],
): Promise<Map<AccountId, "postpaid" | "prepaid">> {
  const { rows } = await sql<{ id: bigint; payment_mode: "postpaid" | "prepaid" }>`
    select id, payment_mode from sanbiao.account
     where operator_id = sanbiao.operator_id() and id = any(${idArray(accountIds)}::bigint[])`.execute(trx);
  return new Map(rows.map((row) => [row.id, row.payment_mode]));
}

export type ReadingRow = {
  meter_id: bigint;
  register: number;
  measured_at: Instant;
  received_at: Instant;
  value: bigint;
  source: number;
};

const SOURCE_BY_CODE = new Map<number, ReadingSource>(
  Object.entries(READING_SOURCES).map(([name, code]) => [code, name as ReadingSource]),
);

/** Rows as readings, each at the ratio that is true for its instant. */
export async function bookedOf(trx: Trx, rows: readonly ReadingRow[]): Promise<BookedReading[]> {
  const meterIds = new Set(rows.map((row) => row.meter_id));
  const ratios = rescaledOnly(await readRatios(trx, meterIds));
  return rows.map((row) => {
    const reading = readingOf(row);
    if (!ratios.has(row.meter_id)) return reading;
    return { ...reading, value: atTrueRatio(ratios, { ...reading, receivedAt: row.received_at }, reading.value) };
  });
}

function readingOf(row: Omit<ReadingRow, "received_at">): BookedReading {
  const register = registerName(row.register);
  const source = SOURCE_BY_CODE.get(row.source);
  if (register === null || source === undefined) {
    throw new Error(`meter ${row.meter_id}: a reading with register ${row.register}, source ${row.source}`);
  }
  return { meterId: row.meter_id, register, at: row.measured_at, value: row.value, source };
}

const instantArray = (instants: readonly Instant[]): string => `{${instants.map((at) => `"${isoOf(at)}"`).join(",")}}`;
const idArray = (ids: readonly bigint[]): string => `{${ids.join(",")}}`;
const metersOf = (registers: readonly MeterRegister[]): string => idArray(registers.map(({ meterId }) => meterId));
const codesOf = (registers: readonly MeterRegister[]): string => codeArray(registers.map(({ register }) => register));
const codeArray = (registers: readonly RegisterName[]): string =>
  `{${registers.map((name) => REGISTERS[name].code).join(",")}}`;
