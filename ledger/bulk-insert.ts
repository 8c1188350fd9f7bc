import { type RawBuilder, sql, type Transaction } from "kysely";
import type { Tables } from "../schema/tables.ts";
import { IntArray, type IntKind, isIntKind } from "./int-array.ts";

export type ArrayElement = bigint | number | string | null;

/** A PostgreSQL array literal: far cheaper to send and to read than a parameter, or a document, per row. */
export const arrayText = (elements: readonly ArrayElement[]): string => `{${elements.map(elementText).join(",")}}`;

const elementText = (one: ArrayElement): string =>
  one === null ? "NULL" : typeof one === "string" ? quoted(one) : String(one);

const ESCAPED = /["\\]/;
const quoted = (text: string): string => `"${ESCAPED.test(text) ? text.replaceAll(/["\\]/g, "\\$&") : text}"`;

/** One column of a bulk insert: its name, its type (`json text` is JSON in a column of text; JSON is never null), its value of each row. */
export type Column<Row> = readonly [name: string, type: string, of: (row: Row) => ArrayElement];

/** Columns in which many rows say the same: what they say together is sent once, each row names it by number. */
export type SharedColumns<Row> = {
  /** Equal for two rows only where all these columns are equal. */
  readonly keyOf: (row: Row) => string;
  readonly columns: readonly Column<Row>[];
};

/** Several values as one key: none of them holds a NUL, which no text of PostgreSQL can. */
export const keyText = (...values: readonly (ArrayElement | undefined)[]): string => values.join("\0");

export type BulkInsert<Row> = {
  readonly columns: readonly Column<Row>[];
  readonly shared?: SharedColumns<Row>;
  readonly onConflict?: "do nothing";
};

/**
 * Rows on their way into a table. Each is taken down column by column as it is added, so that what it was made of need not stay in
 * memory; all are written by one statement whatever their number: a statement takes 65,535 parameters at most, a literal any size.
 */
export class Sheet<Row> {
  readonly #table: string;
  readonly #insert: BulkInsert<Row>;
  readonly #own: SheetColumn<Row>[];
  readonly #shared: SheetColumn<Row>[];
  /** What rows share, by its key; and per row the number of it. */
  readonly #numbers = new Map<string, number>();
  readonly #said = new IntArray("integer");
  #length = 0;

  constructor(table: string, insert: BulkInsert<Row>) {
    this.#table = table;
    this.#insert = insert;
    this.#own = insert.columns.map((column) => new SheetColumn(column));
    this.#shared = (insert.shared?.columns ?? []).map((column) => new SheetColumn(column));
  }

  add(row: Row): void {
    this.#length++;
    for (const column of this.#own) column.add(row);
    const { shared } = this.#insert;
    if (shared === undefined) return;
    const key = shared.keyOf(row);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      for (const column of this.#shared) column.add(row);
      number = this.#numbers.size + 1;
      this.#numbers.set(key, number);
    }
    this.#said.push(number);
  }

  async write(trx: Transaction<Tables>): Promise<void> {
    if (this.#length === 0) return;
    const names = sql.join([...this.#own, ...this.#shared].map(({ name }) => name));
    await sql`insert into ${sql.table(`sanbiao.${this.#table}`)} (operator_id, ${names}) overriding system value
              ${this.#rows()} ${this.#insert.onConflict === undefined ? sql`` : sql`on conflict do nothing`}`.execute(
      trx,
    );
  }

  #rows() {
    // Arrays beside each other in a select list run in step, row by row; those in a `from` are each written down first.
    const inStep = (of: readonly SheetColumn<Row>[]) =>
      sql.join(of.map((column) => sql`unnest(${column.array()}) as ${column.name}`));
    const own = inStep(this.#own);
    if (this.#insert.shared === undefined) return sql`select sanbiao.operator_id(), u.* from (select ${own}) as u`;
    const named = (of: readonly SheetColumn<Row>[]) => sql.join(of.map(({ name }) => name));
    const shared = sql.join(this.#shared.map((column) => column.array()));
    return sql`select sanbiao.operator_id(), ${named(this.#own)}, ${named(this.#shared)}
        from (select ${own}, unnest(${this.#said.parameter}::integer[]) as said) as u
        join unnest(${shared}) with ordinality as s (${named(this.#shared)}, said) on s.said = u.said`;
  }
}

/** JSON has no control characters: it can be sent as it stands, which costs half of quoting each of its quotes. */
const RECORD_SEPARATOR = "\u001e";

/** One column of a sheet: its elements so far, as they will be sent. */
class SheetColumn<Row> {
  readonly name: ReturnType<typeof sql.ref>;
  readonly #type: string;
  readonly #of: (row: Row) => ArrayElement;
  readonly #elements: Elements;

  constructor([name, type, of]: Column<Row>) {
    this.name = sql.ref(name);
    this.#type = type;
    this.#of = of;
    this.#elements = isIntKind(type) ? new Integers(type) : new Texts(type === "jsonb" || type === "json text");
  }

  add(row: Row): void {
    this.#elements.push(this.#of(row));
  }

  array() {
    const all = this.#elements.array();
    return this.#type === "json text" ? all : sql`${all}::${sql.raw(this.#type)}[]`;
  }
}

type Elements = { push(element: ArrayElement): void; array(): RawBuilder<unknown> };

class Integers implements Elements {
  readonly #array: IntArray;

  constructor(kind: IntKind) {
    this.#array = new IntArray(kind);
  }

  push(element: ArrayElement): void {
    if (typeof element === "string") throw new TypeError(`not a number: ${element}`);
    this.#array.push(element);
  }

  array(): RawBuilder<unknown> {
    return sql`${this.#array.parameter}`;
  }
}

/** So many texts become one as soon as they are there: many small ones that live on cost more than all that is done with them. */
const TEXTS_JOINED = 128;

class Texts implements Elements {
  readonly #isJson: boolean;
  readonly #separator: string;
  readonly #joined: string[] = [];
  #texts: string[] = [];

  constructor(isJson: boolean) {
    this.#isJson = isJson;
    this.#separator = isJson ? RECORD_SEPARATOR : ",";
  }

  push(element: ArrayElement): void {
    if (this.#texts.push(this.#isJson ? String(element) : elementText(element)) < TEXTS_JOINED) return;
    this.#joined.push(this.#texts.join(this.#separator));
    this.#texts = [];
  }

  array(): RawBuilder<unknown> {
    const all = [...this.#joined, ...(this.#texts.length === 0 ? [] : [this.#texts.join(this.#separator)])];
    const text = all.join(this.#separator);
    return this.#isJson ? sql`string_to_array(${text}, ${RECORD_SEPARATOR})` : sql`${`{${text}}`}`;
  }
}

/** One statement for rows that are all there. */
export async function bulkInsert<Row>(
  trx: Transaction<Tables>,
  table: string,
  insert: BulkInsert<Row>,
  rows: readonly Row[],
): Promise<void> {
  const sheet = new Sheet(table, insert);
  for (const row of rows) sheet.add(row);
  await sheet.write(trx);
}
