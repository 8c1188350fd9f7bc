import type { Tariff } from "../../domain/tariff.ts";
import { type Currency, moneyOfText } from "../../domain/money.ts";
import { accountBillOf, billedUsagesOf } from "../account-bill.ts";
import { postingsOf } from "../postings.ts";
import { type BasisDocument, inputsOf, keptText } from "./basis.ts";
import {
  type BillBundle,
  BUNDLE_FORMAT,
  type BundleCharge,
  type BundleLine,
  type BundleUsage,
  bundleSchema,
  chargesOfBill,
  linesOfBill,
  postingsJson,
  textOfMinor,
  usagesOfBill,
} from "./bundle.ts";
import { canonicalText, sha256Of, valueOf } from "./canonical.ts";
import { seriesOfReadable } from "./series.ts";

/** A part of the bundle that is not what it was when it was written. */
export type ChangedPart = { readonly part: string; readonly what: string };

/** A figure of the bill that its inputs do not give. */
export type Difference = {
  /** `line 3`, `usage 1`, `total`, `posting 2`, `dueOn`. */
  readonly where: string;
  readonly key: string;
  readonly field: string;
  /** What the inputs give. */
  readonly expected: string;
  /** What the bundle says. */
  readonly found: string;
  /** The changed parts that this figure rests on; empty when every input is as it was written: then the figure itself was changed. */
  readonly because: readonly string[];
};

export type BundleCheck =
  | { readonly kind: "unreadable"; readonly reason: string }
  | {
      readonly kind: "checked";
      readonly ok: boolean;
      readonly number: string;
      readonly inputsAre: BillBundle["inputsAre"];
      readonly lines: number;
      readonly readings: number;
      readonly changed: readonly ChangedPart[];
      readonly differences: readonly Difference[];
    };

/** Makes a bill again from a bundle alone and compares figure by figure. Pure: no database, no clock. */
export function checkBundle(text: string): BundleCheck {
  const parsed = parse(text);
  if ("reason" in parsed) return { kind: "unreadable", reason: parsed.reason };
  const { bundle } = parsed;
  const changed = changedParts(bundle, parsed.raw);
  const differences = differencesOf(bundle, changed);
  return {
    kind: "checked",
    ok: changed.length === 0 && differences.length === 0,
    number: bundle.bill.number,
    inputsAre: bundle.inputsAre,
    lines: bundle.lines.length,
    readings: bundle.readings.reduce((sum, { values }) => sum + values.length, 0),
    changed,
    differences,
  };
}

type Parsed = { readonly bundle: BillBundle; readonly raw: Record<string, unknown> } | { readonly reason: string };

function parse(text: string): Parsed {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    const whole = text.trimEnd().endsWith("}");
    const why = error instanceof Error ? error.message : String(error);
    return { reason: whole ? `not JSON: ${why}` : `the file is cut off after ${text.length} characters: ${why}` };
  }
  if (raw === null || typeof raw !== "object" || Array.isArray(raw)) return { reason: "not a bill bundle" };
  const format = (raw as { format?: unknown }).format;
  if (format !== BUNDLE_FORMAT) {
    const told = typeof format === "string" ? `its format is ${format}` : "it names no format";
    return { reason: `${told}; this program reads ${BUNDLE_FORMAT}` };
  }
  const result = bundleSchema.safeParse(raw);
  if (result.success) return { bundle: result.data, raw: raw as Record<string, unknown> };
  const [issue] = result.error.issues;
  return { reason: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not as described"}` };
}

function changedParts(bundle: BillBundle, raw: Record<string, unknown>): ChangedPart[] {
  const changed: ChangedPart[] = [];
  for (const { sha256, document } of bundle.tariffs) {
    if (sha256Of(canonicalText(document)) === sha256) continue;
    changed.push({
      part: `tariff ${textOf(document["id"])} ${textOf(document["version"])}`,
      what: "its text is not that of its hash",
    });
  }
  for (const [i, series] of bundle.readings.entries()) {
    if (sha256Of(canonicalText(series)) === bundle.hashes.readings[i]) continue;
    changed.push({ part: `readings ${series.meter} ${series.register}`, what: "they are not those of their hash" });
  }
  const inputs = hashOfInputs(bundle);
  if (inputs !== bundle.hashes.inputs && changed.every(({ part }) => !part.startsWith("readings"))) {
    changed.push({ part: "inputs", what: "household, agreement, meters or readings are not those of the bill's hash" });
  }
  const { hashes: _, ...contents } = raw;
  if (changed.length === 0 && sha256Of(canonicalText(contents)) !== bundle.hashes.contents) {
    changed.push({ part: "contents", what: "something was changed after the bundle was written" });
  }
  return changed;
}

