import { type Currency, moneyOfText } from "../../domain/money.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { replayPoint } from "../rebill/compare.ts";
import { type BasisDocument, inputsOf } from "./basis.ts";
import { type BilledSoFar, billedSoFar } from "./billed-so-far.ts";
import type { BillBundle, BundleCorrection } from "./bundle.ts";
import { textOfMinor } from "./bundle.ts";
import { canonicalText, sha256Of, valueOf } from "./canonical.ts";
import { correctionLineJson, stateDifferenceJson, usageDifferenceJson } from "./correction-json.ts";
import { type ChangedPart, type Difference, figure, rows } from "./differences.ts";
import { correctionLineOf } from "../rebill/correction-line.ts";
import { type ReadableSeries, seriesOfReadable } from "./series.ts";

/** The document that a bundle shows in parts. @throws TypeError for readings that are none */
export const basisOfParts = ({
  inputs,
  readings,
}: {
  readonly inputs: Record<string, unknown>;
  readonly readings: readonly ReadableSeries[];
}): BasisDocument => ({ ...(valueOf(inputs) as BasisDocument), series: readings.map(seriesOfReadable) });

/** Notes whose inputs are not those of their hash. */
export const changedCorrections = ({ corrections = [] }: BillBundle): ChangedPart[] =>
  corrections.flatMap(({ number, rests }) =>
    rests === null || hashOf(rests) === rests.sha256
      ? []
      : [{ part: `correction ${number}`, what: "what it rests on is not that of its hash" }],
  );

function hashOf(rests: NonNullable<BundleCorrection["rests"]>): string | null {
  const { due, usagePoints, afterTrueUpsOf } = rests;
  try {
    return sha256Of(canonicalText({ basis: basisOfParts(rests), due, usagePoints, afterTrueUpsOf }));
  } catch {
    return null;
  }
}

/** Each note worked out again on what bill, true-ups and earlier notes had billed, in order; then what all come to. Pure. */
export function checkCorrections(
  bundle: BillBundle,
  tariffs: ReadonlyMap<string, Tariff>,
  currency: Currency,
  because: readonly string[],
): Difference[] {
  const { corrections = [], comesTo } = bundle;
  const found = corrections.flatMap((correction, i) => {
    const { number, rests } = correction;
    const sums = sumsOf(correction, currency);
    if (rests === null) return sums;
    const billed = billedSoFar(bundle, currency, rests.afterTrueUpsOf, i);
    return [...againDifferences(bundle, correction, billed, tariffs, currency, because), ...sums].map((one) => ({
      ...one,
      where: `correction ${number} ${one.where}`,
    }));
  });
  if (comesTo === undefined) return found;
  const minor = (text: string) => moneyOfText(currency, text)?.minor ?? 0n;
  const sum = (all: readonly { readonly amount: string }[]) => all.reduce((to, { amount }) => to + minor(amount), 0n);
  const supply =
    minor(bundle.bill.total) +
    sum((bundle.trueUps ?? []).flatMap(({ lines }) => lines)) +
    sum(corrections.flatMap(({ lines }) => lines));
  const charges = sum(bundle.charges) + sum(corrections.flatMap((one) => one.charges));
  const { number } = bundle.bill;
  return [
    ...found,
    ...figure("with corrections", number, "supply", textOfMinor(currency, supply), comesTo.supply, []),
    ...figure("with corrections", number, "charges", textOfMinor(currency, charges), comesTo.charges, []),
  ];
}

