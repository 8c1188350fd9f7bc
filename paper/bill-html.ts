import type { BillSheet, History, Section, SheetLine } from "./bill-sheet.ts";
import { billTitle } from "./bill-title.ts";
import { UTILITY_COLOURS } from "./colours.ts";
import {
  amountColumn,
  dayText,
  grouped,
  moneyText,
  percentText,
  priceText,
  quantityText,
  unitText,
} from "./figures.ts";
import { QUIET_ZONE, qrModules } from "./qr-modules.ts";
import { headlineOf, type Strip, stripsOf } from "./statement-cells.ts";
import { useChartOf } from "./use-chart.ts";
import {
  BASIS_WORDS,
  COUNTS_WORDS,
  firstOf,
  METHOD_WORDS,
  type PaperLanguage,
  secondOf,
  tierWords,
  TOU_WORDS,
  UTILITY_WORDS,
  type Words,
  wordOf,
  WORDS,
} from "./words.ts";

export const escaped = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0) ?? 32};`);

/** A text of both languages: the second is marked as what it is, for eyes and for a voice. */
export function said(language: PaperLanguage, words: Words): string {
  const second = secondOf(language, words);
  return escaped(firstOf(language, words)) + (second === null ? "" : ` <small lang="en">${escaped(second)}</small>`);
}

/** The bill as one page without scripts or outside parts: it may be mailed, kept and printed as it is. */
export function billHtml(sheet: BillSheet, language: PaperLanguage): string {
  const say = (words: Words) => said(language, words);
  const { toPay } = sheet;
  const [headline, amount] = headlineOf(sheet);
  return `<!doctype html>
<html lang="${language === "en" ? "en" : "zh-CN"}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(`${firstOf(language, WORDS.bill)} ${sheet.number}`)}</title><style>${PAPER_STYLE}</style></head>
<body><article>
<header><p class="operator">${say(sheet.operator)}</p><p class="number">${say(WORDS.number)} ${escaped(sheet.number)}</p>
<h1>${say({ zh: billTitle(sheet, "zh"), en: billTitle(sheet, "en") })}</h1></header>
<section class="who"><div><h2>${escaped(sheet.customer.name)}</h2><p>${escaped(sheet.customer.address)}</p>
<dl><dt>${say(WORDS.account)}</dt><dd>${escaped(sheet.customer.number)}</dd>
<dt>${say(WORDS.period)}</dt><dd>${dayText(sheet.firstDay, language)} – ${dayText(sheet.lastDay, language)}</dd>
<dt>${say(WORDS.issued)}</dt><dd>${dayText(sheet.issuedOn, language)}</dd></dl></div>
<div class="pay"><p>${say(headline)}<b>${moneyText(amount)}</b></p>
${toPay.minor > 0n ? `<p>${say(WORDS.due)}<strong>${dayText(sheet.dueOn, language)}</strong></p>` : ""}
${sheet.payment === null ? "" : `<figure>${qrSvg(sheet.payment.content)}<figcaption>${say(sheet.payment.demo ? WORDS.demoCode : WORDS.pay)}</figcaption></figure>`}</div></section>
${stripsOf(sheet)
  .map((one) => stripHtml(one, language))
  .join("")}
${sheet.sections.map((section) => sectionHtml(section, language)).join("\n")}
<p class="total"><span>${say(WORDS.total)}</span><b>${moneyText(sheet.total)}</b></p>
${historyHtml(sheet, language)}
<footer>${sheet.notes.map((note) => `<p>${say(note)}</p>`).join("")}</footer>
</article></body></html>
`;
}

function stripHtml({ name, cells }: Strip, language: PaperLanguage): string {
  const shown = cells.map(([words, amount]) => `<dt>${said(language, words)}</dt><dd>${moneyText(amount)}</dd>`);
  const head = said(language, name ?? WORDS.debt_supply);
  return `<section class="statement"><h3>${head}</h3><dl>${shown.join("")}</dl></section>`;
}

function sectionHtml(section: Section, language: PaperLanguage): string {
  const say = (words: Words) => said(language, words);
  const colours = UTILITY_COLOURS[section.utility];
  const use = section.use === null ? "" : `${quantityText(section.use)} ${unitText(section.unit, language)}`;
  const doubt = section.basis === "actual" ? "" : ` <em>${say(wordOf(BASIS_WORDS, section.basis))}</em>`;
  const heads = (all: readonly Words[]) =>
    `<thead><tr>${all.map((words) => `<th scope="col">${say(words)}</th>`).join("")}</tr></thead>`;
  const registers = section.registers.map(
    (
      one,
    ) => `<tr><th scope="row">${escaped(one.serial)}${one.counts === null ? "" : ` ${say(wordOf(COUNTS_WORDS, one.counts))}`}</th>
