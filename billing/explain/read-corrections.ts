import { type Selectable, sql, type Transaction } from "kysely";
import { isoOf } from "../../domain/instant.ts";
import type { Currency } from "../../domain/money.ts";
import { decimalText } from "../../domain/quantity.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { tariffDocuments } from "../../ledger/bill-basis.ts";
import { readCorrectionBases } from "../../ledger/correction-books.ts";
import type { CorrectionLine } from "../../ledger/corrections.ts";
import type { Tables } from "../../schema/tables.ts";
import { inputsOf } from "./basis.ts";
import {
  type BundleCorrection,
  type BundleCorrectionCharge,
  type BundleCorrectionState,
  type BundleCorrectionUsage,
  textOfMinor,
} from "./bundle.ts";
import { jsonOf, valueOfCanonical } from "./canonical.ts";
import type { CorrectionBasisDocument } from "./correction-basis.ts";
import { correctionLineJson } from "./correction-json.ts";
import { explainLines } from "./explain-lines.ts";
import { readableOf } from "./series.ts";

type Trx = Transaction<Tables>;

/** Every note that corrects a bill, in order, with what it rests on and the tariffs that it names. */
export async function readCorrections(
  trx: Trx,
  billId: bigint,
  currency: Currency,
): Promise<{ readonly corrections: BundleCorrection[]; readonly tariffs: ReadonlyMap<string, Tariff> }> {
  const { rows: heads } = await sql<{
    id: bigint;
    number: string;
    kind: BundleCorrection["kind"];
    issuedOn: string;
    reason: string;
    total: bigint;
  }>`
    select id, number, kind, issued_on as "issuedOn", reason, (total_minor + charges_minor)::bigint as total
      from sanbiao.correction c
     where operator_id = sanbiao.operator_id() and id in (
       select correction_id from sanbiao.correction_line where operator_id = sanbiao.operator_id() and bill_id = ${billId}
       union select correction_id from sanbiao.correction_usage where operator_id = sanbiao.operator_id() and bill_id = ${billId}
       union select correction_id from sanbiao.correction_measure where operator_id = sanbiao.operator_id() and bill_id = ${billId}
       union select correction_id from sanbiao.correction_state where operator_id = sanbiao.operator_id() and bill_id = ${billId}
       union select correction_id from sanbiao.correction_charge where operator_id = sanbiao.operator_id() and bill_id = ${billId})
     order by id`.execute(trx);
  const bases = await readCorrectionBases(trx, billId);
  const documents = new Map(
    [...bases].map(([id, one]) => [id, valueOfCanonical(one.document) as CorrectionBasisDocument]),
  );
  const hashes = [...documents.values()].flatMap(({ basis }) => basis.settlements.flatMap((one) => one.tariffs));
  const texts = await tariffDocuments(trx, [...new Set(hashes)]);
  const tariffs = new Map([...texts].map(([hash, text]) => [hash, valueOfCanonical(text) as Tariff]));
  const corrections: BundleCorrection[] = [];
  for (const { id, total, ...head } of heads) {
    const { lines, ...parts } = await partsOf(trx, id, billId, currency);
    const sum = [...lines.map((one) => one.dueMinor - one.billedMinor), ...parts.charged].reduce(
      (all, one) => all + one,
      0n,
    );
    const document = documents.get(id);
    corrections.push({
      ...head,
      total: textOfMinor(currency, total),
      ofThisBill: textOfMinor(currency, sum),
      lines: lines.map((line) => correctionLineJson(line, currency)),
      usage: parts.usage,
      states: parts.states,
      charges: parts.charges,
      rests: document === undefined ? null : restsOf(document, bases.get(id)?.sha256 ?? "", tariffs),
    });
  }
  return { corrections, tariffs };
}

