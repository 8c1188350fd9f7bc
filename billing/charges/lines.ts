import type { ChargeLine, ChargePrice, RecurringCharge } from "../../domain/charge.ts";
import { Decimal } from "../../domain/decimal.ts";
import { CodedError } from "../../domain/errors.ts";
import { CURRENCIES, type Currency, money } from "../../domain/money.ts";
import { addMonths, type Day, daysBetween } from "../../domain/period.ts";
import type { AccountId } from "../../domain/reading.ts";

/** A value from a day on, until the next one. */
export type From<T> = { readonly from: Day } & T;

/** A charge as it was said of one account, all of its history. */
export type AssignedCharge = {
  readonly charge: RecurringCharge;
  readonly prices: readonly ChargePrice[];
  /** Lots or homes, decimal text; for basis `area` how often the floor area counts. */
  readonly quantities: readonly From<{ quantity: string }>[];
  /** Floor area, hundredths of m². */
  readonly areas: readonly From<{ size: bigint }>[];
};

/**
 * Lines of an account for the days `[from, to)`. Cut at the beginning of each month and where price, quantity or area change; a part
 * of a month is charged by its days. Pure.
 * @throws CodedError `billing.charge-incomplete` where a price or the floor area is not known
 */
export function chargeLinesOf(
  accountId: AccountId,
  assigned: readonly AssignedCharge[],
  days: { readonly from: Day; readonly to: Day },
  currency: Currency,
): ChargeLine[] {
  return assigned.flatMap((one) => partsOf(one, days).flatMap((part) => lineOf(accountId, one, part, currency)));
}

type Part = { readonly from: Day; readonly to: Day };

function partsOf({ prices, quantities, areas, charge }: AssignedCharge, { from, to }: Part): Part[] {
  const cuts = new Set<Day>();
  for (let first = monthStart(from); first < to; first = addMonths(first, 1)) cuts.add(first);
  for (const change of [...prices, ...quantities, ...(charge.basis === "area" ? areas : [])]) cuts.add(change.from);
  const inner = [...cuts].filter((day) => from < day && day < to).sort();
  const starts = [from, ...inner];
  return starts.map((start, i) => ({ from: start, to: starts[i + 1] ?? to }));
}

function lineOf(accountId: AccountId, one: AssignedCharge, { from, to }: Part, currency: Currency): ChargeLine[] {
  const { charge } = one;
  const times = heldOn(one.quantities, from)?.quantity;
  if (times === undefined || new Decimal(times).isZero()) return [];
  const price = heldOn(one.prices, from);
  if (price === undefined) throw incomplete(accountId, charge, from, "a price");
  const quantity = charge.basis === "area" ? areaOf(accountId, one, from).times(times) : new Decimal(times);
  const monthDays = daysBetween(monthStart(from), addMonths(monthStart(from), 1));
  const minor = quantity
    .times(price.price)
    .times(daysBetween(from, to))
    .div(monthDays)
    .times(10 ** CURRENCIES[currency])
    .toFixed(0);
  if (minor === "0") return [];
  const tax = new Decimal(minor).times(price.taxRate).div(new Decimal(price.taxRate).plus(1)).toFixed(0);
  return [
    {
      key: `${charge.code}/${from}`,
      code: charge.code,
      income: charge.income,
      from,
      to,
      monthDays,
      quantity: quantity.toFixed(2),
      unit: charge.basis === "area" ? "m2" : charge.basis,
      price: price.price,
      amount: money(currency, BigInt(minor)),
      included: money(currency, BigInt(tax)),
      title: charge.title,
    },
  ];
}

function areaOf(accountId: AccountId, { areas, charge }: AssignedCharge, day: Day) {
  const area = heldOn(areas, day);
  if (area === undefined) throw incomplete(accountId, charge, day, "the floor area");
  return new Decimal(area.size.toString()).div(100);
}

const incomplete = (accountId: AccountId, { code }: RecurringCharge, day: Day, what: string): CodedError =>
  new CodedError("billing.charge-incomplete", `account ${accountId}: ${what} of ${code} on ${day} is not known`);

/** What holds on a day; the values stand in the order of their days. */
const heldOn = <T extends { readonly from: Day }>(values: readonly T[], day: Day): T | undefined =>
  values.findLast(({ from }) => from <= day);

const monthStart = (day: Day): Day => `${day.slice(0, 8)}01` as Day;
