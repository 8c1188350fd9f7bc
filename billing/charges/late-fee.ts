import {
  type ChargeLine,
  type CustomerClass,
  type CustomerScope,
  DEBT_CLASSES,
  type DebtClass,
} from "../../domain/charge.ts";
import { Decimal } from "../../domain/decimal.ts";
import { CURRENCIES, type Currency, money, zero } from "../../domain/money.ts";
import { addDays, type Day, daysBetween } from "../../domain/period.ts";

/** What a debt that is overdue costs, from a day on. */
export type LateFeeRule = {
  readonly fromDay: Day;
  readonly debtClass: DebtClass;
  /** Share of what is overdue per day, decimal text; 0 = nothing. */
  readonly rate: string;
  /** The same for days of a later year than the due date's. */
  readonly crossYearRate: string;
  /** Days after the due date that cost nothing. */
  readonly graceDays: number;
  /** A bill's fee on one debt below this is not charged, minor units. */
  readonly minimumMinor: bigint;
  /** All fees on a bill together are at most this share of it. */
  readonly capShare: string;
};

/** The rules that hold for a customer: from the first day of a rule for his class on, that class's rules alone. Pure. */
export function rulesFor(
  rules: readonly (LateFeeRule & { readonly customerClass: CustomerScope })[],
  of: CustomerClass,
): LateFeeRule[] {
  const own = DEBT_CLASSES.flatMap((debtClass) => {
    const forDebt = rules.filter((rule) => rule.debtClass === debtClass);
    const special = forDebt.filter(({ customerClass }) => customerClass === of);
    const since = special[0]?.fromDay;
    const general = forDebt.filter(
      ({ customerClass, fromDay }) => customerClass === "all" && (since === undefined || fromDay < since),
    );
    return [...general, ...special];
  });
  const inOrder = own.toSorted((a, b) => (a.fromDay < b.fromDay ? -1 : a.fromDay > b.fromDay ? 1 : 0));
  return inOrder.map(({ customerClass: _customerClass, ...rule }) => rule);
}

/** What a bill asked for in one class, late fees left out. */
export type BilledDebt = {
  readonly billId: bigint;
  readonly number: string;
  readonly dueOn: Day;
  /** Late fees on it that bills have charged already, minor units. */
  readonly charged: bigint;
};

/** Something that moved what an account owes in one class; debit positive, minor units. */
export type DebtMove = {
  readonly day: Day;
  readonly minor: bigint;
  /** `settles`: a payment, its reversal, a refund, a credit: it pays debts, or no longer pays them. */
  readonly kind: "debt" | "settles";
  /** Absent: a debt that bears no fee (a fee itself, a balance taken over). */
  readonly bill?: BilledDebt;
};

/** All that a late fee rests on. */
export type OverdueInput = {
  /** Days before this one are charged already. */
  readonly since: Day;
  /** In the order of their days, for each class and day the last word. */
  readonly rules: readonly LateFeeRule[];
  /** Days `[from, to)` that cost nothing. */
  readonly waived: readonly { readonly from: Day; readonly to: Day }[];
  /** In the order of the books. */
  readonly moves: Readonly<Record<DebtClass, readonly DebtMove[]>>;
};

/**
 * The lines of a bill for what was overdue on the days `[since, issuedOn)`: per earlier bill and stretch of days with one debt and one
 * rate, amount = debt × rate × days, rounded once, half up. A day counts where the debt is open at its end: the day of payment is
 * free. Payments settle the oldest debt of their class first. Pure.
 */
export function lateFeeLinesOf(input: OverdueInput, issuedOn: Day, currency: Currency): ChargeLine[] {
  return DEBT_CLASSES.flatMap((debtClass) => {
    const debts = debtsOf(input.moves[debtClass]);
    return debts.flatMap((debt) => linesOf(debt, debtClass, input, issuedOn, currency));
  });
}

type Debt = {
  readonly bill: BilledDebt;
  readonly principal: bigint;
  /** What is left of it at the end of a day. */
  readonly openOn: (day: Day) => bigint;
};

/** Debts in the order of the books; what settles them does so from the oldest on, whenever it came. */
function debtsOf(moves: readonly DebtMove[]): Debt[] {
  const settledOn = (day: Day): bigint =>
    -moves.reduce((sum, move) => (move.kind === "settles" && move.day <= day ? sum + move.minor : sum), 0n);
  let before = 0n;
  return moves.flatMap(({ kind, minor, bill, day: since }): Debt[] => {
    if (kind !== "debt") return [];
    const olderDebt = before;
    before += minor;
    if (bill === undefined) return [];
    const openOn = (day: Day): bigint => {
      if (day < since) return 0n;
      const left = minor - atLeastZero(settledOn(day) - olderDebt);
      return atLeastZero(left);
    };
    return [{ bill, principal: minor, openOn }];
  });
}

