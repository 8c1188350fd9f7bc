import { amountText, type Currency, money } from "../domain/money.ts";
import { addDays, daysOf } from "../domain/period.ts";
import { decimalText, type Micro } from "../domain/quantity.ts";
import type { BillFacts, LineFact } from "./bill-sheet.ts";
import { tierWords, TOU_WORDS, UTILITY_WORDS, type Words, wordOf } from "./words.ts";

/** A cell for the accountant: exact text, or a figure that a spreadsheet may add up. */
export type Cell =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "figure"; readonly text: string };

const t = (text: string): Cell => ({ kind: "text", text });
const f = (text: string): Cell => ({ kind: "figure", text });

/** One row per line of a bill. `net` + `tax` = `amount`; amounts of all rows add up to what customers are debited. */
export const LINE_COLUMNS: readonly Words[] = [
  { zh: "账单编号", en: "bill" },
  { zh: "出账日期", en: "issued_on" },
  { zh: "缴费截止", en: "due_on" },
  { zh: "期间起", en: "from" },
  { zh: "期间止", en: "to" },
  { zh: "户号", en: "account" },
  { zh: "户名", en: "name" },
  { zh: "债权类别", en: "debt" },
  { zh: "类别", en: "utility" },
  { zh: "费用项目", en: "charge" },
  { zh: "价目", en: "tariff" },
  { zh: "版本", en: "version" },
  { zh: "档", en: "tier" },
  { zh: "时段", en: "tou" },
  { zh: "数量", en: "quantity" },
  { zh: "单位", en: "unit" },
  { zh: "单价", en: "price" },
  { zh: "不含税金额", en: "net" },
  { zh: "税额", en: "tax" },
  { zh: "金额", en: "amount" },
  { zh: "币种", en: "currency" },
  { zh: "结算账单", en: "settles" },
];

/** What of a line is tax: contained in its price, or all of it. */
export function taxOf(line: LineFact): bigint {
  return line.kind === "tax" ? line.amountMinor : (line.includedMinor ?? 0n);
}

export function lineRows(facts: BillFacts): Cell[][] {
  const { bill, customer, currency } = facts;
  const days = daysOf(bill.period, facts.zone);
  const amount = (minor: bigint) => f(amountText(money(currency, minor)));
  return facts.lines.map((line) => [
    t(bill.number),
    t(bill.issuedOn),
    t(bill.dueOn),
    t(days.from),
    t(addDays(days.to, -1)),
    t(customer.number),
    t(customer.name),
    t(line.debt),
    t(line.utility),
    t(`${line.title.zh} ${line.title.en}`),
    t(line.tariffId),
    t(line.tariffVersion),
    t(line.tier === null ? "" : String(line.tier)),
    t(line.tou ?? ""),
    f(line.quantity === null ? "" : decimalText(line.quantity)),
    t(line.unit ?? ""),
    f(line.price ?? ""),
    amount(line.amountMinor - taxOf(line)),
    amount(taxOf(line)),
    amount(line.amountMinor),
    t(currency),
    t(line.corrects === null ? "" : (facts.corrected.get(line.corrects) ?? String(line.corrects))),
  ]);
}

/** Sums of one kind of lines. */
export type Sum = {
  readonly name: Words;
  quantity: Micro;
  unit: string;
  taxMinor: bigint;
  amountMinor: bigint;
  lines: number;
};

/** What a cycle comes to, added up bill by bill. */
export type CycleTotals = {
  bills: number;
  readonly currencies: Set<string>;
  amountMinor: bigint;
  taxMinor: bigint;
  /** Quantities are what was used: a surcharge on a cubic metre counts it no second time. */
  readonly byUtility: Map<string, Sum>;
  /** Lines of use by utility, charge, tier and time of use. */
  readonly byTier: Map<string, Sum>;
};

export const noTotals = (): CycleTotals => ({
  bills: 0,
  currencies: new Set(),
  amountMinor: 0n,
  taxMinor: 0n,
  byUtility: new Map(),
  byTier: new Map(),
});