<td>${one.from ?? ""} – ${one.to ?? ""}</td><td>${grouped(one.start)}</td><td>${grouped(one.end)}</td><td>${grouped(one.used)}</td>
<td>${say(wordOf(BASIS_WORDS, one.method === null ? one.basis : "estimated"))}${one.method === null ? "" : ` · ${say(wordOf(METHOD_WORDS, one.method))}`}</td></tr>`,
  );
  return `<section class="utility"><h3 style="border-color:${colours.main};color:${colours.deep}">${say(UTILITY_WORDS[section.utility])} <small>${escaped(section.place)}</small><span>${use}${doubt}</span></h3>
${registers.length === 0 ? "" : `<div class="wide"><table class="registers">${heads([WORDS.meter, WORDS.readOn, WORDS.start, WORDS.end, WORDS.used, WORDS.basis])}<tbody>${registers.join("")}</tbody></table></div>`}
<div class="wide"><table>${heads([WORDS.charge, WORDS.quantity, WORDS.price, WORDS.amount])}<tbody>${section.lines.map((line) => lineHtml(line, language)).join("")}</tbody>
<tfoot><tr><th scope="row" colspan="3">${say(WORDS.subtotal)} <small>${escaped(section.tariff)}${section.taxIncluded === null ? "" : ` · ${say(WORDS.taxIncluded)} ${moneyText(section.taxIncluded)}`}</small></th><td>${moneyText(section.subtotal)}</td></tr></tfoot></table></div></section>`;
}

function lineHtml(line: SheetLine, language: PaperLanguage): string {
  const unit = line.unit === null ? "" : unitText(line.unit, language);
  const words = [
    line.title,
    ...(line.tier === null ? [] : [tierWords(line.tier)]),
    ...(line.tou === null ? [] : [wordOf(TOU_WORDS, line.tou)]),
  ];
  const price =
    line.price === null
      ? ""
      : line.quantity === null
        ? percentText(line.price)
        : `${priceText(line.price)}${unit === "" ? "" : ` / ${unit}`}`;
  const mark = line.corrects === null ? "" : `※ ${escaped(line.corrects)} `;
  const prorated = line.prorated === null ? "" : `<p class="part">${said(language, line.prorated)}</p>`;
  return `<tr><th scope="row">${mark}${words.map((one) => said(language, one)).join(" · ")}${prorated}</th><td>${
    line.quantity === null ? "" : `${quantityText(line.quantity)} ${escaped(unit)}`
  }</td><td>${escaped(price)}</td><td>${amountColumn(line.amount)}</td></tr>`;
}

function historyHtml(sheet: BillSheet, language: PaperLanguage): string {
  if (sheet.history.length === 0) return "";
  return `<section class="history"><h3>${said(language, WORDS.history)}</h3><div>${sheet.history.map((history) => chartSvg(history, language)).join("")}</div></section>`;
}

const CHART = { width: 240, height: 96, head: 16, foot: 14 } as const;

/** Each bar names its month and figure, for a pointer and for a voice. */
function chartSvg(history: History, language: PaperLanguage): string {
  const colours = UTILITY_COLOURS[history.utility];
  const ground = CHART.height - CHART.foot;
  const name = firstOf(language, UTILITY_WORDS[history.utility]);
  const unit = unitText(history.unit, language);
  const bars = useChartOf(history).bars.map((bar, i) => {
    const high = bar.billed ? Math.max(bar.height * (ground - CHART.head - 4), 1) : 0;
    const left = bar.x * CHART.width;
    const width = bar.width * CHART.width;
    const quantity = history.months[i]?.quantity ?? null;
    const title =
      quantity === null ? "" : `<title>${history.months[i]?.month ?? ""}: ${quantityText(quantity)} ${unit}</title>`;
    return `<g>${title}<rect x="${left.toFixed(2)}" y="${(ground - high).toFixed(2)}" width="${width.toFixed(2)}" height="${high.toFixed(2)}" fill="${bar.estimated ? colours.soft : colours.main}"/>
