import { box, COLOURS, rule, type Stroke, text, type TextStyle, widthAt, wrapped } from "./pen.ts";

/** A4 in points (ISO 216: 210 × 297 mm). */
export const PAGE = { width: 595.28, height: 841.89, left: 42, right: 42, top: 34, bottom: 40 } as const;
export const WIDTH = PAGE.width - PAGE.left - PAGE.right;
const GROUND = PAGE.height - PAGE.bottom;

/** Pages as they fill: what does not fit opens the next one. */
export type Pages = {
  readonly pages: Stroke[][];
  /** Where the next block begins. */
  y: number;
  /** Strokes at the head of every further page, and how high they are. */
  readonly head: { readonly strokes: readonly Stroke[]; readonly height: number };
  /** Rows closer together, and a table like an earlier one of its page without a head of its own. */
  readonly compact: boolean;
  /** Tables whose heads stand on this page. */
  readonly headed: Set<string>;
};

export const newPages = (head: Pages["head"], compact: boolean): Pages => ({
  pages: [[]],
  y: PAGE.top,
  head,
  compact,
  headed: new Set(),
});

export const draw = (to: Pages, ...strokes: readonly Stroke[]): void => {
  to.pages.at(-1)?.push(...strokes);
};

/** @returns whether a new page was opened */
export function need(to: Pages, height: number): boolean {
  if (to.y + height <= GROUND) return false;
  to.pages.push([...to.head.strokes]);
  to.y = PAGE.top + to.head.height;
  to.headed.clear();
  return true;
}

export type Column = {
  readonly title: string;
  readonly second: string | null;
  readonly x: number;
  readonly width: number;
  readonly align: "left" | "right";
};
export type Row = {
  readonly cells: readonly string[];
  /** A smaller quiet line below the row. */
  readonly below?: string;
};

const CELL: TextStyle = { size: 8.5 };
const LINE = 11.5;
const PAD = 2.2;
const PAD_COMPACT = 1.1;
const HEAD_FONT: TextStyle = { size: 7.2, colour: COLOURS.quiet };
const SECOND_FONT: TextStyle = { size: 6.4, colour: COLOURS.quiet };
const BELOW_FONT: TextStyle = { size: 7, colour: COLOURS.quiet };

const HEAD_HEIGHT = 13;

function drawHead(to: Pages, columns: readonly Column[]): void {
  for (const column of columns) {
    const x = column.align === "right" ? column.x + column.width : column.x;
    const firsts = widthAt(column.title, HEAD_FONT);
    const both = column.second === null ? "" : ` ${column.second}`;
    // A second language that does not fit is left out: it would run into the next column.
    const second = firsts + widthAt(both, SECOND_FONT) <= column.width ? both : "";
    const seconds = widthAt(second, SECOND_FONT);
    const start = column.align === "right" ? x - firsts - seconds : x;
    draw(to, text(column.title, start, to.y + 9, HEAD_FONT), text(second, start + firsts, to.y + 9, SECOND_FONT));
  }
  to.y += HEAD_HEIGHT;
  draw(to, rule(PAGE.left, to.y, WIDTH));
}

/** A table that goes on over pages with its head repeated; a row is never cut. */
export function table(to: Pages, columns: readonly Column[], rows: readonly Row[]): void {
  const pad = to.compact ? PAD_COMPACT : PAD;
  const kind = columns.map(({ title }) => title).join();
  need(to, HEAD_HEIGHT + LINE + 2 * pad);
  if (to.compact && to.headed.has(kind)) draw(to, rule(PAGE.left, to.y, WIDTH));
  else drawHead(to, columns);
  to.headed.add(kind);
  rows.forEach((row, i) => {
    const cells = row.cells.map((cell, c) => wrapped(cell, CELL, columns[c]?.width ?? WIDTH));
    const below = row.below === undefined ? [] : wrapped(row.below, BELOW_FONT, WIDTH - 8);
    const lines = Math.max(1, ...cells.map((cell) => cell.length));
    const height = lines * LINE + below.length * 9.5 + 2 * pad;
    if (need(to, height)) drawHead(to, columns);
    else if (i > 0) draw(to, rule(PAGE.left, to.y, WIDTH, "#e9eef2", 0.4));
    cells.forEach((cell, c) => {
      const column = columns[c];
      if (column === undefined) return;
      const x = column.align === "right" ? column.x + column.width : column.x;
      cell.forEach((line, n) => draw(to, text(line, x, to.y + pad + 8.6 + n * LINE, { ...CELL, align: column.align })));
    });
    below.forEach((line, n) =>
      draw(to, text(line, PAGE.left + 8, to.y + pad + lines * LINE + 6.6 + n * 9.5, BELOW_FONT)),
    );
    to.y += height;
  });
}

/** Columns side by side over the whole width; `share` adds up to 1. */
export function columnsOf(
  all: readonly { title: string; second: string | null; share: number; align: "left" | "right" }[],
): Column[] {
  const GUTTER = 8;
  let x: number = PAGE.left;
  return all.map(({ title, second, share, align }, i) => {
    const width = WIDTH * share - (i === all.length - 1 ? 0 : GUTTER);
    const column = { title, second, x, width, align };
    x += WIDTH * share;
    return column;
  });
}

/** The foot of a page: who, which bill, which page. */
export function foot(left: string, right: string): Stroke[] {
  const y = PAGE.height - 26;
  const style = { size: 7, colour: COLOURS.quiet };
  return [
    rule(PAGE.left, y - 11, WIDTH),
    text(left, PAGE.left, y, style),
    text(right, PAGE.left + WIDTH, y, { ...style, align: "right" }),
  ];
}

/** A small label with a ground of its own; @returns its width */
export function chip(to: Pages, words: string, x: number, y: number, ground: string, colour: string): number {
  const style = { size: 7, colour };
  const width = widthAt(words, style) + 9;
  draw(to, box(x, y - 8.4, width, 11.4, ground, 5.7), text(words, x + 4.5, y, style));
  return width;
}
