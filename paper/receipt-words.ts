import type { TenderKind } from "../domain/counter.ts";
import { amountText, type Money, money } from "../domain/money.ts";
import { moneyText } from "./figures.ts";
import type { ReceiptSheet } from "./receipt-sheet.ts";
import { filled, type Words } from "./words.ts";

const w = (zh: string, en: string): Words => ({ zh, en });

export const RECEIPT = {
  payment: w("收费收据", "Receipt"),
  deposit: w("押金收据", "Deposit receipt"),
  cheque: w("支票收讫单", "Cheque received"),
  number: w("收据号", "No."),
  at: w("时间", "Time"),
  name: w("户名", "Name"),
  account: w("户号", "Account"),
  place: w("地址", "Place"),
  amount: w("金额", "Amount"),
  inWords: w("大写", "In words"),
  kind: w("付款方式", "Paid by"),
  given: w("实收", "Handed over"),
  change: w("找零", "Change"),
  reference: w("凭证号", "Reference"),
  chequeNumber: w("支票号", "Cheque no."),
  bank: w("出票行", "Bank"),
  supply: w("其中 水电气", "For supply"),
  property: w("其中 物业等", "For property"),
  debt: w("抵已出账欠费", "Pays what was billed"),
  emergency: w("还应急额度", "Repays emergency credit"),
  overdraft: w("补足透支用量", "Fills up the overdraft"),
  credit: w("转为可用余额", "Credit for supply"),
  left: w("应急额度未还", "Emergency credit in use"),
  balance: w("缴后余额", "Credit after"),
  owed: w("缴后尚欠", "Owed after"),
  propertyOwed: w("物业尚欠", "Property owed"),
  by: w("收费员", "Taken by"),
  drawer: w("钱箱", "Drawer"),
  entry: w("流水号", "Entry"),
  copy: w("副本 第 {n} 次补打", "COPY no. {n}"),
  preview: w("预览，不作收据", "Preview, not a receipt"),
  reversed: w("已冲正 {at}", "REVERSED {at}"),
  uncleared: w("支票以银行兑付为准，兑付后入账。", "Credited when the bank has paid the cheque."),
  stamp: w("收款单位（章）", "Stamp"),
  payer: w("交款人", "Payer"),
  keep: w("请妥善保管，冲正须持本据。", "Keep this receipt: it is asked for when a payment is taken back."),
} as const satisfies Record<string, Words>;

const KIND: Readonly<Record<TenderKind, Words>> = {
  cash: w("现金", "Cash"),
  card: w("刷卡", "Card"),
  wallet: w("微信支付宝", "Mobile wallet"),
  bank: w("转账", "Transfer"),
  cheque: w("支票", "Cheque"),
};

/** `wide`: over the whole of a wide paper, below the others. */
export type ReceiptRow = { readonly label: Words; readonly value: Words; readonly strong?: true; readonly wide?: true };
const plain = (text: string): Words => w(text, text);
const row = (label: Words, text: string | null): ReceiptRow[] =>
  text === null || text === "" ? [] : [{ label, value: plain(text) }];

