import { afterAll, beforeAll, expect, test } from "vitest";
import { bill } from "../../api/queries/bills.ts";
import { ratioOf } from "../../domain/ratio.ts";
import { readProrations } from "../../billing/explain/read-prorations.ts";
import { day } from "../../domain/period.ts";
import type { RegisterName } from "../../domain/register.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { exchangeMeter } from "../../ledger/meter-life.ts";
import { changeRatio } from "../../ledger/meter-care.ts";
import { billFacts } from "../../paper/bill-facts.ts";
import { billHtml } from "../../paper/bill-html.ts";
import { billSheetOf } from "../../paper/bill-sheet.ts";
import { billsPdf, bytesOf } from "../../paper/pdf/bill-pdf.ts";
import { pdfPages } from "../paper/pdf-text.ts";
import type { SmallTown } from "../support/town.ts";
import { iso, Lives, on, zone } from "./lives.ts";

/**
 * October 2026 has 31 days and is cut on the 11th: 10 days and 21. 93 kWh are used in it, 20 of them before the cut by a reading there,
 * 30 by days. Tiers end at 62 kWh a month (2 a day); a standing price of 31 a month is 1 a day.
 */
const title = { zh: "测试", en: "test" };
const monthly = (id: string, prices: readonly [string, string, string], over: Partial<Tariff> = {}): Tariff => ({
  id,
  version: "1",
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom: day("2020-01-01"),
  zone,
  source: ["invented for the test"],
  title,
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "energy",
      title,
      ladder: {
        basis: "month",
        part: "by_days",
        // From five persons on 10 kWh more.
        household: [{ fromPersons: 5, add: "10", each: "household", per: "month" }],
      },
      tiers: [
        { upTo: "62", price: prices[0] },
        { upTo: null, price: prices[1] },
      ],
    },
    { kind: "standing", id: "standing", title, per: "month", price: prices[2] },
  ],
  ...over,
});
const yearly = monthly("yearly", ["1", "2", "0"]);
const TARIFFS: Record<string, readonly Tariff[]> = {
  yearly: [
    {
      ...yearly,
      charges: yearly.charges
        .filter(({ kind }) => kind === "energy")
        .map((charge) => ({ ...charge, ladder: { basis: "year", yearStart: "10-11" } }) as Tariff["charges"][number]),
    },
  ],
  cheap: [monthly("cheap", ["1", "2", "31"])],
  dear: [monthly("dear", ["2", "4", "62"])],
  rising: [
    monthly("rising", ["1", "2", "31"], { effectiveTo: day("2026-10-11") }),
    monthly("rising", ["2", "4", "62"], { version: "2", effectiveFrom: day("2026-10-11") }),
  ],
};
const MAIN: RegisterName = "energy_import_kwh";
const CUT = on("2026-10-11");

let lives: Lives;
let town: SmallTown;
let homes = 0;
beforeAll(async () => {
  lives = await Lives.open();
  lives.deps = { ...lives.deps, tariffs: (id) => TARIFFS[id] ?? null };
});
afterAll(() => lives.close());

type Home = { account: bigint; meter: bigint; point: bigint };
const home = async (tariff: string, from = "2026-10-01"): Promise<Home> => {
  const account = await town.account(`P-${++homes}`, "postpaid", from);
  const supply = { account, tariff, from, installedAt: "2026-10-01T00:00:00+08:00" };
  return { account, ...(await town.supply(supply)) };
};
const read = (meter: bigint, ...points: [string, number][]) =>
  town.readings(
    meter,
    MAIN,
    points.map(([at, value]) => [iso(on(at)), value]),
  );
const month = (meter: bigint, seen: boolean) =>
  read(meter, ["2026-10-01", 1000], ...(seen ? [["2026-10-11", 1020] as [string, number]] : []), ["2026-11-01", 1093]);

