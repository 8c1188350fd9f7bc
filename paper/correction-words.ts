import type { CorrectionSheet, CorrectionSheetCarried } from "./correction-sheet.ts";
import { moneyText, quantityText } from "./figures.ts";
import { TOU_WORDS, type Words, wordOf } from "./words.ts";

export const KIND: Readonly<Record<CorrectionSheet["kind"], Words>> = {
  rebill: { zh: "账单更正单", en: "Correction note" },
  cancel: { zh: "账单作废单", en: "Cancellation note" },
  anew: { zh: "账单重开单", en: "Bill made anew" },
};

/** What only a correction note says. */
export const NOTE = {
  number: { zh: "更正单号", en: "Note number" },
  bill: { zh: "原账单", en: "Bill" },
  from: { zh: "{day}起", en: "from {day}" },
  billed: { zh: "已计", en: "Billed" },
  due: { zh: "应计", en: "Should be" },
  difference: { zh: "差额", en: "Difference" },
  units: { zh: "用量差", en: "Units ±" },
  version: { zh: "价目版本", en: "Version" },
  reason: { zh: "原因", en: "Reason" },
  charged: { zh: "补收合计", en: "Charged in all" },
  credited: { zh: "退还合计", en: "Credited in all" },
  carried: { zh: "结转下期", en: "Carried to the next bill" },
  was: { zh: "原结转", en: "Was" },
  now: { zh: "现结转", en: "Is now" },
} as const satisfies Record<string, Words>;

const CARRIED: Readonly<Record<CorrectionSheetCarried["what"], Words>> = {
  net_credit: { zh: "可抵电量", en: "Units in credit" },
  net_total: { zh: "未结余电量", en: "Surplus not settled yet" },
  money_credit: { zh: "可抵金额", en: "Money in credit" },
  peak: { zh: "最大需量", en: "Highest demand" },
  year_so_far: { zh: "本年已计", en: "Billed so far this year" },
};

/** What is carried, with its charge, month or time of use. */
export function carriedWords({ what, name }: CorrectionSheetCarried): Words {
  const of = what === "net_credit" && name !== "" ? wordOf(TOU_WORDS, name) : { zh: name, en: name };
  const words = CARRIED[what];
  return name === "" ? words : { zh: `${words.zh} · ${of.zh}`, en: `${words.en} · ${of.en}` };
}

export const carriedText = (value: CorrectionSheetCarried["was"], unit: CorrectionSheetCarried["unit"]): string =>
  typeof value === "bigint" ? `${quantityText(value)} ${unit}` : moneyText(value);