function restsOf(
  { basis, due, usagePoints, afterTrueUpsOf }: CorrectionBasisDocument,
  sha256: string,
  tariffs: ReadonlyMap<string, Tariff>,
): BundleCorrection["rests"] {
  const { series, ...inputs } = basis;
  return {
    due,
    usagePoints: [...usagePoints],
    afterTrueUpsOf: [...afterTrueUpsOf],
    inputs: jsonOf(inputs) as Record<string, unknown>,
    readings: jsonOf(series.map(readableOf)) as NonNullable<BundleCorrection["rests"]>["readings"],
    sha256,
    explained: due === "nothing" ? [] : (jsonOf(explainLines(inputsOf(basis, tariffs))) as unknown[]),
  };
}

async function partsOf(trx: Trx, id: bigint, billId: bigint, currency: Currency) {
  const of = <T extends "correction_line" | "correction_usage" | "correction_measure" | "correction_state">(table: T) =>
    trx
      .selectFrom(table as "correction_line")
      .selectAll()
      .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
      .where("correction_id", "=", id)
      .where("bill_id", "=", billId)
      .orderBy("usage_point_id")
      .orderBy("period_from")
      .execute() as unknown as Promise<Selectable<Tables[T]>[]>;
  const lines = (await of("correction_line")).toSorted((a, b) => a.line - b.line);
  const main = (await of("correction_usage")).map((row) => usageJson(row, "main", row.utility));
  const besides = (await of("correction_measure")).map((row) => usageJson(row, row.kind, null));
  const { charges, charged } = await chargesOf(trx, id, billId, currency);
  return {
    lines: lines.map(
      (row): CorrectionLine => ({
        billId,
        key: row.key,
        usagePointId: row.usage_point_id,
        utility: row.utility,
        tariffId: row.tariff_id,
        tariffVersion: row.tariff_version,
        charge: row.charge,
        kind: row.kind,
        tier: row.tier,
        tou: row.tou,
        from: row.period_from,
        to: row.period_to,
        unit: row.unit,
        price: row.price,
        billedMinor: row.billed_minor,
        dueMinor: row.due_minor,
        quantity: row.quantity,
        includedMinor: row.included_minor,
        title: { zh: row.title_zh, en: row.title_en },
      }),
    ),
    usage: [...main, ...besides],
    states: (await of("correction_state")).map(
      (row): BundleCorrectionState => ({
        usagePointId: String(row.usage_point_id),
        tariffId: row.tariff_id,
        from: isoOf(row.period_from),
        to: isoOf(row.period_to),
        before: row.before as Record<string, unknown>,
        after: row.after as Record<string, unknown>,
      }),
    ),
    charges,
    charged,
  };
}

type UsageRow = Pick<
  Selectable<Tables["correction_usage"]>,
  "usage_point_id" | "period_from" | "period_to" | "quantity" | "unit" | "registers"
>;
const usageJson = (row: UsageRow, measured: string, utility: string | null): BundleCorrectionUsage => ({
  usagePointId: String(row.usage_point_id),
  measured,
  utility,
  from: isoOf(row.period_from),
  to: isoOf(row.period_to),
  quantity: decimalText(row.quantity),
  unit: row.unit,
  registers: row.registers as Record<string, unknown>[],
});

async function chargesOf(trx: Trx, id: bigint, billId: bigint, currency: Currency) {
  const { rows } = await sql<{ key: string; billed: bigint; due: bigint; amount: bigint; included: bigint }>`
    select c.key, x.billed_minor as billed, x.due_minor as due, x.amount_minor as amount, x.included_minor as included
      from sanbiao.correction_charge x
      join sanbiao.bill_charge c on c.operator_id = x.operator_id and c.bill_id = x.bill_id and c.line = x.line
     where x.operator_id = sanbiao.operator_id() and x.correction_id = ${id} and x.bill_id = ${billId} order by x.line`.execute(
    trx,
  );
  const text = (minor: bigint) => textOfMinor(currency, minor);
  const charges = rows.map(
    ({ key, billed, due, amount, included }): BundleCorrectionCharge => ({
      key,
      billed: text(billed),
      due: text(due),
      amount: text(amount),
      included: text(included),
    }),
  );
  return { charges, charged: rows.map(({ amount }) => amount) };
}
