import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { runBills } from "../../billing/run.ts";
import { catalogueTariffs } from "../../billing/tariffs.ts";
import { versionsOf } from "../../catalog/tariffs/catalogue.ts";
import { addDays, day, periodOfDays } from "../../domain/period.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { appOver, cookieOf, type Estate, NOW, tinyEstate, USERS } from "./support.ts";

const POWER = "zhejiang.electricity.residential";
let estate: Estate;
let app: App;
let close: () => Promise<void>;
let owner: Pool;
let home: bigint;
const cookies = new Map<string, string>();

beforeAll(async () => {
  estate = await tinyEstate();
  ({ app, close } = await appOver(estate));
  owner = ownerPool(estate.ownerUrl);
  const town = Reflect.construct(SmallTown, [owner, estate.one]) as SmallTown;
  home = await town.account("H-1");
  const { meter } = await town.supply({ account: home, tariff: POWER, from: "2026-05-01", serial: "E-H1" });
  await town.readings(meter, "energy_import_kwh", [
    ["2026-05-01T00:00:00+08:00", 0],
    ["2026-05-16T00:00:00+08:00", 100],
    ["2026-06-01T00:00:00+08:00", 300],
  ]);
  for (const login of USERS) cookies.set(login, await cookieOf(app, login));
});
afterAll(async () => {
  await owner.end();
  await close();
  await estate.drop();
});

const ask = async (method: "GET" | "PUT" | "POST", path: string, payload?: object, as = "clerk") => {
  const headers = { cookie: cookies.get(as) ?? "" };
  const url = `/api/v1${path}`;
  const reply = await app.inject(payload === undefined ? { method, url, headers } : { method, url, headers, payload });
  return { status: reply.statusCode, body: reply.json() as any };
};

/** A price of one yuan, with an example that it meets. */
const priced = (version: string, effectiveFrom: string, price = "1", total = "10.00") => ({
  id: POWER,
  version,
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom,
  zone: "Asia/Shanghai",
  title: { zh: "新价", en: "New price" },
  source: ["invented for the test"],
  charges: [{ kind: "energy", form: "flat", id: "energy", title: { zh: "电费", en: "Energy" }, price }],
  examples: [
    { title: "ten", from: effectiveFrom, to: addDays(day(effectiveFrom), 7), quantity: "10", expect: { total } },
  ],
});

/** Drafted and proposed by the clerk. */
async function proposed(version: string, from: string, more: object = {}): Promise<{ id: string; edition: number }> {
  const made = await ask("POST", "/tariff-versions", { document: priced(version, from) });
  expect(made.status).toBe(201);
  const { id } = made.body;
  const done = await ask("POST", `/tariff-versions/${id}/proposal`, { edition: 1, ...more });
  expect(done).toMatchObject({ status: 200, body: { state: "proposed", edition: 2 } });
  return { id, edition: 2 };
}

