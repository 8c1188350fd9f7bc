import type { Line } from "../../domain/bill.ts";
import { type Money, sumMoney, zero } from "../../domain/money.ts";
import type { Instant } from "../../domain/instant.ts";
import { type Period, type Zone, addDays, dayOf, daysBetween, monthOf, startOfDay } from "../../domain/period.ts";
import { MICRO_PER_UNIT, type Micro, roundDivide } from "../../domain/quantity.ts";
import type { PercentageCharge, StandingCharge, TaxCharge, VolumeCharge } from "../../domain/tariff.ts";
import type { UsageBasis, UsageSlice } from "../../domain/usage.ts";
import { lineHead, lineKey } from "./line.ts";
import { amountOf, containedIn, shareOf } from "./price.ts";
import { worse } from "./slices.ts";
import type { VersionStretch } from "./stretch.ts";

export function standingLine(charge: StandingCharge, { tariff, stretch }: VersionStretch): Line {
  const head = lineHead(tariff, charge, stretch);
  const quantity =
    charge.per === "day" ? BigInt(daysIn(stretch, tariff.zone)) * MICRO_PER_UNIT : monthsIn(stretch, tariff.zone);
  return {
    key: lineKey(head, tariff.zone),
    ...head,
    kind: "standing",
    quantity,
    unit: charge.per,
    price: charge.price,
    amount: amountOf(tariff.currency, quantity, charge.price, charge.rounding),
  };
}

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
  return {
    key: lineKey(head, tariff.zone),
    ...head,
    kind: "surcharge",
    quantity,
    unit: tariff.unit,
    price: charge.price,
    amount: amountOf(tariff.currency, quantity, charge.price, charge.rounding),
    basis,
  };
}

export function percentageLine(
  charge: PercentageCharge,
  { tariff, stretch }: VersionStretch,
  before: readonly Line[],
): Line {
  const head = lineHead(tariff, charge, stretch);
  const amount = shareOf(baseOf(charge.of, before, zero(tariff.currency)), charge.rate, charge.rounding);
  return { key: lineKey(head, tariff.zone), ...head, kind: "surcharge", price: charge.rate, amount };
}

export function taxLine(charge: TaxCharge, { tariff, stretch }: VersionStretch, before: readonly Line[]): Line {
  const head = lineHead(tariff, charge, stretch);
  const base = baseOf(charge.of, before, zero(tariff.currency));
  const line = { key: lineKey(head, tariff.zone), ...head, kind: "tax", price: charge.rate } as const;
  return charge.mode === "exclusive"
    ? { ...line, amount: shareOf(base, charge.rate, charge.rounding) }
    : { ...line, amount: zero(tariff.currency), included: containedIn(base, charge.rate, charge.rounding) };
}

const baseOf = (of: readonly string[] | undefined, before: readonly Line[], none: Money): Money =>
  sumMoney(
    none.currency,
    before.filter((line) => of?.includes(line.charge) ?? true).map((line) => line.amount),
  );

/** Days that begin within a stretch: each day counts once, however stretches are cut. */
function daysIn({ from, to }: Period, zone: Zone): number {
  return daysBetween(firstDay(from, zone), firstDay(to, zone));
}

function firstDay(at: Instant, zone: Zone) {
  const day = dayOf(at, zone);
  return startOfDay(day, zone) === at ? day : addDays(day, 1);
}

/** Months of a stretch in millionths: of a part month, its days over the month's days. */
function monthsIn(stretch: Period, zone: Zone): Micro {
  let months = 0n;
  for (let at = stretch.from; at < stretch.to; ) {
    const month = monthOf(at, zone);
    const to = Math.min(month.to, stretch.to) as Instant;
    const [part, whole] = [daysIn({ from: at, to }, zone), daysIn(month, zone)];
    months += roundDivide(BigInt(part) * MICRO_PER_UNIT, BigInt(whole));
    at = to;
  }
  return months;
}
