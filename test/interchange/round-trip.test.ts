import fc from "fast-check";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Instant, instant } from "../../domain/instant.ts";
import { day } from "../../domain/period.ts";
import { type RegisterName, REGISTERS } from "../../domain/register.ts";
import { windowOf } from "../../interchange/booked-readings.ts";
import { exportGreenButton } from "../../interchange/greenbutton-export.ts";
import { exportReadings } from "../../interchange/readings-export.ts";
import { appendReadings } from "../../ledger/readings.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { csv, greenButton, NOW } from "./support.ts";

const SEED = 20261123;
const ZONE = "Asia/Shanghai";
let fresh: FreshDatabase;
let owner: Pool;
let n = 0;

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

/** An account with one meter and these readings, seconds since 2026 began in the zone. */
async function home(
  points: readonly (readonly [number, bigint])[],
  utility: "electricity" | "gas" | "water",
  register: RegisterName,
) {
  const code = `rt${n++}`;
  const town = await SmallTown.found(owner, code);
  const account = await town.account("A 1/ä");
  const { meter } = await town.supply({ account, utility, tariff: "t", from: "2026-01-01", serial: "M<1>&" });
  await appendReadings(
    fresh.db,
    town.operatorId,
    points.map(([second, value]) => ({
      operatorId: town.operatorId,
      meterId: meter,
      register: REGISTERS[register].code,
      measuredAt: at(second),
      receivedAt: NOW,
      value,
      source: "mqtt" as const,
    })),
  );
  return { town, code, meter };
}
const ORIGIN = Date.parse("2026-01-01T00:00:00+08:00");
const at = (second: number): Instant => instant(ORIGIN + second * 1000);

const feed = async (
  operatorId: bigint,
  code: string,
  registers = false,
  from: string | null = null,
  to: string | null = null,
) => {
  const window = windowOf(from === null ? null : day(from), to === null ? null : day(to), ZONE);
  const parts = exportGreenButton({
    db: fresh.db,
    operatorId,
    operatorCode: code,
    account: "A 1/ä",
    zone: ZONE,
    window,
    now: NOW,
    registers,
  });
  return (await Array.fromAsync(parts)).join("");
};
const readingsOf = async (operatorId: bigint) =>
  (
    await owner.query<{ at: Instant; register: number; value: bigint }>(
      "select measured_at as at, register, value from reading where operator_id = $1 order by register, measured_at",
      [operatorId],
    )
  ).rows;

/** Values that never go back, at seconds that grow, over some days. */
const series = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 90_000 }), fc.bigInt({ min: 0n, max: 50_000_000n })), {
    minLength: 2,
    maxLength: 40,
  })
  .map((steps) => {
    let [second, value] = [0, 123_456_789n];
    return steps.map(([later, more]) => [(second += later), (value += more)] as const);
  });
const kinds = fc.constantFrom(
  ["electricity", "energy_import_kwh"] as const,
  ["electricity", "energy_export_kwh"] as const,
  ["gas", "volume_m3"] as const,
  ["water", "volume_m3"] as const,
);

