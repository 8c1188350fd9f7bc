import type { CorrectionSheet, CorrectionSheetLine } from "../correction-sheet.ts";
import { carriedText, carriedWords, KIND, NOTE } from "../correction-words.ts";
import { amountColumn, dayText, moneyText, quantityText, unitText } from "../figures.ts";
import { filled, firstOf, type PaperLanguage, tierWords, TOU_WORDS, type Words, wordOf, WORDS } from "../words.ts";
import { columnHead, joined, letterhead, RIGHT, totalBar } from "./blocks.ts";
import { columnsOf, draw, foot, need, newPages, PAGE, type Pages, table, WIDTH } from "./pages.ts";
import { COLOURS, rule, type Stroke, text, type TextStyle, widthAt, wrapped } from "./pen.ts";

/** The pages of one correction note, ready to be drawn. */
export function correctionPages(sheet: CorrectionSheet, language: PaperLanguage): Stroke[][] {
  const to = newPages(continuedHead(sheet, language), false);
  title(to, sheet, language);
  who(to, sheet, language);
  for (const bill of sheet.bills) billBlock(to, bill, language);
  if (sheet.carried.length > 0) carriedBlock(to, sheet, language);
  totalBar(to, sheet.total.minor < 0n ? NOTE.credited : NOTE.charged, sheet.total, language);
  return to.pages.map((strokes, i) => [
    ...strokes,
    ...foot(
      `${firstOf(language, sheet.operator)} · ${sheet.number}`,
      joined(language, filled(WORDS.page, { n: i + 1, of: to.pages.length })),
    ),
  ]);
}

function continuedHead({ kind, number, customer }: CorrectionSheet, language: PaperLanguage): Pages["head"] {
  const style = { size: 8, colour: COLOURS.quiet };
  const [open, close] = language === "en" ? [" (", ")"] : ["（", "）"];
  const left = `${firstOf(language, KIND[kind])} ${number}${open}${firstOf(language, WORDS.continued)}${close}`;
  return {
    strokes: [
      text(left, PAGE.left, PAGE.top + 8, style),
      text(wrapped(customer.name, style, WIDTH / 2)[0] ?? "", RIGHT, PAGE.top + 8, { ...style, align: "right" }),
      rule(PAGE.left, PAGE.top + 15, WIDTH),
    ],
    height: 26,
  };
}

function title(to: Pages, { operator, kind, number }: CorrectionSheet, language: PaperLanguage): void {
  letterhead(to, operator, `${joined(language, NOTE.number)}  ${number}`, language);
  draw(to, text(firstOf(language, KIND[kind]), PAGE.left, to.y + 18, { size: 19, weight: 700 }));
  to.y += 25;
  if (language === "both") {
    draw(to, text(KIND[kind].en, PAGE.left, to.y + 8, { size: 10.5, colour: COLOURS.quiet }));
    to.y += 15;
  }
  to.y += 5;
  draw(to, rule(PAGE.left, to.y, WIDTH, COLOURS.brand, 1.2));
  to.y += 12;
}

/** For whom, when and why. */
function who(to: Pages, { customer, issuedOn, reason }: CorrectionSheet, language: PaperLanguage): void {
  const name: TextStyle = { size: 13, weight: 500 };
  for (const line of wrapped(customer.name, name, WIDTH)) {
    draw(to, text(line, PAGE.left, to.y + 14, name));
    to.y += 17;
  }
  to.y += 9;
  const facts: readonly [Words, string][] = [
    [WORDS.account, customer.number],
    [WORDS.issued, dayText(issuedOn, language)],
    [NOTE.reason, reason],
  ];
  const small: TextStyle = { size: 8.5 };
  const label = Math.max(...facts.map(([words]) => widthAt(joined(language, words), small))) + 10;
  for (const [words, value] of facts) {
    draw(to, text(joined(language, words), PAGE.left, to.y + 9, { ...small, colour: COLOURS.quiet }));
    for (const line of wrapped(value, small, WIDTH - label)) {
      need(to, 13.5);
      draw(to, text(line, PAGE.left + label, to.y + 9, small));
      to.y += 13.5;
    }
  }
  to.y += 10;
}

function heading(to: Pages, words: string, beside: string): void {
  // A heading is not left alone at the foot of a page.
  need(to, 62);
  const style: TextStyle = { size: 10.5, weight: 700, colour: COLOURS.brand };
  draw(to, text(words, PAGE.left, to.y + 11, style));
  draw(to, text(beside, PAGE.left + widthAt(words, style) + 8, to.y + 11, { size: 8.5, colour: COLOURS.quiet }));
  to.y += 16;
}

function billBlock(to: Pages, bill: CorrectionSheet["bills"][number], language: PaperLanguage): void {
  const from = filled(NOTE.from, { day: dayText(bill.firstDay, language) });
  heading(to, `${joined(language, NOTE.bill)} ${bill.number}`, firstOf(language, from));
  table(
    to,
    columnsOf([
      { ...columnHead(language, WORDS.charge), share: 0.36, align: "left" },
      { ...columnHead(language, NOTE.version), share: 0.13, align: "left" },
      { ...columnHead(language, NOTE.units), share: 0.16, align: "right" },
      { ...columnHead(language, NOTE.billed), share: 0.115, align: "right" },
      { ...columnHead(language, NOTE.due), share: 0.115, align: "right" },
      { ...columnHead(language, NOTE.difference), share: 0.12, align: "right" },
    ]),
    bill.lines.map((line) => lineRow(line, language)),
  );
  need(to, 20);
  draw(to, rule(PAGE.left, to.y, WIDTH));
  const amount = moneyText(bill.difference);
  const bold: TextStyle = { size: 9.5, weight: 700 };
  draw(to, text(amount, RIGHT, to.y + 12.6, { ...bold, align: "right" }));
  const before = RIGHT - widthAt(amount, bold) - 8;
  draw(
    to,
    text(joined(language, WORDS.subtotal), before, to.y + 12.6, { size: 8, colour: COLOURS.quiet, align: "right" }),
  );
  to.y += 23;
}

function lineRow(line: CorrectionSheetLine, language: PaperLanguage) {
  const parts = [
    line.title,
    ...(line.tier === null ? [] : [tierWords(line.tier)]),
    ...(line.tou === null ? [] : [wordOf(TOU_WORDS, line.tou)]),
  ];
  const unit = line.unit === null ? "" : unitText(line.unit, language);
  return {
    cells: [
      parts.map((words) => joined(language, words)).join(" · "),
      line.tariffVersion,
      line.quantity === null ? "" : `${quantityText(line.quantity)} ${unit}`.trimEnd(),
      amountColumn(line.billed),
      amountColumn(line.due),
      amountColumn(line.difference),
    ],
  };
}

function carriedBlock(to: Pages, { carried }: CorrectionSheet, language: PaperLanguage): void {
  heading(to, firstOf(language, NOTE.carried), language === "both" ? NOTE.carried.en : "");
  table(
    to,
    columnsOf([
      { ...columnHead(language, WORDS.charge), share: 0.46, align: "left" },
      { ...columnHead(language, NOTE.bill), share: 0.18, align: "left" },
      { ...columnHead(language, NOTE.was), share: 0.18, align: "right" },
      { ...columnHead(language, NOTE.now), share: 0.18, align: "right" },
    ]),
    carried.map((one) => ({
      cells: [
        joined(language, carriedWords(one)),
        one.bill,
        carriedText(one.was, one.unit),
        carriedText(one.now, one.unit),
      ],
    })),
  );
  to.y += 12;
}
