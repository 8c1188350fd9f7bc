import type { Transaction } from "kysely";
import type { VersionBook } from "../ledger/own-versions.ts";
import type { Tables } from "../schema/tables.ts";

/** Documents by their hash: what is published never changes, so that none is read twice by one process. */
const read = new Map<string, object>();
/** Some megabytes of prices and rules. Our choice. */
const READ_MAX = 2_000;

/** What the transaction's operator published for itself, as of this transaction. */
export async function publishedDocuments(trx: Transaction<Tables>, book: VersionBook): Promise<object[]> {
  const published = await book.published(trx);
  if (published.length === 0) return [];
  const known = new Map(
    published.flatMap(({ hash }) => {
      const document = read.get(hash);
      return document === undefined ? [] : [[hash, document] as const];
    }),
  );
  const missing = published.filter(({ hash }) => !known.has(hash)).map(({ id }) => id);
  if (read.size + missing.length > READ_MAX) read.clear();
  for (const { hash, document } of missing.length === 0 ? [] : await book.documents(trx, missing)) {
    known.set(hash, document as object);
    read.set(hash, document as object);
  }
  return [...known.values()];
}
