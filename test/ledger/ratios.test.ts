import fc from "fast-check";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ratioApplied, ratiosAt } from "../../collectors/decode/normalise.ts";
import { openDirectory } from "../../collectors/directory.ts";
import { type Instant, instant, isoOf, MINUTE_MS } from "../../domain/instant.ts";
import {
  appliedRatio,
  atRatio,
  ratioChanges,
  ratioOf,
  RATIO_ONE,
  ratioText,
  takesRatio,
  trueRatio,
} from "../../domain/ratio.ts";
import { READING_SOURCES, type ReadingSource } from "../../domain/reading.ts";
import { type RegisterName, REGISTERS } from "../../domain/register.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

const BEGIN = Date.parse("2026-03-01T00:00:00Z");
let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner, "ratios");
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

const minute = fc.integer({ min: 0, max: 40 }).map((n): Instant => instant(BEGIN + n * MINUTE_MS));
const written = fc.record({
  from: minute,
  ratio: fc.constantFrom("1", "0.01", "40", "60", "0.333333333"),
  recordedAt: minute,
});
const asked = fc.record({
  at: minute,
  receivedAt: minute,
  source: fc.constantFrom(...(Object.keys(READING_SOURCES) as ReadingSource[])),
});

test("which ratio a reading carries is the same in every collector, in billing and in the database's own words", async () => {
  const seed = 20_260_301;
  let n = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(written, { minLength: 1, maxLength: 6 }),
      fc.array(asked, { minLength: 20, maxLength: 20 }),
      async (rows, questions) => {
        const meter = await town.meter(`R-${++n}`);
        for (const row of rows) {
          const applies = row.recordedAt + 2 * MINUTE_MS;
          await owner.query(
            `insert into meter_ratio (operator_id, meter_id, from_at, ratio, applies_to_received_from, reason, recorded_at)
             values ($1, $2, $3, $4, $5, 'test', $6)`,
            [town.operatorId, meter, isoOf(row.from), row.ratio, isoOf(instant(applies)), isoOf(row.recordedAt)],
          );
        }
        const directory = await openDirectory(fresh.db, { now: () => instant(BEGIN) });
        const known = directory.meter(meter)?.ratios ?? [];
        for (const { at, receivedAt, source } of questions) {
          const { rows: said } = await owner.query<{ r: string }>(
            "select trim_scale(applied_ratio($1, $2, $3, $4, $5::smallint))::text as r",
            [town.operatorId, meter, isoOf(at), isoOf(receivedAt), READING_SOURCES[source]],
          );
          expect(ratioText(appliedRatio(known, { at, receivedAt, source })), `seed ${seed}`).toBe(said[0]?.r);
          const ofWire = ratiosAt(known, at, receivedAt).ratios?.multiplier ?? "1";
          if (source === "mqtt" || source === "modbus") expect(ofWire).toBe(said[0]?.r);
        }
      },
    ),
    { seed, numRuns: 12 },
  );
});

test("changes of the true ratio, one after the other, tell it at every instant", () => {
  const seed = 7;
  fc.assert(
    fc.property(fc.array(written, { maxLength: 8 }), minute, (rows, at) => {
      const known = rows
        .map((row) => ({ ...row, ratio: ratioOf(row.ratio) ?? 0n, appliesFrom: row.recordedAt, dials: new Map() }))
        .toSorted((a, b) => a.recordedAt - b.recordedAt);
      const from = instant(BEGIN - MINUTE_MS);
      const changes = ratioChanges(known, from, null).filter((change) => change.at <= at);
      expect(changes.at(-1)?.after ?? trueRatio(known, from)).toBe(trueRatio(known, at));
    }),
    { seed, numRuns: 300 },
  );
});

test("a ratio multiplies the same registers at the door and when a late one is made good", () => {
  for (const register of Object.keys(REGISTERS) as RegisterName[]) {
    const door = ratioApplied({ register, value: 1_000_000n, measuredAt: null }, { multiplier: "2" });
    expect(door === 2_000_000n, register).toBe(takesRatio(register));
  }
});

test.each([
  [1_000_000n, "40", "60", 1_500_000n],
  [40_000_000n, "40", "1", 1_000_000n],
  [10n, "3", "1", 3n],
  [5n, "2", "1", 3n], // half away from zero
  [12_345n, "0.01", "0.01", 12_345n],
])("%i that carries ratio %s is at %s: %i", (value, carried, wanted, found) => {
  expect(atRatio(value, ratioOf(carried) ?? RATIO_ONE, ratioOf(wanted) ?? RATIO_ONE)).toBe(found);
});

test.each(["0", "0.0", "-1", "1e3", "", "1.0000000001", " 1", "1,5", "1234567890"])("%j is no ratio", (text) => {
  expect(ratioOf(text)).toBeNull();
});
