import { sql, type Transaction } from "kysely";
import type { Tables } from "../schema/tables.ts";
import { type BulkInsert, Sheet } from "./bulk-insert.ts";

type Trx = Transaction<Tables>;

/** A document by the SHA-256 of its text. */
export type Hashed = { readonly sha256: string; readonly document: string };
export type BasisToWrite = Hashed & { readonly billId: bigint };
export type HashedTariff = Hashed & { readonly tariffId: string; readonly version: string };

/** What bills rest on, taken down one after the other and kept in the transaction that writes them. */
export class BasisSheet {
  readonly #bases = new Sheet("bill_basis", BASIS);

  add(basis: BasisToWrite): void {
    this.#bases.add(basis);
  }

  /**
   * What is known by its hash stays as it is.
   * @param operators facts of the operator that the bases name by hash
   */
  async write(trx: Trx, operators: readonly Hashed[], tariffs: readonly HashedTariff[]): Promise<void> {
    await writeOperators(trx, operators);
    await writeTariffDocuments(trx, tariffs);
    await this.#bases.write(trx);
  }
}

/** Keeps the texts of tariff versions by their hash: one that is known stays as it is. */
export async function writeTariffDocuments(trx: Trx, tariffs: readonly HashedTariff[]): Promise<void> {
  if (tariffs.length === 0) return;
  const known = await tariffDocuments(
    trx,
    tariffs.map(({ sha256 }) => sha256),
    "hash",
  );
  const fresh = tariffs.filter(({ sha256 }) => !known.has(sha256));
  if (fresh.length === 0) return;
  await trx
    .insertInto("tariff_document")
    .values(
      fresh
        .toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1))
        .map(({ sha256, tariffId, version, document }) => ({
          operator_id: sql<bigint>`sanbiao.operator_id()`,
          sha256,
          tariff_id: tariffId,
          version,
          document,
        })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function writeOperators(trx: Trx, operators: readonly Hashed[]): Promise<void> {
  if (operators.length === 0) return;
  const hashes = operators.map(({ sha256 }) => sha256);
  const known = await operatorDocuments(trx, hashes);
  const fresh = operators.filter(({ sha256 }) => !known.has(sha256));
  if (fresh.length === 0) return;
  await trx
    .insertInto("operator_document")
    .values(
      fresh
        .toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1))
        .map((one) => ({ operator_id: sql<bigint>`sanbiao.operator_id()`, ...one })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

const BASIS: BulkInsert<BasisToWrite> = {
  columns: [
    ["bill_id", "bigint", ({ billId }) => billId],
    ["sha256", "text", ({ sha256 }) => sha256],
    ["document", "json text", ({ document }) => document],
  ],
};

/** What this bill rests on; `null` for a bill from before it was kept. */
export async function readBasis(trx: Trx, billId: bigint): Promise<Hashed | null> {
  const row = await trx
    .selectFrom("bill_basis")
    .select(["sha256", "document"])
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("bill_id", "=", billId)
    .executeTakeFirst();
  return row ?? null;
}

/** Texts of the operator's facts by their hash. */
export async function operatorDocuments(trx: Trx, hashes: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await sql<Hashed>`
    select sha256, document from sanbiao.operator_document
     where operator_id = sanbiao.operator_id() and sha256 = any(${`{${hashes.join(",")}}`}::text[])`.execute(trx);
  return new Map(rows.map((row) => [row.sha256, row.document]));
}

/** Texts of tariff versions by their hash; `hash` = only whether they are there. */
export async function tariffDocuments(
  trx: Trx,
  hashes: readonly string[],
  want: "document" | "hash" = "document",
): Promise<Map<string, string>> {
  const { rows } = await sql<{ sha256: string; document: string }>`
    select sha256, ${want === "hash" ? sql`''` : sql`document`} as document from sanbiao.tariff_document
     where operator_id = sanbiao.operator_id() and sha256 = any(${`{${hashes.join(",")}}`}::text[])`.execute(trx);
  return new Map(rows.map((row) => [row.sha256, row.document]));
}
