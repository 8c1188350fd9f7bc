import { sql, type Transaction } from "kysely";
import type { Day } from "../../domain/period.ts";
import type { AccountId } from "../../domain/reading.ts";
import type { HashedTariff } from "../../ledger/bill-basis.ts";
import type { CorrectionBasis } from "../../ledger/correction-books.ts";
import type { Tables } from "../../schema/tables.ts";
import type { OperatorFacts } from "../operator.ts";
import type { RebilledFrom } from "../rebill/decide.ts";
import { type BasisDocument, basisOf, tariffDocumentOf } from "./basis.ts";
import { canonicalText, sha256Of } from "./canonical.ts";

/** What the corrected lines of one bill were worked out from, as the book keeps it. */
export type CorrectionBasisDocument = {
  readonly basis: BasisDocument;
  /** `nothing`: the bill was cancelled then. */
  readonly due: "anew" | "nothing";
  /** What the note looked at; a usage point that nobody could tell is not among them. */
  readonly usagePoints: readonly string[];
  /** Bills whose true-ups of this bill counted as billed. */
  readonly afterTrueUpsOf: readonly string[];
};

/** Documents of those bills that a correction changes, and the tariff versions that they name. */
export async function correctionBasesOf(
  trx: Transaction<Tables>,
  accountId: AccountId,
  bills: readonly RebilledFrom[],
  issuedOn: Day,
  operator: OperatorFacts,
): Promise<{ readonly bases: CorrectionBasis[]; readonly tariffs: HashedTariff[] }> {
  const trueUps = await trueUpsOf(
    trx,
    bills.map(({ billId }) => billId),
  );
  const bases = bills.map(({ billId, period, isCancelled, usagePointIds, settlements }): CorrectionBasis => {
    const input = { accountId, settlements, withoutTariff: [] };
    const document = canonicalText({
      basis: basisOf({ input, period, issuedOn, operator: { ...operator, terms: [] } }),
      due: isCancelled ? "nothing" : "anew",
      usagePoints: usagePointIds.map(String),
      afterTrueUpsOf: (trueUps.get(billId) ?? []).map(String),
    } satisfies CorrectionBasisDocument);
    return { billId, document, sha256: sha256Of(document) };
  });
  const versions = new Set(bills.flatMap(({ settlements }) => settlements.flatMap((one) => one.versions)));
  const tariffs = [...versions].map((tariff) => {
    const { sha256, document } = tariffDocumentOf(tariff);
    return { sha256, document, tariffId: tariff.id, version: tariff.version };
  });
  return { bases, tariffs };
}

/** Bills that true up each of these until now. */
export async function trueUpsOf(
  trx: Transaction<Tables>,
  billIds: readonly bigint[],
): Promise<ReadonlyMap<bigint, readonly bigint[]>> {
  const { rows } = await sql<{ of: bigint; by: bigint }>`
    select corrects_bill_id as of, bill_id as by from sanbiao.bill_line
     where operator_id = sanbiao.operator_id() and corrects_bill_id = any(${`{${billIds.join(",")}}`}::bigint[])
    union
    select corrects_bill_id, bill_id from sanbiao.billed_usage
     where operator_id = sanbiao.operator_id() and corrects_bill_id = any(${`{${billIds.join(",")}}`}::bigint[])
     order by 1, 2`.execute(trx);
  return new Map([...Map.groupBy(rows, ({ of }) => of)].map(([of, own]) => [of, own.map(({ by }) => by)]));
}
