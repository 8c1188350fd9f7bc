import PDFDocument from "pdfkit";
import type { ReceiptFormat } from "../../ledger/receipts.ts";
import type { ReceiptSheet } from "../receipt-sheet.ts";
import { RECEIPT, receiptFoot, receiptMarks, type ReceiptRow, receiptRows } from "../receipt-words.ts";
import { firstOf, type PaperLanguage, secondOf, type Words } from "../words.ts";
import { COLOURS, type Pdf, rule, type Stroke, text, type TextStyle, widthAt, wrapped } from "./pen.ts";

/** Points: a roll of 80 mm, of which a printer's head reaches 72, and A5 (ISO 216) across. */
const MM = 72 / 25.4;
const PAPER: Readonly<Record<ReceiptFormat, { width: number; height: number | null; margin: number; columns: 1 | 2 }>> =
  {
    "80mm": { width: 80 * MM, height: null, margin: 4 * MM, columns: 1 },
    a5: { width: 210 * MM, height: 148 * MM, margin: 14 * MM, columns: 2 },
  };
const SIZE = { "80mm": 8.5, a5: 11.5 } as const;

/** The receipt on a roll or on A5. The same sheet gives the same bytes: its dates are the payment's. */
export function receiptPdf(
  sheet: ReceiptSheet,
  { format, language }: { format: ReceiptFormat; language: PaperLanguage },
): Pdf {
  const paper = PAPER[format];
  const laid = layOut(sheet, { format, language });
  const height = paper.height ?? laid.height;
  const at = new Date(`${sheet.at.replace(" ", "T")}Z`);
  const pdf: Pdf = new PDFDocument({
    size: [paper.width, height],
    margin: 0,
    autoFirstPage: false,
    lang: language === "en" ? "en" : "zh-CN",
    displayTitle: true,
    info: {
      Title: `${firstOf(language, RECEIPT[sheet.what])} ${sheet.number}${sheet.print === 1 ? "" : ` (${sheet.print ?? 0})`}`,
      Author: firstOf(language, sheet.operator),
      Producer: "Sanbiao",
      Creator: "Sanbiao",
      CreationDate: at,
      ModDate: at,
    },
  });
  pdf.addPage();
  for (const stroke of laid.strokes) stroke(pdf);
  return pdf;
}

/** The first language, and the second smaller beside it. */
const inBoth = (language: PaperLanguage, words: Words): string => {
  const second = secondOf(language, words);
  return firstOf(language, words) + (second === null ? "" : ` ${second}`);
};

function layOut(
  sheet: ReceiptSheet,
  { format, language }: { format: ReceiptFormat; language: PaperLanguage },
): { strokes: Stroke[]; height: number } {
  const { width, margin, columns } = PAPER[format];
  const size = SIZE[format];
  const inner = width - 2 * margin;
  const strokes: Stroke[] = [];
  let y = margin;
  const centred = (words: string, style: TextStyle): void => {
    for (const line of wrapped(words, style, inner)) {
      y += style.size * 1.35;
      strokes.push(text(line, width / 2, y, { ...style, align: "centre" }));
    }
  };
  centred(inBoth(language, sheet.operator), { size, colour: COLOURS.quiet });
  centred(inBoth(language, RECEIPT[sheet.what]), { size: size * 1.5, weight: 700 });
  for (const mark of receiptMarks(sheet)) {
    const style: TextStyle = { size: size * 1.05, weight: 700 };
    const words = inBoth(language, mark);
    const boxWidth = Math.min(inner, widthAt(words, style) + 14);
    y += 6;
    const top = y;
    centred(words, style);
    y += 4;
    strokes.push(frame((width - boxWidth) / 2, top, boxWidth, y - top));
  }
  y += size * 0.7;
  strokes.push(dashes(margin, y, inner));
  y += size * 0.5;
  const rows = receiptRows(sheet);
  const wide = columns === 1 ? [] : rows.filter((row) => row.wide === true);
  const narrow = rows.filter((row) => !wide.includes(row));
  const perColumn = Math.ceil(narrow.length / columns);
  const gap = columns === 1 ? 0 : 12 * MM;
  const columnWidth = (inner - gap) / columns;
  let deepest = y;
  for (let c = 0; c < columns; c++) {
    let at = y;
    for (const row of narrow.slice(c * perColumn, (c + 1) * perColumn))
      at = rowAt(strokes, row, { x: margin + c * (columnWidth + gap), y: at, width: columnWidth, size, language });
    deepest = Math.max(deepest, at);
  }
  y = deepest;
  if (wide.length > 0) y += size;
  for (const row of wide) y = rowAt(strokes, row, { x: margin, y, width: inner, size, language });
  y += size * 0.6;
  strokes.push(dashes(margin, y, inner));
  y += size * 0.3;
  const foot = receiptFoot(sheet);
  const second = secondOf(language, foot);
  centred(firstOf(language, foot), { size: size * 0.85, colour: COLOURS.quiet });
  if (second !== null) centred(second, { size: size * 0.75, colour: COLOURS.quiet });
  if (columns === 2) strokes.push(...signatures(language, margin, inner));
  return { strokes, height: y + margin };
}

/** Where the one who takes the money stamps and the one who pays it signs, at the foot of the sheet. */
function signatures(language: PaperLanguage, margin: number, inner: number): Stroke[] {
  const y = 148 * MM - margin;
  const style: TextStyle = { size: 10, colour: COLOURS.quiet };
  return [RECEIPT.stamp, RECEIPT.payer].flatMap((words, i) => {
    const x = margin + (i * inner) / 2;
    const label = inBoth(language, words);
    const from = x + widthAt(label, style) + 6;
    return [text(label, x, y, style), rule(from, y + 2, x + inner / 2 - 20 - from, COLOURS.quiet, 0.6)];
  });
}

/** A label to the left, its value to the right, over as many lines as it takes. @returns where the next row begins */
function rowAt(
  strokes: Stroke[],
  { label, value, strong }: ReceiptRow,
  at: { x: number; y: number; width: number; size: number; language: PaperLanguage },
): number {
  const { size, language } = at;
  const name: TextStyle = { size, colour: COLOURS.quiet };
  const said: TextStyle = strong === true ? { size: size * 1.6, weight: 700 } : { size, weight: 500 };
  const words = firstOf(language, label);
  const second = secondOf(language, label);
  const small: TextStyle = { size: size * 0.78, colour: COLOURS.quiet };
  const labelWidth = widthAt(words, name) + (second === null ? 0 : widthAt(` ${second}`, small));
  const lines = wrapped(inBoth(language, value), said, at.width - labelWidth - 10);
  const step = said.size * 1.5;
  const base = at.y + step * 0.82;
  strokes.push(text(words, at.x, base, name));
  if (second !== null) strokes.push(text(` ${second}`, at.x + widthAt(words, name), base, small));
  lines.forEach((line, n) => strokes.push(text(line, at.x + at.width, base + n * step, { ...said, align: "right" })));
  return at.y + step * lines.length + 1.5;
}

const dashes =
  (x: number, y: number, width: number): Stroke =>
  (pdf) => {
    pdf.dash(2, { space: 2 });
    rule(x, y, width, COLOURS.text, 0.6)(pdf);
    pdf.undash();
  };

const frame =
  (x: number, y: number, width: number, height: number): Stroke =>
  (pdf) =>
    void pdf.lineWidth(1).strokeColor(COLOURS.text).rect(x, y, width, height).stroke();
