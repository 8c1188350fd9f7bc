import { describe, expect, test } from "vitest";
import { type DebtMove, type LateFeeRule, lateFeeLinesOf, type OverdueInput } from "../../billing/charges/late-fee.ts";
import { type Day, day } from "../../domain/period.ts";

const rule: LateFeeRule = {
  fromDay: day("2026-01-01"),
  debtClass: "supply",
  rate: "0.001",
  crossYearRate: "0.003",
  graceDays: 0,
  minimumMinor: 0n,
  capShare: "1",
};

describe("the days of a late fee", () => {
  const bill = { billId: 7n, number: "2026-000007", dueOn: day("2026-10-15"), charged: 0n };
  const debt = (over: Partial<DebtMove> = {}): DebtMove => ({
    day: day("2026-10-01"),
    minor: 10000n,
    kind: "debt",
    bill,
    ...over,
  });
  const settles = (on: string, minor: bigint): DebtMove => ({ day: day(on), minor, kind: "settles" });
  const walk = (moves: DebtMove[], until: string, over: Partial<OverdueInput> = {}) => {
    const input = {
      since: day("2026-10-01"),
      rules: [rule],
      waived: [],
      moves: { supply: moves, property: [] },
      ...over,
    };
    return lateFeeLinesOf(input, day(until), "CNY").map((one) => [
      one.from,
      one.to,
      one.quantity,
      one.price,
      one.amount.minor,
    ]);
  };
  const of = (from: string, to: string, open: string, fee: bigint, rate = "0.001") => [from, to, open, rate, fee];

  test.each<[string, unknown[], unknown[]]>([
    ["begin after the due date", walk([debt()], "2026-10-26"), [of("2026-10-16", "2026-10-26", "100.00", 100n)]],
    ["are none on the due date itself", walk([debt()], "2026-10-16"), []],
    [
      "end with the payment, whose day is free",
      walk([debt(), settles("2026-10-20", -10000n)], "2026-10-26"),
      [of("2026-10-16", "2026-10-20", "100.00", 40n)],
    ],
    [
      "go on at what a part payment leaves",
      walk([debt(), settles("2026-10-20", -4000n)], "2026-10-26"),
      [of("2026-10-16", "2026-10-20", "100.00", 40n), of("2026-10-20", "2026-10-26", "60.00", 36n)],
    ],
    [
      "go on from the day on which a payment is reversed",
      walk([debt(), settles("2026-10-18", -10000n), settles("2026-10-22", 10000n)], "2026-10-26"),
      [of("2026-10-16", "2026-10-18", "100.00", 20n), of("2026-10-22", "2026-10-26", "100.00", 40n)],
    ],
    ["are none where credit from before paid", walk([settles("2026-09-01", -10000n), debt()], "2026-10-26"), []],
    [
      "are none while a payment pays an older debt first",
      walk(
        [debt({ minor: 3000n }), debt({ minor: 7000n, bill: { ...bill, number: "8" } }), settles("2026-10-10", -5000n)],
        "2026-10-26",
      ),
      [of("2026-10-16", "2026-10-26", "50.00", 50n)],
    ],
    [
      "are none for a debt of no bill",
      walk([{ day: day("2026-10-01"), minor: 10000n, kind: "debt" }], "2026-10-26"),
      [],
    ],
    [
      "leave the days of grace out",
      walk([debt()], "2026-10-26", { rules: [{ ...rule, graceDays: 5 }] }),
      [of("2026-10-21", "2026-10-26", "100.00", 50n)],
    ],
    [
      "leave waived days out",
      walk([debt()], "2026-10-26", { waived: [{ from: day("2026-10-18"), to: day("2026-10-20") }] }),
      [of("2026-10-16", "2026-10-18", "100.00", 20n), of("2026-10-20", "2026-10-26", "100.00", 60n)],
    ],
    [
      "cost more in a later year",
      walk([debt()], "2027-01-11", { since: day("2026-12-22") }),
      [of("2026-12-22", "2027-01-01", "100.00", 100n), of("2027-01-01", "2027-01-11", "100.00", 300n, "0.003")],
    ],
    [
      "cost no more than the debt, what was charged before included",
      walk([debt({ bill: { ...bill, charged: 9950n } })], "2026-10-26"),
      [of("2026-10-16", "2026-10-26", "100.00", 50n)],
    ],
    ["cost nothing below the minimum", walk([debt()], "2026-10-26", { rules: [{ ...rule, minimumMinor: 101n }] }), []],
    [
      "follow the rule of each day",
      walk([debt()], "2026-10-26", { rules: [rule, { ...rule, fromDay: day("2026-10-21"), rate: "0.0005" }] }),
      [of("2026-10-16", "2026-10-21", "100.00", 50n), of("2026-10-21", "2026-10-26", "100.00", 25n, "0.0005")],
    ],
  ])("%s", (_, got, wanted) => expect(got).toEqual(wanted));

  test("are the same whether charged by one bill or by two", () => {
    const moves = [debt(), settles("2026-10-20", -3000n), settles("2026-11-12", -2000n)];
    const sum = (until: string, since: string) =>
      walk(moves, until, { since: since as Day }).reduce((total, line) => total + (line[4] as bigint), 0n);
    for (const cut of ["2026-10-17", "2026-10-20", "2026-11-01", "2026-11-12", "2026-11-13"])
      expect(sum(cut, "2026-10-01") + sum("2026-12-01", cut)).toBe(sum("2026-12-01", "2026-10-01"));
  });
});
