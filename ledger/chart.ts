import type { DebtClass } from "../domain/charge.ts";
import type { Money } from "../domain/money.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Utility } from "../domain/unit.ts";

/**
 * Chart of accounts. Debit is positive, credit negative: a customer's postings add up to what he owes,
 * so the balance shown to people is that sum with the sign turned.
 */
export const CHART = {
  customer: { side: "asset", zh: "应收用户款", en: "Customers" },
  customer_property: { side: "asset", zh: "应收物业等款", en: "Customers, property and parking" },
  customer_deposit: { side: "liability", zh: "用户押金", en: "Deposits held" },
  cash: { side: "asset", zh: "库存现金", en: "Cash on hand" },
  card: { side: "asset", zh: "刷卡在途", en: "Card terminal clearing" },
  wallet: { side: "asset", zh: "微信支付宝在途", en: "Mobile wallet clearing" },
  bank: { side: "asset", zh: "银行存款", en: "Bank" },
  cheque: { side: "asset", zh: "待兑支票", en: "Cheques in hand" },
  "cheque.held": { side: "liability", zh: "未兑暂记款", en: "Cheques that do not count yet" },
  revenue_electricity: { side: "income", zh: "电费收入", en: "Electricity revenue" },
  revenue_gas: { side: "income", zh: "燃气费收入", en: "Gas revenue" },
  revenue_water: { side: "income", zh: "水费收入", en: "Water revenue" },
  revenue_heat: { side: "income", zh: "供热收入", en: "Heat revenue" },
  revenue_property: { side: "income", zh: "物业费收入", en: "Property fee revenue" },
  revenue_parking: { side: "income", zh: "停车费收入", en: "Parking revenue" },
  revenue_other: { side: "income", zh: "其他收入", en: "Other revenue" },
  revenue_late_fee: { side: "income", zh: "违约金收入", en: "Late fees" },
  sewage_payable: { side: "liability", zh: "代收污水处理费", en: "Sewage fee collected for the authority" },
  token_credit: { side: "liability", zh: "离线表码待供", en: "Credit handed to keypad meters" },
  tax_payable: { side: "liability", zh: "应交税费", en: "Tax payable" },
  rounding: { side: "income", zh: "尾差", en: "Rounding" },
  adjustment: { side: "expense", zh: "调整", en: "Adjustments" },
  cash_over_short: { side: "expense", zh: "现金长短款", en: "Cash over and short" },
  opening: { side: "equity", zh: "期初", en: "Opening balances" },
} as const satisfies Record<string, { side: string; zh: string; en: string }>;
/** A drawer at a counter is a part of `cash`: `cash.3`. */
export type DrawerAccount = `cash.${bigint}`;
export type LedgerAccount = keyof typeof CHART | DrawerAccount;

export const drawerAccount = (drawerId: bigint): DrawerAccount => `cash.${drawerId}`;
/** `cash.3` → `cash`: what of the chart an account is a part of. */
export const chartAccountOf = (account: string): string => account.split(".")[0] ?? account;

export const REVENUE: Record<Utility, LedgerAccount> = {
  electricity: "revenue_electricity",
  gas: "revenue_gas",
  water: "revenue_water",
  heat: "revenue_heat",
};

/** What a customer owes, by class: supply, which alone prepaid supply looks at, and everything else. */
export const RECEIVABLE = { supply: "customer", property: "customer_property" } as const satisfies Record<
  DebtClass,
  LedgerAccount
>;
export type CustomerAccount = (typeof RECEIVABLE)[DebtClass];

/** What is held of a customer until he moves out: no class of debt, and nothing that supply looks at. */
export const DEPOSIT = "customer_deposit";
type OwnedAccount = CustomerAccount | typeof DEPOSIT;

/** Ledger accounts whose postings belong to a customer. */
export const isOfCustomer = (account: string): account is OwnedAccount =>
  account === DEPOSIT || Object.values<string>(RECEIVABLE).includes(account);

/** One line of a journal entry. Debit positive. Only a customer's classes belong to somebody. */
export type Posting =
  | { readonly ledgerAccount: OwnedAccount; readonly accountId: AccountId; readonly amount: Money }
  | { readonly ledgerAccount: Exclude<LedgerAccount, OwnedAccount>; readonly amount: Money };

export const customerPosting = (accountId: AccountId, amount: Money, of: DebtClass = "supply"): Posting => ({
  ledgerAccount: RECEIVABLE[of],
  accountId,
  amount,
});

export const depositPosting = (accountId: AccountId, amount: Money): Posting => ({
  ledgerAccount: DEPOSIT,
  accountId,
  amount,
});
