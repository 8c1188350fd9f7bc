import { CodedError } from "../../domain/errors.ts";
import { amountText, money } from "../../domain/money.ts";
import type { Invoice, InvoiceLine } from "./invoice.ts";

/**
 * Code of goods and services (商品和服务税收分类编码) and its short name, by what is charged. A proposal: the taxpayer confirms
 * it, and gives it where there is none here.
 */
const CODES: Readonly<Record<string, { readonly code: string; readonly short: string }>> = {
  electricity: { code: "1100101020000000000", short: "供电" },
  water: { code: "1100301010000000000", short: "水冰雪" },
  revenue_property: { code: "3040801010000000000", short: "企业管理服务" },
  revenue_parking: { code: "3040502020200000000", short: "经营租赁" },
};
const UNIT_NAMES: Readonly<Record<string, string>> = {
  kWh: "千瓦时",
  kvarh: "千乏时",
  kW: "千瓦",
  kVA: "千伏安",
  kW_day: "千瓦·天",
  kVA_day: "千伏安·天",
  m3: "立方米",
  m2: "平方米",
  lot: "个",
  home: "户",
  day: "天",
  month: "月",
  "1": "项",
};

/**
 * The invoice as data for 数电发票, by the column names of the tax platform's template 批量开票, with tax and totals beside them.
 * @throws CodedError `invoice.refused` of a bill below zero: that is a red letter, which names the invoice it takes back
 */
export function shudianOf(invoice: Invoice, taxId: string | null) {
  const { number, currency, totals, seller, buyer } = invoice;
  if (currency !== "CNY")
    throw new CodedError("invoice.refused", `Bill ${number} makes no 数电发票: it is in ${currency}, not in CNY.`);
  if (totals.payable < 0n)
    throw new CodedError(
      "invoice.refused",
      `Bill ${number} makes no 数电发票: it is below zero. Make a 红字发票确认单 for the invoice that it takes back; --format ubl writes a credit note.`,
    );
  const text = (minor: bigint): string => amountText(money(currency, minor));
  return {
    发票基本信息: {
      发票流水号: number,
      发票类型: "普通发票",
      是否含税: "否",
      销售方名称: seller.tax?.name ?? seller.zh,
      销售方纳税人识别号: taxId ?? orNull(seller.tax?.taxId),
      销售方地址: orNull(seller.tax?.address),
      销售方电话: orNull(seller.tax?.phone),
      销售方开户银行: orNull(seller.tax?.bankName),
      销售方银行账号: orNull(seller.tax?.bankAccount),
      受票方自然人标识: null,
      购买方名称: buyer.tax?.name ?? (buyer.name === "" ? buyer.number : buyer.name),
      购买方纳税人识别号: orNull(buyer.tax?.taxId),
      购买方地址: orNull(buyer.tax?.address) ?? orNull(buyer.address),
      购买方电话: orNull(buyer.tax?.phone),
      购买方开户银行: orNull(buyer.tax?.bankName),
      购买方银行账号: orNull(buyer.tax?.bankAccount),
      备注: `账单 ${number}，户号 ${buyer.number}，${invoice.from} 至 ${invoice.lastDay}`,
    },
    发票明细信息: invoice.lines.filter(({ netMinor }) => netMinor !== 0n).map((line) => itemOf(line, number, text)),
    合计: {
      金额: text(totals.taxExclusive),
      税额: text(totals.tax),
      价税合计: text(totals.taxInclusive),
      // Not part of an invoice here: what the bill asks for is 价税合计 and this.
      账单尾差: text(totals.rounding),
      账单应付: text(totals.payable),
    },
    待确认: [
      "发票类型",
      "受票方自然人标识",
      ...(orNull(buyer.tax?.taxId) === null ? ["购买方纳税人识别号"] : []),
      "商品和服务税收编码",
      "税率为 0 的行：免税或不征税",
    ],
  };
}

const orNull = (text: string | undefined): string | null => (text === undefined || text === "" ? null : text);

function itemOf(line: InvoiceLine, number: string, text: (minor: bigint) => string) {
  const known = CODES[line.subject];
  return {
    发票流水号: number,
    项目名称: known === undefined ? line.title.zh : `*${known.short}*${line.title.zh}`,
    商品和服务税收编码: known?.code ?? null,
    规格型号: null,
    单位: UNIT_NAMES[line.unit] ?? line.unit,
    数量: line.quantity,
    单价: line.price,
    金额: text(line.netMinor),
    税率: line.rate,
    税额: text(line.taxMinor),
    价税合计: text(line.netMinor + line.taxMinor),
  };
}
