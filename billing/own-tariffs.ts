import type { Transaction } from "kysely";
import type { Tariff } from "../domain/tariff.ts";
import { TARIFF_VERSIONS } from "../ledger/tariffs.ts";
import type { Tables } from "../schema/tables.ts";
import { publishedDocuments } from "./own-documents.ts";
import type { TariffBook } from "./tariffs.ts";

/**
 * The book and what the transaction's operator published for itself, as of this transaction: a publication holds for the next
 * one in every process, and for none that is under way.
 */
export async function withOwnTariffs(trx: Transaction<Tables>, base: TariffBook): Promise<TariffBook> {
  const known = (await publishedDocuments(trx, TARIFF_VERSIONS)) as Tariff[];
  if (known.length === 0) return base;
  const own = Map.groupBy(known, ({ id }) => id);
  const merged = new Map([...own].map(([id, mine]) => [id, [...(base(id) ?? []), ...mine].sort(byDay)]));
  return (id) => merged.get(id) ?? base(id);
}

const byDay = (a: Tariff, b: Tariff): number => (a.effectiveFrom < b.effectiveFrom ? -1 : 1);