export function addToTotals(totals: CycleTotals, facts: BillFacts): void {
  totals.bills += 1;
  totals.currencies.add(facts.currency);
  for (const line of facts.lines) {
    totals.amountMinor += line.amountMinor;
    totals.taxMinor += taxOf(line);
    addLine(sumOf(totals.byUtility, line.utility, wordOf(UTILITY_WORDS, line.utility)), line);
    if (line.kind !== "usage") continue;
    const key = [line.utility, line.title.zh, line.tier ?? "", line.tou ?? "", line.unit ?? ""].join("/");
    const sum = sumOf(totals.byTier, key, tierName(line));
    addLine(sum, line);
    sum.quantity += line.quantity ?? 0n;
    sum.unit = line.unit ?? "";
  }
  for (const usage of facts.usages) {
    const sum = sumOf(totals.byUtility, usage.utility, wordOf(UTILITY_WORDS, usage.utility));
    sum.quantity += usage.quantity;
    sum.unit = usage.unit;
  }
}

function tierName(line: LineFact): Words {
  const tou = line.tou === null ? { zh: "", en: "" } : wordOf(TOU_WORDS, line.tou);
  const tier = line.tier === null ? { zh: "", en: "" } : tierWords(line.tier);
  return {
    zh: [line.title.zh, tier.zh, tou.zh].filter(Boolean).join(" "),
    en: [line.title.en, tier.en, tou.en].filter(Boolean).join(" "),
  };
}

function sumOf(sums: Map<string, Sum>, key: string, name: Words): Sum {
  const sum = sums.get(key) ?? { name, quantity: 0n, unit: "", taxMinor: 0n, amountMinor: 0n, lines: 0 };
  sums.set(key, sum);
  return sum;
}

function addLine(sum: Sum, line: LineFact): void {
  sum.lines += 1;
  sum.amountMinor += line.amountMinor;
  sum.taxMinor += taxOf(line);
}

/** What stands in an entry of the ledger beside its customers' debit. */
export type LedgerSide = {
  readonly account: string;
  readonly name: Words;
  readonly debitMinor: bigint;
  readonly creditMinor: bigint;
};

const ROW: readonly Words[] = [
  { zh: "项目", en: "item" },
  { zh: "数量", en: "quantity" },
  { zh: "单位", en: "unit" },
  { zh: "不含税金额", en: "net" },
  { zh: "税额", en: "tax" },
  { zh: "金额 / 借方", en: "amount / debit" },
  { zh: "贷方", en: "credit" },
];
export const heading = ({ zh, en }: Words): string => `${zh} ${en}`;

/** One page for the accountant: by utility, by tier, and what the ledger says of the same bills; the last row must be zero. */
export function summaryRows(month: string, totals: CycleTotals, ledger: readonly LedgerSide[]): Cell[][] {
  const currency = [...totals.currencies][0] ?? "";
  const amount = (minor: bigint): Cell => f(amountText(money(currency as Currency, minor)));
  const blank = t("");
  const sums = (all: Iterable<Sum>): Cell[][] =>
    [...all].map((sum) => [
      t(heading(sum.name)),
      f(sum.unit === "" ? "" : decimalText(sum.quantity)),
      t(sum.unit),
      amount(sum.amountMinor - sum.taxMinor),
      amount(sum.taxMinor),
      amount(sum.amountMinor),
      blank,
    ]);
  const debited = ledger
    .filter(({ account }) => account.startsWith("customer"))
    .reduce((sum, { debitMinor, creditMinor }) => sum + debitMinor - creditMinor, 0n);
  const band = (words: Words): Cell[] => [t(heading(words)), blank, blank, blank, blank, blank, blank];
  if (currency === "") return [ROW.map((words) => t(heading(words)))];
  return [
    ROW.map((words) => t(heading(words))),
    band({ zh: `${month} 账单 ${totals.bills} 张`, en: `bills, ${currency}` }),
    ...sums(totals.byUtility.values()),
    ...sums([
      {
        name: { zh: "合计", en: "total" },
        quantity: 0n,
        unit: "",
        taxMinor: totals.taxMinor,
        amountMinor: totals.amountMinor,
        lines: 0,
      },
    ]),
    band({ zh: "按档与时段", en: "by tier and time of use" }),
    ...sums(totals.byTier.values()),
    band({ zh: "总账分录", en: "ledger entries" }),
    ...ledger.map(({ name, account, debitMinor, creditMinor }): Cell[] => [
      t(`${heading(name)} (${account})`),
      blank,
      blank,
      blank,
      blank,
      amount(debitMinor),
      amount(creditMinor),
    ]),
    [
      t(heading({ zh: "账单合计减应收借方（应为零）", en: "bills less customers' debit (must be zero)" })),
      blank,
      blank,
      blank,
      blank,
      amount(totals.amountMinor - debited),
      blank,
    ],
  ];
}
