import PDFDocument from "pdfkit";
import type { BillSheet } from "../bill-sheet.ts";
import { firstOf, type PaperLanguage, WORDS } from "../words.ts";
import type { CorrectionSheet } from "../correction-sheet.ts";
import { KIND } from "../correction-words.ts";
import { billPages } from "./bill-pages.ts";
import { correctionPages } from "./correction-pages.ts";
import { PAGE } from "./pages.ts";
import type { Pdf, Stroke } from "./pen.ts";

/**
 * One PDF of one bill or of many, each with pages of its own count. The same sheets give the same bytes: its dates are the
 * first bill's day of issue, its id is made of its title, and what it embeds of the font follows from the text.
 */
export function billsPdf(sheets: Iterable<BillSheet>, language: PaperLanguage): Pdf {
  let pdf: Pdf | null = null;
  for (const sheet of sheets) {
    pdf ??= newPdf(sheet, language);
    addBill(pdf, sheet, language);
  }
  if (pdf === null) throw new RangeError("a document of no bill");
  return pdf;
}

/** A correction note, with the same promise. */
export function correctionPdf(sheet: CorrectionSheet, language: PaperLanguage): Pdf {
  const pdf = documentOf(sheet, language, `${firstOf(language, KIND[sheet.kind])} ${sheet.number}`);
  addPages(pdf, correctionPages(sheet, language));
  return pdf;
}

export const newPdf = (first: BillSheet, language: PaperLanguage, title: string = first.number): Pdf =>
  documentOf(first, language, `${firstOf(language, WORDS.bill)} ${title}`);

function documentOf(first: Pick<BillSheet, "issuedOn" | "operator">, language: PaperLanguage, title: string): Pdf {
  const issued = new Date(`${first.issuedOn}T00:00:00Z`);
  return new PDFDocument({
    size: [PAGE.width, PAGE.height],
    margin: 0,
    autoFirstPage: false,
    lang: language === "en" ? "en" : "zh-CN",
    displayTitle: true,
    info: {
      Title: title,
      Author: firstOf(language, first.operator),
      Producer: "Sanbiao",
      Creator: "Sanbiao",
      CreationDate: issued,
      ModDate: issued,
    },
  });
}

export const addBill = (pdf: Pdf, sheet: BillSheet, language: PaperLanguage): void =>
  addPages(pdf, billPages(sheet, language));

function addPages(pdf: Pdf, pages: readonly (readonly Stroke[])[]): void {
  for (const strokes of pages) {
    pdf.addPage();
    for (const stroke of strokes) stroke(pdf);
  }
}

/** The whole document's bytes. */
export async function bytesOf(pdf: Pdf): Promise<Buffer> {
  const parts: Buffer[] = [];
  const done = new Promise<void>((resolve, reject) => {
    pdf.on("data", (part: Buffer) => parts.push(part));
    pdf.once("end", resolve);
    pdf.once("error", reject);
  });
  pdf.end();
  await done;
  return Buffer.concat(parts);
}
