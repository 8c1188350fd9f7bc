import type { Line } from "../../domain/bill.ts";
import { CodedError } from "../../domain/errors.ts";
import { isoIn, type Instant, MINUTE_MS } from "../../domain/instant.ts";
import { money } from "../../domain/money.ts";
import type { Zone } from "../../domain/period.ts";
import { MICRO_PER_UNIT } from "../../domain/quantity.ts";
import type { PriceSeries, SeriesCharge } from "../../domain/tariff.ts";
import type { UsageBasis, UsageSlice } from "../../domain/usage.ts";
import { partUntil } from "../../metering/interpolate.ts";
import { lineHead, lineKey } from "./line.ts";
import { momentOf } from "./moment.ts";
import { divideRounded, roundedMinor, scaledOf } from "./price.ts";
import { CURRENCIES } from "../../domain/money.ts";
import { worse } from "./slices.ts";
import type { VersionStretch } from "./stretch.ts";

/** Prices as whole numbers over one power of ten, with the series' first instant. */
type Prices = {
  readonly from: number;
  readonly step: number;
  readonly digits: readonly bigint[];
  readonly over: bigint;
};
const KNOWN = new WeakMap<PriceSeries, Prices>();
const MEAN_PLACES = 1_000_000n; // a mean price is told to six places

/**
 * One line: each interval at its own price, added exactly, rounded once. `price` is the mean over the use.
 * @throws CodedError `usage.invalid` when the series has no price for an interval with use
 */
export function seriesLine(
  charge: SeriesCharge,
  { tariff, stretch }: VersionStretch,
  within: readonly UsageSlice[],
): Line {
  const prices = pricesOf(charge.series, tariff.zone);
  let [quantity, cost] = [0n, 0n];
  let basis: UsageBasis = "actual";
  for (const slice of within) {
    quantity += slice.quantity;
    basis = worse(basis, slice.basis);
    if (slice.quantity !== 0n) cost += costOf(slice, prices, charge.id, tariff.zone);
  }
  const head = lineHead(tariff, charge, stretch);
  const minor = 10n ** BigInt(CURRENCIES[tariff.currency]);
  const mean = quantity === 0n ? 0n : divideRounded(cost * MEAN_PLACES, quantity * prices.over, "half_away");
  return {
    key: lineKey(head, tariff.zone),
    ...head,
    kind: "usage",
    quantity,
    unit: tariff.unit,
    price: meanText(mean),
    amount: money(tariff.currency, roundedMinor(tariff.currency, cost * minor, MICRO_PER_UNIT * prices.over, charge)),
    basis,
  };
}

function costOf(slice: UsageSlice, { from, step, digits }: Prices, charge: string, zone: Zone): bigint {
  const { period, quantity } = slice;
  let cost = 0n;
  let done = 0n;
  for (let at: number = period.from; at < period.to; ) {
    const i = Math.floor((at - from) / step);
    const price = digits[i];
    if (price === undefined)
      throw new CodedError(
        "usage.invalid",
        `${isoIn(at as Instant, zone)}: the price series of \`${charge}\` does not reach here`,
      );
    const end = Math.min(from + (i + 1) * step, period.to) as Instant;
    const used = partUntil(period, quantity, end);
    cost += (used - done) * price;
    done = used;
    at = end;
  }
  return cost;
}

function pricesOf(series: PriceSeries, zone: Zone): Prices {
  const known = KNOWN.get(series);
  if (known !== undefined) return known;
  const from = momentOf(series.from, zone);
  if (from === null) throw new CodedError("tariff.invalid", `series.from: ${series.from} is not a moment`);
  const scaled = series.values.map(scaledOf);
  const over = scaled.reduce((most, one) => (one.over > most ? one.over : most), 1n);
  const digits = scaled.map((one) => one.digits * (over / one.over));
  const made = { from, step: series.minutes * MINUTE_MS, digits, over };
  KNOWN.set(series, made);
  return made;
}

function meanText(mean: bigint): string {
  const size = mean < 0n ? -mean : mean;
  const fraction = (size % MEAN_PLACES).toString().padStart(6, "0").replace(/0+$/, "");
  return `${mean < 0n ? "-" : ""}${size / MEAN_PLACES}${fraction === "" ? "" : `.${fraction}`}`;
}
