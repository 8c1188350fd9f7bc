import type { ReceiptFormat } from "../ledger/receipts.ts";
import { escaped, said } from "./bill-html.ts";
import type { ReceiptSheet } from "./receipt-sheet.ts";
import { RECEIPT, receiptFoot, receiptMarks, receiptRows } from "./receipt-words.ts";
import { firstOf, type PaperLanguage } from "./words.ts";

/** The receipt as one page without scripts, as wide as its paper, for a look or a browser's printer. */
export function receiptHtml(
  sheet: ReceiptSheet,
  { format, language }: { format: ReceiptFormat; language: PaperLanguage },
): string {
  const rows = receiptRows(sheet).map(
    ({ label, value, strong, wide }) =>
      `<div class="${strong === true ? "strong " : ""}${wide === true ? "wide" : ""}"><dt>${said(language, label)}</dt><dd>${said(language, value)}</dd></div>`,
  );
  const marks = receiptMarks(sheet).map((mark) => `<p class="mark">${said(language, mark)}</p>`);
  return `<!doctype html>
<html lang="${language === "en" ? "en" : "zh-CN"}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(`${firstOf(language, RECEIPT[sheet.what])} ${sheet.number}`)}</title><style>${STYLE}${PAGE[format]}</style></head>
<body><article><header><p>${said(language, sheet.operator)}</p><h1>${said(language, RECEIPT[sheet.what])}</h1>${marks.join("")}</header>
<dl>${rows.join("\n")}</dl>
<footer>${said(language, receiptFoot(sheet))}</footer></article></body></html>
`;
}

const STYLE = `:root{color:#1c2b36;font:12px/1.45 "PingFang SC","Microsoft YaHei","Noto Sans SC",system-ui,sans-serif}body{margin:0;background:#f1f5f7}
article{margin:16px auto;background:#fff;box-sizing:border-box;font-variant-numeric:tabular-nums}p,h1,dl,dd{margin:0}small{color:#5b6b78;font-size:.85em}
header{text-align:center;border-bottom:1px dashed #1c2b36;padding-bottom:6px}h1{font-size:1.4em;font-weight:700}.mark{display:inline-block;border:1.5px solid;padding:1px 8px;margin:4px 2px 0;font-weight:700}
dl{padding:6px 0}dl div{display:flex;justify-content:space-between;gap:10px;padding:1.5px 0}dt{color:#5b6b78;white-space:nowrap}dd{text-align:right;overflow-wrap:anywhere}.strong dd{font-size:1.5em;font-weight:700}.strong{align-items:baseline}
footer{border-top:1px dashed #1c2b36;padding-top:6px;text-align:center;color:#5b6b78;font-size:.9em}
@media print{body{background:none}article{margin:0}}`;
const PAGE: Readonly<Record<ReceiptFormat, string>> = {
  "80mm": "article{width:80mm;padding:4mm}@media print{@page{size:80mm auto;margin:0}}",
  a5: "article{width:210mm;min-height:148mm;padding:10mm 14mm;font-size:14px}dl{display:grid;grid-template-columns:1fr 1fr;gap:0 12mm}.wide{grid-column:1/-1;order:1}@media print{@page{size:A5 landscape;margin:0}}",
};
