import { sql, type Transaction } from "kysely";
import type { Line } from "../../domain/bill.ts";
import { CodedError } from "../../domain/errors.ts";
import { amountText, type Currency, money } from "../../domain/money.ts";
import { dayOf, daysOf, type Period } from "../../domain/period.ts";
import { decimalText, type Micro } from "../../domain/quantity.ts";
import type { AccountId, OperatorId } from "../../domain/reading.ts";
import type { Tariff, TariffExample } from "../../domain/tariff.ts";
import { readTried } from "../../ledger/tried-accounts.ts";
import type { Tables } from "../../schema/tables.ts";
import { readAccounts } from "../chunk.ts";
import { withEstimates } from "../estimate-ends.ts";
import { operatorFacts } from "../operator.ts";
import { withOwnTariffs } from "../own-tariffs.ts";
import { lineName, ratedExample } from "../publication.ts";
import { type Settlement, type SettlementInput, settleAll } from "../settlement.ts";
import type { TariffBook } from "../tariffs.ts";
import { booksOf, throughout } from "./replacement.ts";
import type { WhatIfDeps } from "./run.ts";

/** One line under both tariffs; `null` where one of them has none. Quantities of a line that stretches share are added. */
export type TriedLine = {
  /** `energy/t2/peak` */
  readonly name: string;
  readonly charge: string;
  readonly title: { readonly zh: string; readonly en: string };
  readonly tier: number | null;
  readonly tou: string | null;
  readonly unit: string | null;
  readonly before: TriedAmount | null;
  readonly after: TriedAmount | null;
};
/** `price` null: several in one line's stretches. */
export type TriedAmount = { readonly quantity: Micro | null; readonly price: string | null; readonly minor: bigint };

export type TriedMonth =
  | {
      readonly kind: "rated";
      readonly tariffIds: readonly string[];
      readonly quantity: Micro;
      readonly lines: readonly TriedLine[];
      readonly before: bigint;
      readonly after: bigint;
      /** Its use as a worked example; `null`: it cannot be said in one. */
      readonly example: TariffExample | null;
    }
  | { readonly kind: "left_out"; readonly detail: string }
  /** The account takes nothing of this utility in the month. */
  | { readonly kind: "nothing" };

/**
 * One month of one account line by line: as it is priced, and under a version that is being written. Agreements under that tariff's
 * own id, where the account has them, else all of its utility. In a transaction that cannot write.
 * @throws CodedError `request.invalid` for a month that is not over
 */
export async function triedLines(
  deps: WhatIfDeps,
  operatorId: OperatorId,
  ask: { readonly accountId: AccountId; readonly month: Period; readonly version: Tariff },
): Promise<TriedMonth> {
  const { accountId, month, version } = ask;
  if (month.to > deps.clock.now())
    throw new CodedError("request.invalid", "The month is not over: its last readings are yet to come.");
  return deps.db.as(operatorId, async (trx) => {
    await sql`set transaction read only`.execute(trx);
    const { zone } = await operatorFacts(trx);
    const tried = async (tariffIds?: readonly string[]) => {
      const agreements = [{ utility: version.utility, ...(tariffIds === undefined ? {} : { tariffIds }) }];
      const asked = { scope: { accountIds: [accountId] }, agreements, days: daysOf(month, zone) };
      return (await readTried(trx, asked, null, 1))[0];
    };
    const own = await tried([version.id]);
    const row = own ?? (await tried());
    if (row === undefined) return { kind: "nothing" };
    const replacement = { versions: [throughout(version)], ...(own === undefined ? {} : { insteadOf: [version.id] }) };
    const books = booksOf(await withOwnTariffs(trx, deps.tariffs), [replacement]);
    const sides = [
      await settled(trx, books.before, { deps, accountId, month, zone, points: row.points }),
      await settled(trx, books.after, { deps, accountId, month, zone, points: row.points }),
    ] as const;
    for (const side of sides) if (typeof side === "string") return { kind: "left_out", detail: side };
    return compared(sides as readonly [Side, Side], version);
  });
}

type Side = { readonly inputs: readonly SettlementInput[]; readonly settled: readonly Settlement[] };
type Where = {
  readonly deps: WhatIfDeps;
  readonly accountId: AccountId;
  readonly month: Period;
  readonly zone: string;
  readonly points: ReadonlySet<bigint>;
};

