import type { LadderRun } from "../billing/explain/read-ladders.ts";
import type { DebtClass } from "../domain/charge.ts";
import { addMoney, type Currency, type Money, money, sumMoney } from "../domain/money.ts";
import { addDays, addMonths, type Day, dayOf, daysOf, type Period, type Zone } from "../domain/period.ts";
import type { Proration } from "../domain/proration.ts";
import type { Micro } from "../domain/quantity.ts";
import { UTILITIES, type Utility } from "../domain/unit.ts";
import type { DepositStatement } from "../ledger/deposits.ts";
import { paymentCodeOf } from "./payment-code.ts";
import { notesOf } from "./notes.ts";
import { prorationWords } from "./proration-words.ts";
import {
  type AccountStatement,
  type ClosingFact,
  type DepositSheet,
  depositSheetOf,
  type FinalSheet,
  finalSheetOf,
  statementsOf,
} from "./statement.ts";
import type { Words } from "./words.ts";

/** What the books say of one bill: rows as they were written with it, and the names that stand on it. */
export type BillFacts = {
  readonly operator: { readonly code: string; readonly name: Words };
  readonly zone: Zone;
  readonly currency: Currency;
  readonly bill: {
    readonly id: bigint;
    readonly number: string;
    readonly period: Period;
    readonly issuedOn: Day;
    readonly dueOn: Day;
    readonly totalMinor: bigint;
  };
  readonly customer: {
    readonly number: string;
    readonly name: string;
    readonly address: string;
  };
  readonly lines: readonly LineFact[];
  readonly usages: readonly UsageFact[];
  /** Billed use of this account up to and with this bill. */
  readonly history: readonly HistoryFact[];
  /** The customer's postings before the bill's entry, by class of debt; a class without any may be absent. */
  readonly owed: readonly OwedFact[];
  /** Number of each earlier bill that a line corrects. */
  readonly corrected: ReadonlyMap<bigint, string>;
  readonly deposit: DepositStatement;
  /** Of a final bill. */
  readonly closing: ClosingFact | null;
  /** How the tiers of its tariffs run over several months; told where it covers more than one. */
  readonly ladders: readonly LadderRun[];
  readonly paymentTemplate: string;
};

/** What is owed for supply and what for all else are never set off against each other. */
export type OwedFact = {
  readonly debt: DebtClass;
  readonly beforeMinor: bigint;
  readonly paymentsMinor: bigint;
  readonly otherMinor: bigint;
};

export type LineFact = {
  readonly debt: DebtClass;
  readonly usagePointId: bigint | null;
  readonly utility: string;
  readonly tariffId: string;
  readonly tariffVersion: string;
  readonly kind: string;
  readonly tier: number | null;
  readonly tou: string | null;
  readonly quantity: Micro | null;
  readonly unit: string | null;
  readonly price: string | null;
  readonly amountMinor: bigint;
  readonly includedMinor: bigint | null;
  readonly basis: string | null;
  readonly title: Words;
  readonly corrects: bigint | null;
  /** Where its part of the bill is cut. */
  readonly proration?: Proration;
};

export type RegisterFact = {
  readonly serial?: string;
  readonly meter?: string;
  readonly register?: string;
  readonly from?: string;
  readonly to?: string;
  readonly start?: string | null;
  readonly end?: string | null;
  readonly used?: string;
  readonly basis?: string;
  readonly verdicts?: readonly unknown[];
  readonly estimate?: { readonly method?: string };
};

export type UsageFact = {
  readonly usagePointId: bigint;
  readonly utility: string;
  readonly place: string;
  readonly period: Period;
  readonly quantity: Micro;
  readonly unit: string;
  readonly basis: string;
  readonly registers: readonly RegisterFact[];
  readonly corrects: bigint | null;
};

export type HistoryFact = {
  readonly utility: string;
  readonly periodTo: number;
  readonly quantity: Micro;
  readonly unit: string;
  readonly estimated: boolean;
};

export type PaperUtility = Utility | "other";

export type Register = {
  readonly serial: string;
  /** A time of use, `export`, `reactive` or `demand`; `null` = the whole use. */
  readonly counts: string | null;
  readonly from: Day | null;
  readonly to: Day | null;
  readonly start: string;
  readonly end: string;
  readonly used: string;
  readonly basis: string;
  /** Method of the estimate that the end rests on. */
  readonly method: string | null;
};

