import { rate } from "../../billing/rate.ts";
import { tariffsOfJson } from "../../billing/rate/schema.ts";
import { timetableOf } from "../../billing/rate/timetable.ts";
import { Decimal } from "../../domain/decimal.ts";
import { MINUTE_MS } from "../../domain/instant.ts";
import { amountText } from "../../domain/money.ts";
import { type Day, periodOfDays } from "../../domain/period.ts";
import { decimalText } from "../../domain/quantity.ts";
import type { GraduatedCharge, Tariff } from "../../domain/tariff.ts";
import type { Usage, UsageSlice } from "../../domain/usage.ts";

/** Three tiers × four times of use, filled in order of time. */
export const tariff = tariffsOfJson({
  id: "bench",
  version: "1",
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom: "2026-01-01",
  zone: "Asia/Shanghai",
  title: { zh: "测速", en: "bench" },
  source: ["invented for the bench"],
  tou: {
    rules: [
      { period: "sharp", from: "19:00", to: "21:00" },
      { period: "peak", from: "08:00", to: "11:00" },
      { period: "flat", from: "11:00", to: "22:00" },
    ],
    otherwise: "valley",
  },
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "energy",
      title: { zh: "电费", en: "Energy" },
      ladder: { basis: "month" },
      tiers: [
        { upTo: "230", price: { sharp: "0.9583", peak: "0.7583", flat: "0.5283", valley: "0.3283" } },
        { upTo: "400", price: { sharp: "1.0083", peak: "0.8083", flat: "0.5783", valley: "0.3783" } },
        { upTo: null, price: { sharp: "1.2583", peak: "1.0583", flat: "0.8283", valley: "0.6283" } },
      ],
    },
  ],
})[0] as Tariff;

export const INTERVALS = 2_880;

/** Thirty days of quarter hours, differing from one to the next, as a meter hands them over: whole watt hours. */
export function usageOfThirtyDays(): Usage {
  const servicePeriod = periodOfDays("2026-03-01" as Day, "2026-03-31" as Day, tariff.zone);
  const slices = Array.from({ length: INTERVALS }, (_, i): UsageSlice => {
    const from = servicePeriod.from + i * 15 * MINUTE_MS;
    const period = { from, to: from + 15 * MINUTE_MS } as UsageSlice["period"];
    return { period, quantity: BigInt(60 + ((i * 7_919) % 331)) * 1_000n, basis: "actual" };
  });
  const total = slices.reduce((sum, slice) => sum + slice.quantity, 0n);
  return { utility: "electricity", unit: "kWh", servicePeriod, slices, total, basis: "actual" };
}

/** `t1/peak` → quantity and amount, as text. */
export type Answer = Readonly<Record<string, string>>;

/** The engine itself. */
export const byEngine = (usage: Usage): Answer =>
  Object.fromEntries(
    rate(tariff, usage).map((line) => [
      `t${line.tier}/${line.tou}`,
      `${decimalText(line.quantity ?? 0n)} ${amountText(line.amount)}`,
    ]),
  );

/** The same rule with a Decimal for every interval: its quantity, its place on the ladder, its price, its share of the amount. */
export function byDecimal(usage: Usage): Answer {
  const charge = tariff.charges[0] as GraduatedCharge;
  const timetable = timetableOf(tariff.tou ?? { rules: [], otherwise: "valley" }, tariff.zone);
  const ends = charge.tiers.map((tier) => (tier.upTo === null ? new Decimal(Infinity) : new Decimal(tier.upTo)));
  const cells = new Map<string, { quantity: Decimal; amount: Decimal }>();
  let position = new Decimal(0);
  for (const slice of usage.slices) {
    const tou = timetable.spanAt(slice.period.from).tou;
    let left = new Decimal(slice.quantity.toString()).dividedBy(1_000_000);
    for (const [tier, end] of ends.entries()) {
      const room = end.minus(position);
      if (room.lessThanOrEqualTo(0)) continue;
      const part = Decimal.min(left, room);
      if (part.isZero()) break;
      const price = charge.tiers[tier]?.price;
      const cost = part.times(typeof price === "string" ? price : (price?.[tou] ?? "0"));
      const key = `t${tier + 1}/${tou}`;
      const cell = cells.get(key) ?? { quantity: new Decimal(0), amount: new Decimal(0) };
      cells.set(key, { quantity: cell.quantity.plus(part), amount: cell.amount.plus(cost) });
      position = position.plus(part);
      left = left.minus(part);
    }
  }
  return Object.fromEntries(
    [...cells].map(([key, { quantity, amount }]) => [key, `${quantity.toFixed()} ${amount.toFixed(2)}`]),
  );
}
