import { expect, test } from "vitest";
import { moneyOfText } from "../../domain/money.ts";
import { amountInChinese } from "../../paper/receipt-words.ts";

test.each([
  ["0.05", "人民币伍分"],
  ["0.50", "人民币伍角整"],
  ["1.00", "人民币壹元整"],
  ["10.05", "人民币壹拾元零伍分"],
  ["1020.30", "人民币壹仟零贰拾元叁角整"],
  ["10001.00", "人民币壹万零壹元整"],
  ["100200.12", "人民币壹拾万零贰佰元壹角贰分"],
  ["20000000.00", "人民币贰仟万元整"],
  ["100000000.01", "人民币壹亿元零壹分"],
])("%s in words is %s", (amount, words) => {
  const money = moneyOfText("CNY", amount);
  expect(money === null ? null : amountInChinese(money)).toBe(words);
});
