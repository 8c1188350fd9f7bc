import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Micro, microOf } from "../../domain/quantity.ts";
import { balanceOf, type BalancePart, percentOf, type PointUse } from "../../metering/balance.ts";

const units = (text: string): Micro => microOf(text) ?? 0n;
const use = (usagePointId: bigint, quantity: string, more: Partial<PointUse> = {}): PointUse => ({
  usagePointId,
  quantity: units(quantity),
  estimated: 0n,
  basis: "actual",
  doubts: [],
  ...more,
});
const part = (id: bigint, quantity: string, more: Partial<BalancePart> = {}): BalancePart => ({
  ...use(id, quantity),
  purpose: "supply",
  ...more,
});

describe("the balance of a master", () => {
  test.each<[string, string, [string, "supply" | "common"][], string, Record<string, string>, string[]]>([
    [
      "within its allowance has a loss and no residue",
      "1000",
      [
        ["600", "supply"],
        ["380", "supply"],
      ],
      "2",
      { sub: "980", common: "0", loss: "20", residue: "0" },
      [],
    ],
    [
      "above its allowance leaves a residue that nobody can explain",
      "1000",
      [
        ["900", "supply"],
        ["30", "common"],
      ],
      "2",
      { sub: "900", common: "30", loss: "20", residue: "50" },
      ["above_allowance"],
    ],
    [
      "whose subs count more than it has no loss and less than nothing left",
      "100",
      [["103", "supply"]],
      "5",
      { sub: "103", common: "0", loss: "0", residue: "-3" },
      ["negative_loss"],
    ],
    [
      "that counted nothing over subs that counted nothing is even",
      "0",
      [["0", "supply"]],
      "5",
      { sub: "0", common: "0", loss: "0", residue: "0" },
      [],
    ],
    [
      "with a long allowance is rounded to the millionth",
      "0.000333",
      [["0", "supply"]],
      "33.3",
      { sub: "0", common: "0", loss: "0.000111", residue: "0.000222" },
      ["above_allowance"],
    ],
  ])("%s", (_title, master, parts, allowance, figures, verdicts) => {
    const balance = balanceOf({
      master: use(1n, master),
      parts: parts.map(([quantity, purpose], i) => part(BigInt(i + 2), quantity, { purpose })),
      allowancePercent: units(allowance),
    });
    for (const [name, value] of Object.entries(figures))
      expect([name, balance[name as "sub"]]).toEqual([name, units(value)]);
    expect(balance.verdicts.map(({ verdict }) => verdict)).toEqual(verdicts);
    expect(balance.provisional).toBe(false);
  });

  test("with a sub-meter that was not read is provisional, says which, and keeps its figures", () => {
    const balance = balanceOf({
      master: use(1n, "100"),
      parts: [part(2n, "60"), part(3n, "20", { doubts: ["no_reading_after: meter 9"], basis: "interpolated" })],
      allowancePercent: 0n,
    });
    expect(balance).toMatchObject({ provisional: true, sub: units("80"), residue: units("20"), basis: "interpolated" });
    expect(balance.verdicts).toContainEqual({
      verdict: "incomplete_part",
      usagePointId: 3n,
      detail: "no_reading_after: meter 9",
    });
  });

  test("without anything below it is provisional", () => {
    const balance = balanceOf({ master: use(1n, "100"), parts: [], allowancePercent: 0n });
    expect(balance).toMatchObject({ provisional: true });
    expect(balance.verdicts.map(({ verdict }) => verdict)).toContain("no_parts");
  });

  test("tells what rests on estimates", () => {
    const balance = balanceOf({
      master: use(1n, "100"),
      parts: [part(2n, "60", { estimated: units("10"), basis: "estimated" }), part(3n, "40")],
      allowancePercent: 0n,
    });
    expect(balance).toMatchObject({ estimated: units("10"), basis: "estimated", provisional: false });
  });

  test("always adds up, and its loss is never negative nor above the allowance", () => {
    const micro = fc.bigInt({ min: -(10n ** 9n), max: 10n ** 15n });
    fc.assert(
      fc.property(
        micro,
        fc.array(micro),
        fc.array(micro),
        fc.bigInt({ min: 0n, max: units("100") }),
        (m, subs, common, percent) => {
          const balance = balanceOf({
            master: { ...use(1n, "0"), quantity: m },
            parts: [
              ...subs.map((quantity) => ({ ...part(2n, "0"), quantity })),
              ...common.map((quantity) => ({ ...part(3n, "0"), quantity, purpose: "common" as const })),
            ],
            allowancePercent: percent,
          });
          expect(balance.sub + balance.common + balance.loss + balance.residue).toBe(m);
          expect(balance.loss).toBeGreaterThanOrEqual(0n);
          expect(balance.loss * units("100")).toBeLessThanOrEqual((m > 0n ? m : 0n) * percent + units("100"));
        },
      ),
    );
  });

  test("gives percents of the master with two places, and none of nothing", () => {
    expect(percentOf(units("20"), units("300"))).toBe("6.67");
    expect(percentOf(units("-3"), units("100"))).toBe("-3");
    expect(percentOf(units("3"), 0n)).toBeNull();
  });
});