/** The rows of a receipt in their order; what does not apply is left out. Pure. */
export function receiptRows(sheet: ReceiptSheet): ReceiptRow[] {
  const { amount, given, payer, parts, balance } = sheet;
  const isShared = sheet.what === "payment" && parts.property.minor !== 0n;
  return [
    ...row(RECEIPT.number, sheet.number),
    ...row(RECEIPT.at, sheet.at),
    ...row(RECEIPT.name, payer.name),
    ...row(RECEIPT.account, payer.number),
    ...row(RECEIPT.place, payer.place),
    { label: RECEIPT.kind, value: KIND[sheet.kind] },
    ...row(sheet.kind === "cheque" ? RECEIPT.chequeNumber : RECEIPT.reference, sheet.reference),
    ...row(RECEIPT.bank, sheet.bank),
    { label: RECEIPT.amount, value: plain(moneyText(amount)), strong: true, wide: true },
    ...(amount.currency === "CNY"
      ? [{ label: RECEIPT.inWords, value: plain(amountInChinese(amount)), wide: true as const }]
      : []),
    ...(given === null
      ? []
      : [
          ...row(RECEIPT.given, moneyText(given)),
          ...row(RECEIPT.change, moneyText(money(amount.currency, given.minor - amount.minor))),
        ]),
    ...(isShared
      ? [...row(RECEIPT.supply, moneyText(parts.supply)), ...row(RECEIPT.property, moneyText(parts.property))]
      : []),
    ...repaymentRows(sheet.repayment),
    ...(sheet.what === "payment" ? balanceRow(balance.supply) : []),
    ...(balance.property.minor < 0n && sheet.what === "payment"
      ? row(RECEIPT.propertyOwed, moneyText(money(amount.currency, -balance.property.minor)))
      : []),
    ...row(RECEIPT.by, [sheet.by, sheet.drawer].filter(Boolean).join(" · ")),
    ...row(RECEIPT.entry, String(sheet.entry)),
  ];
}

/** In the order in which the money has its effect; what is nothing is left out, but for what is still used. */
const repaymentRows = (repayment: ReceiptSheet["repayment"]): ReceiptRow[] =>
  repayment === null
    ? []
    : [
        ...(["debt", "emergency", "overdraft", "credit"] as const).flatMap((share) =>
          repayment[share].minor === 0n ? [] : row(RECEIPT[share], moneyText(repayment[share])),
        ),
        ...row(RECEIPT.left, moneyText(repayment.left)),
      ];

const balanceRow = (balance: Money): ReceiptRow[] =>
  balance.minor < 0n
    ? row(RECEIPT.owed, moneyText(money(balance.currency, -balance.minor)))
    : row(RECEIPT.balance, moneyText(balance));

/** What stands across the head: that it is no original, or was taken back. */
export function receiptMarks({ print, reversedAt }: ReceiptSheet): Words[] {
  return [
    ...(print === null ? [RECEIPT.preview] : print > 1 ? [filled(RECEIPT.copy, { n: print - 1 })] : []),
    ...(reversedAt === null ? [] : [filled(RECEIPT.reversed, { at: reversedAt })]),
  ];
}

export const receiptFoot = (sheet: ReceiptSheet): Words => (sheet.what === "cheque" ? RECEIPT.uncleared : RECEIPT.keep);

const FIGURES = "零壹贰叁肆伍陆柒捌玖";
const PLACES = ["", "拾", "佰", "仟"] as const;
const GROUPS = ["", "万", "亿", "万亿"] as const;

/** `¥1,020.05` → 人民币壹仟零贰拾元零伍分 (票据法实施: 正确填写票据和结算凭证的基本规定). */
export function amountInChinese(amount: Money): string {
  const [whole = "0", part = "00"] = amountText(amount).replace("-", "").split(".");
  const [jiao, fen] = [Number(part[0]), Number(part[1])];
  const yuan = whole === "0" ? "" : `${wholeInChinese(whole)}元`;
  if (jiao === 0 && fen === 0) return `人民币${yuan === "" ? "零元" : yuan}整`;
  const tenths = jiao === 0 ? (yuan === "" ? "" : "零") : `${FIGURES[jiao]}角`;
  return `人民币${yuan}${tenths}${fen === 0 ? "整" : `${FIGURES[fen]}分`}`;
}

function wholeInChinese(digits: string): string {
  let text = "";
  let isGap = false;
  const groups = Math.ceil(digits.length / 4);
  for (let g = groups - 1; g >= 0; g--) {
    const group = digits.slice(Math.max(0, digits.length - 4 * (g + 1)), digits.length - 4 * g);
    let isEmpty = true;
    for (let i = 0; i < group.length; i++) {
      if (group[i] === "0") isGap = true;
      else {
        text += `${isGap && text !== "" ? "零" : ""}${FIGURES[Number(group[i])]}${PLACES[group.length - 1 - i]}`;
        [isGap, isEmpty] = [false, false];
      }
    }
    if (!isEmpty) text += GROUPS[g];
  }
  return text;
}
