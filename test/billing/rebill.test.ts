import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  rebillNow,
  postRebill,
  proposeRebill,
  type RebillOutcome,
  type RebillScope,
} from "../../billing/rebill/post.ts";
import { replayFrom, rebillLimit } from "../../billing/rebill/limit.ts";
import type { Rebill } from "../../billing/rebill/decide.ts";
import { day } from "../../domain/period.ts";
import { RATIO_ONE } from "../../domain/ratio.ts";
import { READING_SOURCES } from "../../domain/reading.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { openControlOf, queueControl } from "../../ledger/controls.ts";
import { writeEdits } from "../../ledger/edits.ts";
import { changeRatio } from "../../ledger/meter-care.ts";
import { noteRebillTerms } from "../../ledger/rebill-terms.ts";
import { verify } from "../../ledger/verify/verify.ts";
import type { SmallTown } from "../support/town.ts";
import {
  byHand,
  chargeFee,
  correctingEntries,
  earned,
  ENDS,
  energyOf,
  household,
  offlineChecks,
  owedBy,
  FROM,
  MONTHS,
  TRUE,
  type Values,
  WRONG,
} from "./by-hand.ts";
import { iso, Lives, on, zone } from "./lives.ts";

let lives: Lives;
let town: SmallTown;

let billed: Readonly<Record<"untouched" | "inside" | "newYear" | "prepaid" | "charged", Home>>;
const [right, wrong]: [Home[], Home[]] = [[], []];
const taken = (from: Home[]): Home => {
  const home = from.pop();
  if (home === undefined) throw new Error("no home is left");
  return home;
};
beforeAll(async () => {
  lives = await Lives.open();
  town = await lives.town();
  billed = {
    untouched: await moveIn(TRUE),
    inside: await moveIn([1000, 1050, 1175, 1190, 1260, 1300]),
    newYear: await moveIn([1000, 1050, 1135, 1190, 1290, 1300]),
    prepaid: await moveIn(WRONG, "ladder", "prepaid"),
    charged: await moveIn(TRUE),
  };
  await chargeFee(lives, town, billed.charged.account, "4.24");
  await town.prepaid(billed.prepaid.account, billed.prepaid.meter, "test-policy");
  for (let i = 0; i < 2; i++) right.push(await moveIn(TRUE));
  for (let i = 0; i < 4; i++) wrong.push(await moveIn(WRONG));
  await bill();
});
afterAll(() => lives.close());

type Home = { readonly account: bigint; readonly meter: bigint; readonly point: bigint };
let homes = 0;
async function moveIn(values: Values, tariff = "ladder", mode: "postpaid" | "prepaid" = "postpaid"): Promise<Home> {
  const account = await town.account(`rebilled-${++homes}`, mode, "2025-09-01");
  const supply = await town.supply({ account, tariff, from: "2025-09-01" });
  await read(supply.meter, values);
  return { account, ...supply };
}
const read = (meter: bigint, values: Values, first = 0) =>
  town.readings(
    meter,
    "energy_import_kwh",
    values.map((value, i) => [iso(on(ENDS[i + first] ?? "2026-03-01")), value] as const),
  );
async function bill(months: readonly string[] = MONTHS): Promise<void> {
  for (const month of months) await lives.run(town, month, null);
  lives.now = on("2026-02-15");
}
let edits = 0;
const correct = (meter: bigint, at: string, value: number) =>
  lives.fresh.db.as(town.operatorId, (trx) =>
    writeEdits(trx, [
      {
        meterId: meter,
        register: "energy_import_kwh",
        at: on(at),
        origin: "clerk",
        says: { kind: "value", value: BigInt(value * 1_000_000), source: "manual" },
        reason: "misread",
        key: `edit ${++edits}`,
        madeAt: lives.now,
      },
    ]),
  );

const SINCE = { kind: "rebill", from: FROM } as const;
const preview = ({ account }: Home, scope: RebillScope = SINCE, deps = lives.deps): Promise<Rebill> =>
  lives.fresh.db.as(town.operatorId, (trx) => rebillNow(trx, { accountId: account, scope, now: lives.now }, deps));