function basisIn(bundle: BillBundle): BasisDocument {
  return { ...(valueOf(bundle.inputs) as BasisDocument), series: bundle.readings.map(seriesOfReadable) };
}

function hashOfInputs(bundle: BillBundle): string | null {
  try {
    return sha256Of(keptText(basisIn(bundle)));
  } catch {
    return null; // readings that are none: told where they are read
  }
}

function differencesOf(bundle: BillBundle, changed: readonly ChangedPart[]): Difference[] {
  const because = changed.filter(({ part }) => part !== "contents").map(({ part }) => part);
  const failed = (found: string): Difference[] => [
    { where: "bill", key: bundle.bill.number, field: "inputs", expected: "a bill", found, because },
  ];
  try {
    const tariffs = new Map(bundle.tariffs.map(({ sha256, document }) => [sha256, valueOf(document) as Tariff]));
    const { input, period, issuedOn, operator } = inputsOf(basisIn(bundle), tariffs);
    const billed = accountBillOf(input, period, issuedOn, operator);
    if (billed.kind === "refused") return failed(`refused: ${billed.reason} ${billed.detail}`);
    const { bill } = billed;
    const total = textOfMinor(operator.currency, bill.total.minor);
    const heads = [
      figure("total", bundle.bill.number, "total", total, bundle.bill.total, because),
      figure("dueOn", bundle.bill.number, "dueOn", bill.dueOn, bundle.bill.dueOn, because),
      sumOfLines(bundle, operator.currency),
    ].flat();
    return [
      ...rows("line", linesOfBill(bill), bundle.lines, (one) => one.key, because),
      ...rows("usage", usagesOfBill(billedUsagesOf(billed)).map(plain), bundle.usage, keyOfUsage, because),
      ...rows("charge", chargesOfBill(bill), bundle.charges, (one) => one.key, because),
      ...heads,
      ...rows("posting", postingsJson(postingsOf(bill)), bundle.postings, (one) => one.ledgerAccount, because),
    ];
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}

const plain = (usage: BundleUsage): BundleUsage => JSON.parse(canonicalText(usage)) as BundleUsage;
const keyOfUsage = ({ usagePointId, from, correctsBillId }: BundleUsage): string =>
  `${usagePointId}/${from}${correctsBillId === null ? "" : `/corrects ${correctsBillId}`}`;

/** Row by row, by key: what is missing, what is too much, and of what is there the first field that differs. */
function rows<T extends BundleLine | BundleCharge | BundleUsage | BillBundle["postings"][number]>(
  noun: string,
  expected: readonly T[],
  found: readonly T[],
  keyOf: (row: T) => string,
  because: readonly string[],
): Difference[] {
  const there = new Map(found.map((row) => [keyOf(row), row]));
  const due = new Map(expected.map((row) => [keyOf(row), row]));
  const differences = [...due].flatMap(([key, row], i): Difference[] => {
    const own = there.get(key);
    const where = `${noun} ${i + 1}`;
    if (own === undefined) return figure(where, key, noun, "there", "missing", because);
    const fields = Object.keys(row) as (keyof T & string)[];
    const field = fields.find((name) => canonicalText(row[name]) !== canonicalText(own[name]));
    return field === undefined ? [] : figure(where, key, field, textOf(row[field]), textOf(own[field]), because);
  });
  const extra = found.flatMap((row, i) =>
    due.has(keyOf(row)) ? [] : figure(`${noun} ${i + 1}`, keyOf(row), noun, "none", "there", because),
  );
  const twice = found.length - there.size;
  return [
    ...differences,
    ...extra,
    ...(twice > 0 ? figure(noun, "", "keys", "each once", `${twice} twice`, because) : []),
  ];
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : canonicalText(value));

const figure = (
  where: string,
  key: string,
  field: string,
  expected: string,
  found: string,
  because: readonly string[],
): Difference[] => (expected === found ? [] : [{ where, key, field, expected, found, because }]);

/** The bundle's own lines must add up to its own total, whatever they are. */
function sumOfLines({ lines, bill }: BillBundle, currency: Currency): Difference[] {
  const sum = lines.reduce((total, { amount }) => total + (moneyOfText(currency, amount)?.minor ?? 0n), 0n);
  return figure("total", bill.number, "sum of lines", textOfMinor(currency, sum), bill.total, []);
}
