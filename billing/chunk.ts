import type { Transaction } from "kysely";
import type { Instant } from "../domain/instant.ts";
import { addDays, type Day, dayOf, overlap, type Period, startOfDay, type Zone } from "../domain/period.ts";
import type { AccountId, MeterId } from "../domain/reading.ts";
import type { RegisterName } from "../domain/register.ts";
import type { Tariff } from "../domain/tariff.ts";
import {
  type BookedReading,
  type MeteredAgreement,
  type MeterRegister,
  readAgreements,
  readEditBook,
  readHouseholds,
  readingsAround,
  readingsWithin,
} from "../ledger/usage.ts";
import type { EditToWrite } from "../ledger/edits.ts";
import type { Tables } from "../schema/tables.ts";
import type { OverdueInput } from "./charges/late-fee.ts";
import type { AssignedCharge } from "./charges/lines.ts";
import { withKept } from "./books-state.ts";
import { withOwnTariffs } from "./own-tariffs.ts";
import { edgesOf, registersOf, type SettlementInput } from "./settlement.ts";
import type { DialBook, TariffBook } from "./tariffs.ts";
import type { CorrectionInput } from "./true-up.ts";

/** What is needed to settle one account, all read; or the tariff that nobody published. */
export type AccountInput = {
  readonly accountId: AccountId;
  readonly settlements: readonly SettlementInput[];
  readonly withoutTariff: readonly string[];
  /** Bills at estimates that can be trued up now. */
  readonly corrections?: readonly CorrectionInput[];
  /** Per usage point the bills in a row that end at an estimate and cannot be trued up yet. */
  readonly estimatedBills?: ReadonlyMap<bigint, number>;
  /** Ends that were estimated for this bill, to be written with it. */
  readonly estimates?: readonly EditToWrite[];
  /** What it is charged besides supply. */
  readonly charges?: readonly AssignedCharge[];
  /** What was overdue since its last bill, where that costs something. */
  readonly overdue?: OverdueInput;
  /** Why an end was not estimated. */
  readonly unestimated?: readonly string[];
};

export type SettlementBooks = {
  /** Tariffs of the catalogue: what the operator published for itself is read beside them. */
  readonly tariffs: TariffBook;
  readonly dials: DialBook;
  readonly zone: Zone;
  /** `tariffs` is all there is: nothing is read beside it. */
  readonly isWhole?: boolean;
};

type Span = { readonly agreement: MeteredAgreement; readonly stretch: Period; readonly versions: readonly Tariff[] };

/**
 * Reads everything that settles these accounts for a period, in a handful of queries whatever their number.
 * @param partsOf how a stretch is cut into parts that are rated on their own
 */
export async function readAccounts(
  trx: Transaction<Tables>,
  accountIds: readonly AccountId[],
  period: Period,
  books: SettlementBooks,
  partsOf: (stretch: Period) => readonly Period[] = (stretch) => [stretch],
): Promise<AccountInput[]> {
  const { zone, dials } = books;
  const tariffs = books.isWhole === true ? books.tariffs : await withOwnTariffs(trx, books.tariffs);
  const agreements = await readAgreements(trx, accountIds, dayOf(period.from, zone), lastDayOf(period, zone));
  const households = await readHouseholds(trx, accountIds);
  const spans = agreements.flatMap((agreement): Span[] => {
    const stretch = stretchOf(agreement, period, zone);
    const versions = tariffs(agreement.tariffId) ?? [];
    return stretch === null || versions.length === 0 ? [] : [{ agreement, stretch, versions }];
  });
  const readings = await readingsOf(trx, spans, period);
  const settlements = await withKept(
    trx,
    spans.map((span) => ({
      agreement: span.agreement,
      household: households.get(span.agreement.accountId) ?? [],
      parts: partsOf(span.stretch),
      stretch: span.stretch,
      versions: span.versions,
      readings,
      dials,
    })),
  );
  const agreementsOf = Map.groupBy(agreements, ({ accountId }) => accountId);
  const settlementsOf = Map.groupBy(settlements, ({ agreement }) => agreement.accountId);
  return accountIds.map((accountId) => {
    const own = agreementsOf.get(accountId) ?? [];
    return {
      accountId,
      settlements: settlementsOf.get(accountId) ?? [],
      withoutTariff: own.map(({ tariffId }) => tariffId).filter((id) => (tariffs(id) ?? []).length === 0),
    };
  });
}

