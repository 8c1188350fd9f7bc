import { sql, type Transaction } from "kysely";
import type { Tables } from "../schema/tables.ts";

export type ArrayElement = bigint | number | string | null;

/** A PostgreSQL array literal: far cheaper to send and to read than a parameter, or a document, per row. */
export function arrayText(elements: readonly ArrayElement[]): string {
  return `{${elements.map((one) => (one === null ? "NULL" : typeof one === "string" ? quoted(one) : one)).join(",")}}`;
}

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

/** One statement whatever the number of rows: a statement takes 65,535 parameters at most, a literal any size. */
export async function bulkInsert<Row>(
  trx: Transaction<Tables>,
  table: string,
  { columns, shared, onConflict }: BulkInsert<Row>,
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return;
  const names = sql.join([...columns, ...(shared?.columns ?? [])].map(([name]) => sql.ref(name)));
  const from =
    shared === undefined
      ? sql`select sanbiao.operator_id(), u.* from ${unnested(columns, rows)} as u`
      : joined(columns, shared, rows);
  await sql`insert into ${sql.table(`sanbiao.${table}`)} (operator_id, ${names}) overriding system value
            ${from} ${onConflict === undefined ? sql`` : sql`on conflict do nothing`}`.execute(trx);
}

const unnested = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]) =>
  sql`unnest(${sql.join(columns.map((column) => arrayOf(column, rows)))})`;

function joined<Row>(columns: readonly Column<Row>[], shared: SharedColumns<Row>, rows: readonly Row[]) {
  const numbers = new Map<string, number>();
  const firsts: Row[] = [];
  const ofRow = rows.map((row) => {
    const key = shared.keyOf(row);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, firsts.push(row));
    return firsts.length;
  });
  const named = (of: readonly Column<Row>[]) => sql.join(of.map(([name]) => sql.ref(name)));
  const own = sql.join([...columns.map((column) => arrayOf(column, rows)), sql`${`{${ofRow.join(",")}}`}::integer[]`]);
  return sql`select sanbiao.operator_id(), ${named(columns)}, ${named(shared.columns)}
      from unnest(${own}) as u (${named(columns)}, said)
      join ${unnested(shared.columns, firsts)} with ordinality as s (${named(shared.columns)}, said) on s.said = u.said`;
}

/** JSON has no control characters: it can be sent as it stands, which costs half of quoting each of its quotes. */
const RECORD_SEPARATOR = "\u001e";

function arrayOf<Row>([, type, of]: Column<Row>, rows: readonly Row[]) {
  if (type === "jsonb")
    return sql`string_to_array(${rows.map(of).join(RECORD_SEPARATOR)}, ${RECORD_SEPARATOR})::jsonb[]`;
  if (type === "json text") return sql`string_to_array(${rows.map(of).join(RECORD_SEPARATOR)}, ${RECORD_SEPARATOR})`;
  return sql`${arrayText(rows.map(of))}::${sql.raw(type)}[]`;
}