const requestOf = ({ account }: Home, digest: string, scope: RebillScope = SINCE) => ({
  operatorId: town.operatorId,
  accountId: account,
  scope,
  digest,
  reason: "misread",
  by: null as bigint | null,
  now: lives.now,
});
async function post(home: Home, scope: RebillScope = SINCE, deps = lives.deps): Promise<RebillOutcome> {
  const { digest } = await preview(home, scope, deps);
  return postRebill(deps.db, requestOf(home, digest, scope), deps);
}
const owed = ({ account }: Home) => owedBy(lives.owner, town.operatorId, account);
const entriesOf = ({ account }: Home) => correctingEntries(lives.owner, town.operatorId, account);
const energy = ({ point }: Home) => energyOf(lives.owner, town.operatorId, point);
const openCut = (home: Home) => lives.fresh.db.as(town.operatorId, (trx) => openControlOf(trx, home.account));

describe("a change after bills are out posts one netted entry that moves every later period, equal to hand computation:", () => {
  test("a reading that was misread, in any month, and again after that; twice adds nothing", async () => {
    const { untouched, inside, newYear } = billed;
    const last = taken(wrong);
    expect(await post(untouched)).toEqual({ kind: "nothing" });
    expect(await owed(last)).toBe(byHand(WRONG));
    await correct(inside.meter, "2025-11-01", 1135);
    for (const { meter } of [newYear, last]) await correct(meter, "2026-01-01", 1260);
    await correct(last.meter, "2026-02-01", 1300);
    for (const home of [inside, newYear, last]) {
      const { digest } = await preview(home);
      const request = requestOf(home, digest);
      const clicks = await Promise.all([1, 2].map(() => postRebill(lives.deps.db, request, lives.deps)));
      expect(clicks.map(({ kind }) => kind).sort()).toEqual(["already", "posted"]);
      // Inside one ladder year the year's units cost the same: lines differ, money does not, and there is no entry.
      expect([await owed(home), await entriesOf(home)]).toEqual([byHand(TRUE), home === inside ? 0n : 1n]);
      expect(await postRebill(lives.deps.db, request, lives.deps)).toMatchObject({ kind: "already" });
      expect(await post(home)).toEqual({ kind: "nothing" });
      expect(await owed(home)).toBe(byHand(TRUE));
    }
    expect(await energy(newYear)).toEqual({ metered: -300, billed: 300 });
    // The last bill's end moved: the next bill begins there and enters it.
    expect(await energy(last)).toEqual({ metered: -310, billed: 300, unbilled: 10 });
    // The way back is a correction of its own, though its differences look like earlier ones.
    for (const value of [1290, 1260, 1290]) {
      await correct(last.meter, "2026-01-01", value);
      expect(await post(last)).toMatchObject({ kind: "posted" });
    }
    expect(await owed(last)).toBe(byHand([1000, 1050, 1135, 1190, 1290, 1300]));
    for (const home of [untouched, inside, newYear, last]) await read(home.meter, [1360], 6);
    await bill(["2026-02"]);
    expect(await energy(last)).toEqual({ metered: -360, billed: 360 });
    expect(await post(last)).toEqual({ kind: "nothing" });
  });

  test("an exchange that was on another day", async () => {
    const home = await moveIn([1000, 1050, 1135]);
    const days = (meter: bigint, values: Record<string, number>) =>
      town.readings(
        meter,
        "energy_import_kwh",
        Object.entries(values).map(([at, value]) => [iso(on(at)), value] as const),
        READING_SOURCES.manual,
      );
    const next = await town.meter("after the exchange");
    await days(home.meter, { "2025-11-10": 1150, "2025-11-12": 1160 });
    await days(next, { "2025-11-10": 0, "2025-11-12": 8, "2025-12-01": 40, "2026-01-01": 110, "2026-02-01": 150 });
    const removedAt = (at: string) =>
      lives.owner.query("update installation set removed_at = $2 where meter_id = $1", [home.meter, iso(on(at))]);
    await removedAt("2025-11-10");
    await town.install(next, home.point, iso(on("2025-11-10")));
    await bill();
    expect(await owed(home)).toBe(byHand(TRUE));
    await removedAt("2025-11-12");
    await lives.owner.query("update installation set installed_at = $2 where meter_id = $1", [
      next,
      iso(on("2025-11-12")),
    ]);
    await lives.owner.query("alter table meter_ratio disable trigger append_only_row");
    await lives.owner.query("update meter_ratio set from_at = $2 where meter_id = $1", [next, iso(on("2025-11-12"))]);
    await lives.owner.query("alter table meter_ratio enable trigger append_only_row");
    expect(await post(home)).toMatchObject({ kind: "posted" });
    expect([await owed(home), await entriesOf(home)]).toEqual([byHand([1000, 1050, 1135, 1192, 1262, 1302]), 1n]);
    expect(await energy(home)).toEqual({ metered: -302, billed: 302 });
    expect(await post(home)).toEqual({ kind: "nothing" });
  });

  test("a household that is larger than was known", async () => {
    const family: Tariff = {
      ...ladderOf(),
      id: "family",
      charges: ladderOf().charges.map((charge) =>
        charge.kind === "energy" && "ladder" in charge
          ? {
              ...charge,
              ladder: { ...charge.ladder, household: [{ fromPersons: 5, each: "household", add: "20", per: "month" }] },
            }
          : charge,
      ) as never,
    };
    const own = { ...lives.deps, tariffs: (id: string) => (id === "family" ? [family] : lives.deps.tariffs(id)) };
    const before = lives.deps;
    lives.deps = own;
    const home = await moveIn(TRUE, "family");
    await household(lives.owner, town.operatorId, home.account, "2025-01-01", 3);
    await bill();
    expect(await owed(home)).toBe(byHand(TRUE));
    await household(lives.owner, town.operatorId, home.account, "2025-09-01", 6);
    expect(await post(home)).toMatchObject({ kind: "posted" });
    expect([await owed(home), await entriesOf(home)]).toEqual([byHand(TRUE, { persons: 6 }), 1n]);
    expect(await post(home)).toEqual({ kind: "nothing" });
    lives.deps = before;
  });

  test("another tariff version", async () => {
    const home = taken(right);
    const dearer: Tariff = {
      ...ladderOf(),
      version: "2",
      charges: ladderOf().charges.map((charge) =>
        charge.kind === "energy" && "tiers" in charge
          ? { ...charge, tiers: charge.tiers.map((tier, i) => (i === 0 ? { ...tier, price: "1.2" } : tier)) }
          : charge,
      ) as never,
    };
    const deps = { ...lives.deps, tariffs: () => [dearer] };
    expect(await post(home, SINCE, deps)).toMatchObject({ kind: "posted" });
    expect([await owed(home), await entriesOf(home)]).toEqual([byHand(TRUE, { price1: 120 }), 1n]);
    const { rows } = await lives.owner.query(
      "select distinct tariff_version from correction_line where operator_id = $1 and correction_id = (select max(id) from correction where account_id = $2)",
      [town.operatorId, home.account],
    );
    expect(rows).toEqual([{ tariff_version: "2" }]);
    expect(await post(home, SINCE, deps)).toEqual({ kind: "nothing" });
  });

  test("an estimate that was settled on a line, and is read after all", async () => {
    const home = await moveIn(TRUE.slice(0, 4));
    for (const month of MONTHS.slice(0, 4)) await lives.run(town, month);
    await read(home.meter, TRUE.slice(5), 5);
    expect((await preview(home)).lines, "open true-up").toEqual([]);
    await bill(["2026-01"]);
    expect(await owed(home)).toBe(byHand([1000, 1050, 1135, 1190, 1245, 1300]));
    await lives.owner.query(
      `insert into reading (operator_id, meter_id, register, measured_at, received_at, value, source) values ($1, $2, 1, $3, $4, $5, 1)`,
      [town.operatorId, home.meter, iso(on("2026-01-01")), iso(lives.now), 1_260_000_000],
    );
    expect(await post(home)).toMatchObject({ kind: "posted" });
    expect([await owed(home), await entriesOf(home)]).toEqual([byHand(TRUE), 1n]);
    expect(await energy(home)).toEqual({ metered: -300, billed: 300 });
  });

  test("a transformer's ratio that was entered late", async () => {
    const home = taken(right);
    const deed = { key: "late transformer", reason: "a transformer", by: null, now: lives.now };
    const changed = await lives.fresh.db.as(town.operatorId, (trx) =>
      changeRatio(trx, deed, { meterId: home.meter, at: on("2025-12-01"), ratio: 2n * RATIO_ONE, dials: new Map() }),
    );
    expect(changed.kind).toBe("done");
    expect(await post(home)).toMatchObject({ kind: "posted" });
    expect([await owed(home), await entriesOf(home)]).toEqual([byHand([1000, 1050, 1135, 1190, 1330, 1410]), 1n]);
    expect(await post(home)).toEqual({ kind: "nothing" });
  });
});

