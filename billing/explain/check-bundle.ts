import type { Tariff } from "../../domain/tariff.ts";
import { type Currency, moneyOfText } from "../../domain/money.ts";
import { accountBillOf, billedUsagesOf } from "../account-bill.ts";
import { postingsOf } from "../postings.ts";
import { type BasisDocument, inputsOf, keptText } from "./basis.ts";
import {
  type BillBundle,
  BUNDLE_FORMAT,
  type BundleUsage,
  bundleSchema,
  chargesOfBill,
  linesOfBill,
  postingsJson,
  textOfMinor,
  usagesOfBill,
} from "./bundle.ts";
import { canonicalText, sha256Of, valueOf } from "./canonical.ts";
import { basisOfParts, checkCorrections, changedCorrections } from "./check-corrections.ts";
import { checkFinal } from "./final-settlement.ts";
import { type ChangedPart, type Difference, figure, rows, textOf } from "./differences.ts";

export type BundleCheck =
  | { readonly kind: "unreadable"; readonly reason: string }
  | {
      readonly kind: "checked";
      readonly ok: boolean;
      readonly number: string;
      readonly inputsAre: BillBundle["inputsAre"];
      readonly lines: number;
      readonly readings: number;
      /** Notes that were worked out again, and those whose inputs were not kept. */
      readonly corrections: number;
      readonly correctionsNotKept: number;
      readonly comesTo: NonNullable<BillBundle["comesTo"]> | null;
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
    corrections: (bundle.corrections ?? []).filter(({ rests }) => rests !== null).length,
    correctionsNotKept: (bundle.corrections ?? []).filter(({ rests }) => rests === null).length,
    comesTo: bundle.comesTo ?? null,
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
  changed.push(...changedCorrections(bundle));
  const { hashes: _, ...contents } = raw;
  if (changed.length === 0 && sha256Of(canonicalText(contents)) !== bundle.hashes.contents) {
    changed.push({ part: "contents", what: "something was changed after the bundle was written" });
  }
  return changed;
}

const basisIn = (bundle: BillBundle): BasisDocument => basisOfParts(bundle);

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
      ...finalDifferences(bundle, operator.currency, because),
      ...checkCorrections(bundle, tariffs, operator.currency, because),
    ];
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}

const finalDifferences = ({ final, account }: BillBundle, currency: Currency, because: readonly string[]) =>
  final === undefined ? [] : checkFinal(final, { accountId: BigInt(account.id), currency }, postingsJson, because);

const plain = (usage: BundleUsage): BundleUsage => JSON.parse(canonicalText(usage)) as BundleUsage;
const keyOfUsage = ({ usagePointId, from, correctsBillId }: BundleUsage): string =>
  `${usagePointId}/${from}${correctsBillId === null ? "" : `/corrects ${correctsBillId}`}`;

/** The bundle's own lines must add up to its own total, whatever they are. */
function sumOfLines({ lines, bill }: BillBundle, currency: Currency): Difference[] {
  const sum = lines.reduce((total, { amount }) => total + (moneyOfText(currency, amount)?.minor ?? 0n), 0n);
  return figure("total", bill.number, "sum of lines", textOfMinor(currency, sum), bill.total, []);
}
