import { afterAll, beforeAll, expect, test } from "vitest";
import type { ClockCheck } from "../../domain/clock-check.ts";
import { DAY_MS, instant, MINUTE_MS } from "../../domain/instant.ts";
import { clockBook } from "../../ledger/clock-checks.ts";
import { type Estate, NOW, tinyEstate } from "../api/support.ts";

let estate: Estate;
beforeAll(async () => {
  estate = await tinyEstate();
});
afterAll(() => estate.drop());

const check = (minutes: number, driftMs: number, more: Partial<ClockCheck> = {}): ClockCheck => ({
  operatorId: estate.one,
  meterId: estate.relayMeter,
  checkedAt: instant(NOW + minutes * MINUTE_MS),
  driftMs,
  outcome: "measured",
  beforeMs: null,
  ...more,
});

test("a look at a clock is kept once a day, when it changed, and whenever it was set", async () => {
  const book = clockBook(estate.db);
  const day = DAY_MS / MINUTE_MS;
  const kept: boolean[] = [];
  for (const one of [
    check(0, 3000),
    check(60, 3500),
    check(120, 5200),
    check(180, 12_000),
    check(181, 300, { outcome: "corrected", beforeMs: 12_000 }),
    check(241, 400),
    check(242, 400),
    check(day + 242, 400),
  ])
    kept.push(await book.keep(one));
  expect(kept).toEqual([true, false, true, true, true, true, false, true]);
  const rows = await estate.db.as(estate.one, (trx) =>
    trx.selectFrom("clock_check").selectAll().orderBy("checked_at").execute(),
  );
  expect(rows.map(({ drift_ms, outcome, before_ms }) => [drift_ms, outcome, before_ms])).toEqual([
    [3000n, "measured", null],
    [5200n, "measured", null],
    [12_000n, "measured", null],
    [300n, "corrected", 12_000n],
    [400n, "measured", null],
    [400n, "measured", null],
  ]);
  expect(rows[0]?.checked_at).toBe(NOW);
  const foreign = await estate.db.as(estate.two, (trx) => trx.selectFrom("clock_check").selectAll().execute());
  expect(foreign).toEqual([]);
  await expect(
    estate.db.as(estate.one, (trx) => trx.updateTable("clock_check").set({ drift_ms: 0n }).execute()),
  ).rejects.toThrow(/permission denied|append-only/);
});
