import type { Transaction } from "kysely";
import type { Tariff } from "../domain/tariff.ts";
import { publishedDocuments, publishedVersions } from "../ledger/tariffs.ts";
import type { Tables } from "../schema/tables.ts";
import type { TariffBook } from "./tariffs.ts";

/** Documents by their hash: what is published never changes, so that none is read twice by one process. */
const read = new Map<string, Tariff>();
/** Some megabytes of prices. Our choice. */
const READ_MAX = 2_000;

/**
 * The book and what the transaction's operator published for itself, as of this transaction: a publication holds for the next
 * one in every process, and for none that is under way.
 */
export async function withOwnTariffs(trx: Transaction<Tables>, base: TariffBook): Promise<TariffBook> {
  const published = await publishedVersions(trx);
  if (published.length === 0) return base;
  const known = new Map(
    published.flatMap(({ hash }) => {
      const tariff = read.get(hash);
      return tariff === undefined ? [] : [[hash, tariff] as const];
    }),
  );
  const missing = published.filter(({ hash }) => !known.has(hash)).map(({ id }) => id);
  if (read.size + missing.length > READ_MAX) read.clear();
  for (const { hash, document } of missing.length === 0 ? [] : await publishedDocuments(trx, missing)) {
    known.set(hash, document as Tariff);
    read.set(hash, document as Tariff);
  }
  const own = Map.groupBy(known.values(), ({ id }) => id);
  const merged = new Map([...own].map(([id, mine]) => [id, [...(base(id) ?? []), ...mine].sort(byDay)]));
  return (id) => merged.get(id) ?? base(id);
}

const byDay = (a: Tariff, b: Tariff): number => (a.effectiveFrom < b.effectiveFrom ? -1 : 1);
