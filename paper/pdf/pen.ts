import type PDFDocument from "pdfkit";
import { MISSING_EMS, runsOf, type Weight, widthOf } from "./typeface.ts";

export type Pdf = InstanceType<typeof PDFDocument>;

/** A stroke on a page, drawn when the page is: pages are laid out before the first is written, so that each knows how many there are. */
export type Stroke = (pdf: Pdf) => void;

/** Points are 1/72 inch, from the top left; `y` of a text is its baseline. */
export type TextStyle = { readonly size: number; readonly weight?: Weight; readonly colour?: string };

export const COLOURS = {
  text: "#1c2b36",
  quiet: "#5b6b78",
  line: "#d5dde4",
  ground: "#f1f5f7",
  brand: "#14506e",
  white: "#ffffff",
  warn: "#8a5a00",
} as const;

export const widthAt = (text: string, { size, weight = 400 }: TextStyle): number => widthOf(text, weight) * size;

/** One line of text from `x` on, or ending at `x`, or around it. */
export function text(
  words: string,
  x: number,
  y: number,
  style: TextStyle & { readonly align?: "left" | "right" | "centre" },
): Stroke {
  const { size, weight = 400, colour = COLOURS.text, align = "left" } = style;
  const width = align === "left" ? 0 : widthAt(words, style);
  const start = x - (align === "right" ? width : align === "centre" ? width / 2 : 0);
  return (pdf) => {
    let at = start;
    for (const run of runsOf(words, weight)) {
      if (run.kind === "missing") {
        missing(pdf, run.code, at, y, size, colour);
        at += MISSING_EMS * size;
        continue;
      }
      pdf.font(run.font as unknown as string, run.name, size).fillColor(colour);
      pdf.text(run.text, at, y, { lineBreak: false, baseline: "alphabetic" });
      at += run.width * size;
    }
  };
}

/** A character that no font has does not vanish: its code point stands in a frame, and a copy of the text says U+2CE93. */
function missing(pdf: Pdf, code: string, x: number, y: number, size: number, colour: string): void {
  pdf
    .lineWidth(0.4)
    .strokeColor(colour)
    .roundedRect(x + size * 0.06, y - size * 0.82, size * (MISSING_EMS - 0.12), size, size * 0.12)
    .stroke();
  const small = Math.min(size * 0.5, (size * (MISSING_EMS - 0.3)) / widthOf(`U+${code}`, 400));
  for (const run of runsOf(`U+${code}`, 400)) {
    if (run.kind === "missing") continue;
    pdf.font(run.font as unknown as string, run.name, small).fillColor(colour);
    pdf.text(run.text, x + size * 0.15, y - size * 0.32 + small * 0.36, { lineBreak: false, baseline: "alphabetic" });
  }
}

export const rule =
  (x: number, y: number, width: number, colour: string = COLOURS.line, weight = 0.5): Stroke =>
  (pdf) =>
    void pdf
      .lineWidth(weight)
      .strokeColor(colour)
      .moveTo(x, y)
      .lineTo(x + width, y)
      .stroke();

export const box =
  (x: number, y: number, width: number, height: number, colour: string, radius = 0): Stroke =>
  (pdf) => {
    if (radius === 0) pdf.rect(x, y, width, height).fill(colour);
    else pdf.roundedRect(x, y, width, height, radius).fill(colour);
  };

/** Signs that do not begin a line (GB/T 15834). */
const NOT_FIRST = /^[，。、；：？！）》」』】”’…%·,.;:?!)\]}]/;
const WIDE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u;

/** Text in lines of at most `width`: Chinese breaks between characters, words at spaces, and what is too long anywhere. */
export function wrapped(words: string, style: TextStyle, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const part of partsOf(words)) {
    if (line === "" || widthAt(line + part.trimEnd(), style) <= width) line += part;
    else {
      lines.push(line.trimEnd());
      line = part.trimStart();
    }
    while (widthAt(line.trimEnd(), style) > width && line.length > 1) {
      const fits = fitting(line, style, width);
      lines.push(line.slice(0, fits));
      line = line.slice(fits);
    }
  }
  return line.trim() === "" && lines.length > 0 ? lines : [...lines, line.trimEnd()];
}

/** Pieces between which a line may break. */
function partsOf(words: string): string[] {
  const parts: string[] = [];
  for (const sign of words) {
    const last = parts.at(-1);
    const opens =
      last === undefined ||
      (/\s$/.test(last) && !/^\s/.test(sign)) ||
      WIDE.test(sign) ||
      (last.length > 0 && WIDE.test(last.at(-1) ?? ""));
    if (last === undefined || (opens && !NOT_FIRST.test(sign) && !/^\s/.test(sign))) parts.push(sign);
    else parts[parts.length - 1] = last + sign;
  }
  return parts;
}

/** How many code units of a line fit, at least one character. */
function fitting(line: string, style: TextStyle, width: number): number {
  let taken = 0;
  for (const sign of line) {
    if (taken > 0 && widthAt(line.slice(0, taken + sign.length), style) > width) break;
    taken += sign.length;
  }
  return taken;
}