test("what comes in between preview and post is not posted: the new difference has to be looked at", async () => {
  const home = taken(wrong);
  await correct(home.meter, "2026-01-01", 1270);
  const { digest } = await preview(home);
  await correct(home.meter, "2026-01-01", 1260);
  const seen = await postRebill(lives.deps.db, requestOf(home, digest), lives.deps);
  expect(seen).toMatchObject({ kind: "different", totalMinor: (await preview(home)).totalMinor });
  expect(await owed(home)).toBe(byHand(WRONG));
});

test("a usage point with a bill that nobody can tell waits whole", async () => {
  const home = taken(wrong);
  await correct(home.meter, "2026-01-01", 1260);
  await correct(home.meter, "2025-11-01", 900);
  const { lines, waits } = await preview(home);
  expect([lines.length, waits.map(({ why }) => why.length > 0)]).toEqual([0, [true]]);
  expect(await post(home)).toEqual({ kind: "nothing" });
});

test("a prepaid home that is given money back is not cut", async () => {
  const home = billed.prepaid;
  await lives.fresh.db.as(town.operatorId, (trx) =>
    queueControl(trx, {
      meterId: home.meter,
      accountId: home.account,
      action: "disconnect",
      reason: {},
      now: lives.now,
    }),
  );
  expect(await openCut(home)).not.toBeNull();
  await correct(home.meter, "2026-01-01", 1260);
  expect(await post(home)).toMatchObject({ kind: "posted", totalMinor: expect.toSatisfy((of: bigint) => of < 0n) });
  expect(await openCut(home)).toBeNull();
});