export type SheetLine = {
  readonly title: Words;
  readonly tier: number | null;
  readonly tou: string | null;
  readonly quantity: Micro | null;
  readonly unit: string | null;
  readonly price: string | null;
  readonly amount: Money;
  /** Number of the earlier bill whose estimate it settles. */
  readonly corrects: string | null;
  /** How it was prorated; `null` where nothing cuts its part. */
  readonly prorated: Words | null;
};

export type Section = {
  readonly utility: PaperUtility;
  readonly place: string;
  readonly use: Micro | null;
  readonly unit: string;
  readonly basis: string;
  readonly registers: readonly Register[];
  readonly lines: readonly SheetLine[];
  readonly subtotal: Money;
  /** Tax that its prices contain; absent where none is told. */
  readonly taxIncluded: Money | null;
  readonly tariff: string;
};

/** `quantity` is null in a month that no bill covers. */
export type HistoryMonth = { readonly month: string; readonly quantity: Micro | null; readonly estimated: boolean };
export type History = {
  readonly utility: PaperUtility;
  readonly unit: string;
  readonly months: readonly HistoryMonth[];
};

/** One bill as it stands on paper, whatever draws it. Amounts add up: subtotals to `total`, the statement to `after`. */
export type BillSheet = {
  readonly operator: Words;
  readonly number: string;
  readonly customer: { readonly number: string; readonly name: string; readonly address: string };
  readonly firstDay: Day;
  readonly lastDay: Day;
  readonly issuedOn: Day;
  readonly dueOn: Day;
  readonly utilities: readonly PaperUtility[];
  readonly sections: readonly Section[];
  readonly total: Money;
  /** Of supply always, of all else where there is or was any. */
  readonly statements: readonly AccountStatement[];
  readonly deposit: DepositSheet | null;
  /** `null`: other bills follow. */
  readonly final: FinalSheet | null;
  /** What is left to pay with this bill, as it was issued; zero when the account was in credit. */
  readonly toPay: Money;
  readonly payment: { readonly content: string; readonly demo: boolean } | null;
  readonly history: readonly History[];
  readonly notes: readonly Words[];
};

const ORDER: readonly PaperUtility[] = ["electricity", "water", "gas", "heat", "other"];
const isUtility = (name: string): name is Utility => (UTILITIES as readonly string[]).includes(name);
const paperUtility = (name: string): PaperUtility => (isUtility(name) ? name : "other");
const inOrder = (a: { utility: PaperUtility }, b: { utility: PaperUtility }) =>
  ORDER.indexOf(a.utility) - ORDER.indexOf(b.utility);

/** How many months the chart shows, this bill's own included. */
export const HISTORY_MONTHS = 12;

export function billSheetOf(facts: BillFacts): BillSheet {
  const { bill, currency, zone } = facts;
  const total = money(currency, bill.totalMinor);
  const statements = statementsOf(facts);
  const final = finalSheetOf(facts);
  // Credit in one class pays nothing of the other.
  const owed = sumMoney(
    currency,
    statements.flatMap(({ after }) => (after.minor > 0n ? [after] : [])),
  );
  const toPay = final === null ? owed : final.stillOwed;
  const days = daysOf(bill.period, zone);
  const sections = sectionsOf(facts);
  return {
    operator: facts.operator.name,
    number: bill.number,
    customer: facts.customer,
    firstDay: days.from,
    lastDay: addDays(days.to, -1),
    issuedOn: bill.issuedOn,
    dueOn: bill.dueOn,
    utilities: [...new Set(sections.map(({ utility }) => utility))],
    sections,
    total,
    statements,
    deposit: depositSheetOf(facts),
    final,
    toPay,
    payment: toPay.minor === 0n ? null : paymentCodeOf(facts.paymentTemplate, facts, toPay),
    history: historyOf(facts, addDays(days.to, -1)),
    notes: notesOf(facts, sections),
  };
}

function sectionsOf(facts: BillFacts): Section[] {
  const keyOf = (of: LineFact | UsageFact) => `${paperUtility(of.utility)}/${of.usagePointId ?? ""}`;
  const keys = new Set([...facts.usages.map(keyOf), ...facts.lines.map(keyOf)]);
  return [...keys]
    .map((key) =>
      sectionOf(
        facts,
        facts.lines.filter((line) => keyOf(line) === key),
        facts.usages.filter((usage) => keyOf(usage) === key),
      ),
    )
    .toSorted(inOrder);
}

