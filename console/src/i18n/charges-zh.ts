import type { chargesEn } from "./charges-en.ts";

/** 账单上供用之外的收费及对账部分。 */
export const chargesZh: Record<keyof typeof chargesEn, string> = {
  "charge.section": "物业与停车",
  "charge.classNote": "单独计欠，不因此停供",
  "charge.days": "{of} 天中的 {n} 天",
  "charge.per.m2": "平方米·月",
  "charge.per.lot": "车位·月",
  "charge.per.home": "月",
  "charge.unit.m2": "平方米",
  "charge.unit.lot": "个车位",
  "charge.unit.home": "户",
  "statement.title": "出账时对账",
  "statement.supply": "供用费",
  "statement.property": "物业与停车",
  "statement.previous": "上期结欠",
  "statement.paid": "期间已付",
  "statement.other": "期间调整",
  "statement.billed": "本期账单",
  "statement.balance": "期末结欠",
  "statement.credit": "余额 {amount}",
  "statement.creditUsed": "由余额抵付",
  "counter.pays": "缴费用途",
  "counter.pays.supply": "供用费",
  "counter.pays.property": "物业与停车",
  "counter.pays.split": "全部欠费（先供用）",
};