const moveIn = async (seen: boolean) => {
  const one = await home("cheap", "2026-10-11");
  await month(one.meter, seen);
  return one.account;
};
const tariffChange = async (seen: boolean) => {
  const { account, meter, point } = await home("cheap");
  await lives.owner.query("update agreement set to_day = '2026-10-11' where operator_id = $1 and account_id = $2", [
    town.operatorId,
    account,
  ]);
  await lives.owner.query(
    "insert into agreement (operator_id, account_id, usage_point_id, tariff_id, from_day) values ($1, $2, $3, 'dear', '2026-10-11')",
    [town.operatorId, account, point],
  );
  await month(meter, seen);
  return account;
};
const priceChange = async (seen: boolean) => {
  const { account, meter } = await home("rising");
  await month(meter, seen);
  return account;
};
const householdChange = async (seen: boolean) => {
  const { account, meter } = await home("cheap");
  for (const [from, persons] of [
    ["2026-10-01", 3],
    ["2026-10-11", 5],
  ])
    await lives.owner.query("insert into household values ($1, $2, $3, $4)", [town.operatorId, account, from, persons]);
  await month(meter, seen);
  return account;
};
/** Whoever moves out in a month that is billed at its end has ten days of it: 20 kWh in the first tier, or 30 of which ten are beyond it. */
const moveOut = async (seen: boolean) => {
  const { account, meter } = await home("cheap");
  await lives.owner.query("update agreement set to_day = '2026-10-11' where operator_id = $1 and account_id = $2", [
    town.operatorId,
    account,
  ]);
  await month(meter, seen);
  return account;
};
/** The ladder's year begins on the 11th: nothing of the old year's use counts in it. */
const yearlyLadder = async (seen: boolean) => {
  const { account, meter } = await home("yearly");
  await month(meter, seen);
  return account;
};
/** From the 11th on each unit of the dial stands for two: 20 units before it and 73 after, of which ten days' share is 30 where nobody looked. */
const ratioChange = async (seen: boolean) => {
  const { account, meter } = await home("cheap");
  const dials = new Map<RegisterName, bigint>(seen ? [[MAIN, 1_020_000_000n]] : []);
  const change = { meterId: meter, at: CUT, ratio: ratioOf("2") ?? 0n, dials };
  const deed = { key: `ratio/${account}`, reason: "test", by: null, now: CUT };
  const outcome = await lives.fresh.db.as(town.operatorId, (trx) => changeRatio(trx, deed, change));
  expect(outcome).toMatchObject({ kind: "done" });
  // What comes in from then on has the ratio in it.
  await read(meter, ["2026-10-01", 1000], ["2026-11-01", 2 * 1093]);
  return account;
};
/** The dials seen at the exchange are readings there; without them nobody knows what the old one counted. */
const exchange = async (seen: boolean) => {
  const { account, meter } = await home("cheap");
  const next = await town.meter(`P-next-${account}`);
  await read(meter, ["2026-10-01", 1000]);
  const outcome = await lives.fresh.db.as(town.operatorId, (trx) =>
    exchangeMeter(
      trx,
      { key: `exchange/${account}`, reason: "test", by: null, now: CUT },
      {
        meterId: meter,
        newMeterId: next,
        at: CUT,
        final: new Map(seen ? [[MAIN, 1_020_000_000n]] : []),
        initial: new Map(seen ? [[MAIN, 500_000_000n]] : []),
      },
    ),
  );
  expect(outcome).toMatchObject({ kind: "done" });
  await read(next, ["2026-10-12", 503], ["2026-11-01", 573]);
  return account;
};

