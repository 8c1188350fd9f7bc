import { instantOfIso, type Instant } from "../../domain/instant.ts";
import { type Currency, moneyOfText } from "../../domain/money.ts";
import { microOf } from "../../domain/quantity.ts";
import type { Unit, Utility } from "../../domain/unit.ts";
import type { BilledMeasure, BilledState } from "../../ledger/correction-books.ts";
import { type BilledLine, type BilledStretch, TRUE_UP_KEY } from "../../ledger/true-ups.ts";
import type { BillBundle, BundleCorrectionLine, BundleLine } from "./bundle.ts";

/** What a bill, true-ups of it and earlier notes had billed, as the ledger tells it to whoever makes a bill again. */
export type BilledSoFar = {
  readonly lines: readonly BilledLine[];
  readonly stretches: readonly BilledStretch[];
  readonly measures: readonly BilledMeasure[];
  readonly states: readonly BilledState[];
  /** Charges besides supply, by their key. */
  readonly charges: ReadonlyMap<string, { readonly amount: bigint; readonly included: bigint }>;
};

/**
 * Out of a bundle alone. Pure.
 * @param trueUpsOf the later bills whose true-ups count, by id
 * @param notes how many correction notes count
 * @throws TypeError for a figure that is none
 */
export function billedSoFar(
  bundle: BillBundle,
  currency: Currency,
  trueUpsOf: readonly string[],
  notes: number,
): BilledSoFar {
  const billId = BigInt(bundle.bill.id);
  const trueUps = (bundle.trueUps ?? []).filter((one) => trueUpsOf.includes(one.billId));
  const corrections = (bundle.corrections ?? []).slice(0, notes);
  const own = bundle.usage.filter((one) => one.correctsBillId === null);
  const measured = [
    ...own.flatMap(({ usagePointId, from, to, beside = [] }) =>
      beside.map((one) => ({ ...one, usagePointId, from, to, measured: one.kind })),
    ),
    ...corrections.flatMap(({ usage }) => usage.filter((one) => one.measured !== "main")),
  ];
  const used = [
    ...own.map((one) => ({ ...one, measured: "main" })),
    ...trueUps.flatMap(({ usage }) => usage.map((one) => ({ ...one, measured: "main" }))),
    ...corrections.flatMap(({ usage }) => usage.filter((one) => one.measured === "main")),
  ];
  return {
    lines: linesOf(billId, currency, [
      ...bundle.lines.filter((one) => one.correctsBillId === null),
      // what a line is called is told by the bill itself, else by a correction: a true-up's title names another bill
      ...corrections.flatMap(({ lines }) => lines),
      ...trueUps.flatMap(({ lines }) => lines),
    ]),
    stretches: countedOf(used).map(
      ({ usagePointId, from, to, quantity, registers, utility, unit }): BilledStretch => ({
        billId,
        usagePointId,
        utility: utility as Utility,
        unit: unit as Unit,
        from,
        to,
        quantity,
        registers,
      }),
    ),
    measures: countedOf(measured).map(
      ({ usagePointId, from, to, quantity, registers, unit, measured: kind }): BilledMeasure => ({
        billId,
        usagePointId,
        kind: kind as BilledMeasure["kind"],
        unit: unit as BilledMeasure["unit"],
        from,
        to,
        quantity,
        registers,
      }),
    ),
    states: statesOf(billId, bundle, notes),
    charges: chargesOf(bundle, currency, notes),
  };
}