test("a cancelled bill charges nothing, its fee neither, stays so in every replay, and is made anew by what is known then", async () => {
  const home = billed.charged;
  const { rows } = await lives.owner.query<{ id: bigint; total_minor: bigint }>(
    "select id, total_minor from bill where operator_id = $1 and account_id = $2 order by period_from",
    [town.operatorId, home.account],
  );
  const [, october] = rows;
  if (october === undefined) throw new Error("no bill");
  const [cancel, anew] = (["cancel", "anew"] as const).map((kind) => ({ kind, billId: october.id }));
  const [fee, fees] = [424n, 5 * 424];
  expect(await post(home, anew), "it stands").toEqual({ kind: "nothing" });
  expect(await post(home, cancel)).toMatchObject({ kind: "posted", totalMinor: -october.total_minor - fee });
  expect(await owed(home)).toBe(byHand(TRUE) + fees - Number(october.total_minor + fee));
  expect(await earned(lives.owner, town.operatorId, "revenue_property"), "without the tax inside").toBe(4n * 400n);
  expect(await energy(home)).toEqual({ metered: -300, billed: 215, unbilled: 85 });
  expect([await post(home), await post(home, cancel)]).toEqual([{ kind: "nothing" }, { kind: "nothing" }]);
  await correct(home.meter, "2025-11-01", 1140);
  expect(await post(home)).toMatchObject({ kind: "posted" });
  expect(await post(home, anew)).toMatchObject({ kind: "posted" });
  expect(await owed(home)).toBe(byHand([1000, 1050, 1140, 1190, 1260, 1300]) + fees);
  expect(await earned(lives.owner, town.operatorId, "revenue_property")).toBe(5n * 400n);
  expect(await energy(home)).toEqual({ metered: -300, billed: 300 });
  expect(await post(home)).toEqual({ kind: "nothing" });
});

