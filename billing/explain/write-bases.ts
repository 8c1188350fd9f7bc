import type { Transaction } from "kysely";
import type { AccountId } from "../../domain/reading.ts";
import { writeBases } from "../../ledger/bill-basis.ts";
import type { Tables } from "../../schema/tables.ts";
import { basisTexts, type BillInputs, tariffDocumentOf } from "./basis.ts";
import { sha256Of } from "./canonical.ts";

/** Keeps what each issued bill rests on, in the transaction that writes the bills. */
export async function writeBasesOf(
  trx: Transaction<Tables>,
  issued: ReadonlyMap<AccountId, bigint>,
  all: readonly BillInputs[],
): Promise<void> {
  const billed = all.flatMap((inputs) => {
    const billId = issued.get(inputs.input.accountId);
    return billId === undefined ? [] : [{ billId, inputs }];
  });
  const versions = new Set(
    billed.flatMap(({ inputs: { input } }) =>
      [...input.settlements, ...(input.corrections ?? []).flatMap((one) => one.settlements)].flatMap(
        (settlement) => settlement.versions,
      ),
    ),
  );
  const { texts, operators } = basisTexts(billed.map(({ inputs }) => inputs));
  await writeBases(
    trx,
    billed.map(({ billId }, i) => {
      const document = texts[i] as string;
      return { billId, document, sha256: sha256Of(document) };
    }),
    operators,
    [...versions].map((tariff) => {
      const { sha256, document } = tariffDocumentOf(tariff);
      return { sha256, document, tariffId: tariff.id, version: tariff.version };
    }),
  );
}
