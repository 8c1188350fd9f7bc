import {
  amountColumn,
  dayText,
  moneyText,
  percentText,
  priceText,
  quantityText,
  grouped,
  unitText,
} from "../figures.ts";
import { billTitle } from "../bill-title.ts";
import { UTILITY_COLOURS } from "../colours.ts";
import { headlineOf, type Strip, stripsOf } from "../statement-cells.ts";
import type { BillSheet, Register, Section, SheetLine } from "../bill-sheet.ts";
import {
  BASIS_WORDS,
  COUNTS_WORDS,
  filled,
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
} from "../words.ts";
import { columnHead, joined, letterhead, RIGHT, totalBar } from "./blocks.ts";
import { historyBlock } from "./history.ts";
import { chip, columnsOf, draw, foot, need, newPages, PAGE, type Pages, table, WIDTH } from "./pages.ts";
import { box, COLOURS, rule, type Stroke, text, type TextStyle, widthAt, wrapped } from "./pen.ts";
import { qrStrokes } from "./qr.ts";

/** The pages of one bill, ready to be drawn. What just misses one page is set closer. */
export function billPages(sheet: BillSheet, language: PaperLanguage): Stroke[][] {
  const wide = laidOut(sheet, language, false);
  if (wide.length === 1) return wide;
  const close = laidOut(sheet, language, true);
  return close.length === 1 ? close : wide;
}

function laidOut(sheet: BillSheet, language: PaperLanguage, compact: boolean): Stroke[][] {
  const to = newPages(continuedHead(sheet, language), compact);
  title(to, sheet, language);
  panel(to, sheet, language);
  for (const one of stripsOf(sheet)) strip(to, one, language);
  to.y += 12;
  for (const section of sheet.sections) sectionBlock(to, section, language);
  totalBar(to, WORDS.total, sheet.total, language);
  historyBlock(to, sheet, language);
  notes(to, sheet, language);
  return to.pages.map((strokes, i) => [
    ...strokes,
    ...foot(
      `${firstOf(language, sheet.operator)} · ${sheet.number}`,
      joined(language, filled(WORDS.page, { n: i + 1, of: to.pages.length })),
    ),
  ]);
}

function continuedHead(sheet: BillSheet, language: PaperLanguage): Pages["head"] {
  const style = { size: 8, colour: COLOURS.quiet };
  const left = `${firstOf(language, WORDS.number)} ${sheet.number}（${firstOf(language, WORDS.continued)}）`;
  const plain = language === "en" ? left.replace("（", " (").replace("）", ")") : left;
  return {
    strokes: [
      text(plain, PAGE.left, PAGE.top + 8, style),
      text(wrapped(sheet.customer.name, style, WIDTH / 2)[0] ?? "", RIGHT, PAGE.top + 8, { ...style, align: "right" }),
      rule(PAGE.left, PAGE.top + 15, WIDTH),
    ],
    height: 26,
  };
}

function title(to: Pages, sheet: BillSheet, language: PaperLanguage): void {
  const main: TextStyle = { size: 19, weight: 700, colour: COLOURS.text };
  letterhead(to, sheet.operator, `${joined(language, WORDS.number)}  ${sheet.number}`, language);
  for (const line of wrapped(billTitle(sheet, language === "en" ? "en" : "zh"), main, WIDTH)) {
    draw(to, text(line, PAGE.left, to.y + 18, main));
    to.y += 25;
  }
  if (language === "both") {
    draw(to, text(billTitle(sheet, "en"), PAGE.left, to.y + 8, { size: 10.5, colour: COLOURS.quiet }));
    to.y += 15;
  }
  to.y += 5;
  draw(to, rule(PAGE.left, to.y, WIDTH, COLOURS.brand, 1.2));
  to.y += 12;
}

const QR_SIZE = 82;
const PANEL_WIDTH = 264;

