import { sql, type Transaction } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import { type Clock, isoIn } from "../../domain/instant.ts";
import { daysOf, type Period, type Zone, monthsWithin } from "../../domain/period.ts";
import type { AccountId, OperatorId } from "../../domain/reading.ts";
import { countTried, readTried, type TriedRow, type TriedScope } from "../../ledger/tried-accounts.ts";
import type { Database } from "../../schema/database.ts";
import type { Tables } from "../../schema/tables.ts";
import { readAccounts } from "../chunk.ts";
import { StateChain } from "../books-state.ts";
import { type EstimationBook, withEstimates } from "../estimate-ends.ts";
import { type OperatorFacts, operatorFacts } from "../operator.ts";
import { withOwnTariffs } from "../own-tariffs.ts";
import type { DialBook, TariffBook } from "../tariffs.ts";
import { type Rated, type RatedUtility, ratedOf, sumByUtility } from "./rated.ts";
import { booksOf, checkReplacements, firstOf, type Replacement } from "./replacement.ts";
import type { AccountChange, LeftOut, TriedAccount, UtilityChange } from "./summary.ts";

export type WhatIfDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly tariffs: TariffBook;
  readonly dials: DialBook;
  readonly estimation?: EstimationBook;
};

export type WhatIfAsk = {
  readonly scope: TriedScope;
  /** Whole months that are over. */
  readonly period: Period;
  readonly replacements: readonly Replacement[];
};

/** What one step found, and how far it is: `done` of `of` accounts. */
export type WhatIfPart = {
  readonly changes: readonly AccountChange[];
  readonly leftOut: readonly LeftOut[];
  readonly done: number;
  readonly of: number;
};

/** Accounts per step: enough to spare round trips, few enough that a cancel is heard soon. Our choice. */
const CHUNK_ACCOUNTS = 50;

/**
 * Rates what accounts used once as they are priced and once as they would be, month by month as bills are, some accounts at a
 * time. In transactions that cannot write.
 * @param stop asked before each month of each step: true ends it there
 * @throws CodedError `request.invalid` before anything is read
 */
export async function* whatIf(
  deps: WhatIfDeps,
  operatorId: OperatorId,
  ask: WhatIfAsk,
  stop: () => boolean = () => false,
): AsyncGenerator<WhatIfPart, void, void> {
  const reading = <T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> =>
    deps.db.as(operatorId, async (trx) => {
      await sql`set transaction read only`.execute(trx);
      return work(trx);
    });
  const operator = await reading(operatorFacts);
  const { query, months } = checkedAsk(ask, operator, deps.clock);
  const of = await reading((trx) => countTried(trx, query));
  yield { changes: [], leftOut: [], done: 0, of };
  let after: AccountId | null = null;
  for (let done = 0; ; ) {
    const tried: TriedRow[] = await reading((trx) => readTried(trx, query, after, CHUNK_ACCOUNTS));
    if (tried.length === 0) return;
    const tallies = tried.map(
      (row): Tally => ({
        row,
        before: [],
        after: [],
        leftOut: null,
        chains: { before: new StateChain(), after: new StateChain() },
      }),
    );
    for (const month of months) {
      if (stop()) return;
      await reading((trx) => tryMonth(trx, { deps, operator, ask, month }, tallies));
    }
    done += tried.length;
    after = tried.at(-1)?.accountId ?? after;
    yield {
      changes: tallies.flatMap((tally) => (tally.leftOut === null ? [changeOfTally(tally)] : [])),
      leftOut: tallies.flatMap(({ leftOut }) => (leftOut === null ? [] : [leftOut])),
      done: Math.min(done, of),
      of,
    };
  }
}

function checkedAsk({ scope, period, replacements }: WhatIfAsk, operator: OperatorFacts, clock: Clock) {
  const days = daysOf(period, operator.zone);
  checkReplacements(replacements, days.from, operator.currency);
  if (period.to > clock.now()) {
    throw new CodedError("request.invalid", "The period is not over: its last readings are yet to come.");
  }
  const agreements = replacements.map(({ versions, insteadOf }) => ({
    utility: firstOf(versions).utility,
    ...(insteadOf === undefined ? {} : { tariffIds: insteadOf }),
  }));
  return { query: { scope, agreements, days }, months: monthsWithin(period, operator.zone) };
}

/** One account on its way through the months. */
type Tally = {
  readonly row: TriedRow;
  readonly before: RatedUtility[];
  readonly after: RatedUtility[];
  leftOut: LeftOut | null;
  /** What each month hands on to the next, under either price. */
  readonly chains: { readonly before: StateChain; readonly after: StateChain };
};

type Month = {
  readonly deps: WhatIfDeps;
  readonly operator: OperatorFacts;
  readonly ask: WhatIfAsk;
  readonly month: Period;
};

/** Both prices of one month for all accounts of a step; an account that cannot be priced is left out from then on. */
async function tryMonth(trx: Transaction<Tables>, at: Month, tallies: readonly Tally[]): Promise<void> {
  const { deps, operator, ask, month } = at;
  const open = tallies.filter(({ leftOut }) => leftOut === null);
  const ids = open.map(({ row }) => row.accountId);
  if (ids.length === 0) return;
  const known = await withOwnTariffs(trx, deps.tariffs);
  const books = booksOf(known, ask.replacements);
  const rate = async (tariffs: TariffBook, side: "before" | "after"): Promise<Rated[]> => {
    const context = { ...deps, tariffs, isWhole: true, zone: operator.zone, now: deps.clock.now() };
    const inputs = await withEstimates(trx, await readAccounts(trx, ids, month, context), context);
    return inputs.map((input, i) => {
      const unknown = input.withoutTariff.filter((id) => (known(id) ?? []).length === 0);
      return unknown.length > 0
        ? { kind: "left_out", reason: "no_tariff", detail: unknown.join(", ") }
        : ratedOf(input, open[i]?.row.points ?? new Set(), open[i]?.chains[side]);
    });
  };
  const before = await rate(books.before, "before");
  const after = await rate(books.after, "after");
  for (const [i, tally] of open.entries()) note(tally, [before[i], after[i]], monthName(month, operator.zone));
}

function note(tally: Tally, rated: readonly (Rated | undefined)[], month: string): void {
  const [before, after] = rated;
  for (const one of rated) {
    if (one?.kind !== "left_out") continue;
    tally.leftOut = { ...accountOf(tally.row), reason: one.reason, month, detail: one.detail };
    return;
  }
  if (before?.kind === "rated") tally.before.push(...before.utilities);
  if (after?.kind === "rated") tally.after.push(...after.utilities);
}

function changeOfTally({ row, before, after }: Tally): AccountChange {
  const was = sumByUtility(before);
  const utilities = sumByUtility(after).map(
    ({ utility, unit, quantity, minor, guessed }): UtilityChange => ({
      utility,
      unit,
      quantity,
      before: was.find((one) => one.utility === utility)?.minor ?? 0n,
      after: minor,
      guessed,
    }),
  );
  const total = (of: readonly RatedUtility[]): bigint => of.reduce((sum, { minor }) => sum + minor, 0n);
  return { ...accountOf(row), before: total(before), after: total(after), utilities };
}

const accountOf = ({ accountId, number, name, building, room }: TriedRow): TriedAccount => ({
  accountId,
  number,
  name,
  building,
  room,
});

const monthName = ({ from }: Period, zone: Zone): string => isoIn(from, zone).slice(0, 7);