function linesOf(
  billId: bigint,
  currency: Currency,
  parts: readonly (BundleLine | BundleCorrectionLine)[],
): BilledLine[] {
  const groups = Map.groupBy(parts, ({ key }) => (key.endsWith(TRUE_UP_KEY) ? key.slice(0, -TRUE_UP_KEY.length) : key));
  return [...groups].map(([key, all]): BilledLine => {
    const [first] = all as [BundleLine | BundleCorrectionLine];
    const sum = (of: (one: BundleLine | BundleCorrectionLine) => bigint | null): bigint | null =>
      all.reduce<bigint | null>((to, one) => (of(one) === null ? to : (to ?? 0n) + (of(one) ?? 0n)), null);
    const last = (of: (one: BundleLine | BundleCorrectionLine) => string | null): string | null =>
      all.map(of).reduce((to, one) => (to === null || (one !== null && one > to) ? one : to), null);
    return {
      billId,
      usagePointId: BigInt(first.usagePointId),
      key,
      utility: first.utility,
      tariffId: first.tariffId,
      tariffVersion: last((one) => one.tariffVersion) ?? first.tariffVersion,
      charge: first.charge,
      kind: first.kind,
      tier: first.tier,
      tou: first.tou,
      from: instantIn(first.from),
      to: instantIn(first.to),
      quantity: sum(({ quantity }) => (quantity === null ? null : quantityIn(quantity))),
      unit: first.unit,
      price: last(({ price }) => price),
      amount: sum(({ amount }) => minorIn(currency, amount)) ?? 0n,
      included: sum(({ included }) => (included === null ? null : minorIn(currency, included))),
      title: { zh: first.titleZh, en: first.titleEn },
    };
  });
}

type Counted = {
  readonly usagePointId: string;
  readonly measured: string;
  readonly utility?: string | null;
  readonly from: string;
  readonly to: string;
  readonly quantity: string;
  readonly unit: string;
  readonly registers: readonly Record<string, unknown>[];
};

/** Stretch by stretch: units added up, of each register the last end that is told. */
function countedOf(parts: readonly Counted[]) {
  const groups = Map.groupBy(parts, ({ usagePointId, measured, from }) => `${usagePointId} ${measured} ${from}`);
  return [...groups.values()].map((all) => {
    const [first] = all as [Counted];
    const registers = new Map<string, { meter: string; register: string; used: bigint; end: string | null }>();
    for (const one of all.flatMap((part) => part.registers)) {
      const [meter, register] = [String(one["meter"]), String(one["register"])];
      const before = registers.get(`${meter} ${register}`)?.used ?? 0n;
      const end = typeof one["end"] === "string" ? one["end"] : null;
      registers.set(`${meter} ${register}`, { meter, register, used: before + quantityIn(String(one["used"])), end });
    }
    return {
      usagePointId: BigInt(first.usagePointId),
      measured: first.measured,
      utility: first.utility ?? null,
      unit: first.unit,
      from: instantIn(first.from),
      to: instantIn(first.to),
      quantity: all.reduce((sum, { quantity }) => sum + quantityIn(quantity), 0n),
      registers: [...registers.values()],
    };
  });
}

function statesOf(billId: bigint, { usage, corrections = [] }: BillBundle, notes: number): BilledState[] {
  const known = new Map<string, BilledState>();
  const note = (usagePointId: string, from: string, after: unknown) =>
    known.set(`${usagePointId} ${from}`, { billId, usagePointId: BigInt(usagePointId), from: instantIn(from), after });
  for (const { usagePointId, from, state } of usage) if (state !== undefined) note(usagePointId, from, state.after);
  for (const { states } of corrections.slice(0, notes))
    for (const { usagePointId, from, after } of states) note(usagePointId, from, after);
  return [...known.values()];
}

function chargesOf({ charges, corrections = [] }: BillBundle, currency: Currency, notes: number) {
  const sums = new Map<string, { amount: bigint; included: bigint }>();
  for (const { key, amount, included } of [...charges, ...corrections.slice(0, notes).flatMap((one) => one.charges)]) {
    const before = sums.get(key) ?? { amount: 0n, included: 0n };
    sums.set(key, {
      amount: before.amount + minorIn(currency, amount),
      included: before.included + minorIn(currency, included),
    });
  }
  return sums;
}

function instantIn(text: string): Instant {
  const at = instantOfIso(text);
  if (at === null) throw new TypeError(`${text} is no instant`);
  return at;
}

function quantityIn(text: string): bigint {
  const micro = microOf(text);
  if (micro === null) throw new TypeError(`${text} is no quantity`);
  return micro;
}

function minorIn(currency: Currency, text: string): bigint {
  const amount = moneyOfText(currency, text);
  if (amount === null) throw new TypeError(`${text} is no amount of ${currency}`);
  return amount.minor;
}