function sectionOf(facts: BillFacts, lines: readonly LineFact[], usages: readonly UsageFact[]): Section {
  const { currency } = facts;
  const own = usages.filter((usage) => usage.corrects === null);
  const included = lines.flatMap(({ includedMinor }) =>
    includedMinor === null ? [] : [money(currency, includedMinor)],
  );
  return {
    utility: paperUtility(usages[0]?.utility ?? lines[0]?.utility ?? "other"),
    place: usages[0]?.place ?? "",
    use: own.length === 0 ? null : own.reduce((sum, { quantity }) => sum + quantity, 0n),
    unit: own[0]?.unit ?? "",
    basis: worstBasis(own.map(({ basis }) => basis)),
    registers: own.flatMap(({ registers }) => registers.map((register) => registerOf(register, facts.zone))),
    lines: lines.map((line) => lineOf(line, facts)),
    subtotal: lines.reduce((sum, { amountMinor }) => addMoney(sum, money(currency, amountMinor)), money(currency, 0n)),
    taxIncluded: included.length === 0 ? null : sumMoney(currency, included),
    tariff: [
      ...new Set(lines.filter(({ tariffId }) => tariffId !== "").map((l) => `${l.tariffId} ${l.tariffVersion}`)),
    ].join(", "),
  };
}

const WORST = ["actual", "interpolated", "estimated"];
const worstBasis = (all: readonly string[]): string =>
  all.reduce((worst, basis) => (WORST.indexOf(basis) > WORST.indexOf(worst) ? basis : worst), "actual");

const lineOf = (line: LineFact, { currency, corrected }: BillFacts): SheetLine => ({
  title: line.title,
  tier: line.tier,
  tou: line.tou,
  quantity: line.quantity,
  unit: line.unit,
  price: line.price,
  amount: money(currency, line.amountMinor),
  corrects: line.corrects === null ? null : (corrected.get(line.corrects) ?? String(line.corrects)),
  prorated: line.proration === undefined ? null : prorationWords(line.proration, line.tier !== null),
});

function registerOf(register: RegisterFact, zone: Zone): Register {
  const dayIn = (text: string | undefined): Day | null => {
    const at = text === undefined ? Number.NaN : Date.parse(text);
    return Number.isNaN(at) ? null : dayOf(at as Period["from"], zone);
  };
  return {
    serial: register.serial ?? register.meter ?? "",
    counts: countsOf(register.register ?? ""),
    from: dayIn(register.from),
    to: dayIn(register.to),
    start: register.start ?? "",
    end: register.end ?? "",
    used: register.used ?? "",
    basis: register.basis ?? "actual",
    method: register.estimate?.method ?? null,
  };
}

const countsOf = (register: string): string | null =>
  /_(sharp|peak|flat|deep_valley|valley)_/.exec(register)?.[1] ??
  /^(demand|reactive)_/.exec(register)?.[1] ??
  (register.startsWith("energy_export") ? "export" : null);

/** Use by the month in which it ended; a true-up counts in the month that it settles. */
function historyOf(facts: BillFacts, lastDay: Day): History[] {
  const first = addMonths(`${lastDay.slice(0, 7)}-01` as Day, 1 - HISTORY_MONTHS);
  const months = Array.from({ length: HISTORY_MONTHS }, (_, i) => addMonths(first, i).slice(0, 7));
  const byUtility = Map.groupBy(facts.history, ({ utility }) => paperUtility(utility));
  return [...byUtility]
    .map(([utility, all]) => {
      const used = Map.groupBy(all, ({ periodTo }) => dayOf((periodTo - 1) as Period["to"], facts.zone).slice(0, 7));
      return {
        utility,
        unit: all[0]?.unit ?? "",
        months: months.map((month): HistoryMonth => {
          const parts = used.get(month);
          return {
            month,
            quantity: parts === undefined ? null : parts.reduce((sum, { quantity }) => sum + quantity, 0n),
            estimated: parts?.some(({ estimated }) => estimated) ?? false,
          };
        }),
      };
    })
    .toSorted(inOrder);
}
