import PDFDocument from "pdfkit";
import type { BillSheet } from "../bill-sheet.ts";
import { firstOf, type PaperLanguage, WORDS } from "../words.ts";
import { billPages } from "./bill-pages.ts";
import { PAGE } from "./pages.ts";
import type { Pdf } from "./pen.ts";

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

export function newPdf(first: BillSheet, language: PaperLanguage, title: string = first.number): Pdf {
  const issued = new Date(`${first.issuedOn}T00:00:00Z`);
  return new PDFDocument({
    size: [PAGE.width, PAGE.height],
    margin: 0,
    autoFirstPage: false,
    lang: language === "en" ? "en" : "zh-CN",
    displayTitle: true,
    info: {
      Title: `${firstOf(language, WORDS.bill)} ${title}`,
      Author: firstOf(language, first.operator),
      Producer: "Sanbiao",
      Creator: "Sanbiao",
      CreationDate: issued,
      ModDate: issued,
    },
  });
}

export function addBill(pdf: Pdf, sheet: BillSheet, language: PaperLanguage): void {
  for (const strokes of billPages(sheet, language)) {
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