async function readingsOf(
  trx: Transaction<Tables>,
  spans: readonly Span[],
  period: Period,
): Promise<ReadonlyMap<MeterId, readonly BookedReading[]>> {
  const asked = spans.map(({ agreement, versions, stretch }) => ({
    registers: registersOf(agreement, versions),
    edges: edgesOf(agreement, versions, stretch),
  }));
  const wanted = wantedIn(asked);
  if (wanted.length === 0) return new Map();
  const edits = await readEditBook(trx, wanted);
  const within = Map.groupBy(
    await readingsWithin(trx, wanted, period, edits, scaledIn(spans)),
    ({ meterId }) => meterId,
  );
  for (const [meterId, own] of within) within.set(meterId, inOrder(own));
  // Where the period itself has the neighbours of an edge, they need not be looked for.
  const lone: (MeterRegister & { at: Instant })[] = [];
  for (const { edges, registers } of asked)
    for (const { meterId, at } of edges)
      for (const register of registers)
        if (!isEnclosed(register, at, within.get(meterId))) lone.push({ meterId, register, at });
  if (lone.length === 0) return within;
  const around = await readingsAround(trx, lone, edits);
  for (const [meterId, more] of Map.groupBy(around, (reading) => reading.meterId))
    within.set(meterId, inOrder([...(within.get(meterId) ?? []), ...more]));
  return within;
}

type Asked = {
  readonly registers: readonly RegisterName[];
  readonly edges: readonly { readonly meterId: MeterId; readonly at: Instant }[];
};

/** Each register once. */
function wantedIn(asked: readonly Asked[]): MeterRegister[] {
  const wanted = new Map<MeterId, RegisterName[]>();
  for (const { registers, edges } of asked) {
    for (const { meterId } of edges) {
      const known = wanted.get(meterId);
      if (known === undefined) wanted.set(meterId, [...registers]);
      else for (const register of registers) if (!known.includes(register)) known.push(register);
    }
  }
  return [...wanted].flatMap(([meterId, registers]) => registers.map((register) => ({ meterId, register })));
}

/** Meters that ever had another ratio than 1: their stays say so. */
const scaledIn = (spans: readonly Span[]): MeterId[] =>
  spans.flatMap(({ agreement }) =>
    agreement.stays.filter(({ ratio }) => ratio !== undefined).map((stay) => stay.meterId),
  );

/** Whether these readings, all of the register in a period, hold one at the instant, or one on each side of it. */
function isEnclosed(register: RegisterName, at: Instant, readings: readonly BookedReading[] = []): boolean {
  let [before, after] = [false, false];
  for (const reading of readings) {
    if (reading.register !== register) continue;
    if (reading.at <= at) before = true;
    if (reading.at >= at) after = true;
    if (before && after) return true;
  }
  return false;
}

/** In order of time, each reading once: those around an edge lie within, too. */
export function inOrder(readings: BookedReading[]): BookedReading[] {
  const order = (a: BookedReading, b: BookedReading): number =>
    a.at - b.at ||
    (a.meterId < b.meterId ? -1 : a.meterId > b.meterId ? 1 : 0) ||
    (a.register < b.register ? -1 : a.register > b.register ? 1 : 0);
  if (isInOrder(readings, order)) return readings;
  readings.sort(order);
  return readings.filter((reading, i) => i === 0 || order(readings[i - 1] as BookedReading, reading) !== 0);
}

function isInOrder<T>(of: readonly T[], order: (a: T, b: T) => number): boolean {
  for (let i = 1; i < of.length; i++) if (order(of[i - 1] as T, of[i] as T) >= 0) return false;
  return true;
}

/** The part of the period that an agreement covers; its days are half-open in the operator's zone. */
function stretchOf({ fromDay, toDay }: MeteredAgreement, period: Period, zone: Zone): Period | null {
  const from = startOfDay(fromDay, zone);
  const to = toDay === null ? period.to : startOfDay(toDay, zone);
  return from < to ? overlap({ from, to }, period) : null;
}

/** The first day that lies wholly after the period. */
const lastDayOf = ({ to }: Period, zone: Zone): Day => {
  const day = dayOf(to, zone);
  return startOfDay(day, zone) === to ? day : addDays(day, 1);
};