function againDifferences(
  bundle: BillBundle,
  correction: BundleCorrection,
  billed: BilledSoFar,
  tariffs: ReadonlyMap<string, Tariff>,
  currency: Currency,
  because: readonly string[],
): Difference[] {
  const rests = correction.rests as NonNullable<BundleCorrection["rests"]>;
  const { settlements } = inputsOf(basisOfParts(rests), tariffs).input;
  const billId = BigInt(bundle.bill.id);
  const points = rests.usagePoints.map((id) => {
    const usagePointId = BigInt(id);
    const own = <T extends { readonly usagePointId: bigint }>(all: readonly T[]) =>
      all.filter((one) => one.usagePointId === usagePointId);
    return replayPoint(
      {
        usagePointId,
        settlements: settlements.filter(({ agreement }) => agreement.usagePointId === usagePointId),
        lines: own(billed.lines),
        stretches: own(billed.stretches),
        measures: own(billed.measures),
        states: own(billed.states),
        trueUpOpen: false,
        withoutTariff: false,
        cancelled: rests.due === "nothing",
      },
      currency,
    );
  });
  const told = points.flatMap((point): Difference[] =>
    point.kind === "compared"
      ? []
      : [
          {
            where: `usage point ${point.usagePointId}`,
            key: "",
            field: "inputs",
            expected: "lines",
            found: point.kind,
            because,
          },
        ],
  );
  const compared = points.flatMap((point) => (point.kind === "compared" ? [point] : []));
  const ofPoint = <T, R>(
    of: (point: (typeof compared)[number]) => readonly T[],
    json: (one: T, id: bigint) => R,
  ): R[] => compared.flatMap((point) => of(point).map((one) => json(one, point.usagePointId)));
  const lines = ofPoint(
    ({ differences }) => differences,
    (one, usagePointId) => correctionLineJson(correctionLineOf({ ...one, billId, usagePointId }), currency),
  );
  const usage = [
    ...ofPoint(
      ({ usages }) => usages,
      (one, id) => usageDifferenceJson(one, id),
    ),
    ...ofPoint(
      ({ measures }) => measures,
      (one, id) => usageDifferenceJson(one, id),
    ),
  ];
  const states = ofPoint(({ states: all }) => all, stateDifferenceJson);
  return [
    ...told,
    ...rows("line", lines, correction.lines, ({ key }) => key, because),
    ...rows(
      "usage",
      usage,
      correction.usage,
      ({ usagePointId, measured, from }) => `${usagePointId} ${measured} ${from}`,
      because,
    ),
    ...rows("state", states, correction.states, ({ usagePointId, from }) => `${usagePointId} ${from}`, because),
    ...rows("charge", chargesDue(bundle, correction, billed, currency), correction.charges, ({ key }) => key, because),
  ];
}

/** Charges besides supply: as issued, of a cancelled bill nothing. */
function chargesDue({ charges }: BillBundle, { rests }: BundleCorrection, billed: BilledSoFar, currency: Currency) {
  const minor = (text: string) => moneyOfText(currency, text)?.minor ?? 0n;
  const text = (value: bigint) => textOfMinor(currency, value);
  return charges.flatMap(({ key, amount, included }) => {
    const [due, tax] = rests?.due === "nothing" ? [0n, 0n] : [minor(amount), minor(included)];
    const was = billed.charges.get(key) ?? { amount: 0n, included: 0n };
    if (due === was.amount) return [];
    return [
      {
        key,
        billed: text(was.amount),
        due: text(due),
        amount: text(due - was.amount),
        included: text(tax - was.included),
      },
    ];
  });
}

/** A note's own arithmetic, whatever its lines are. */
function sumsOf({ number, lines, charges, ofThisBill }: BundleCorrection, currency: Currency): Difference[] {
  const minor = (text: string) => moneyOfText(currency, text)?.minor ?? 0n;
  const text = (value: bigint) => textOfMinor(currency, value);
  const sum = [...lines, ...charges].reduce((all, { amount }) => all + minor(amount), 0n);
  return [
    ...[...lines, ...charges].flatMap(({ key, billed, due, amount }) =>
      figure("line", key, "due less billed", text(minor(due) - minor(billed)), amount, []),
    ),
    ...figure("sum", number, "of this bill", text(sum), ofThisBill, []),
  ];
}
