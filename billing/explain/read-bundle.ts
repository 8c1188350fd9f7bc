import { sql, type Transaction } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import { type Instant, isoOf } from "../../domain/instant.ts";
import { type Currency, moneyOfText } from "../../domain/money.ts";
import { daysOf } from "../../domain/period.ts";
import { decimalText } from "../../domain/quantity.ts";
import { READING_SOURCES } from "../../domain/reading.ts";
import { registerName } from "../../domain/register.ts";
import { closingsOf } from "../../ledger/account-closings.ts";
import { readEntry } from "../../ledger/journal.ts";
import type { Tables } from "../../schema/tables.ts";
import { withCharges } from "../charges/read.ts";
import { readAccounts, type SettlementBooks } from "../chunk.ts";
import { operatorFacts } from "../operator.ts";
import { type BasisDocument, type BillInputs, basisOf, inputsOf, keptText, tariffDocumentOf } from "./basis.ts";
import {
  type BillBundle,
  BUNDLE_FORMAT,
  type BundleCharge,
  type BundleCorrection,
  type BundleLine,
  type BundleTrueUp,
  type BundleUsage,
  postingsJson,
  RULES,
  shortDecimal,
  textOfMinor,
} from "./bundle.ts";
import { canonicalText, jsonOf, sha256Of } from "./canonical.ts";
import { trueUpsOf } from "./correction-basis.ts";
import { explainLines } from "./explain-lines.ts";
import { finalOf } from "./final-settlement.ts";
import { readKept } from "./kept.ts";
import { readCorrections } from "./read-corrections.ts";
import { readableOf } from "./series.ts";

type Trx = Transaction<Tables>;
type BillRow = Awaited<ReturnType<typeof billRow>>;

/** What a bill rests on: as it was kept with it, or, for an older bill, as the books tell today. */
export type BasisOfBill = {
  readonly kind: "issued" | "rebuilt";
  readonly basis: BasisDocument;
  readonly inputs: BillInputs;
};

/** @throws CodedError `request.not-found` when this operator has no such bill, or what an old one rests on cannot be told */
export async function basisOfBill(
  trx: Trx,
  billId: bigint,
  books: Omit<SettlementBooks, "zone">,
): Promise<BasisOfBill> {
  const kept = await readKept(trx, billId);
  if (kept === null) return rebuilt(trx, await billRow(trx, "id", billId), books);
  return { kind: "issued", basis: kept.basis, inputs: inputsOf(kept.basis, kept.tariffs) };
}

async function rebuilt(trx: Trx, bill: BillRow, books: Omit<SettlementBooks, "zone">): Promise<BasisOfBill> {
  const operator = await operatorFacts(trx);
  const period = { from: bill.period_from, to: bill.period_to };
  const [input] = await readAccounts(trx, [bill.account_id], period, { ...books, zone: operator.zone });
  const { rows } = await sql<{ n: bigint }>`select count(*) as n from sanbiao.bill_line
     where operator_id = sanbiao.operator_id() and bill_id = ${bill.id} and corrects_bill_id is not null`.execute(trx);
  if (input === undefined || rows[0]?.n !== 0n) {
    throw new CodedError(
      "request.not-found",
      `Bill ${bill.number} trues up another one and is older than the keeping of what a bill rests on.`,
    );
  }
  const [charged = input] = await withCharges(trx, [input], daysOf(period, operator.zone));
  const inputs = { input: charged, period, issuedOn: bill.issued_on, operator };
  return { kind: "rebuilt", basis: basisOf(inputs), inputs };
}

