import { escaped, PAPER_STYLE, said } from "./bill-html.ts";
import type { CorrectionSheet, CorrectionSheetLine } from "./correction-sheet.ts";
import { amountColumn, dayText, moneyText, quantityText, unitText } from "./figures.ts";
import { firstOf, type PaperLanguage, tierWords, TOU_WORDS, type Words, wordOf, WORDS } from "./words.ts";

const KIND: Readonly<Record<CorrectionSheet["kind"], Words>> = {
  rebill: { zh: "账单更正单", en: "Correction note" },
  cancel: { zh: "账单作废单", en: "Cancellation note" },
  anew: { zh: "账单重开单", en: "Bill made anew" },
};
const BILL: Words = { zh: "原账单", en: "Bill" };
const BILLED: Words = { zh: "已计", en: "Billed" };
const DUE: Words = { zh: "应计", en: "Should be" };
const DIFFERENCE: Words = { zh: "差额", en: "Difference" };
const MORE_OR_LESS: Words = { zh: "用量差", en: "Units more or less" };
const VERSION: Words = { zh: "价目版本", en: "Tariff version" };
const REASON: Words = { zh: "原因", en: "Reason" };
const CHARGED: Words = { zh: "补收合计", en: "Charged in all" };
const CREDITED: Words = { zh: "退还合计", en: "Credited in all" };

/** The note as one page without scripts: what was billed, what it should be, and the difference, line by line. The same rows give the same bytes. */
export function correctionHtml(sheet: CorrectionSheet, language: PaperLanguage): string {
  const say = (words: Words) => said(language, words);
  const heads = [WORDS.charge, VERSION, MORE_OR_LESS, BILLED, DUE, DIFFERENCE];
  const head = `<thead><tr>${heads.map((words) => `<th scope="col">${say(words)}</th>`).join("")}</tr></thead>`;
  const bills = sheet.bills.map(
    (
      bill,
    ) => `<section class="utility"><h3>${say(BILL)} ${escaped(bill.number)} <small>${dayText(bill.firstDay, language)}</small></h3>
<div class="wide"><table>${head}<tbody>${bill.lines.map((line) => lineHtml(line, language)).join("")}</tbody>
<tfoot><tr><th scope="row" colspan="5">${say(WORDS.subtotal)}</th><td>${moneyText(bill.difference)}</td></tr></tfoot></table></div></section>`,
  );
  return `<!doctype html>
<html lang="${language === "en" ? "en" : "zh-CN"}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(`${firstOf(language, KIND[sheet.kind])} ${sheet.number}`)}</title><style>${PAPER_STYLE}</style></head>
<body><article>
<header><p class="operator">${say(sheet.operator)}</p><p class="number">${escaped(sheet.number)}</p><h1>${say(KIND[sheet.kind])}</h1></header>
<section class="who"><div><h2>${escaped(sheet.customer.name)}</h2>
<dl><dt>${say(WORDS.account)}</dt><dd>${escaped(sheet.customer.number)}</dd>
<dt>${say(WORDS.issued)}</dt><dd>${dayText(sheet.issuedOn, language)}</dd>
<dt>${say(REASON)}</dt><dd>${escaped(sheet.reason)}</dd></dl></div></section>
${bills.join("\n")}
<p class="total"><span>${say(sheet.total.minor < 0n ? CREDITED : CHARGED)}</span><b>${moneyText(sheet.total)}</b></p>
</article></body></html>
`;
}

function lineHtml(line: CorrectionSheetLine, language: PaperLanguage): string {
  const words = [
    line.title,
    ...(line.tier === null ? [] : [tierWords(line.tier)]),
    ...(line.tou === null ? [] : [wordOf(TOU_WORDS, line.tou)]),
  ];
  const unit = line.unit === null ? "" : unitText(line.unit as never, language);
  return `<tr><th scope="row">${words.map((one) => said(language, one)).join(" · ")}</th><td>${escaped(line.tariffVersion)}</td>
<td>${line.quantity === null ? "" : `${quantityText(line.quantity)} ${escaped(unit)}`}</td><td>${amountColumn(line.billed)}</td>
<td>${amountColumn(line.due)}</td><td>${amountColumn(line.difference)}</td></tr>`;
}
