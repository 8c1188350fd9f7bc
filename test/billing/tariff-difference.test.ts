import { describe, expect, test } from "vitest";
import { curveOf, curveQuantities, perOf } from "../../billing/tariff-curve.ts";
import { differencesOf } from "../../billing/tariff-difference.ts";
import { TARIFFS, versionsOf } from "../../catalog/tariffs/catalogue.ts";
import type { Tariff } from "../../domain/tariff.ts";

const of = (id: string): Tariff => structuredClone(versionsOf(id)[0]) as Tariff;
const HOMES = "zhejiang.electricity.residential";
/** A copy that a test may write on. */
const changed = (tariff: Tariff, change: (draft: any) => void): Tariff => {
  const draft = structuredClone(tariff);
  change(draft);
  return draft;
};

describe("what two versions do not say alike", () => {
  test.each(TARIFFS.map((tariff) => [`${tariff.id} ${tariff.version}`, tariff] as const))(
    "%s is itself, however its keys and decimals are written",
    (_, tariff) => {
      const again = JSON.parse(JSON.stringify(tariff, (_key, value) => reversed(value))) as Tariff;
      expect(differencesOf(tariff, again)).toEqual([]);
    },
  );

  test("is told by tier and field, in the order of the new one", () => {
    const was = of(HOMES);
    const is = changed(was, (draft) => {
      draft.version = "next";
      draft.charges[0].tiers[1].price = "0.6083";
      draft.charges[0].tiers[0].upTo = "2880";
    });
    const first = was.charges[0] as unknown as { id: string; tiers: { upTo: string; price: string }[] };
    expect(differencesOf(was, is)).toEqual([
      { path: ["charges", first.id, "tiers", 0, "upTo"], before: first.tiers[0]?.upTo, after: "2880" },
      { path: ["charges", first.id, "tiers", 1, "price"], before: first.tiers[1]?.price, after: "0.6083" },
    ]);
  });

  test("names a charge, an example and a rule that came or went once, and not all that follow it", () => {
    const was = versionsOf("zhejiang.electricity.residential_tou")[0] as Tariff;
    const fund = { kind: "volume", id: "fund", title: { zh: "基金", en: "Fund" }, price: "0.01" };
    const rule = { period: "valley", from: "02:00", to: "03:00" };
    const is = changed(was, (draft) => {
      draft.charges.unshift(fund);
      draft.tou.rules.unshift(rule);
      draft.examples.shift();
    });
    expect(differencesOf(was, is)).toEqual([
      { path: ["tou", "rules"], before: null, after: rule },
      { path: ["charges", "fund"], before: null, after: fund },
      { path: ["examples", was.examples?.[0]?.title], before: was.examples?.[0], after: null },
    ]);
  });

  test("is another order of charges or of rules, too: a percentage looks back, and the first rule wins", () => {
    const was = changed(of(HOMES), (draft) => {
      draft.charges.push({ kind: "standing", id: "base", title: { zh: "基", en: "Base" }, per: "month", price: "1" });
      draft.tou = { rules: [{ period: "a", from: "01:00", to: "05:00" }, { period: "b" }], otherwise: "c" };
    });
    const is = changed(was, (draft) => {
      draft.charges.reverse();
      draft.tou.rules.reverse();
    });
    expect(differencesOf(was, is).map(({ path }) => path.join("."))).toEqual(["tou.rules", "charges"]);
  });
});

const reversed = (value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toReversed())
    : typeof value === "string" && /^\d+\.\d+$/.test(value)
      ? `${value}00`
      : value;

test("a curve prices a whole ladder period at every threshold, and never falls where no tier is cheaper than the one below", () => {
  const tariff = of(HOMES);
  expect(perOf([tariff])).toBe("year");
  const quantities = curveQuantities([tariff]);
  const ends = (tariff.charges[0] as unknown as { tiers: { upTo: string | null }[] }).tiers.flatMap(
    ({ upTo }) => upTo ?? [],
  );
  for (const end of ends) expect(quantities).toContain(BigInt(end) * 1_000_000n);
  const curve = curveOf(tariff, "year", quantities);
  if ("why" in curve) return expect.fail(curve.why);
  const totals = curve.points.map(({ total }) => Number(total));
  expect(totals).toEqual(totals.toSorted((a, b) => a - b));
  expect(totals.at(-1)).toBeGreaterThan(0);
});

test.each(TARIFFS.map((tariff) => [`${tariff.id} ${tariff.version}`, tariff] as const))(
  "%s has a curve, or says what it needs",
  (_, tariff) => {
    const curve = curveOf(tariff, perOf([tariff]), curveQuantities([tariff]).slice(-2));
    expect("why" in curve ? curve.why.length : curve.points.length).toBeGreaterThan(1);
  },
);