/** The account's settlements under one book, or why there are none. */
async function settled(trx: Transaction<Tables>, tariffs: TariffBook, at: Where): Promise<Side | string> {
  const { deps, accountId, month, zone, points } = at;
  const context = { ...deps, tariffs, isWhole: true, zone, now: deps.clock.now() };
  const [input] = await withEstimates(trx, await readAccounts(trx, [accountId], month, context), context);
  const inputs = (input?.settlements ?? []).filter(({ agreement }) => points.has(agreement.usagePointId));
  try {
    const all = settleAll(inputs);
    const doubts = [...all.flatMap((one) => one.doubts), ...(input?.unestimated ?? [])];
    return all.some((one) => one.doubts.length > 0) ? doubts.join("; ") : { inputs, settled: all };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return error.message;
  }
}

function compared([was, is]: readonly [Side, Side], version: Tariff): TriedMonth {
  const [before, after] = [was, is].map(({ settled: all }) => all.flatMap((one) => one.lines)) as [Line[], Line[]];
  const sum = (lines: readonly Line[]): bigint => lines.reduce((total, { amount }) => total + amount.minor, 0n);
  return {
    kind: "rated",
    tariffIds: [...new Set(was.settled.flatMap((one) => one.lines.map(({ tariffId }) => tariffId)))],
    quantity: is.settled.reduce((total, { usage }) => total + usage.total, 0n),
    lines: linesSideBySide(before, after),
    before: sum(before),
    after: sum(after),
    example: exampleOf(is, version),
  };
}

/** Lines of the new tariff in its order, each beside the old one of the same name; then what is no longer there. Pure. */
export function linesSideBySide(before: readonly Line[], after: readonly Line[]): TriedLine[] {
  const [was, is] = [Map.groupBy(before, lineName), Map.groupBy(after, lineName)];
  return [...new Set([...is.keys(), ...was.keys()])].map((name): TriedLine => {
    const [old = [], now = []] = [was.get(name), is.get(name)];
    const { charge, title, tier, tou, unit } = [...now, ...old][0] as Line;
    return {
      name,
      charge,
      title,
      tier: tier ?? null,
      tou: tou ?? null,
      unit: unit ?? null,
      before: amountOf(old),
      after: amountOf(now),
    };
  });
}

function amountOf(lines: readonly Line[]): TriedAmount | null {
  if (lines.length === 0) return null;
  const quantities = lines.flatMap(({ quantity }) => (quantity === undefined ? [] : [quantity]));
  const prices = new Set(lines.map(({ price }) => price ?? null));
  return {
    quantity: quantities.length === 0 ? null : quantities.reduce((sum, one) => sum + one, 0n),
    price: prices.size === 1 ? ([...prices][0] ?? null) : null,
    minor: lines.reduce((sum, { amount }) => sum + amount.minor, 0n),
  };
}

/** What was really used as a worked example of the version: only what an example can say, and only when it then comes to the same. Pure. */
function exampleOf({ inputs, settled: all }: Side, version: Tariff): TariffExample | null {
  const [one, more] = all;
  const [input] = inputs;
  if (one === undefined || input === undefined || more !== undefined || one.beside.length > 0) return null;
  const { from, to } = daysOf(one.stretch, version.zone);
  const persons = input.household.filter((size) => size.from < to);
  const befores = [...new Set(Object.values(one.ladderBefore))];
  if (befores.length > 1 || persons.some((size) => size.from > from)) return null;
  const householdSize = persons.at(-1)?.persons;
  const used = {
    from,
    to,
    quantity: quantityOf(one, version),
    ...(befores[0] === undefined || befores[0] === 0n ? {} : { ladderUsedBefore: decimalText(befores[0]) }),
    ...(householdSize === undefined ? {} : { householdSize }),
  };
  try {
    const { total, lines } = ratedExample(version, used);
    const minor = one.lines.reduce((sum, { amount }) => sum + amount.minor, 0n);
    if (total !== amountText(money(version.currency as Currency, minor))) return null;
    const title = `${decimalText(one.usage.total)} ${version.unit}, ${dayOf(one.stretch.from, version.zone).slice(0, 7)}`;
    return { title, ...used, expect: { lines: Object.fromEntries(lines), total } };
  } catch (error) {
    if (error instanceof CodedError) return null;
    throw error;
  }
}

/** By time of use where lines have one: what the hours of the account were, and not what the clock would guess. */
function quantityOf({ lines, usage }: Settlement, version: Tariff): string | Record<string, string> {
  const priced = new Set(version.charges.filter(({ kind }) => kind === "energy").map(({ id }) => id));
  const [charge] = lines.filter((line) => line.tou !== undefined && priced.has(line.charge)).map((line) => line.charge);
  if (charge === undefined) return decimalText(usage.total);
  const sums: Record<string, Micro> = {};
  for (const line of lines)
    if (line.charge === charge && line.tou !== undefined)
      sums[line.tou] = (sums[line.tou] ?? 0n) + (line.quantity ?? 0n);
  return Object.fromEntries(Object.entries(sums).map(([tou, micro]) => [tou, decimalText(micro)]));
}
