import { sql, type Transaction } from "kysely";
import type { Tables } from "../schema/tables.ts";

export type ArrayElement = bigint | number | string | null;

/** A PostgreSQL array literal: far cheaper to send and to read than a parameter, or a document, per row. */
export function arrayText(elements: readonly ArrayElement[]): string {
  let text = "{";
  for (const [i, element] of elements.entries()) {
    if (i > 0) text += ",";
    if (element === null) text += "NULL";
    else if (typeof element === "string") text += quoted(element);
    else text += element.toString();
  }
  return `${text}}`;
}

const quoted = (text: string): string =>
  `"${text.includes('"') || text.includes("\\") ? text.replaceAll(/["\\]/g, "\\$&") : text}"`;

/** One column of a bulk insert: its name, its type (`json text` is JSON in a column of text; JSON is never null), its value of each row. */
export type Column<Row> = readonly [name: string, type: string, of: (row: Row) => ArrayElement];

/** One statement whatever the number of rows: a statement takes 65,535 parameters at most, a literal any size. */
export async function bulkInsert<Row>(
  trx: Transaction<Tables>,
  table: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  conflicts = sql``,
): Promise<void> {
  if (rows.length === 0) return;
  const names = sql.join(columns.map(([name]) => sql.ref(name)));
  const arrays = sql.join(columns.map((column) => arrayOf(column, rows)));
  await sql`insert into ${sql.table(`sanbiao.${table}`)} (operator_id, ${names}) overriding system value
            select sanbiao.operator_id(), u.* from unnest(${arrays}) as u ${conflicts}`.execute(trx);
}

/** JSON has no control characters: it can be sent as it stands, which costs half of quoting each of its quotes. */
const RECORD_SEPARATOR = "\u001e";

function arrayOf<Row>([, type, of]: Column<Row>, rows: readonly Row[]) {
  if (type === "jsonb")
    return sql`string_to_array(${rows.map(of).join(RECORD_SEPARATOR)}, ${RECORD_SEPARATOR})::jsonb[]`;
  if (type === "json text") return sql`string_to_array(${rows.map(of).join(RECORD_SEPARATOR)}, ${RECORD_SEPARATOR})`;
  return sql`${arrayText(rows.map(of))}::${sql.raw(type)}[]`;
}
