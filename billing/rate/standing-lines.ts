import type { Line, LineUnit } from "../../domain/bill.ts";
import { monthOf, monthsWithin, type Period, type Zone } from "../../domain/period.ts";
import { MICRO_PER_UNIT, type Micro, roundDivide } from "../../domain/quantity.ts";
import type { Capacity, FeeTier, StandingCharge } from "../../domain/tariff.ts";
import type { RateContext } from "../rate.ts";
import { contractedAt, cutByFact } from "./facts.ts";
import { daysIn, microOfDecimal, monthsIn } from "./ladder.ts";
import { lineHead, lineKey } from "./line.ts";
import type { Metered } from "./netting.ts";
import { lineAmount } from "./price.ts";
import { slicesWithin } from "./slices.ts";
import type { VersionStretch } from "./stretch.ts";

/**
 * Lines of a standing charge: one, or one for each month whose use chooses the fee, and for each contracted capacity.
 * @throws CodedError `usage.invalid` when the capacity that it goes by is not known
 */
export function standingLines(
  charge: StandingCharge,
  version: VersionStretch,
  metered: Metered,
  context: RateContext,
): Line[] {
  const { tariff, stretch } = version;
  const { zone } = tariff;
  const { capacity, by = "use" } = charge;
  const byUse = charge.tiers !== undefined && by === "use";
  const months = byUse ? monthsWithin(stretch, zone) : [stretch];
  const facts = new Set([capacity, charge.tiers === undefined || by === "use" ? undefined : by]);
  facts.delete(undefined);
  const parts = [...facts].reduce<readonly Period[]>(
    (some, one) => some.flatMap((part) => cutByFact(factOf(context, one), part, zone)),
    months,
  );
  const capacityIn = (part: Period, one: Capacity): Micro => contractedAt(context, one, charge.id, part.from, zone);
  return parts.map((part): Line => {
    const head = lineHead(tariff, charge, part);
    const tier = feeTier(charge, byUse ? useIn(metered, monthAround(part, months)) : sizeOf(part), part, zone);
    const price = tier === null ? (charge.price ?? "0") : (charge.tiers?.[tier - 1]?.price ?? "0");
    const times = charge.per === "day" ? BigInt(daysIn(part, zone)) * MICRO_PER_UNIT : monthsIn(part, zone);
    const quantity = capacity === undefined ? times : roundDivide(times * capacityIn(part, capacity), MICRO_PER_UNIT);
    return {
      key: lineKey(head, zone, tier ?? undefined),
      ...head,
      kind: "standing",
      ...(tier === null ? {} : { tier }),
      quantity,
      unit: unitOf(charge),
      price,
      amount: lineAmount(tariff.currency, quantity, price, charge),
    };
  });

  function sizeOf(part: Period): Micro {
    return charge.tiers === undefined || by === "use" ? 0n : capacityIn(part, by);
  }
}

const factOf = (context: RateContext, capacity: Capacity | undefined) =>
  capacity === "kW" ? context.contractedKw : context.contractedKva;

/** A change of capacity within a month does not change what was used in it. */
const monthAround = (part: Period, months: readonly Period[]): Period =>
  months.find(({ from, to }) => from <= part.from && part.to <= to) ?? part;

const useIn = ({ imported }: Metered, month: Period): Micro =>
  slicesWithin(imported, month).reduce((sum, { quantity }) => sum + quantity, 0n);

/** The bracket, from 1, that a size reaches; null where the fee has none. A size at a limit belongs to the bracket that ends there. */
function feeTier({ tiers, by = "use", part: share }: StandingCharge, size: Micro, part: Period, zone: Zone) {
  if (tiers === undefined) return null;
  const month = monthOf(part.from, zone);
  const days = by === "use" && share === "by_days" ? [daysIn(part, zone), daysIn(month, zone)] : [1, 1];
  const endOf = ({ upTo }: FeeTier): Micro =>
    roundDivide(microOfDecimal(upTo ?? "0") * BigInt(days[0] ?? 1), BigInt(days[1] ?? 1));
  const reached = tiers.findIndex((tier) => tier.upTo === null || size <= endOf(tier));
  return (reached < 0 ? tiers.length - 1 : reached) + 1;
}

const unitOf = ({ capacity, per }: StandingCharge): LineUnit => {
  if (capacity === undefined) return per;
  return per === "month" ? capacity : `${capacity}_day`;
};
