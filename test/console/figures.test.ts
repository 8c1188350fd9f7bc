import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BillJson } from "../../api/schemas/bill.ts";
import { staleBy } from "../../console/src/api/stale.ts";
import { formatOf } from "../../console/src/format.ts";
import { sectionsOf } from "../../console/src/pages/bill/sections.ts";
import { addAmounts, typedAmount } from "../../console/src/parts/decimal-text.ts";
import { paceOf } from "../../console/src/shell/pace.ts";

describe("an amount as it is typed", () => {
  test.each([
    ["50", "50.00"],
    [" 1,250.5 ", "1250.50"],
    ["007.10", "7.10"],
    ["１００", "100.00"],
    ["12。5", "12.50"],
    ["3.", "3.00"],
  ])("%s is %s", (text, amount) => expect(typedAmount(text, 2)).toBe(amount));

  test.each(["", "0", "0.00", "-5", "+5", "1e3", "1.234", ".5", "abc", "123456789", "1.2.3", "NaN"])(
    "%s is none",
    (text) => expect(typedAmount(text, 2)).toBeNull(),
  );

  test("has no minor digits where the currency has none", () => {
    expect(typedAmount("500", 0)).toBe("500");
    expect(typedAmount("500.1", 0)).toBeNull();
  });
});

test("sums of amounts are exact at any size", () => {
  const fen = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
  const text = (n: bigint) => {
    const digits = (n < 0n ? -n : n).toString().padStart(3, "0");
    return `${n < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
  };
  fc.assert(fc.property(fen, fen, (a, b) => addAmounts(text(a), text(b)) === text(a + b)));
  expect(addAmounts("0.1", "0.2")).toBe("0.3");
  expect(addAmounts("-0.01", "0.005")).toBe("-0.005");
  expect(addAmounts("5", "-7")).toBe("-2");
});

describe("figures as people read them", () => {
  const zh = formatOf("zh", "Asia/Shanghai");
  const en = formatOf("en", "Asia/Shanghai");

  test("money keeps every fen of a long amount", () => {
    const money = { amount: "90071992547409.93", currency: "CNY" };
    expect(zh.money(money)).toBe("¥90,071,992,547,409.93");
    expect(en.money(money)).toBe("¥90,071,992,547,409.93");
  });

  test("times stand in the operator's zone, days in none", () => {
    expect(zh.instant("2026-01-01T00:30:00+08:00")).toBe("2026/01/01 00:30");
    expect(en.instant("2025-12-31T16:30:00Z")).toBe("01/01/2026, 00:30");
    expect(formatOf("zh", "America/Los_Angeles").day("2026-03-01")).toBe("2026/03/01");
  });

  test("a half-open period shows its last day", () => {
    expect(zh.dayBefore("2026-03-01")).toBe("2026/02/28");
    expect(zh.dayBefore("2024-03-01")).toBe("2024/02/29");
  });

  test("a quantity has its unit as it is written", () => {
    expect(zh.quantity({ value: "1234.5678", unit: "m3" })).toBe("1,234.57 m³");
    expect(en.quantity({ value: "0.98", unit: "1" })).toBe("0.98");
  });
});

test("a bill shows the lines of each usage point with their exact sum, and one point only once when its tariff changed", () => {
  const line = (usagePointId: string, utility: string, amount: string) => ({
    key: `${usagePointId}/${amount}`,
    usagePointId,
    utility,
    amount: { amount, currency: "CNY" },
  });
  const usage = (usagePointId: string, utility: string, periodFrom: string) => ({
    usagePointId,
    utility,
    periodFrom,
    registers: [],
  });
  const bill = {
    total: { amount: "30.50", currency: "CNY" },
    usage: [usage("2", "gas", "a"), usage("1", "electricity", "a"), usage("1", "electricity", "b")],
    lines: [
      line("2", "gas", "10.10"),
      line("1", "electricity", "0.10"),
      line("1", "electricity", "0.20"),
      line("3", "water", "20.10"),
    ],
  } as unknown as BillJson;
  const sections = sectionsOf(bill);
  expect(sections.map((s) => [s.utility, s.usages.length, s.subtotal.amount])).toEqual([
    ["electricity", 2, "0.30"],
    ["water", 0, "20.10"],
    ["gas", 1, "10.10"],
  ]);
});

test("a payment makes the account, its time line and the board be asked again, another account not", () => {
  const stale = staleBy({
    kind: "payment",
    at: "",
    accountId: "7",
    journalId: "1",
    amount: { amount: "1.00", currency: "CNY" },
  });
  expect(stale).toContainEqual(["account", "7"]);
  expect(stale).toContainEqual(["timeline", "7"]);
  expect(stale).toContainEqual(["prepaid"]);
  expect(stale).not.toContainEqual(["account", "8"]);
});

test("the town's clock runs at the pace seen, and at its own until two looks are apart", () => {
  expect(paceOf({ wall: 0, town: 0 }, { wall: 1_000, town: 60_000 })).toBe(1);
  expect(paceOf({ wall: 0, town: 0 }, { wall: 10_000, town: 600_000 })).toBe(60);
  expect(paceOf({ wall: 0, town: 50 }, { wall: 10_000, town: 0 })).toBe(0);
});
