import type { Line } from "../../domain/bill.ts";
import { type Money, money, sumMoney, zero } from "../../domain/money.ts";
import { MICRO_PER_UNIT, roundDivide } from "../../domain/quantity.ts";
import { climb, microOfDecimal } from "./ladder.ts";
import type { PercentageCharge, TaxCharge, VolumeCharge } from "../../domain/tariff.ts";
import type { UsageBasis, UsageSlice } from "../../domain/usage.ts";
import { lineHead, lineKey } from "./line.ts";
import { containedIn, lineAmount, lineShare, minorOf, roundedMinor, scaledOf } from "./price.ts";
import { worse } from "./slices.ts";
import type { VersionStretch } from "./stretch.ts";

export function volumeLine(
  charge: VolumeCharge,
  { tariff, stretch }: VersionStretch,
  within: readonly UsageSlice[],
): Line {
  const head = lineHead(tariff, charge, stretch);
  let quantity = 0n;
  let basis: UsageBasis = "actual";
  for (const slice of within) {
    quantity += slice.quantity;
    basis = worse(basis, slice.basis);
  }
  if (charge.share !== undefined) quantity = roundDivide(quantity * microOfDecimal(charge.share), MICRO_PER_UNIT);
  return {
    key: lineKey(head, tariff.zone),
    ...head,
    kind: "surcharge",
    quantity,
    unit: tariff.unit,
    price: charge.price,
    amount: lineAmount(tariff.currency, quantity, charge.price, charge),
    basis,
  };
}

export function percentageLine(
  charge: PercentageCharge,
  { tariff, stretch }: VersionStretch,
  before: readonly Line[],
): Line {
  const head = lineHead(tariff, charge, stretch);
  const base = baseOf(charge.of, before, zero(tariff.currency));
  const line = { key: lineKey(head, tariff.zone), ...head, kind: "surcharge" } as const;
  const { rates } = charge;
  if (rates === undefined) {
    const rate = charge.rate ?? "0";
    return { ...line, price: rate, amount: lineShare(base, rate, charge) };
  }
  const ends = rates.tiers.slice(0, -1).map(({ upTo }) => minorOf(tariff.currency, upTo ?? "0"));
  const reached = ends.findIndex((end) => base.minor <= end);
  const tier = reached < 0 ? ends.length : reached;
  if (rates.form === "slab") {
    const rate = rates.tiers[tier]?.rate ?? "0";
    return { ...line, tier: tier + 1, price: rate, amount: lineShare(base, rate, charge) };
  }
  // Tier by tier: added exactly, rounded once.
  const scaled = rates.tiers.map(({ rate }) => scaledOf(rate));
  const over = scaled.reduce((most, one) => (one.over > most ? one.over : most), 1n);
  const parts = climb(ends, 0n, base.minor > 0n ? base.minor : 0n);
  const sum = parts.reduce(
    (all, part, i) => all + part * (scaled[i]?.digits ?? 0n) * (over / (scaled[i]?.over ?? 1n)),
    0n,
  );
  return { ...line, amount: money(tariff.currency, roundedMinor(tariff.currency, sum, over, charge)) };
}

export function taxLine(charge: TaxCharge, { tariff, stretch }: VersionStretch, before: readonly Line[]): Line {
  const head = lineHead(tariff, charge, stretch);
  const base = baseOf(charge.of, before, zero(tariff.currency));
  const line = { key: lineKey(head, tariff.zone), ...head, kind: "tax", price: charge.rate } as const;
  return charge.mode === "exclusive"
    ? { ...line, amount: lineShare(base, charge.rate, charge) }
    : { ...line, amount: zero(tariff.currency), included: containedIn(base, charge.rate, charge.rounding) };
}

const baseOf = (of: readonly string[] | undefined, before: readonly Line[], none: Money): Money =>
  sumMoney(
    none.currency,
    before.filter((line) => of?.includes(line.charge) ?? true).map((line) => line.amount),
  );