/** Lines of the paper as `tier amount: statement`. */
async function told(account: bigint): Promise<string[]> {
  return lives.fresh.db.as(town.operatorId, async (trx) => {
    const bills = await trx.selectFrom("bill").select("id").where("account_id", "=", account).execute();
    const ids = bills.map(({ id }) => id);
    const prorations = await readProrations(trx, ids);
    const [facts] = await billFacts(trx, town.operatorId, ids);
    if (facts === undefined) return [];
    const sheet = billSheetOf(facts);
    const lines = sheet.sections.flatMap((section) => section.lines);
    expect(lines.filter(({ prorated }) => prorated !== null).length).toBe(prorations.get(ids[0] ?? 0n)?.size ?? 0);
    for (const { prorated } of lines) if (prorated !== null) expect(billHtml(sheet, "en")).toContain(prorated.en);
    const desk = { trx, operatorId: town.operatorId, zone, currency: "CNY", now: lives.now } as const;
    const shown = await bill(desk, ids[0] ?? 0n);
    for (const { key, proration } of shown.lines)
      expect(proration).toEqual(prorations.get(ids[0] ?? 0n)?.get(key) ?? null);
    const pdf = await bytesOf(billsPdf([sheet], "both"));
    expect(await bytesOf(billsPdf([billSheetOf(facts)], "both"))).toEqual(pdf);
    const printed = pdfPages(pdf)
      .map(({ text }) => text.replaceAll(/\s/g, ""))
      .join("");
    for (const { prorated } of lines)
      if (prorated !== null)
        for (const text of Object.values(prorated)) expect(printed).toContain(text.replaceAll(/\s/g, ""));
    return lines.map(({ tier, amount, prorated }) => `${tier ?? "-"} ${amount.minor}: ${prorated?.en ?? ""}`);
  });
}

const SEEN = "on a reading";
const LINE = "on a line between readings";
const after = (tiers: string, cause: string, on: string) => `21/31 days · ${tiers} · 2026-10-11 ${cause}, ${on}`;
const before = (cause: string, on: string) => after("tiers whole", cause, on).replace("21/", "10/");
const standing = (days: number, cause: string) => `${days}/31 days · scaled by days · 2026-10-11 ${cause}, by days`;

/** 20 or 30 kWh at 1.00, then 2.00 up to 62 kWh and 4.00 beyond; ten days at 1.00 and 21 at 2.00 of the standing price. */
const newPrices = (cause: string) =>
  ({
    seen: [
      `1 2000: ${before(cause, SEEN)}`,
      `- 1000: ${standing(10, cause)}`,
      `1 8400: ${after("tiers whole", cause, SEEN)}`,
      `2 12400: ${after("tiers whole", cause, SEEN)}`,
      `- 4200: ${standing(21, cause)}`,
    ],
    unseen: [
      `1 3000: ${before(cause, LINE)}`,
      `- 1000: ${standing(10, cause)}`,
      `1 6400: ${after("tiers whole", cause, LINE)}`,
      `2 12400: ${after("tiers whole", cause, LINE)}`,
      `- 4200: ${standing(21, cause)}`,
    ],
  }) as const;
const MOVED = "moved in or out";
const HOUSEHOLD = "household changed";
const ANEW = "ladder begins again";
const movedOut = (tiers: string, on: string) => before(MOVED, on).replace("tiers whole", tiers);
const ratio = (on: string) => `31/31 days · tiers whole · 2026-10-11 ratio changed, ${on}`;
const EXCHANGED = "31/31 days · tiers whole · 2026-10-11 meter exchanged, on a reading";

