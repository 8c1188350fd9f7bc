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
};