/** One bill with everything that it takes to make it again without these books. @throws CodedError `request.not-found` */
export async function readBundle(
  trx: Trx,
  number: string,
  books: Omit<SettlementBooks, "zone">,
  now: Instant,
): Promise<BillBundle> {
  const row = await billRow(trx, "number", number);
  const { kind, basis, inputs } = await basisOfBill(trx, row.id, books);
  const currency = inputs.operator.currency;
  const { series, ...rest } = basis;
  const settlements = [
    ...inputs.input.settlements,
    ...(inputs.input.corrections ?? []).flatMap((correction) => correction.settlements),
  ];
  const { corrections, tariffs: corrected } = await readCorrections(trx, row.id, currency);
  const trueUps = await trueUpsJson(trx, row.id, currency);
  const tariffs = [...new Set([...settlements.flatMap(({ versions }) => versions), ...corrected.values()])].map(
    tariffDocumentOf,
  );
  const readings = series.map(readableOf);
  const entry = row.journal_id === null ? null : await readEntry(trx, row.journal_id);
  const contents = {
    format: BUNDLE_FORMAT,
    exportedAt: isoOf(now),
    inputsAre: kind,
    operator: await operatorOf(trx),
    account: { id: String(row.account_id), number: row.account_number, name: row.account_name },
    bill: billJson(row, currency),
    lines: await linesOf(trx, row.id, currency),
    charges: await chargesOf(trx, row.id, currency),
    usage: await usageOf(trx, row.id),
    trueUps,
    corrections,
    postings: entry === null ? [] : postingsJson(entry.postings),
    ...(await finalIn(trx, row.id, currency)),
    comesTo: comesTo(row, currency, trueUps, corrections, await chargesOf(trx, row.id, currency)),
    explained: jsonOf(explainLines(inputs)) as unknown[],
    rules: RULES,
    inputs: jsonOf(rest) as Record<string, unknown>,
    readings: jsonOf(readings) as BillBundle["readings"],
    tariffs: [...new Map(tariffs.map((one) => [one.sha256, one])).values()].map(({ sha256, tariff }) => ({
      sha256,
      document: jsonOf(tariff) as Record<string, unknown>,
    })),
    edits: await editsOf(trx, basis),
  } as const;
  const hashes = {
    inputs: sha256Of(keptText(basis)),
    readings: readings.map((one) => sha256Of(canonicalText(one))),
  };
  return { ...contents, hashes: { ...hashes, contents: sha256Of(canonicalText(contents)) } };
}

/** What a final bill came to, with the entries of its deposit and its set-off in their order. */
async function finalIn(trx: Trx, billId: bigint, currency: Currency): Promise<Pick<BillBundle, "final">> {
  const closing = (await closingsOf(trx, [billId])).get(billId);
  if (closing === undefined) return {};
  const ids = [closing.depositJournalId, closing.setOffJournalId].filter((id) => id !== null);
  const entries = [];
  for (const id of ids) entries.push(...((await readEntry(trx, id))?.postings ?? []));
  const amount = (minor: bigint) => textOfMinor(currency, minor);
  return { final: finalOf(closing, entries, { amount, postings: postingsJson }) };
}

/** What later bills trued up of this one. */
async function trueUpsJson(trx: Trx, billId: bigint, currency: Currency): Promise<BundleTrueUp[]> {
  const bills = (await trueUpsOf(trx, [billId])).get(billId) ?? [];
  const isOwn = (one: { readonly correctsBillId: string | null }) => one.correctsBillId === String(billId);
  const all: BundleTrueUp[] = [];
  for (const id of bills) {
    const { number } = await billRow(trx, "id", id);
    const lines = (await linesOf(trx, id, currency)).filter(isOwn);
    all.push({ billId: String(id), number, lines, usage: (await usageOf(trx, id)).filter(isOwn) });
  }
  return all;
}

function comesTo(
  { total_minor: total }: BillRow,
  currency: Currency,
  trueUps: readonly BundleTrueUp[],
  corrections: readonly BundleCorrection[],
  own: readonly BundleCharge[],
): NonNullable<BillBundle["comesTo"]> {
  const sum = (all: readonly { readonly amount: string }[]) =>
    all.reduce((to, { amount }) => to + (moneyOfText(currency, amount)?.minor ?? 0n), 0n);
  const lines = [...trueUps, ...corrections].flatMap((one): { readonly amount: string }[] => one.lines);
  const charges = [...own, ...corrections.flatMap((one): { readonly amount: string }[] => one.charges)];
  return { supply: textOfMinor(currency, total + sum(lines)), charges: textOfMinor(currency, sum(charges)) };
}