<text x="${(left + width / 2).toFixed(2)}" y="${CHART.height - 3}" text-anchor="middle"${bar.own ? ' font-weight="700"' : ""}>${bar.label}</text></g>`;
  });
  return `<svg viewBox="0 0 ${CHART.width} ${CHART.height}" role="img" aria-label="${escaped(`${name} ${unit}`)}"><text x="0" y="9" class="name" fill="${colours.deep}">${escaped(name)}</text><text x="${CHART.width}" y="9" text-anchor="end">${escaped(unit)}</text>${bars.join("")}<path d="M0 ${ground}H${CHART.width}" stroke="#d5dde4"/></svg>`;
}

function qrSvg(content: string): string {
  const code = qrModules(content);
  const side = code.size + 2 * QUIET_ZONE;
  let path = "";
  for (let row = 0; row < code.size; row++)
    for (let column = 0; column < code.size; column++)
      if (code.dark(row, column)) path += `M${column + QUIET_ZONE} ${row + QUIET_ZONE}h1v1h-1z`;
  return `<svg viewBox="0 0 ${side} ${side}" role="img" aria-label="QR" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${side}v${side}H0z"/><path d="${path}"/></svg>`;
}

export const PAPER_STYLE = `:root{color:#1c2b36;font:14px/1.5 "PingFang SC","Microsoft YaHei","Noto Sans SC",system-ui,sans-serif}body{margin:0;background:#f1f5f7}
article{max-width:780px;margin:24px auto;padding:36px 40px;background:#fff;box-sizing:border-box}p,dl,dd,h1,h2,h3,figure{margin:0}small{color:#5b6b78;font-weight:400;font-size:.82em}
header{display:grid;grid-template-columns:1fr auto;border-bottom:2px solid #14506e;padding-bottom:10px}.operator{font-weight:700;color:#14506e}.number{color:#5b6b78}h1 small{display:block;font-size:15px}h1{grid-column:1/-1;font-size:26px;line-height:1.4}
.who{display:flex;gap:24px;justify-content:space-between;margin:16px 0;flex-wrap:wrap}.who h2{font-size:18px;font-weight:500;overflow-wrap:anywhere}.who>div:first-child{flex:1 1 220px}.who dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 14px;margin-top:8px}dt{color:#5b6b78}
.pay{display:grid;grid-template-columns:1fr auto;gap:4px 20px;background:#f1f5f7;border-radius:8px;padding:14px 16px;min-width:250px}.pay p{color:#5b6b78}.pay b,.pay strong{display:block;color:#14506e}.pay b{font-size:30px;line-height:1.3}.pay figure{grid-column:2;grid-row:1/3;text-align:center}.pay svg{width:112px;height:112px}.pay figcaption{font-size:10px;max-width:112px;color:#8a5a00}
.statement h3{font-size:12px;margin-top:8px}.statement dl{display:flex;flex-wrap:wrap;border:solid #d5dde4;border-width:1px 0;padding:8px 0}.statement dt{flex:1 1 0;font-size:12px;min-width:100px}.statement dl{display:grid;grid-auto-flow:column;grid-template-rows:auto auto;gap:0 16px}.statement dd{font-weight:500}.statement dd:last-child{font-weight:700}
.utility{margin-top:22px;break-inside:avoid}h3{font-size:16px}.utility h3{border-left:4px solid;padding-left:9px;display:flex;gap:8px;align-items:baseline}.utility h3 span{margin-left:auto;color:#1c2b36}em{font-style:normal;font-size:12px;font-weight:400;background:#fdf6e0;border-radius:9px;padding:1px 8px}
.wide{overflow-x:auto}table{width:100%;border-collapse:collapse;margin-top:6px;font-variant-numeric:tabular-nums}th,td{padding:4px 0 4px 12px;text-align:right;border-bottom:1px solid #e9eef2;font-weight:400;vertical-align:top}th:first-child{text-align:left;padding-left:0}.part{color:#5b6b78;font-size:11px;max-width:360px}.registers td:nth-child(2),.registers th:nth-child(2){text-align:left}thead th{font-size:12px;color:#5b6b78}tfoot td{font-weight:700}tfoot th,tfoot td{border:0}
.total{display:flex;justify-content:space-between;background:#14506e;color:#fff;border-radius:6px;padding:8px 16px;margin:20px 0;align-items:baseline}.total b{font-size:20px}.total small{color:#dce8ee}
.history>div{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:24px;margin-top:8px}.history svg{width:100%;max-width:340px}.history text{font-size:8px;fill:#5b6b78}.history text.name{font-size:10px;font-weight:500}footer{margin-top:18px;font-size:12px;color:#5b6b78}
@media(max-width:560px){article{padding:20px 16px;margin:0}.statement dl{display:grid;grid-auto-flow:row;grid-template-columns:1fr auto;grid-template-rows:none}}
@media print{@page{size:A4;margin:14mm}body{background:none}article{margin:0;padding:0;max-width:none}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}`;
