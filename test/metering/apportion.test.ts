import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { microOf } from "../../domain/quantity.ts";
import { apportion, type Claim } from "../../metering/apportion.ts";

const units = (text: string): bigint => microOf(text) ?? 0n;
const claims = (...weights: (bigint | null)[]): Claim[] =>
  weights.map((weight, i) => ({ accountId: BigInt(i + 1), weight }));

describe("a quantity is apportioned", () => {
  test.each<[string, string, bigint[], string[], string]>([
    ["evenly when it divides", "9", [1n, 1n, 1n], ["3", "3", "3"], "0"],
    [
      "with the odd step to the lower account when all were cut alike",
      "10",
      [1n, 1n, 1n],
      ["3.34", "3.33", "3.33"],
      "0",
    ],
    ["with the odd steps to those that were cut most", "10", [1n, 2n, 4n], ["1.43", "2.86", "5.71"], "0"],
    ["in whole hundredths, what is below one is left over", "1.005", [1n, 1n], ["0.5", "0.5"], "0.005"],
    ["to nobody with no weight", "7", [0n, 5n], ["0", "7"], "0"],
    ["to nobody at all when it is less than a hundredth", "0.009", [1n, 1n], ["0", "0"], "0.009"],
  ])("%s", (_title, quantity, weights, shares, remainder) => {
    const given = apportion(units(quantity), claims(...weights));
    expect(given).toEqual({
      kind: "apportioned",
      shares: shares.map((share, i) => ({ accountId: BigInt(i + 1), weight: weights[i], quantity: units(share) })),
      remainder: units(remainder),
    });
  });

  test("not at all while somebody's weight is unknown: the others would bear it", () => {
    expect(apportion(units("10"), claims(1n, null, 2n, null))).toEqual({ kind: "missing", accountIds: [2n, 4n] });
  });

  test.each([
    [0n, claims(1n), "no_quantity"],
    [-5n, claims(1n), "negative"],
    [5n, claims(0n, 0n), "no_weight"],
    [5n, [], "no_weight"],
  ] as const)("not when there is nothing to give or nobody to give it to (%s)", (quantity, to, reason) => {
    expect(apportion(quantity, to)).toEqual({ kind: "nothing", reason });
  });

  test("so that shares and remainder are the quantity, none is negative, each is within a step of its exact part, and order does not matter", () => {
    const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 12n }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 15n }), weights, (quantity, all) => {
        fc.pre(all.some((weight) => weight > 0n));
        const given = apportion(quantity, claims(...all));
        const turned = apportion(quantity, claims(...all).reverse());
        if (given.kind !== "apportioned" || turned.kind !== "apportioned") throw new Error(given.kind);
        const whole = all.reduce((sum, weight) => sum + weight, 0n);
        expect(given.shares.reduce((sum, share) => sum + share.quantity, given.remainder)).toBe(quantity);
        expect(given.remainder).toBeLessThan(10_000n);
        for (const { quantity: share, weight } of given.shares) {
          expect(share).toBeGreaterThanOrEqual(0n);
          const off = share * whole - (quantity - given.remainder) * weight;
          expect(off < 10_000n * whole && off > -10_000n * whole).toBe(true);
        }
        expect(turned.shares.toReversed()).toEqual(given.shares);
      }),
    );
  });
});
