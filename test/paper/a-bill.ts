import { NO_DEPOSIT } from "../../ledger/deposits.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Day } from "../../domain/period.ts";
import type { BillFacts, LineFact, UsageFact } from "../../paper/bill-sheet.ts";
import { DEMO_PAYMENT_TEMPLATE } from "../../paper/payment-code.ts";

const at = (text: string): Instant => Date.parse(text) as Instant;
const FROM = at("2026-10-01T00:00:00+08:00");
const TO = at("2026-11-01T00:00:00+08:00");

const line = (over: Partial<LineFact>): LineFact => ({
  debt: "supply",
  usagePointId: 1n,
  utility: "electricity",
  tariffId: "town.electricity",
  tariffVersion: "2026-01",
  kind: "usage",
  tier: 1,
  tou: null,
  quantity: 100_000_000n,
  unit: "kWh",
  price: "0.568",
  amountMinor: 5680n,
  includedMinor: null,
  basis: "actual",
  title: { zh: "电费", en: "Energy" },
  corrects: null,
  ...over,
});

const usage = (over: Partial<UsageFact>): UsageFact => ({
  usagePointId: 1n,
  utility: "electricity",
  place: "3-802",
  period: { from: FROM, to: TO },
  quantity: 150_000_000n,
  unit: "kWh",
  basis: "actual",
  registers: [
    {
      serial: "E-1",
      register: "energy_import_peak_kwh",
      from: "2026-09-30T16:00:00Z",
      to: "2026-10-31T16:00:00Z",
      start: "1000.5",
      end: "1150.5",
      used: "150",
    },
  ],
  corrects: null,
  ...over,
});

/** A home with electricity in two tiers and water, owing ¥20 before and having paid ¥20. */
export const aBill = (over: Partial<BillFacts> = {}): BillFacts => ({
  operator: { code: "riverside", name: { zh: "河畔花园", en: "Riverside Garden" } },
  zone: "Asia/Shanghai",
  currency: "CNY",
  bill: {
    id: 7n,
    number: "2026-000007",
    period: { from: FROM, to: TO },
    issuedOn: "2026-11-01" as Day,
    dueOn: "2026-11-16" as Day,
    totalMinor: 12_105n,
  },
  customer: { number: "3-802", name: "梁某", address: "河畔花园 3幢 802室" },
  lines: [
    line({}),
    line({ tier: 2, quantity: 50_000_000n, price: "0.618", amountMinor: 3090n }),
    line({
      usagePointId: 2n,
      utility: "water",
      tariffId: "town.water",
      title: { zh: "水费", en: "Water" },
      quantity: 13_340_000n,
      unit: "m3",
      price: "2.50",
      amountMinor: 3335n,
      includedMinor: 97n,
    }),
  ],
  usages: [usage({}), usage({ usagePointId: 2n, utility: "water", quantity: 13_340_000n, unit: "m3", registers: [] })],
  history: [
    {
      utility: "electricity",
      periodTo: at("2026-10-01T00:00:00+08:00"),
      quantity: 90_000_000n,
      unit: "kWh",
      estimated: false,
    },
    { utility: "electricity", periodTo: TO, quantity: 150_000_000n, unit: "kWh", estimated: false },
    { utility: "water", periodTo: TO, quantity: 13_340_000n, unit: "m3", estimated: false },
  ],
  deposit: NO_DEPOSIT,
  closing: null,
  ladders: [],
  owed: [{ debt: "supply", beforeMinor: 2000n, paymentsMinor: -2000n, otherMinor: 0n }],
  corrected: new Map(),
  paymentTemplate: DEMO_PAYMENT_TEMPLATE,
  ...over,
});

export { line as aLine, usage as aUsage };
