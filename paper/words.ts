import type { Utility } from "../domain/unit.ts";

/** What is printed stands in Chinese, in English, or in both: then English stands smaller beside or below the Chinese. */
export const PAPER_LANGUAGES = ["zh", "en", "both"] as const;
export type PaperLanguage = (typeof PAPER_LANGUAGES)[number];

export type Words = { readonly zh: string; readonly en: string };

export const w = (zh: string, en: string): Words => ({ zh, en });

/** The words of the paper itself; titles of charges come from their tariff. */
export const WORDS = {
  bill: w("账单", "Bill"),
  number: w("账单编号", "Bill no."),
  issued: w("出账日期", "Issued"),
  period: w("计费期间", "Period"),
  due: w("缴费截止", "Due by"),
  account: w("户号", "Account"),
  total: w("本期合计", "This bill"),
  toPay: w("应缴金额", "Amount due"),
  nothingToPay: w("无需缴费", "Nothing to pay"),
  credit: w("账户余额", "In credit"),
  meter: w("表号", "Meter"),
  readOn: w("抄表日期", "Read on"),
  start: w("起码", "Start"),
  end: w("止码", "End"),
  used: w("用量", "Used"),
  basis: w("依据", "Basis"),
  charge: w("费用项目", "Charge"),
  quantity: w("数量", "Quantity"),
  price: w("单价", "Price"),
  amount: w("金额", "Amount"),
  subtotal: w("小计", "Subtotal"),
  tariff: w("价目", "Tariff"),
  account_statement: w("账户往来", "Your account"),
  debt_supply: w("水电气费", "Supply"),
  debt_property: w("物业等其他费用", "Property and other"),
  before: w("上期余欠", "Owed before"),
  in_credit_before: w("上期余额", "In credit before"),
  payments: w("其间缴费", "Payments received"),
  adjustments: w("其间调整", "Adjustments"),
  after: w("出账后余欠", "Owed with this bill"),
  in_credit_after: w("出账后余额", "In credit with this bill"),
  deposit: w("押金", "Deposit"),
  deposit_before: w("原有押金", "Held before"),
  deposit_taken: w("其间收取", "Taken"),
  deposit_applied: w("抵欠", "Applied to what is owed"),
  deposit_returned: w("退还", "Returned"),
  deposit_held: w("在押", "Held now"),
  final: w("最终结算", "Final settlement"),
  final_paid: w("押金抵欠", "Paid by the deposit"),
  final_set_off_supply: w("物业等款余额抵能源费", "Set off: other credit paid supply"),
  final_set_off_property: w("能源费余额抵物业等款", "Set off: supply credit paid other debt"),
  final_still_owed: w("仍需缴纳", "Still to pay"),
  final_refund_due: w("应退金额", "Refund due"),
  taxIncluded: w("其中含税", "Tax contained"),
  history: w("近十二个月用量", "Use in twelve months"),
  estimatedMark: w("浅色为估抄或差额", "Pale: estimated or settled"),
  pay: w("扫码缴费", "Scan to pay"),
  demoCode: w("示例码，不可支付", "Demo code, cannot be paid"),
  page: w("第 {n} 页，共 {of} 页", "Page {n} of {of}"),
  continued: w("续", "continued"),
  notes: w("说明", "Notes"),
} as const satisfies Record<string, Words>;

export const UTILITY_WORDS: Record<Utility | "other", Words> = {
  electricity: w("电", "Electricity"),
  water: w("水", "Water"),
  gas: w("燃气", "Gas"),
  heat: w("热", "Heat"),
  other: w("其他费用", "Other charges"),
};

export const BASIS_WORDS: Readonly<Record<string, Words>> = {
  actual: w("实抄", "Actual"),
  interpolated: w("插值", "Interpolated"),
  estimated: w("估抄", "Estimated"),
};

export const TOU_WORDS: Readonly<Record<string, Words>> = {
  sharp: w("尖", "Sharp"),
  peak: w("峰", "Peak"),
  flat: w("平", "Flat"),
  valley: w("谷", "Valley"),
  deep_valley: w("深谷", "Deep valley"),
};

/** What a register counts, where it is not the whole use. */
export const COUNTS_WORDS: Readonly<Record<string, Words>> = {
  ...TOU_WORDS,
  export: w("上网", "Given back"),
  reactive: w("无功", "Reactive"),
  demand: w("最大需量 (kW)", "Demand (kW)"),
};

export const METHOD_WORDS: Readonly<Record<string, Words>> = {
  linear: w("实抄之间线性", "linear between readings"),
  last_year: w("去年同期", "same period last year"),
  like_day: w("相似日", "like days"),
  recent_average: w("近期平均", "average of recent periods"),
  class_profile: w("同类用户曲线", "class profile"),
  manual: w("人工", "set by hand"),
  agreed: w("与用户协商", "agreed with the customer"),
};

export const tierWords = (tier: number): Words => w(`第 ${tier} 档`, `Tier ${tier}`);

/** A word that no list names is shown as it is: a bill must not lose anything. */
export const wordOf = (list: Readonly<Record<string, Words>>, name: string): Words =>
  Object.hasOwn(list, name) ? (list[name] ?? w(name, name)) : w(name, name);

export const filled = (words: Words, values: Readonly<Record<string, string | number>>): Words => {
  const put = (text: string) => text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
  return w(put(words.zh), put(words.en));
};

/** The language that leads, and the one that stands smaller beside it. */
export const firstOf = (language: PaperLanguage, words: Words): string => (language === "en" ? words.en : words.zh);
export const secondOf = (language: PaperLanguage, words: Words): string | null =>
  language === "both" && words.en !== words.zh ? words.en : null;