/** Left who it is for and when; right what to pay. */
function panel(to: Pages, sheet: BillSheet, language: PaperLanguage): void {
  const height = Math.max(customer(to, sheet, language), language === "both" ? 108 : 101);
  const x = RIGHT - PANEL_WIDTH;
  const y = to.y;
  const small = { size: 8.5, colour: COLOURS.quiet };
  draw(to, box(x, y, PANEL_WIDTH, height, COLOURS.ground, 7));
  const pays = sheet.toPay.minor > 0n;
  const [headline, figure] = headlineOf(sheet);
  draw(to, text(joined(language, headline), x + 14, y + 21, small));
  const amount = moneyText(figure);
  const room = PANEL_WIDTH - 28 - (sheet.payment === null ? 0 : QR_SIZE + 10);
  const size = Math.min(25, (25 * room) / widthAt(amount, { size: 25, weight: 700 }));
  draw(to, text(amount, x + 14, y + 50, { size, weight: 700, colour: COLOURS.brand }));
  if (pays) {
    draw(to, text(joined(language, WORDS.due), x + 14, y + 72, small));
    draw(to, text(dayText(sheet.dueOn, language), x + 14, y + 87, { size: 10.5, weight: 500 }));
  } else {
    const credit = creditOf(sheet);
    draw(to, text(joined(language, credit === null ? WORDS.total : WORDS.in_credit_after), x + 14, y + 72, small));
    draw(to, text(moneyText(credit ?? sheet.total), x + 14, y + 87, { size: 10.5, weight: 500 }));
  }
  if (sheet.payment !== null) {
    const left = RIGHT - QR_SIZE - 10;
    draw(to, ...qrStrokes(sheet.payment.content, left, y + 7, QR_SIZE));
    const caption = sheet.payment.demo ? WORDS.demoCode : WORDS.pay;
    const style = { size: 5.6, colour: sheet.payment.demo ? COLOURS.warn : COLOURS.quiet };
    draw(to, text(firstOf(language, caption), left + QR_SIZE / 2, y + QR_SIZE + 13.5, { ...style, align: "centre" }));
    const second = secondOf(language, caption);
    if (second !== null)
      draw(to, text(second, left + QR_SIZE / 2, y + QR_SIZE + 20, { ...style, size: 5, align: "centre" }));
  }
  to.y = y + height + 10;
}

/** What is left of the customer's money; `null` without any. */
function creditOf({ statements, final }: BillSheet): BillSheet["total"] | null {
  if (final !== null) return null; // it is part of what is given back
  const [first] = statements.filter(({ after }) => after.minor < 0n);
  return first === undefined ? null : negated(first.after);
}

const negated = (m: BillSheet["total"]) => ({ currency: m.currency, minor: -m.minor });

/** @returns how high it is */
function customer(to: Pages, sheet: BillSheet, language: PaperLanguage): number {
  const width = WIDTH - PANEL_WIDTH - 18;
  const name: TextStyle = { size: 13, weight: 500 };
  const address: TextStyle = { size: 8.5, colour: COLOURS.quiet };
  let y = to.y + 14;
  for (const line of wrapped(sheet.customer.name, name, width)) {
    draw(to, text(line, PAGE.left, y, name));
    y += 17;
  }
  for (const line of wrapped(sheet.customer.address, address, width)) {
    if (line !== "") draw(to, text(line, PAGE.left, y, address));
    y += line === "" ? 0 : 12;
  }
  y += 7;
  const facts: readonly [Words, string][] = [
    [WORDS.account, sheet.customer.number],
    [WORDS.period, `${dayText(sheet.firstDay, language)} – ${dayText(sheet.lastDay, language)}`],
    [WORDS.issued, dayText(sheet.issuedOn, language)],
  ];
  const label = Math.max(...facts.map(([words]) => widthAt(joined(language, words), { size: 8.5 }))) + 10;
  for (const [words, value] of facts) {
    draw(to, text(joined(language, words), PAGE.left, y, { size: 8.5, colour: COLOURS.quiet }));
    draw(to, text(value, PAGE.left + label, y, { size: 8.5 }));
    y += 13.5;
  }
  return y - to.y - 2;
}