describe("a tariff of one's own", () => {
  test("is drafted from the catalogue, changed by one editor at a time, proposed by one and published by another", async () => {
    const copy = { copyOf: POWER, version: "own-1", effectiveFrom: "2026-09-01" };
    expect((await ask("POST", "/tariff-versions", copy, "reader")).status).toBe(403);
    const made = await ask("POST", "/tariff-versions", copy);
    expect(made).toMatchObject({ status: 201, body: { state: "draft", edition: 1, version: "own-1", problems: [] } });
    expect((await ask("POST", "/tariff-versions", copy)).body.code).toBe("tariff.refused");
    const path = `/tariff-versions/${made.body.id}`;
    expect((await ask("GET", path, undefined, "other")).status).toBe(404);

    const [mine, theirs] = await Promise.all([
      ask("PUT", path, { edition: 1, document: priced("own-1", "2026-09-01") }),
      ask("PUT", path, { edition: 1, document: priced("own-1", "2026-10-01") }, "boss"),
    ]);
    expect([mine.status, theirs.status].toSorted((a, b) => a - b)).toEqual([200, 409]);
    expect([mine, theirs].find(({ status }) => status === 409)?.body.code).toBe("tariff.changed");
    await ask("PUT", path, { edition: 2, document: priced("own-1", "2026-09-01", "1", "11.00") });
    const red = await ask("GET", path);
    expect(red.body.examples).toMatchObject([
      { title: "ten", differs: [{ line: "total", expected: "11.00", got: "10.00" }] },
    ]);
    expect(await ask("POST", `${path}/proposal`, { edition: 3 })).toMatchObject({
      status: 422,
      body: { code: "tariff.refused", detail: expect.stringMatching(/ten comes to something else/) },
    });
    expect((await ask("PUT", path, { edition: 3, document: priced("own-1", "2026-09-01") })).body.edition).toBe(4);

    // The manager proposes: with nobody else to publish he is told what to do.
    expect((await ask("POST", `${path}/proposal`, { edition: 4 }, "boss")).body.state).toBe("proposed");
    expect(await ask("POST", `${path}/publication`, { edition: 5 }, "boss")).toMatchObject({
      status: 409,
      body: { code: "tariff.four-eyes", detail: expect.stringMatching(/no other manager/) },
    });
    expect((await ask("POST", `${path}/publication`, { edition: 5 })).status).toBe(403);
    // What another proposed is sent back with a reason only; one's own may be taken back without.
    expect((await ask("POST", `${path}/draft`, { edition: 5 })).body.code).toBe("tariff.refused");
    const reason = "the second tier is too dear";
    const back = (await ask("POST", `${path}/draft`, { edition: 5, reason })).body;
    expect(back).toMatchObject({ state: "draft", proposed: null });
    expect(back.history.map((one: any) => [one.deed, one.by.name, one.edition, one.reason])).toEqual([
      ["made", "User clerk", 1, ""],
      ["changed", expect.stringMatching(/^User (clerk|boss)$/), 2, ""],
      ["changed", "User clerk", 3, ""],
      ["changed", "User clerk", 4, ""],
      ["proposed", "User boss", 5, ""],
      ["returned", "User clerk", 6, reason],
    ]);
    expect((await ask("POST", `${path}/proposal`, { edition: 6 })).status).toBe(200);
    const done = await ask("POST", `${path}/publication`, { edition: 7 }, "boss");
    expect(done.body).toMatchObject({
      state: "published",
      proposed: { name: "User clerk" },
      approved: { name: "User boss" },
      inForce: false,
    });
    expect((await ask("POST", `${path}/publication`, { edition: 8 }, "boss")).body.code).toBe("tariff.state");
    expect((await ask("GET", "/tariffs", undefined, "reader")).body.items).toContainEqual(
      expect.objectContaining({ tariffId: POWER, version: "own-1", origin: "own", state: "published" }),
    );
    expect((await ask("GET", "/tariffs", undefined, "other")).body.items).not.toContainEqual(
      expect.objectContaining({ origin: "own" }),
    );
    const gone = await ask("POST", `${path}/withdrawal`, { edition: 8 }, "boss");
    expect(gone.body).toMatchObject({ state: "withdrawn", withdrawn: { name: "User boss" } });
  });

  test("is never changed once it is published, by nobody", async () => {
    const { id } = await proposed("own-2", "2026-11-01");
    await ask("POST", `/tariff-versions/${id}/publication`, { edition: 2 }, "boss");
    const refused = [
      "update tariff_version set document = (replace(document::text, '\"1\"', '\"2\"'))::json where id = $1",
      "update tariff_version set edition = 9 where id = $1",
      "update tariff_version set state = 'draft', proposed_by = null, proposed_at = null, approved_by = null, approved_at = null where id = $1",
      "update tariff_version set state = 'withdrawn', withdrawn_by = made_by, withdrawn_at = '2026-11-01T00:00+08' where id = $1",
      "delete from tariff_version where id = $1",
    ];
    for (const text of refused)
      await expect(owner.query(text, [id]), text).rejects.toThrow(/does not become|not withdrawn|append-only/);
    await expect(owner.query("truncate tariff_version cascade")).rejects.toThrow(/append-only/);
    expect((await ask("GET", `/tariff-versions/${id}`)).body.state).toBe("published");
    expect(
      (await ask("PUT", `/tariff-versions/${id}`, { edition: 3, document: priced("own-2", "2026-11-01") })).body.code,
    ).toBe("tariff.state");
  });

  test("leaves no overlap, and two cannot take effect on one day", async () => {
    const made = await ask("POST", "/tariff-versions", { document: priced("own-3", "2026-11-01") });
    expect(made.body.problems).toEqual(["effectiveFrom: own-2 takes effect on the same day"]);
    const late = { ...priced("own-4", "2026-10-01"), effectiveTo: "2026-12-01" };
    const overlap = await ask("POST", "/tariff-versions", { document: late });
    expect(overlap.body.problems).toEqual(["effectiveTo: own-4 overlaps own-2"]);
    const gap = { ...priced("own-5", "2026-10-01"), effectiveTo: "2026-10-15" };
    expect((await ask("POST", "/tariff-versions", { document: gap })).body.problems).toEqual([
      "effectiveTo: no price from 2026-10-15, when own-5 ends, to 2026-11-01",
    ]);
    const metres = { ...priced("own-6", "2026-12-01"), utility: "water", unit: "m3" };
    expect((await ask("POST", "/tariff-versions", { document: metres })).body.problems).toHaveLength(2);
    expect((await ask("POST", "/tariff-versions", { document: { id: "x" } })).body.code).toBe("tariff.invalid");
  });

  test("prices bills from its day on, splits the month it begins in, and comes to what the what-if said", async () => {
    const draft = priced("own-mid", "2026-05-16");
    const asked = { from: "2026-05", accountId: String(home), tariffs: [{ document: [...versionsOf(POWER), draft] }] };
    const { body } = await ask("POST", "/what-ifs", asked);
    const tried = async (): Promise<any> => {
      for (const deadline = performance.now() + 30_000; performance.now() < deadline; ) {
        const job = (await ask("GET", `/what-ifs/${body.id}`)).body;
        if (job.state !== "running") return job.summary;
      }
      return expect.fail("the comparison did not end");
    };
    const said = await tried();
    expect(said).toMatchObject({ accounts: 1, before: { amount: "161.40" }, after: { amount: "253.80" } });

    const { id } = await proposed("own-mid", "2026-05-16");
    await ask("POST", `/tariff-versions/${id}/publication`, { edition: 2 }, "boss");
    const deps = { db: estate.db, clock: { now: () => NOW }, dials: () => null, telemetry: noTelemetry };
    const may = periodOfDays(day("2026-05-01"), day("2026-06-01"), "Asia/Shanghai");
    await runBills({ ...deps, tariffs: catalogueTariffs }, estate.one, may);
    const { rows } = await owner.query(
      `select l.tariff_version, l.quantity, l.amount_minor from bill b
         join bill_line l on l.operator_id = b.operator_id and l.bill_id = b.id
        where b.account_id = $1 and l.amount_minor <> 0 order by l.line`,
      [home],
    );
    const [before] = versionsOf(POWER);
    expect(rows).toEqual([
      { tariff_version: before?.version, quantity: 100_000_000n, amount_minor: 5380n },
      { tariff_version: "own-mid", quantity: 200_000_000n, amount_minor: 20000n },
    ]);
  });

  test("comes too late for months that are billed, unless it is a correction that says why", async () => {
    const made = await ask("POST", "/tariff-versions", { document: priced("own-late", "2026-05-20") });
    expect(made.body).toMatchObject({ billedBeyond: 1, problems: [] });
    const path = `/tariff-versions/${made.body.id}/proposal`;
    expect((await ask("POST", path, { edition: 1 })).body).toMatchObject({ code: "tariff.refused" });
    expect((await ask("POST", path, { edition: 1, isCorrection: true })).body).toMatchObject({
      code: "tariff.refused",
    });
    const right = { edition: 1, isCorrection: true, reason: "the order came late" };
    expect((await ask("POST", path, right)).body).toMatchObject({ state: "proposed", isCorrection: true });
  });

  test("tells while it is written what changes, whether its examples hold, and what a real month comes to; nothing is kept", async () => {
    const [published] = versionsOf(POWER);
    const charges = structuredClone(published?.charges) as any;
    charges[0].tiers[0].price = "0.6";
    const document = { ...priced("own-try", "2026-08-01", "0.6", "6.00"), charges };
    const { body, status } = await ask("POST", "/tariff-trials", {
      document,
      accountId: String(home),
      month: "2026-05",
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      problems: [],
      publication: expect.not.arrayContaining([expect.stringMatching(/examples/)]),
      against: { version: "own-mid" },
      examples: [{ title: "ten", total: "6.00", differs: [] }],
      live: { kind: "rated", tariffIds: [POWER], quantity: { value: "300", unit: "kWh" }, after: { amount: "180.00" } },
    });
    expect(body.live.lines).toEqual([
      expect.objectContaining({ tier: 1, after: expect.objectContaining({ price: "0.6", quantity: "300" }) }),
      expect.objectContaining({ tier: null, after: null, change: { amount: "-200.00", currency: "CNY" } }),
    ]);
    expect(body.live.example).toMatchObject({ quantity: "300", expect: { total: "180.00" } });
    const kept = { ...document, examples: [...document.examples, body.live.example] };
    expect((await ask("POST", "/tariff-trials", { document: kept })).body.examples[1].differs).toEqual([]);
    expect(body.curve).toMatchObject({ per: "year", why: "" });
    expect(body.curve.quantities.length).toBe(body.curve.after.length);

    const tiers = [{ upTo: "5", price: "x" }];
    const wrong = await ask("POST", "/tariff-trials", {
      document: { ...document, charges: [{ ...charges[0], tiers }] },
    });
    expect(wrong.body.problems).toContainEqual({
      path: "charges[0].tiers[0].price",
      message: expect.stringMatching(/decimal/),
    });
    expect((await ask("POST", "/tariff-trials", { document }, "reader")).status).toBe(403);
    const { items } = (await ask("GET", "/tariffs")).body;
    expect(items).not.toContainEqual(expect.objectContaining({ version: "own-try" }));
    const language = (await ask("GET", "/tariff-language", undefined, "reader")).body;
    expect(language.schema.properties.charges).toBeDefined();
    expect(language.calendars[0].holidays).toContain("2026-10-01");
  });
});
