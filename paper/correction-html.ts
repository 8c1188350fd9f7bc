import { escaped, PAPER_STYLE, said } from "./bill-html.ts";
import type { CorrectionSheet, CorrectionSheetLine } from "./correction-sheet.ts";
import { carriedText, carriedWords, KIND, NOTE } from "./correction-words.ts";
import { amountColumn, dayText, moneyText, quantityText, unitText } from "./figures.ts";
import { filled, firstOf, type PaperLanguage, tierWords, TOU_WORDS, type Words, wordOf, WORDS } from "./words.ts";

/** The note as one page without scripts: what was billed, what it should be, and the difference, line by line. The same rows give the same bytes. */
export function correctionHtml(sheet: CorrectionSheet, language: PaperLanguage): string {
  const say = (words: Words) => said(language, words);
  const heads = [WORDS.charge, NOTE.version, NOTE.units, NOTE.billed, NOTE.due, NOTE.difference];
  const head = `<thead><tr>${heads.map((words) => `<th scope="col">${say(words)}</th>`).join("")}</tr></thead>`;
  const bills = sheet.bills.map(
    (
      bill,
    ) => `<section class="utility"><h3>${say(NOTE.bill)} ${escaped(bill.number)} <small>${firstOf(language, filled(NOTE.from, { day: dayText(bill.firstDay, language) }))}</small></h3>
<div class="wide"><table>${head}<tbody>${bill.lines.map((line) => lineHtml(line, language)).join("")}</tbody>
<tfoot><tr><th scope="row" colspan="5">${say(WORDS.subtotal)}</th><td>${moneyText(bill.difference)}</td></tr></tfoot></table></div></section>`,
  );
  return `<!doctype html>
<html lang="${language === "en" ? "en" : "zh-CN"}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(`${firstOf(language, KIND[sheet.kind])} ${sheet.number}`)}</title><style>${PAPER_STYLE}</style></head>
<body><article>
<header><p class="operator">${say(sheet.operator)}</p><p class="number">${say(NOTE.number)} ${escaped(sheet.number)}</p><h1>${say(KIND[sheet.kind])}</h1></header>
<section class="who"><div><h2>${escaped(sheet.customer.name)}</h2>
<dl><dt>${say(WORDS.account)}</dt><dd>${escaped(sheet.customer.number)}</dd>
<dt>${say(WORDS.issued)}</dt><dd>${dayText(sheet.issuedOn, language)}</dd>
<dt>${say(NOTE.reason)}</dt><dd>${escaped(sheet.reason)}</dd></dl></div></section>
${bills.join("\n")}${carriedHtml(sheet, language)}
<p class="total"><span>${say(sheet.total.minor < 0n ? NOTE.credited : NOTE.charged)}</span><b>${moneyText(sheet.total)}</b></p>
</article></body></html>
`;
}

function carriedHtml({ carried }: CorrectionSheet, language: PaperLanguage): string {
  if (carried.length === 0) return "";
  const say = (words: Words) => said(language, words);
  const rows = carried.map(
    (one) => `<tr><th scope="row">${say(carriedWords(one))}</th><td>${escaped(one.bill)}</td>
<td>${escaped(carriedText(one.was, one.unit))}</td><td>${escaped(carriedText(one.now, one.unit))}</td></tr>`,
  );
  const heads = [WORDS.charge, NOTE.bill, NOTE.was, NOTE.now];
  return `
<section class="utility"><h3>${say(NOTE.carried)}</h3><div class="wide"><table><thead><tr>${heads
    .map((words) => `<th scope="col">${say(words)}</th>`)
    .join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div></section>`;
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
