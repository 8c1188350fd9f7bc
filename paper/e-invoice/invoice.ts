import { Decimal } from "../../domain/decimal.ts";
import { CodedError } from "../../domain/errors.ts";
import { CURRENCIES, type Currency } from "../../domain/money.ts";
import { decimalText, microOf } from "../../domain/quantity.ts";
import type { ChargeFact, InvoiceFacts, SupplyFact } from "./facts.ts";

/** One line without tax, and the tax that falls on it. Both may be negative. */
export type InvoiceLine = {
  readonly title: { readonly zh: string; readonly en: string };
  /** `electricity`, `water` …, `sewage`; for what is not supply the ledger account that it earns for. */
  readonly subject: string;
  /** Decimal text in `unit`; 1 of unit `1` where the books count nothing. */
  readonly quantity: string;
  readonly unit: string;
  /** Without tax, per unit, never negative: a line of less than nothing has a negative quantity. */
  readonly price: string;
  readonly netMinor: bigint;
  /** Decimal text: `0.13`. */
  readonly rate: string;
  readonly taxMinor: bigint;
};
export type TaxSubtotal = { readonly rate: string; readonly taxableMinor: bigint; readonly taxMinor: bigint };

/** One bill as an invoice: the sums of EN 16931, checked, in minor units. */
export type Invoice = Omit<InvoiceFacts, "supply" | "charges" | "totalMinor" | "taxPostedMinor"> & {
  readonly lines: readonly InvoiceLine[];
  readonly taxes: readonly TaxSubtotal[];
  readonly totals: Totals;
};
export type Totals = {
  readonly lines: bigint;
  readonly taxExclusive: bigint;
  readonly tax: bigint;
  readonly taxInclusive: bigint;
  readonly rounding: bigint;
  readonly payable: bigint;
};

/** @throws CodedError `invoice.refused` when the bill's tax cannot be told line by line, or a sum does not come out */
export function invoiceOf(facts: InvoiceFacts): Invoice {
  const { supply, charges, totalMinor, taxPostedMinor, ...head } = facts;
  const lines = [...supplyLines(facts), ...charges.map((charge) => chargeLine(charge, facts))];
  const rounding = sumOf(supply.filter(({ kind }) => kind === "rounding").map((line) => line.amountMinor));
  const net = sumOf(lines.map(({ netMinor }) => netMinor));
  // Tax and total come from the entry and the bill, not from the lines: the checks below compare the two.
  const totals = {
    lines: net,
    taxExclusive: net,
    tax: taxPostedMinor,
    taxInclusive: totalMinor - rounding,
    rounding,
    payable: totalMinor,
  };
  const invoice = { ...head, lines, taxes: subtotalsOf(lines), totals };
  checkSums(invoice);
  return invoice;
}

const sumOf = (all: readonly bigint[]): bigint => all.reduce((sum, one) => sum + one, 0n);
const refusal = (number: string, why: string): CodedError =>
  new CodedError("invoice.refused", `Bill ${number} makes no invoice: ${why}.`);

type Taxed = { readonly rate: string; readonly taxMinor: bigint; readonly isInside: boolean };

function supplyLines({ supply, number, currency }: InvoiceFacts): InvoiceLine[] {
  const taxed = new Map<SupplyFact, Taxed>();
  for (const [at, tax] of supply.entries()) {
    // The lines of a true-up are differences and stand in no order: the tariff tells, where it was kept.
    if (tax.kind === "tax") shareTax(tax.of === undefined ? supply.slice(0, at) : supply, tax, taxed, number);
  }
  return supply
    .filter(({ kind }) => kind !== "tax" && kind !== "rounding")
    .map((line) => {
      const { rate, taxMinor, isInside } = taxed.get(line) ?? { rate: "0", taxMinor: 0n, isInside: false };
      const netMinor = isInside ? line.amountMinor - taxMinor : line.amountMinor;
      const counted = countedOf(line, netMinor, currency);
      // As in the ledger: collected for the sewage authority, not water sold.
      const subject = line.charge.startsWith("sewage") ? "sewage" : line.utility;
      return { title: line.title, subject, ...counted, netMinor, rate, taxMinor };
    });
}

/** Falls on the lines that it is a tax of, in proportion, so that the shares add up to it. */
function shareTax(among: readonly SupplyFact[], tax: SupplyFact, taxed: Map<SupplyFact, Taxed>, number: string): void {
  const isInside = tax.includedMinor !== null;
  const taxMinor = isInside ? (tax.includedMinor ?? 0n) : tax.amountMinor;
  const rate = shortRate(tax.price ?? "0");
  const base = among.filter(
    (line) =>
      line !== tax &&
      line.group === tax.group &&
      line.from >= tax.from &&
      line.to <= tax.to &&
      line.kind !== "rounding" &&
      (tax.of?.includes(line.charge) ?? true),
  );
  if (base.some((line) => taxed.has(line) || line.kind === "tax"))
    throw refusal(number, `a line bears two taxes, the second is “${tax.title.en}”; an invoice line bears one`);
  const sum = sumOf(base.map(({ amountMinor }) => amountMinor));
  const expected = taxOf(sum, rate, isInside);
  // Two roundings, of a true-up: what was billed and what is right.
  const isSure = tax.of !== undefined || expected.minus(taxMinor.toString()).abs().lte(2);
  if (!isSure || (sum === 0n && taxMinor !== 0n))
    throw refusal(number, `of which lines “${tax.title.en}” is a tax cannot be told from what was kept`);
  let seen = 0n;
  let given = 0n;
  for (const line of base) {
    seen += line.amountMinor;
    const upTo = sum === 0n ? 0n : shareOf(taxMinor, seen, sum);
    taxed.set(line, { rate, taxMinor: upTo - given, isInside });
    given = upTo;
  }
}

