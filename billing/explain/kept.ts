import type { Transaction } from "kysely";
import type { Tariff } from "../../domain/tariff.ts";
import { operatorDocuments, readBasis, tariffDocuments } from "../../ledger/bill-basis.ts";
import type { Tables } from "../../schema/tables.ts";
import { type BasisDocument, basisOfText, operatorNamedIn } from "./basis.ts";
import { valueOfCanonical } from "./canonical.ts";

export type KeptBasis = {
  readonly basis: BasisDocument;
  /** The tariff versions that it names, by hash. */
  readonly tariffs: ReadonlyMap<string, Tariff>;
};

/** What was kept with this bill, of whatever format; `null` for a bill from before anything was. */
export async function readKept(trx: Transaction<Tables>, billId: bigint): Promise<KeptBasis | null> {
  const kept = await readBasis(trx, billId);
  if (kept === null) return null;
  const named = operatorNamedIn(kept.document);
  const operator = named === null ? null : ((await operatorDocuments(trx, [named])).get(named) ?? null);
  const basis = basisOfText(kept.document, operator);
  const texts = await tariffDocuments(trx, tariffsIn(basis));
  const tariffs = new Map([...texts].map(([hash, text]) => [hash, valueOfCanonical(text) as Tariff]));
  return { basis, tariffs };
}

/** Hashes of the tariffs that a basis names. */
const tariffsIn = ({ settlements, corrections }: BasisDocument): string[] => [
  ...new Set([...settlements, ...corrections.flatMap((one) => one.settlements)].flatMap(({ tariffs }) => tariffs)),
];