/** A sum that reads from left to right: from what was owed before to what is owed now, the deposit, what a final bill comes to. */
function strip(to: Pages, { name, cells }: Strip, language: PaperLanguage): void {
  const height = language === "both" ? 40 : 30;
  const left = name === null ? 0 : 92;
  const width = (WIDTH - left) / cells.length;
  draw(to, rule(PAGE.left, to.y, WIDTH), rule(PAGE.left, to.y + height, WIDTH));
  if (name !== null)
    wrapped(joined(language, name), { size: 8, weight: 500 }, left - 10).forEach((line, i) =>
      draw(to, text(line, PAGE.left, to.y + 14 + i * 11, { size: 8, weight: 500 })),
    );
  cells.forEach(([words, amount], i) => {
    const x = PAGE.left + left + i * width + (i === 0 && name === null ? 0 : 8);
    const own = i === cells.length - 1;
    draw(to, text(firstOf(language, words), x, to.y + 11, { size: 7.2, colour: COLOURS.quiet }));
    const second = secondOf(language, words);
    if (second !== null) draw(to, text(second, x, to.y + 18.5, { size: 6, colour: COLOURS.quiet }));
    draw(to, text(moneyText(amount), x, to.y + height - 7, { size: 10, weight: own ? 700 : 500 }));
    if (i > 0) draw(to, box(PAGE.left + left + i * width, to.y + 6, 0.5, height - 12, COLOURS.line));
  });
  to.y += height;
}

function sectionBlock(to: Pages, section: Section, language: PaperLanguage): void {
  // A heading is not left alone at the foot of a page.
  need(to, 70);
  const colours = UTILITY_COLOURS[section.utility];
  const words = UTILITY_WORDS[section.utility];
  const style: TextStyle = { size: 12, weight: 700, colour: colours.deep };
  draw(to, box(PAGE.left, to.y + 1, 3.2, 14, colours.main, 1.6));
  draw(to, text(firstOf(language, words), PAGE.left + 10, to.y + 12.4, style));
  const second = [secondOf(language, words), section.place].filter((part) => part !== null && part !== "").join(" · ");
  draw(
    to,
    text(second, PAGE.left + 16 + widthAt(firstOf(language, words), style), to.y + 12.4, {
      size: 8.5,
      colour: COLOURS.quiet,
    }),
  );
  if (section.use !== null) {
    const use = `${quantityText(section.use)} ${unitText(section.unit, language)}`;
    draw(to, text(use, RIGHT, to.y + 12.4, { size: 10.5, weight: 700, align: "right" }));
    if (section.basis !== "actual") {
      const label = joined(language, wordOf(BASIS_WORDS, section.basis));
      const end = RIGHT - widthAt(use, { size: 10.5, weight: 700 }) - 8;
      chip(to, label, end - widthAt(label, { size: 7 }) - 9, to.y + 12, colours.soft, colours.deep);
    }
  }
  to.y += 19;
  if (section.registers.length > 0) {
    table(
      to,
      registerColumns(language),
      section.registers.map((register) => registerRow(register, section, language)),
    );
    to.y += 2;
  }
  if (section.lines.length > 0)
    table(
      to,
      lineColumns(language),
      section.lines.map((line) => lineRow(line, language)),
    );
  subtotal(to, section, language);
}

const registerColumns = (language: PaperLanguage) =>
  columnsOf([
    { ...columnHead(language, WORDS.meter), share: 0.25, align: "left" },
    { ...columnHead(language, WORDS.readOn), share: 0.25, align: "left" },
    { ...columnHead(language, WORDS.start), share: 0.13, align: "right" },
    { ...columnHead(language, WORDS.end), share: 0.13, align: "right" },
    { ...columnHead(language, WORDS.used), share: 0.12, align: "right" },
    { ...columnHead(language, WORDS.basis), share: 0.12, align: "right" },
  ]);