type Case = {
  readonly live: (seen: boolean) => Promise<bigint>;
  readonly seen: readonly string[];
  readonly unseen: readonly string[];
};
const CASES: Readonly<Record<string, Case>> = {
  // 62 × 21/31 = 42 kWh in the first tier; of 73 or 63.
  "move-in": {
    live: moveIn,
    seen: [
      `1 4200: ${after("tiers by days", MOVED, SEEN)}`,
      `2 6200: ${after("tiers by days", MOVED, SEEN)}`,
      `- 2100: ${standing(21, MOVED)}`,
    ],
    unseen: [
      `1 4200: ${after("tiers by days", MOVED, LINE)}`,
      `2 4200: ${after("tiers by days", MOVED, LINE)}`,
      `- 2100: ${standing(21, MOVED)}`,
    ],
  },
  "tariff change": { live: tariffChange, ...newPrices("tariff changed") },
  "price change": { live: priceChange, ...newPrices("new prices") },
  // From the 11th on the first tier ends at 72, of which 20 or 30 are used; the standing price is not cut.
  "household change": {
    live: householdChange,
    seen: [
      `1 2000: ${before(HOUSEHOLD, SEEN)}`,
      `1 5200: ${after("tiers whole", HOUSEHOLD, SEEN)}`,
      `2 4200: ${after("tiers whole", HOUSEHOLD, SEEN)}`,
      "- 3100: ",
    ],
    unseen: [
      `1 3000: ${before(HOUSEHOLD, LINE)}`,
      `1 4200: ${after("tiers whole", HOUSEHOLD, LINE)}`,
      `2 4200: ${after("tiers whole", HOUSEHOLD, LINE)}`,
      "- 3100: ",
    ],
  },
  // 62 × 10/31 = 20 kWh in the first tier; of 20 or 30.
  "move-out": {
    live: moveOut,
    seen: [`1 2000: ${movedOut("tiers by days", SEEN)}`, `- 1000: ${standing(10, MOVED)}`],
    unseen: [
      `1 2000: ${movedOut("tiers by days", LINE)}`,
      `2 2000: ${movedOut("tiers by days", LINE)}`,
      `- 1000: ${standing(10, MOVED)}`,
    ],
  },
  // 20 or 30 of the old year's 62 kWh at 1.00; of the new year 62 of 73 or 63 at 1.00, the rest at 2.00.
  "yearly ladder": {
    live: yearlyLadder,
    seen: [
      `1 2000: ${before(ANEW, SEEN)}`,
      `1 6200: ${after("tiers whole", ANEW, SEEN)}`,
      `2 2200: ${after("tiers whole", ANEW, SEEN)}`,
    ],
    unseen: [
      `1 3000: ${before(ANEW, LINE)}`,
      `1 6200: ${after("tiers whole", ANEW, LINE)}`,
      `2 200: ${after("tiers whole", ANEW, LINE)}`,
    ],
  },
  // 20 + 2 × 73 = 166 kWh, or 30 + 2 × 63 = 156: 62 of them in the first tier.
  "ratio change": {
    live: ratioChange,
    seen: [`1 6200: ${ratio(SEEN)}`, `2 20800: ${ratio(SEEN)}`, "- 3100: "],
    unseen: [`1 6200: ${ratio(LINE)}`, `2 18800: ${ratio(LINE)}`, "- 3100: "],
  },
  // 20 kWh of the old dial, 73 of the new; with dials that nobody saw the bill waits.
  "meter exchange": { live: exchange, seen: [`1 6200: ${EXCHANGED}`, `2 6200: ${EXCHANGED}`, "- 3100: "], unseen: [] },
};

test("every line of a cut month says its days, how it was scaled and what the cut stands on", async () => {
  town = await lives.town();
  const lived: { name: string; seen: boolean; account: bigint }[] = [];
  for (const [name, { live }] of Object.entries(CASES))
    for (const seen of [true, false]) lived.push({ name, seen, account: await live(seen) });
  const { refused } = await lives.run(town, "2026-10");
  for (const { name, seen, account } of lived) {
    const expected = CASES[name]?.[seen ? "seen" : "unseen"];
    expect(await told(account), `${name}, ${seen ? "read" : "not read"} there`).toEqual(expected);
  }
  expect(refused.map(({ accountId, reason }) => [accountId, reason])).toEqual([[lived.at(-1)?.account, "in_doubt"]]);
  expect(refused[0]?.detail).toContain("exchange_incomplete");
});

test("a reading that comes in later leaves what an issued bill says as it was", async () => {
  const account = await moveIn(false);
  await lives.run(town, "2026-10");
  const issued = await told(account);
  const { rows } = await lives.owner.query<{ id: bigint }>(
    "select m.id from meter m where m.operator_id = $1 and m.serial = $2",
    [town.operatorId, `electricity-${account}`],
  );
  await read(rows[0]?.id ?? 0n, ["2026-10-11", 1020]);
  expect(issued).toEqual(CASES["move-in"]?.unseen);
  expect(await told(account)).toEqual(issued);
});