async function billRow(trx: Trx, by: "id" | "number", what: bigint | string) {
  const row = await trx
    .selectFrom("bill as b")
    .innerJoin("account as a", (join) =>
      join.onRef("a.operator_id", "=", "b.operator_id").onRef("a.id", "=", "b.account_id"),
    )
    .select(["b.id", "b.number", "b.account_id", "b.period_from", "b.period_to", "b.issued_on", "b.due_on"])
    .select(["b.total_minor", "b.journal_id", "a.number as account_number", "a.name as account_name"])
    .where("b.operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where(by === "id" ? "b.id" : "b.number", "=", what as never)
    .executeTakeFirst();
  if (row === undefined) throw new CodedError("request.not-found", `There is no bill ${what}.`);
  return row;
}

const billJson = (row: BillRow, currency: Currency): BillBundle["bill"] => ({
  id: String(row.id),
  number: row.number,
  from: isoOf(row.period_from),
  to: isoOf(row.period_to),
  issuedOn: row.issued_on,
  dueOn: row.due_on,
  total: textOfMinor(currency, row.total_minor),
});

async function operatorOf(trx: Trx): Promise<BillBundle["operator"]> {
  const { rows } = await sql<{ code: string; nameZh: string; nameEn: string; zone: string; currency: string }>`
    select code, name_zh as "nameZh", name_en as "nameEn", zone, currency from sanbiao.operator
     where operator_id = sanbiao.operator_id()`.execute(trx);
  return rows[0] as BillBundle["operator"];
}

async function linesOf(trx: Trx, billId: bigint, currency: Currency): Promise<BundleLine[]> {
  const rows = await trx
    .selectFrom("bill_line")
    .selectAll()
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("bill_id", "=", billId)
    .orderBy("line")
    .execute();
  return rows.map((row) => ({
    key: row.key,
    usagePointId: String(row.usage_point_id),
    utility: row.utility,
    tariffId: row.tariff_id,
    tariffVersion: row.tariff_version,
    charge: row.charge,
    kind: row.kind,
    tier: row.tier,
    tou: row.tou,
    from: isoOf(row.period_from),
    to: isoOf(row.period_to),
    quantity: row.quantity === null ? null : decimalText(row.quantity),
    unit: row.unit,
    price: row.price,
    amount: textOfMinor(currency, row.amount_minor),
    included: row.included_minor === null ? null : textOfMinor(currency, row.included_minor),
    basis: row.basis,
    correctsBillId: row.corrects_bill_id === null ? null : String(row.corrects_bill_id),
    titleZh: row.title_zh,
    titleEn: row.title_en,
  }));
}

async function chargesOf(trx: Trx, billId: bigint, currency: Currency): Promise<BundleCharge[]> {
  const rows = await trx
    .selectFrom("bill_charge")
    .selectAll()
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("bill_id", "=", billId)
    .orderBy("line")
    .execute();
  return rows.map((row) => ({
    key: row.key,
    code: row.code,
    income: row.income,
    from: row.from_day,
    to: row.to_day,
    monthDays: row.month_days,
    quantity: row.quantity,
    unit: row.unit,
    price: shortDecimal(row.price),
    amount: textOfMinor(currency, row.amount_minor),
    included: textOfMinor(currency, row.included_minor),
    titleZh: row.title_zh,
    titleEn: row.title_en,
    ...(row.of_bill_id === null ? {} : { ofBillId: String(row.of_bill_id) }),
  }));
}

async function usageOf(trx: Trx, billId: bigint): Promise<BundleUsage[]> {
  const rows = await trx
    .selectFrom("billed_usage")
    .selectAll()
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("bill_id", "=", billId)
    .orderBy("corrects_bill_id", (order) => order.asc().nullsFirst())
    .orderBy("usage_point_id")
    .orderBy("period_from")
    .execute();
  const kept = await keptWith(trx, billId);
  return rows.map((row) => ({
    usagePointId: String(row.usage_point_id),
    utility: row.utility,
    from: isoOf(row.period_from),
    to: isoOf(row.period_to),
    quantity: decimalText(row.quantity),
    unit: row.unit,
    basis: row.basis,
    registers: row.registers as BundleUsage["registers"],
    ladderBefore: row.ladder_before,
    correctsBillId: row.corrects_bill_id === null ? null : String(row.corrects_bill_id),
    ...(row.corrects_bill_id === null ? kept(row) : {}),
  }));
}

/** What was measured beside the main register, and what is carried, per stretch of a bill. */
async function keptWith(trx: Trx, billId: bigint) {
  const measures = await trx
    .selectFrom("billed_measure")
    .selectAll()
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("bill_id", "=", billId)
    .orderBy("kind")
    .execute();
  const states = await trx
    .selectFrom("rating_state")
    .selectAll()
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("bill_id", "=", billId)
    .execute();
  return (stretch: { usage_point_id: bigint; period_from: Instant }): Pick<BundleUsage, "beside" | "state"> => {
    const isOwn = (row: { usage_point_id: bigint; period_from: Instant }) =>
      row.usage_point_id === stretch.usage_point_id && row.period_from === stretch.period_from;
    const beside = measures.filter(isOwn).map((row) => ({
      kind: row.kind,
      quantity: decimalText(row.quantity),
      unit: row.unit,
      basis: row.basis,
      registers: row.registers as BundleUsage["registers"],
    }));
    const state = states.find(isOwn);
    return {
      ...(beside.length === 0 ? {} : { beside }),
      ...(state === undefined ? {} : { state: { before: state.before, after: state.after } as BundleUsage["state"] }),
    };
  };
}

const SOURCES = new Map<number, string>(Object.entries(READING_SOURCES).map(([name, code]) => [code, name]));

/** What persons and estimates said about the registers that the bill looked at, with what the book says there. */
async function editsOf(trx: Trx, { series }: BasisDocument): Promise<Record<string, unknown>[]> {
  const meters = [...new Set(series.map(({ meter }) => meter))];
  const { rows } = await sql<{
    id: bigint;
    meter_id: bigint;
    register: number;
    measured_at: Instant;
    origin: string;
    kind: string;
    value: bigint | null;
    source: number | null;
    method: string | null;
    reason: string;
    made_at: Instant;
    raw: bigint | null;
  }>`
    select e.id, e.meter_id, e.register, e.measured_at, e.origin, e.kind, e.value, e.source, e.method, e.reason, e.made_at, r.value as raw
      from sanbiao.reading_edit e
      left join sanbiao.reading r on r.operator_id = e.operator_id and r.meter_id = e.meter_id and r.register = e.register
           and r.measured_at = e.measured_at
     where e.operator_id = sanbiao.operator_id() and e.meter_id = any(${`{${meters.join(",")}}`}::bigint[])
     order by e.id`.execute(trx);
  const value = (micro: bigint | null) => (micro === null ? null : decimalText(micro));
  return rows.map((row) => ({
    id: String(row.id),
    meter: String(row.meter_id),
    register: registerName(row.register) ?? String(row.register),
    at: isoOf(row.measured_at),
    origin: row.origin,
    kind: row.kind,
    value: value(row.value),
    source: row.source === null ? null : (SOURCES.get(row.source) ?? String(row.source)),
    method: row.method,
    reason: row.reason,
    madeAt: isoOf(row.made_at),
    bookSays: value(row.raw),
  }));
}