function registerRow(register: Register, section: Section, language: PaperLanguage) {
  const figure = (decimal: string) => (decimal === "" ? "" : grouped(decimal));
  const counts = register.counts === null ? "" : `  ${joined(language, wordOf(COUNTS_WORDS, register.counts))}`;
  const basis = register.method === null && section.basis === "actual" ? "actual" : register.basis;
  return {
    cells: [
      `${register.serial}${counts}`,
      `${register.from ?? ""} – ${register.to ?? ""}`,
      figure(register.start),
      figure(register.end),
      figure(register.used),
      joined(language, wordOf(BASIS_WORDS, register.method === null ? basis : "estimated")),
    ],
    ...(register.method === null ? {} : { below: joined(language, estimateWords(register.method)) }),
  };
}

const estimateWords = (method: string): Words => {
  const words = wordOf(METHOD_WORDS, method);
  return { zh: `止码为估抄：${words.zh}。`, en: `The end is an estimate: ${words.en}.` };
};

const lineColumns = (language: PaperLanguage) =>
  columnsOf([
    { ...columnHead(language, WORDS.charge), share: 0.44, align: "left" },
    { ...columnHead(language, WORDS.quantity), share: 0.19, align: "right" },
    { ...columnHead(language, WORDS.price), share: 0.2, align: "right" },
    { ...columnHead(language, WORDS.amount), share: 0.17, align: "right" },
  ]);

function lineRow(line: SheetLine, language: PaperLanguage) {
  const parts = [
    line.title,
    ...(line.tier === null ? [] : [tierWords(line.tier)]),
    ...(line.tou === null ? [] : [wordOf(TOU_WORDS, line.tou)]),
  ].map((words) => joined(language, words));
  const unit = line.unit === null ? "" : unitText(line.unit, language);
  return {
    cells: [
      `${line.corrects === null ? "" : "※ "}${parts.join(" · ")}${line.corrects === null ? "" : ` (${line.corrects})`}`,
      line.quantity === null ? "" : `${quantityText(line.quantity)} ${unit}`.trimEnd(),
      line.price === null
        ? ""
        : line.quantity === null
          ? percentText(line.price)
          : `${priceText(line.price)}${unit === "" ? "" : ` / ${unit}`}`,
      amountColumn(line.amount),
    ],
    ...(line.prorated === null ? {} : { below: joined(language, line.prorated) }),
  };
}

function subtotal(to: Pages, section: Section, language: PaperLanguage): void {
  need(to, 20);
  draw(to, rule(PAGE.left, to.y, WIDTH));
  const quiet = { size: 6.8, colour: COLOURS.quiet };
  const tax =
    section.taxIncluded === null ? "" : ` · ${joined(language, WORDS.taxIncluded)} ${moneyText(section.taxIncluded)}`;
  const told = section.tariff === "" ? tax.slice(3) : `${joined(language, WORDS.tariff)} ${section.tariff}${tax}`;
  draw(to, text(wrapped(told, quiet, WIDTH * 0.66)[0] ?? "", PAGE.left, to.y + 12, quiet));
  const amount = moneyText(section.subtotal);
  draw(to, text(amount, RIGHT, to.y + 12.6, { size: 9.5, weight: 700, align: "right" }));
  const before = RIGHT - widthAt(amount, { size: 9.5, weight: 700 }) - 8;
  draw(
    to,
    text(joined(language, WORDS.subtotal), before, to.y + 12.6, { size: 8, colour: COLOURS.quiet, align: "right" }),
  );
  to.y += to.compact ? 19 : 25;
}

function notes(to: Pages, sheet: BillSheet, language: PaperLanguage): void {
  const style: TextStyle = { size: 7.2, colour: COLOURS.quiet };
  const lines = sheet.notes.flatMap((words) =>
    [firstOf(language, words), secondOf(language, words)].flatMap((one) =>
      one === null ? [] : wrapped(one, style, WIDTH),
    ),
  );
  for (const line of lines) {
    need(to, 10.5);
    draw(to, text(line, PAGE.left, to.y + 8, style));
    to.y += 10.5;
  }
}