describe("export and import again", () => {
  test("the use between readings comes back to the last millionth, whatever the series", async () => {
    await fc.assert(
      fc.asyncProperty(series, kinds, async (points, [utility, register]) => {
        const { town, code } = await home(points, utility, register);
        const other = await SmallTown.found(owner, `back${n++}`);
        const report = await greenButton(fresh.db, other.operatorId, await feed(town.operatorId, code));
        expect(report.counts).toEqual({ accepted: points.length - 1, already: 0, conflict: 0, refused: 0 });
        const first = points[0]?.[1] ?? 0n;
        expect(await readingsOf(other.operatorId)).toEqual(
          points.map(([second, value]) => ({
            at: at(second),
            register: REGISTERS[register].code,
            value: value - first,
          })),
        );
      }),
      { seed: SEED, numRuns: 25 },
    );
  });

  test("what the registers showed comes back as it was, and again adds nothing", async () => {
    await fc.assert(
      fc.asyncProperty(series, kinds, async (points, [utility, register]) => {
        const { town, code } = await home(points, utility, register);
        const other = await SmallTown.found(owner, `back${n++}`);
        const xml = await feed(town.operatorId, code, true);
        expect((await greenButton(fresh.db, other.operatorId, xml)).counts.accepted).toBe(points.length);
        expect(await readingsOf(other.operatorId)).toEqual(await readingsOf(town.operatorId));
        expect((await greenButton(fresh.db, other.operatorId, xml)).counts).toMatchObject({
          accepted: 0,
          already: points.length,
        });
      }),
      { seed: SEED, numRuns: 15 },
    );
  });

  test("a CSV file of readings comes back as it was; into its own books it adds nothing", async () => {
    await fc.assert(
      fc.asyncProperty(series, kinds, async (points, [utility, register]) => {
        const { town } = await home(points, utility, register);
        const text = (
          await Array.fromAsync(
            exportReadings({
              db: fresh.db,
              operatorId: town.operatorId,
              zone: ZONE,
              window: { from: null, to: null },
              now: NOW,
            }),
          )
        ).join("");
        expect((await csv(fresh.db, town.operatorId, text)).counts).toEqual({
          accepted: 0,
          already: points.length,
          conflict: 0,
          refused: 0,
        });
        const other = await SmallTown.found(owner, `back${n++}`);
        await other.meter("M<1>&", utility);
        expect((await csv(fresh.db, other.operatorId, text)).counts.accepted).toBe(points.length);
        expect(await readingsOf(other.operatorId)).toEqual(await readingsOf(town.operatorId));
      }),
      { seed: SEED, numRuns: 15 },
    );
  });
});

describe("an export", () => {
  test("holds the days that were asked for, both ends included, and no other account's", async () => {
    const DAY = 86_400;
    const { town, code } = await home(
      [0, 1, 2, 3, 4].map((d) => [d * DAY, BigInt(d) * 1_000_000n] as const),
      "water",
      "volume_m3",
    );
    const values = async (from: string | null, to: string | null) =>
      [...(await feed(town.operatorId, code, true, from, to)).matchAll(/<value>(\d+)<\/value>/g)].map(([, v]) => v);
    expect(await values("2026-01-02", "2026-01-04")).toEqual(["1000000", "2000000", "3000000"]);
    // The flat has another account from the third day on; the first one returns on the fifth.
    const agreed = "update agreement set to_day = '2026-01-03' where operator_id = $1 and to_day is null";
    await owner.query(agreed, [town.operatorId]);
    expect(await values(null, null)).toEqual(["0", "1000000", "2000000"]);
    await owner.query(
      "insert into agreement (operator_id, account_id, usage_point_id, tariff_id, from_day) select operator_id, account_id, usage_point_id, 't', '2026-01-05' from agreement where operator_id = $1",
      [town.operatorId],
    );
    expect(await values(null, null)).toEqual(["0", "1000000", "2000000", "4000000"]);
    expect(() => windowOf(day("2026-01-04"), day("2026-01-04"), ZONE)).toThrow(/after --from/);
  });

  test("leaves out where a register went back, and says so", async () => {
    const { town, code } = await home(
      [
        [0, 5_000_000n],
        [60, 1_000_000n],
        [120, 2_000_000n],
      ],
      "electricity",
      "energy_import_kwh",
    );
    const parts = exportGreenButton({
      db: fresh.db,
      operatorId: town.operatorId,
      operatorCode: code,
      account: "A 1/ä",
      zone: ZONE,
      window: { from: null, to: null },
      now: NOW,
      registers: false,
    });
    let part = await parts.next();
    while (!part.done) part = await parts.next();
    expect(part.value).toEqual({ usagePoints: 1, series: 1, intervals: 1, leftOut: 1 });
  });

  test("of an account that is not there is refused", async () => {
    const { town, code } = await home([], "gas", "volume_m3");
    const parts = exportGreenButton({
      db: fresh.db,
      operatorId: town.operatorId,
      operatorCode: code,
      account: "nobody",
      zone: ZONE,
      window: { from: null, to: null },
      now: NOW,
      registers: false,
    });
    await expect(parts.next()).rejects.toMatchObject({ code: "request.not-found" });
  });
});
