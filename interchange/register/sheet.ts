/** What a cell held: `n` a number as its file wrote it, `d` a date cell, `f` a formula or an error of the spreadsheet, `s` text. */
export type Cell = { readonly kind: "s" | "n" | "d" | "b" | "f"; readonly text: string };
export const EMPTY: Cell = { kind: "s", text: "" };

/** One table of a file. `rows[i]` is line `i + 1` as the clerk sees it; `broken` tells from which line on the rest could not be read. */
export type Sheet = {
  readonly name: string;
  readonly rows: readonly (readonly Cell[])[];
  readonly broken?: { readonly line: number; readonly why: string };
};

/** Bytes of a file that is taken. Our choice: a thousand flats with three meters each are half a megabyte. */
export const FILE_BYTES_MAX = 16 * 1024 * 1024;
/** Rows of a file that are taken. Our choice: more is not one estate, and no clerk looks through its errors. */
export const ROWS_MAX = 50_000;
export const COLUMNS_MAX = 100;
export const CELL_CHARS_MAX = 2_000;
/** What the parts of a spreadsheet may become when they are unpacked. Our choice: 50,000 rows of 20 cells are 40 MiB. */
export const UNPACKED_BYTES_MAX = 96 * 1024 * 1024;
