import { expect, test } from "vitest";
import { overviewCache } from "../../api/overview-cache.ts";
import type { OverviewJson } from "../../api/schemas/overview.ts";
import { instant } from "../../domain/instant.ts";

/** An overview that takes `tookMs` by a clock that the test moves. */
function slow(tookMs: number) {
  let now = 0;
  let made = 0;
  const cache = overviewCache({ now: () => instant(now) });
  const make = async (): Promise<OverviewJson> => {
    made++;
    await Promise.resolve();
    now += tookMs;
    return { now: String(made) } as OverviewJson;
  };
  return {
    ask: () => cache.of(1n, make),
    forget: () => cache.forget(1n),
    pass: (ms: number) => (now += ms),
    made: () => made,
  };
}

test("an overview is made once for all who ask at the same time and for half a second after", async () => {
  const quick = slow(20);
  await Promise.all([quick.ask(), quick.ask(), quick.ask()]);
  quick.pass(499);
  await quick.ask();
  expect(quick.made()).toBe(1);
  quick.pass(1);
  await quick.ask();
  expect(quick.made()).toBe(2);
});

test("a quick overview is made anew after a payment, a slow one keeps its time", async () => {
  const quick = slow(20);
  await quick.ask();
  quick.forget();
  await quick.ask();
  expect(quick.made()).toBe(2);
  const heavy = slow(5_000);
  await heavy.ask();
  heavy.forget();
  heavy.pass(49_999);
  await heavy.ask();
  expect(heavy.made()).toBe(1);
  heavy.pass(1);
  await heavy.ask();
  expect(heavy.made()).toBe(2);
});

test("a failed overview is not kept", async () => {
  const cache = overviewCache({ now: () => instant(0) });
  await expect(cache.of(1n, () => Promise.reject(new Error("away")))).rejects.toThrow("away");
  await expect(cache.of(1n, () => Promise.resolve({ now: "2" } as OverviewJson))).resolves.toEqual({ now: "2" });
});
