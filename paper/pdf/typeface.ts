import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import PDFDocument from "pdfkit";
import { sfntOf } from "./woff.ts";

/** What pdfkit's font engine tells of a font that is asked here; the same object serves any number of documents. */
type Font = {
  hasGlyphForCodePoint(code: number): boolean;
  layout(text: string): { advanceWidth: number };
  unitsPerEm: number;
};

export type Weight = 400 | 500 | 700;

const require = createRequire(import.meta.url);
const fileOf = (piece: string, weight: Weight): string =>
  require.resolve(`@fontsource/noto-sans-sc/files/noto-sans-sc-${piece}-${weight}-normal.woff`);

/** Simplified Chinese with Latin, figures and signs: nearly everything. The others are asked in this order. */
const WHOLE_PIECES = ["chinese-simplified", "latin-ext", "vietnamese", "cyrillic"] as const;

/** Rarer characters stand in numbered pieces; `unicode.json` of the package says which. */
type Range = { readonly piece: string; readonly from: number; readonly to: number };
let ranges: readonly Range[] | null = null;
function pieceOf(code: number): string | null {
  ranges ??= Object.entries(
    JSON.parse(readFileSync(join(dirname(fileOf("latin", 400)), "..", "unicode.json"), "utf8")) as Record<
      string,
      string
    >,
  ).flatMap(([name, list]) =>
    list.split(",").map((range) => {
      const [from = "", to = from] = range.trim().replace(/^U\+/i, "").split("-");
      return { piece: name, from: Number.parseInt(from, 16), to: Number.parseInt(to, 16) };
    }),
  );
  const found = ranges.find(({ from, to }) => from <= code && code <= to)?.piece;
  if (found === undefined) return null;
  const numbered = /^\[(\d+)\]$/.exec(found);
  return numbered === null ? found : numbered[1] === undefined ? null : numbered[1];
}

const fonts = new Map<string, Font>();
/** pdfkit opens the file once; what it made of it is handed to every later document. */
function fontOf(piece: string, weight: Weight): Font {
  const name = `${piece}/${weight}`;
  const before = fonts.get(name);
  if (before !== undefined) return before;
  const document = new PDFDocument({
    autoFirstPage: false,
    font: sfntOf(readFileSync(fileOf(piece, weight))) as unknown as string,
  });
  const { font } = (document as unknown as { _font: { font: Font } })._font;
  fonts.set(name, font);
  return font;
}

/** A stretch of text in one font, with its width at a size of 1; `missing` is a character that no font has, by its code point. */
export type Run =
  | { readonly kind: "text"; readonly text: string; readonly font: Font; readonly name: string; readonly width: number }
  | { readonly kind: "missing"; readonly code: string };

const kept = new Map<string, readonly Run[]>();
/** Bounded: a run of many bills meets ever new names and figures. */
const KEPT_MAX = 20_000;

/** Text by font, in order. Control characters are spaces: nothing of a name can move what stands beside it. */
export function runsOf(text: string, weight: Weight): readonly Run[] {
  const key = `${weight}/${text}`;
  const before = kept.get(key);
  if (before !== undefined) return before;
  const runs: Run[] = [];
  for (const sign of text.normalize("NFC").replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ")) {
    const code = sign.codePointAt(0) ?? 32;
    // Marks of direction and joining have no shape of their own.
    if (/\p{Cf}/u.test(sign)) continue;
    const piece = pieceWith(code, weight);
    const last = runs.at(-1);
    if (piece === null) runs.push({ kind: "missing", code: code.toString(16).toUpperCase().padStart(4, "0") });
    else if (last?.kind === "text" && last.name === `${piece}/${weight}`)
      runs[runs.length - 1] = { ...last, text: last.text + sign };
    else runs.push({ kind: "text", text: sign, font: fontOf(piece, weight), name: `${piece}/${weight}`, width: 0 });
  }
  if (kept.size >= KEPT_MAX) kept.clear();
  const measured = runs.map((run) =>
    run.kind === "missing" ? run : { ...run, width: run.font.layout(run.text).advanceWidth / run.font.unitsPerEm },
  );
  kept.set(key, measured);
  return measured;
}

function pieceWith(code: number, weight: Weight): string | null {
  for (const piece of WHOLE_PIECES) if (fontOf(piece, weight).hasGlyphForCodePoint(code)) return piece;
  const piece = pieceOf(code);
  return piece !== null && fontOf(piece, weight).hasGlyphForCodePoint(code) ? piece : null;
}

/** A box with the code point stands for a character that no font has; its width in ems. */
export const MISSING_EMS = 1.7;

/** Width at a size of 1. */
export const widthOf = (text: string, weight: Weight): number =>
  runsOf(text, weight).reduce((sum, run) => sum + (run.kind === "missing" ? MISSING_EMS : run.width), 0);
