import { usageOfJson } from "../../../billing/rate/usage-file.ts";
import { amountText } from "../../../domain/money.ts";
import type { Line } from "../../../domain/bill.ts";
import type { Day } from "../../../domain/period.ts";
import { decimalText } from "../../../domain/quantity.ts";
import type { Charge, GraduatedCharge, Ladder, Tariff } from "../../../domain/tariff.ts";

/** A tariff of the tests with these charges; prices of its own, easy to reckon with. */
export const tariffWith = (charges: readonly Charge[], more: Partial<Tariff> = {}): Tariff => ({
  id: "test",
  version: "1",
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom: "2000-01-01" as Day,
  zone: "Asia/Shanghai",
  title: { zh: "试", en: "test" },
  source: ["invented for a test"],
  charges,
  ...more,
});

/** Three tiers of 100, 200 and no end, at 1, 2 and 4. */
export const tiered = (ladder: Partial<Ladder> = {}, more: Partial<GraduatedCharge> = {}): GraduatedCharge => ({
  kind: "energy",
  form: "graduated",
  id: "energy",
  title: { zh: "电", en: "energy" },
  ladder: { basis: "year", ...ladder },
  tiers: [
    { upTo: "100", price: "1" },
    { upTo: "200", price: "2" },
    { upTo: null, price: "4" },
  ],
  ...more,
});

export const usage = (document: unknown, tariff: Tariff = tariffWith([tiered()])) => usageOfJson(document, tariff);

/** `energy/t2/peak 2026-01-01: 50 × 2 = 100.00`: a line without what its key says twice. */
export const lineText = ({ key, quantity, price, amount }: Line): string => {
  const parts = key.split("/");
  const name = parts
    .slice(1, 4)
    .join("/")
    .replace(/(\/-)+$/, "");
  return `${name} ${parts.at(-1)}: ${quantity === undefined ? "" : decimalText(quantity)} × ${price} = ${amountText(amount)}`;
};