const taxOf = (minor: bigint, rate: string, isInside: boolean): Decimal => {
  const full = new Decimal(minor.toString()).times(rate);
  return isInside ? full.div(new Decimal(rate).plus(1)) : full;
};
const shareOf = (whole: bigint, part: bigint, of: bigint): bigint =>
  BigInt(new Decimal(whole.toString()).times(part.toString()).div(of.toString()).toFixed(0));

/** What was overdue is an amount, not a count. */
const UNCOUNTED = { quantity: null, unit: null };

/** A price noted again since is passed over: the rate is the latest that explains the tax on the books. */
function chargeLine(charge: ChargeFact, { number, currency }: InvoiceFacts): InvoiceLine {
  const { amountMinor, includedMinor, title, income } = charge;
  const fits = charge.rates.find((one) => taxOf(amountMinor, one, true).toFixed(0) === includedMinor.toString());
  if (fits === undefined && includedMinor !== 0n)
    throw refusal(number, `no price of “${title.en}” explains its tax of ${includedMinor} minor units`);
  const netMinor = amountMinor - includedMinor;
  const counted = countedOf(charge.unit === "overdue" ? UNCOUNTED : charge, netMinor, currency);
  const rate = shortRate(fits ?? "0");
  return { title, subject: income, ...counted, netMinor, rate, taxMinor: includedMinor };
}

const shortRate = (rate: string): string => decimalText(microOf(rate) ?? 0n);

type Counted = Pick<InvoiceLine, "quantity" | "unit" | "price">;
const PRICE_PLACES = 10; // a price times any quantity of a bill is then right to the cent

/** What is worth less than nothing is counted below zero, as prices never are. */
function countedOf(
  { quantity, unit }: { readonly quantity: string | null; readonly unit: string | null },
  netMinor: bigint,
  currency: Currency,
): Counted {
  const count = new Decimal(quantity ?? "0");
  const isCounted = unit !== null && !count.isZero() && (netMinor < 0n || count.isPositive());
  const size = isCounted ? count.abs() : new Decimal(1);
  const net = new Decimal(netMinor.toString()).abs().div(10 ** CURRENCIES[currency]);
  return {
    quantity: (netMinor < 0n ? size.negated() : size).toFixed(),
    unit: isCounted ? unit : "1",
    price: net.div(size).toDecimalPlaces(PRICE_PLACES).toFixed(),
  };
}

function subtotalsOf(lines: readonly InvoiceLine[]): TaxSubtotal[] {
  const byRate = Map.groupBy(lines, ({ rate }) => rate);
  return [...byRate]
    .map(([rate, all]) => ({
      rate,
      taxableMinor: sumOf(all.map(({ netMinor }) => netMinor)),
      taxMinor: sumOf(all.map(({ taxMinor }) => taxMinor)),
    }))
    .sort((a, b) => Number(b.rate) - Number(a.rate));
}

/** The sums that EN 16931-1 (clause 6.4.2) demands, exactly; each tax may differ from rate × taxable by less than one whole unit. */
function checkSums({ number, currency, lines, taxes, totals }: Invoice): void {
  const whole = 10n ** BigInt(CURRENCIES[currency]);
  const offBy = ({ rate, taxableMinor, taxMinor }: TaxSubtotal): Decimal =>
    taxOf(taxableMinor, rate, false).minus(taxMinor.toString()).abs();
  const sums: [rule: string, isRight: boolean][] = [
    ["BR-CO-10: lines and their sum", totals.lines === sumOf(lines.map(({ netMinor }) => netMinor))],
    ["BR-CO-13: sum of lines and total without tax", totals.taxExclusive === totals.lines],
    ["BR-CO-14: taxes by rate and the tax on the books", totals.tax === sumOf(taxes.map(({ taxMinor }) => taxMinor))],
    ["BR-CO-15: total with tax", totals.taxInclusive === totals.taxExclusive + totals.tax],
    ["BR-CO-16: amount due", totals.payable === totals.taxInclusive + totals.rounding],
    ["BR-CO-17: rate times taxable amount", taxes.every((one) => offBy(one).lt(whole.toString()))],
  ];
  const wrong = sums.filter(([, isRight]) => !isRight).map(([rule]) => rule);
  if (wrong.length > 0) throw refusal(number, `sums do not come out (${wrong.join("; ")})`);
}