test("whatever is edited and posted, bills, true-ups and corrections come to what a twin pays who was read right at once", async () => {
  const seed = Number(process.env["REBILL_SEED"] ?? "20260922");
  const uses = fc.array(fc.integer({ min: 0, max: 160 }), { minLength: 5, maxLength: 5 });
  const cases = fc.sample(fc.tuple(uses, uses, uses), { numRuns: 4, seed });
  const values = (of: readonly number[]) =>
    of.reduce<number[]>((all, use) => [...all, (all.at(-1) ?? 0) + use], [1000]);
  const twins: { edited: Home; right: Home; steps: Values[] }[] = [];
  for (const [first, ...later] of cases) {
    const steps = later.map(values);
    twins.push({ edited: await moveIn(values(first)), right: await moveIn(steps.at(-1) ?? []), steps });
  }
  await bill();
  for (const { edited, right, steps } of twins) {
    let was: Values = [];
    for (const step of steps) {
      for (const [i, value] of step.entries()) if (value !== was[i]) await correct(edited.meter, ENDS[i] ?? "", value);
      was = step;
      await post(edited);
    }
    expect(await owed(edited), `REBILL_SEED=${seed}`).toBe(await owed(right));
    expect(await post(edited), `REBILL_SEED=${seed}`).toEqual({ kind: "nothing" });
    for (const { meter } of [edited, right]) await read(meter, [2500], 6);
  }
  await bill(["2026-02"]);
  for (const { edited, right } of twins) {
    expect(await owed(edited), `REBILL_SEED=${seed}`).toBe(await owed(right));
    expect(await energy(edited), `REBILL_SEED=${seed}`).toEqual({ metered: -1500, billed: 1500 });
  }
});

test("the operator says from which day on how far back is corrected, and which money takes a second person", async () => {
  const home = taken(wrong);
  await correct(home.meter, "2026-01-01", 1260);
  const terms = { fromDay: day("2026-02-20"), monthsBack: 2, secondPersonAboveMinor: 100n };
  const noted = { at: lives.now, by: 1n };
  const note = () => lives.fresh.db.as(town.operatorId, (trx) => noteRebillTerms(trx, terms, noted));
  expect([await note(), await note()]).toEqual(["noted", "already"]);
  const limit = () => lives.fresh.db.as(town.operatorId, (trx) => rebillLimit(trx, lives.now, zone));
  expect(await limit()).toMatchObject({ since: "2024-02-01", secondPersonAboveMinor: null });
  lives.now = on("2026-02-21");
  expect(await limit()).toMatchObject({ since: "2025-12-01" });
  const limited = await limit();
  expect(() => replayFrom(limited, "2025-11", zone)).toThrow(/beyond the 2 months .* 2025-12 is the first/);
  await expect(preview(home)).rejects.toMatchObject({ code: "rebill.too-far" });
  const scope = { kind: "rebill", from: replayFrom(limited, undefined, zone) } as const;
  const { digest, totalMinor } = await preview(home, scope);
  const request = { ...requestOf(home, digest, scope), by: 1n };
  expect(await postRebill(lives.deps.db, request, lives.deps)).toMatchObject({
    kind: "second_person",
    isProposed: false,
  });
  const propose = () => proposeRebill(lives.deps.db, request, lives.deps);
  expect([await propose(), await propose()]).toEqual([{ kind: "proposed" }, { kind: "already" }]);
  expect(await postRebill(lives.deps.db, request, lives.deps)).toMatchObject({
    kind: "second_person",
    isProposed: true,
  });
  expect(await postRebill(lives.deps.db, { ...request, by: 2n }, lives.deps)).toMatchObject({
    kind: "posted",
    totalMinor,
  });
});

test("the books of all these homes hold every invariant, and every bill is made again offline with its corrections", async () => {
  expect((await verify(lives.owner)).filter(({ ok }) => !ok)).toEqual([]);
  const checks = await offlineChecks(lives, town);
  expect(checks.filter(({ check }) => check.kind !== "checked" || !check.ok)).toEqual([]);
});

const ladderOf = (): Tariff => (lives.deps.tariffs("ladder") ?? [])[0] as Tariff;