type Stretch = { readonly from: Day; readonly to: Day; readonly open: bigint; readonly rate: string };

function linesOf(
  { bill, principal, openOn }: Debt,
  debtClass: DebtClass,
  input: OverdueInput,
  issuedOn: Day,
  currency: Currency,
): ChargeLine[] {
  const rules = input.rules.filter((rule) => rule.debtClass === debtClass);
  const last = rules.findLast(({ fromDay }) => fromDay < issuedOn);
  if (last === undefined || issuedOn <= bill.dueOn) return [];
  const stretches = stretchesOf({ bill, principal, openOn }, rules, input, debtClass, issuedOn);
  let room = atLeastZero(minorOf(new Decimal(principal.toString()).times(last.capShare)) - bill.charged);
  const lines = stretches.flatMap((stretch): ChargeLine[] => {
    const full = minorOf(
      new Decimal(stretch.open.toString()).times(stretch.rate).times(daysBetween(stretch.from, stretch.to)),
    );
    const amount = full < room ? full : room;
    room -= amount;
    return amount === 0n ? [] : [lineOf(bill, debtClass, stretch, amount, currency)];
  });
  const sum = lines.reduce((total, { amount }) => total + amount.minor, 0n);
  return sum < last.minimumMinor ? [] : lines;
}

/** Days that cost something, cut wherever the debt or its rate changes. */
function stretchesOf(
  { bill, openOn }: Debt,
  rules: readonly LateFeeRule[],
  { since, waived, moves }: OverdueInput,
  debtClass: DebtClass,
  issuedOn: Day,
): Stretch[] {
  const from = since > bill.dueOn ? since : addDays(bill.dueOn, 1);
  const cuts = new Set<Day>([from, issuedOn]);
  for (const move of moves[debtClass]) cuts.add(move.day);
  for (const rule of rules) cuts.add(rule.fromDay).add(addDays(bill.dueOn, 1 + rule.graceDays));
  for (const days of waived) cuts.add(days.from).add(days.to);
  for (let year = Number(from.slice(0, 4)) + 1; year <= Number(issuedOn.slice(0, 4)); year += 1)
    cuts.add(`${year}-01-01` as Day);
  const days = [...cuts].filter((day) => from <= day && day <= issuedOn).sort();
  const stretches: Stretch[] = [];
  for (const [i, start] of days.entries()) {
    const end = days[i + 1];
    if (end === undefined) break;
    const rate = waived.some((one) => one.from <= start && start < one.to) ? "0" : rateOn(rules, bill.dueOn, start);
    const open = openOn(start);
    if (open === 0n || Number(rate) === 0) continue;
    const before = stretches.at(-1);
    if (before?.to === start && before.open === open && before.rate === rate)
      stretches[stretches.length - 1] = { ...before, to: end };
    else stretches.push({ from: start, to: end, open, rate });
  }
  return stretches;
}

function rateOn(rules: readonly LateFeeRule[], dueOn: Day, day: Day): string {
  const rule = rules.findLast(({ fromDay }) => fromDay <= day);
  if (rule === undefined || day < addDays(dueOn, 1 + rule.graceDays)) return "0";
  return day.slice(0, 4) > dueOn.slice(0, 4) ? rule.crossYearRate : rule.rate;
}

/** Title, key and income of a late fee. */
function lineOf(
  { billId, number }: BilledDebt,
  debtClass: DebtClass,
  { from, to, open, rate }: Stretch,
  amount: bigint,
  currency: Currency,
): ChargeLine {
  const code = LATE_FEE_CODES[debtClass];
  const places = CURRENCIES[currency];
  return {
    key: `${code}/${number}/${from}`,
    code,
    income: "revenue_late_fee",
    from,
    to,
    monthDays: 1,
    quantity: new Decimal(open.toString()).div(10 ** places).toFixed(2),
    unit: "overdue",
    price: rate,
    amount: money(currency, amount),
    included: zero(currency),
    title: { zh: `违约金（账单 ${number}）`, en: `Late fee on bill ${number}` },
    ofBill: billId,
  };
}

/** Codes of late-fee lines by the class of the debt. No recurring charge can be called so: `/charges` refuses them. */
export const LATE_FEE_CODES: Readonly<Record<DebtClass, string>> = {
  supply: "late_fee",
  property: "late_fee_property",
};

const atLeastZero = (minor: bigint): bigint => (minor > 0n ? minor : 0n);
const minorOf = (amount: Decimal): bigint => BigInt(amount.toFixed(0, Decimal.ROUND_HALF_UP));
