import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { verify } from "../../ledger/verify/verify.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { feedXml, greenButton, hours, START } from "./support.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let n = 0;

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
});
beforeEach(async () => {
  town = await SmallTown.found(owner, `gb${n++}`);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

const take = (xml: string, options = {}) => greenButton(fresh.db, town.operatorId, xml, options);
const booked = async () =>
  (
    await owner.query<{ at: string; value: bigint; source: number; register: number }>(
      `select extract(epoch from measured_at)::bigint - ${START} as at, value, source, register from reading where operator_id = $1 order by register, measured_at`,
      [town.operatorId],
    )
  ).rows.map(({ at, value, source }) => [Number(at), value, source]);
const counts = (accepted: number, already: number, conflict: number, refused: number) => ({
  accepted,
  already,
  conflict,
  refused,
});

describe("a Green Button feed", () => {
  test("becomes the register of a meter of its own that begins at 0; the same file again adds nothing", async () => {
    const xml = feedXml(hours([450, 430, 418]));
    const first = await take(xml);
    expect(first.counts).toEqual(counts(3, 0, 0, 0));
    expect(first.series[0]).toMatchObject({ register: "energy_import_kwh", use: 1_298_000n, isNew: true, gaps: [] });
    expect(await booked()).toEqual([
      [0, 0n, 5],
      [3600, 450_000n, 5],
      [7200, 880_000n, 5],
      [10800, 1_298_000n, 5],
    ]);
    const again = await take(xml);
    expect(again.counts).toEqual(counts(0, 3, 0, 0));
    expect(again.series[0]?.isNew).toBe(false);
    expect((await booked()).length).toBe(4);
    const { rows } = await owner.query("select building, room from usage_point where operator_id = $1", [
      town.operatorId,
    ]);
    expect(rows).toEqual([{ building: "Green Button", room: "Home & garden" }]);
  });

  test("a dry run says the same and writes nothing", async () => {
    const xml = feedXml(hours([450, "x", 418, 7]));
    const dry = await take(xml, { dryRun: true });
    expect(await booked()).toEqual([]);
    expect((await owner.query("select 1 from meter where operator_id = $1", [town.operatorId])).rows).toEqual([]);
    const real = await take(xml);
    expect(dry.counts).toEqual(real.counts);
    expect(dry.refused).toEqual(real.refused);
    const line = xml.slice(0, xml.indexOf(">x<")).split("\n").length;
    expect(real.refused).toEqual([
      {
        line,
        what: expect.stringContaining("2026-01-01T01:00:00Z") as string,
        why: expect.stringContaining('"x"') as string,
      },
    ]);
    expect((await take(xml, { dryRun: true })).counts).toEqual(counts(0, 3, 0, 1));
  });

  test("a later file goes on where the register stands, an overlapping one adds only what is new", async () => {
    await take(feedXml(hours([100, 200])));
    expect((await take(feedXml(hours([200, 300, 400], START + 3600)))).counts).toEqual(counts(2, 1, 0, 0));
    expect((await booked()).map(([, value]) => value)).toEqual([0n, 100_000n, 300_000n, 600_000n, 1_000_000n]);
  });

  test("one changed interval is one conflict, kept; those after it stay as they are", async () => {
    await take(feedXml(hours([100, 200, 300])));
    const changed = await take(feedXml(hours([100, 250, 300])));
    expect(changed.counts).toEqual(counts(0, 2, 1, 0));
    const { rows } = await owner.query("select value, booked_value from reading_conflict where operator_id = $1", [
      town.operatorId,
    ]);
    expect(rows).toEqual([{ value: 350_000n, booked_value: 300_000n }]);
  });

  test("what the feed is silent about is a gap that is told and kept, once", async () => {
    const xml = feedXml([...hours([100]), ...hours([50], START + 7200)]);
    const report = await take(xml);
    expect(report.series[0]?.gaps).toEqual([{ from: (START + 3600) * 1000, to: (START + 7200) * 1000 }]);
    await take(xml);
    const { rows } = await owner.query("select reason from gap where operator_id = $1", [town.operatorId]);
    expect(rows).toEqual([{ reason: "not_in_feed" }]);
    // What comes later for the gap would change every value after it: kept for a person.
    expect((await take(feedXml(hours([70], START + 3600)))).counts).toEqual(counts(0, 0, 1, 0));
    const finer = await take(feedXml([{ start: START + 3600, seconds: 900, value: "9" }]));
    expect(finer.refused[0]?.why).toMatch(/does not meet its intervals/);
    expect((await take(feedXml(hours([70], START - 3600)))).refused[0]?.why).toMatch(/before the end/);
  });

  test("blocks in any order and the same interval twice make the same register", async () => {
    const given = hours([1, 2, 3, 4]);
    const [a, b, c, d] = given;
    if (!a || !b || !c || !d) throw new Error("four hours");
    expect((await take(feedXml([c, a, d, b, b]))).counts).toEqual(counts(4, 1, 0, 0));
    expect((await booked()).at(-1)).toEqual([14400, 10_000n, 5]);
  });

  test.each<[string, Record<string, number>, number, string, bigint]>([
    ["kWh by multiplier", { uom: 72, powerOfTenMultiplier: 3 }, 0, "energy_import_kwh", 7_000_000n],
    ["received energy", { uom: 72, flowDirection: 19 }, 0, "energy_export_kwh", 7_000n],
    ["cubic metres of gas", { uom: 42 }, 1, "volume_m3", 7_000_000n],
    ["cubic feet of water", { uom: 119, powerOfTenMultiplier: 2 }, 2, "volume_m3", 19_821_793n],
    ["US gallons of water", { uom: 128 }, 2, "volume_m3", 26_498n],
    ["Btu of electricity", { uom: 132, powerOfTenMultiplier: 3 }, 0, "energy_import_kwh", 2_051_497n],
    ["therms of heat", { uom: 169 }, 4, "heat_kwh", 205_149_749n],
    ["varh", { uom: 73, flowDirection: 1 }, 0, "reactive_import_kvarh", 7_000n],
    ["a bucket of a time-of-use tariff", { uom: 72, tou: 2 }, 0, "energy_import_t2_kwh", 7_000n],
  ])("%s", async (_title, type, kind, register, use) => {
    const report = await take(feedXml(hours([7]), { type, kind }));
    expect(report.series).toMatchObject([{ register, use }]);
  });

  test.each<[string, Record<string, number>, number, RegExp]>([
    ["power", { uom: 38 }, 0, /power and not energy/],
    ["apparent energy", { uom: 71 }, 0, /apparent/],
    ["money", { uom: 80 }, 0, /money/],
    ["net metering", { uom: 72, flowDirection: 4 }, 0, /net/],
    ["gas as energy", { uom: 169 }, 1, /how many m3/],
    ["water as energy", { uom: 72 }, 2, /water is not counted as energy/],
    ["an instantaneous value", { uom: 72, accumulationBehaviour: 12 }, 0, /neither use per interval/],
    ["a tier of a total", { uom: 72, consumptionTier: 2 }, 0, /tier/],
    ["a maximum", { uom: 72, dataQualifier: 8 }, 0, /extreme/],
  ])("%s is refused as a series, by name", async (_title, type, kind, why) => {
    const report = await take(feedXml(hours([7, 8]), { type, kind }));
    expect(report.counts).toEqual(counts(0, 0, 0, 1));
    expect(report.refused[0]?.why).toMatch(why);
    expect(report.refused[0]?.what).toContain("2 values");
  });

  test("values of a register are booked as they are, at the end of their time", async () => {
    const type = { accumulationBehaviour: 1, uom: 72, powerOfTenMultiplier: 3 };
    const report = await take(
      feedXml(
        [
          { start: START, seconds: 0, value: "1200" },
          { start: START, seconds: 900, value: "1201" },
        ],
        { type },
      ),
    );
    expect(report.series[0]?.use).toBeNull();
    expect((await booked()).map(([at, value]) => [at, value])).toEqual([
      [0, 1_200_000_000n],
      [900, 1_201_000_000n],
    ]);
  });

  test("without a reading type nobody guesses the unit; a person may state it", async () => {
    const xml = feedXml(hours([450]), { type: null });
    expect((await take(xml)).refused[0]?.why).toMatch(/--uom/);
    expect((await take(xml, { uom: 72 })).series[0]?.use).toBe(450_000n);
  });

  test("what the sender estimated is booked as an estimate, what nobody metered is refused", async () => {
    const values = hours([1, 2, 3]).map((one, i) => ({ ...one, ...[{}, { quality: 8 }, { quality: 12 }][i] }));
    const report = await take(feedXml(values));
    expect(report.counts).toEqual(counts(2, 0, 0, 1));
    expect((await booked()).map(([, , source]) => source)).toEqual([5, 5, 4]);
  });

  test("namespaces with a prefix are the same feed", async () => {
    expect((await take(feedXml(hours([450]), { prefix: "ns1" }))).counts).toEqual(counts(1, 0, 0, 0));
    expect((await take(feedXml(hours([450])))).counts).toEqual(counts(0, 1, 0, 0));
  });

  test("a meter with a register of its own is never filled, a taken usage point never shared", async () => {
    const account = await town.account("1");
    const { point } = await town.supply({ account, tariff: "t", from: "2025-01-01", serial: "WIRED" });
    await expect(take(feedXml(hours([1])), { meter: "WIRED" })).rejects.toThrow(/register of its own/);
    await expect(take(feedXml(hours([1])), { point })).rejects.toThrow(/never mixed/);
    await expect(take(feedXml(hours([1])), { point, dryRun: true })).rejects.toThrow(/never mixed/);
    expect(await booked()).toEqual([]);
  });

  test("two imports of the same file at once book it once", async () => {
    const xml = feedXml(hours(Array.from({ length: 200 }, (_, i) => i)));
    const both = await Promise.all([take(xml), take(xml)]);
    expect(both.map(({ counts: { accepted } }) => accepted).toSorted((a, b) => a - b)).toEqual([0, 200]);
    expect((await booked()).length).toBe(201);
  });

  test("a feed that was cut off gives what is whole and says where it ends", async () => {
    const xml = feedXml(hours([1, 2]));
    const report = await take(xml.slice(0, xml.lastIndexOf("<ReadingType") + 40), { uom: 72 });
    expect(report.counts).toEqual(counts(2, 0, 0, 1));
    expect(report.refused[0]?.why).toMatch(/cut off/);
  });

  test("a second series for the same register is refused whole; a person may choose it for a meter of its own", async () => {
    const [one, two] = [feedXml(hours([1, 2])), feedXml(hours([3]))].map((xml) =>
      xml.replaceAll("Home &amp; garden", "x"),
    );
    const second = (two ?? "")
      .slice((two ?? "").indexOf("<entry>"), (two ?? "").lastIndexOf("</feed>"))
      .replaceAll("MeterReading/1", "MeterReading/2")
      .replaceAll("<title>x", "<title>daily");
    const xml = (one ?? "").replace("</feed>", `${second}</feed>`);
    const report = await take(xml);
    expect(report.counts).toEqual(counts(2, 0, 0, 1));
    expect(report.refused[0]).toMatchObject({
      what: 'series "daily" (1 values)',
      why: expect.stringMatching(/--only/) as string,
    });
    const chosen = await take(xml, { only: "daily", meter: "DAILY" });
    expect(chosen.series).toMatchObject([{ serial: "DAILY", use: 3_000n }]);
    await expect(take(xml, { only: "weekly" })).rejects.toMatchObject({ code: "request.not-found" });
  });

  test("a feed without links is tied together by its order, and usage points stay apart", async () => {
    const bare = (id: string, value: number) => {
      const xml = feedXml(hours([value]), { id })
        .replace(/<link [^>]*>/g, "")
        .replaceAll("<id>urn:", `<id>urn:${id}`);
      return xml.slice(xml.indexOf("<entry>"), xml.lastIndexOf("</feed>"));
    };
    const xml = `<feed xmlns="http://www.w3.org/2005/Atom">${bare("1", 5)}</feed>`;
    expect((await take(xml)).series).toMatchObject([{ use: 5_000n }]);
    const two = await take(
      `<feed>${feedXml(hours([7]), { id: "1" })
        .replace(/^[\s\S]*?<entry>|<\/feed>$/g, "")
        .replace(/^/, "<entry>")}${feedXml(hours([9]), { id: "10" }).replace(/^[\s\S]*?<entry>/, "<entry>")}`,
    );
    expect(two.series).toMatchObject([{ use: 7_000n }, { use: 9_000n }]);
    expect(new Set(two.series.map(({ serial }) => serial)).size).toBe(2);
    await expect(
      take(
        `<feed>${feedXml(hours([7]), { id: "1" })
          .replace(/^[\s\S]*?<entry>|<\/feed>$/g, "")
          .replace(/^/, "<entry>")}${feedXml(hours([9]), { id: "10" }).replace(/^[\s\S]*?<entry>/, "<entry>")}`,
        { meter: "ONE" },
      ),
    ).rejects.toThrow(/2 usage points/);
  });

  test("values without a time follow each other by the type's interval length", async () => {
    const type = { accumulationBehaviour: 4, uom: 72, intervalLength: 900 };
    const xml = feedXml(hours([1, 2]), { type })
      .replace(/<timePeriod>.*?<\/timePeriod>/g, "")
      .replace(
        '<IntervalBlock xmlns="http://naesb.org/espi">',
        `$&<interval><duration>1800</duration><start>${START}</start></interval>`,
      );
    expect((await take(xml)).counts).toEqual(counts(2, 0, 0, 0));
    expect((await booked()).map(([at]) => at)).toEqual([0, 900, 1800]);
  });

  test("a value or a register beyond what the books can hold is refused and leaves the rest", async () => {
    const most = "9000000000000000";
    const report = await take(feedXml(hours(["1", most, most, `${most}0`, "2"])));
    expect(report.counts).toEqual(counts(3, 0, 0, 2));
    expect(report.refused.map(({ why }) => why)).toEqual([
      "the register would be greater than the books can hold",
      "it is greater than the books can hold",
    ]);
  });

  test("another operator sees nothing of it, and the books are green", async () => {
    const other = await SmallTown.found(owner, `other${n++}`);
    await take(feedXml(hours([1])));
    expect((await greenButton(fresh.db, other.operatorId, feedXml(hours([1])), { dryRun: true })).counts.accepted).toBe(
      1,
    );
    const checks = await verify(owner, () => undefined);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  });
});
