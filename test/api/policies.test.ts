import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { readSupplies } from "../../billing/prepaid/facts.ts";
import { policiesInForce } from "../../billing/prepaid/policies.ts";
import { policyVersionsOf } from "../../catalog/policies/catalogue.ts";
import { ownerPool } from "../support/database.ts";
import { appOver, cookieOf, type Estate, type Login, NOW, priceByCatalogue, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
const cookies = new Map<Login, string>();
beforeAll(async () => {
  estate = await tinyEstate();
  ({ app, close } = await appOver(estate));
  for (const login of ["boss", "clerk", "reader", "other"] as const) cookies.set(login, await cookieOf(app, login));
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const ask = async (login: Login, method: "GET" | "POST" | "PUT", path: string, payload?: object) => {
  const headers = { cookie: cookies.get(login) ?? "" };
  const given = payload === undefined ? {} : { payload };
  const reply = await app.inject({ method, url: `/api/v1/${path}`, headers, ...given });
  return { status: reply.statusCode, body: reply.json() };
};
/** What the flat is decided by now. */
const decidedBy = () =>
  estate.db.as(estate.one, async (trx) => {
    const [row] = await readSupplies(trx, [estate.flat], NOW);
    const of = await policiesInForce(trx, policyVersionsOf, { zone: "Asia/Shanghai", now: NOW });
    const policy = of(row?.policy_id ?? "");
    return policy === null ? null : `${policy.id}@${policy.version}`;
  });
const TODAY = "2026-06-16";

test("a policy of one's own is drafted, proposed by one, published by another, and counts for its class from its day", async () => {
  expect(await decidedBy()).toBeNull(); // the flat's own policy is one that nobody published
  const copy = { copyOf: "cn-estate", id: "homes", version: "1", effectiveFrom: TODAY };
  expect((await ask("reader", "POST", "policy-versions", copy)).status).toBe(403);
  const made = await ask("clerk", "POST", "policy-versions", copy);
  expect(made).toMatchObject({ status: 201, body: { state: "draft", edition: 1, against: null, problems: [] } });
  expect((await ask("clerk", "POST", "policy-versions", copy)).body.code).toBe("policy.refused");
  const path = `policy-versions/${made.body.id}`;
  expect((await ask("other", "GET", path)).status).toBe(404);
  const document = { ...made.body.document, cutBelow: "-15.00" };
  const wrong = await ask("clerk", "PUT", path, { edition: 1, document: { ...document, warn2: "-20" } });
  expect(wrong).toMatchObject({ status: 422, body: { code: "policy.invalid" } });
  expect((await ask("boss", "PUT", path, { edition: 1, document })).body.edition).toBe(2);
  expect((await ask("clerk", "PUT", path, { edition: 1, document })).body.code).toBe("policy.changed");
  const of = { class: "homes", policyId: "homes", fromDay: TODAY };
  expect((await ask("boss", "POST", "policy-assignments", of)).status).toBe(404); // nobody published it yet

  expect((await ask("boss", "POST", `${path}/proposal`, { edition: 2, reason: "winter" })).status).toBe(200);
  expect((await ask("clerk", "POST", `${path}/publication`, { edition: 3 })).status).toBe(403);
  expect((await ask("boss", "POST", `${path}/publication`, { edition: 3 })).body.code).toBe("policy.four-eyes");
  expect((await ask("boss", "POST", `${path}/draft`, { edition: 3 })).body.state).toBe("draft");
  expect((await ask("clerk", "POST", `${path}/proposal`, { edition: 4 })).status).toBe(200);
  const done = await ask("boss", "POST", `${path}/publication`, { edition: 5 });
  expect(done.body).toMatchObject({ state: "published", inForce: true, approved: { name: "User boss" } });
  expect(done.body.history.map(({ deed }: { deed: string }) => deed)).toEqual([
    "made",
    "changed",
    "proposed",
    "returned",
    "proposed",
    "published",
  ]);
  expect((await ask("boss", "POST", `${path}/withdrawal`, { edition: 6 })).body.code).toBe("policy.state");

  expect((await ask("boss", "POST", "policy-assignments", of)).body).toEqual({ outcome: "noted" });
  expect((await ask("boss", "POST", "policy-assignments", of)).body).toEqual({ outcome: "already" });
  expect((await ask("boss", "POST", "policy-assignments", { ...of, fromDay: "2026-06-15" })).status).toBe(400);
  const flats = { class: "homes", accountIds: [String(estate.flat), String(estate.foreignAccount)] };
  expect((await ask("boss", "POST", "account-classes", flats)).body).toEqual({ changed: 1 });
  expect((await ask("boss", "POST", "account-classes", flats)).body).toEqual({ changed: 0 });
  expect(await decidedBy()).toBe("homes@1");
  expect((await ask("reader", "GET", "policy-assignments")).body).toMatchObject({
    items: [{ class: "homes", policyId: "homes", fromDay: TODAY, inForce: true, notedBy: "User boss" }],
    classes: [{ class: "homes", accounts: 1, supplies: 1 }],
  });
  const list = (await ask("reader", "GET", "policies")).body.items as { policyId: string }[];
  expect(list).toContainEqual(
    expect.objectContaining({ policyId: "homes", origin: "own", supplies: 1, inForce: true }),
  );
  expect(list).toContainEqual(expect.objectContaining({ policyId: "cn-estate", origin: "catalogue", supplies: 0 }));
  expect((await ask("reader", "GET", "policies/homes/1")).body.document.cutBelow).toBe("-15.00");
  expect((await ask("other", "GET", "policies/homes/1")).status).toBe(404);
});

test("a draft says whom it would affect, and writes nothing", async () => {
  const { document } = (await ask("reader", "GET", "policies/homes/1")).body;
  const next = {
    ...document,
    version: "2",
    effectiveFrom: "2026-07-01",
    cutBelow: "-100.00",
    reconnectAbove: "-90.00",
  };
  const trial = await ask("clerk", "POST", "policy-trials", { document: next });
  expect(trial.body).toMatchObject({
    problems: [],
    publication: [],
    against: { version: "1" },
    affected: { looked: 1, changed: 1, cutNow: 0 },
  });
  expect(trial.body.differences).toContainEqual({ path: ["cutBelow"], before: "-15.00", after: "-100.00" });
  // 85 yuan short: it stays cut at −15, and would come back at −100.
  expect(trial.body.affected.items).toMatchObject([
    { accountNumber: "A-101", available: { amount: "-85.00" }, before: { state: "cut" }, after: { next: "give_back" } },
  ]);
  const same = { ...document, version: "3", effectiveFrom: "2026-07-02" };
  expect((await ask("clerk", "POST", "policy-trials", { document: same })).body.affected.items).toEqual([]);
  expect((await ask("clerk", "POST", "policy-trials", { document: { ...same, warn1: "x" } })).body).toMatchObject({
    problems: [{ path: "warn1" }],
    affected: null,
  });
  expect(await decidedBy()).toBe("homes@1");
});

test("emergency credit is seen by a reader, taken once by two clerks at a time, and seen by no other operator", async () => {
  const { document } = (await ask("reader", "GET", "policies/homes/1")).body;
  const path = `accounts/${estate.flat}/emergency-credit`;
  expect((await ask("reader", "GET", path)).body).toMatchObject({ state: "none", why: "no_policy", repaidAt: null });
  await priceByCatalogue(estate);
  const made = await ask("clerk", "POST", "policy-versions", {
    copyOf: "cn-estate",
    id: "lent",
    version: "1",
    effectiveFrom: TODAY,
  });
  const lent = { ...document, id: "lent", version: "1", emergencyCredit: { amount: "200.00", offeredBelow: "0.00" } };
  const version = `policy-versions/${made.body.id}`;
  await ask("clerk", "PUT", version, { edition: 1, document: lent });
  await ask("clerk", "POST", `${version}/proposal`, { edition: 2 });
  expect((await ask("boss", "POST", `${version}/publication`, { edition: 3 })).status).toBe(200);
  await ask("boss", "POST", "policy-assignments", { class: "lent", policyId: "lent", fromDay: TODAY });
  await ask("boss", "POST", "account-classes", { class: "lent", accountIds: [String(estate.flat)] });

  expect((await ask("reader", "GET", path)).body).toMatchObject({ state: "offered", amount: { amount: "200.00" } });
  expect((await ask("reader", "POST", path)).status).toBe(403);
  expect((await ask("other", "GET", path)).status).toBe(404);
  const both = await Promise.all([ask("clerk", "POST", path), ask("boss", "POST", path)]);
  expect(both.map(({ body }) => body.outcome as string).toSorted()).toEqual(["already", "taken"]);
  expect((await ask("reader", "GET", path)).body).toMatchObject({
    state: "taken",
    takenAt: "2026-06-16T10:00:00+08:00",
  });
  const told = (await ask("reader", "GET", `accounts/${estate.flat}/timeline`)).body.entries as object[];
  expect(told).toContainEqual(
    expect.objectContaining({ event: "credit", detail: expect.objectContaining({ emergency: expect.any(String) }) }),
  );
});

test("what a top-up repays of emergency credit is the same in preview, answer, receipt and history", async () => {
  // 80.00 are billed and 34.50 used since: 114.50 below nothing, of which the policy itself lets 15.00 be.
  const owner = ownerPool(estate.ownerUrl);
  await owner.query("update supply set unbilled_minor = 3450, available_minor = -11450 where account_id = $1", [
    estate.flat,
  ]);
  await owner.end();
  const account = `accounts/${estate.flat}`;
  const board = (await ask("reader", "GET", "supply/board")).body.meters as { accountId: string }[];
  expect(board.find(({ accountId }) => accountId === String(estate.flat))).toMatchObject({
    emergency: { amount: { amount: "200.00" }, used: { amount: "99.50" } },
  });
  const figures = (of: Record<string, { amount: string }>) =>
    ["debt", "emergency", "overdraft", "credit"].map((share) => of[share]?.amount);
  const preview = async (amount: string) =>
    (await ask("clerk", "GET", `${account}/payment-split?amount=${amount}&pays=supply`)).body;
  const all = await preview("150.00");
  expect([figures(all.supply), all.emergencyLeft.amount]).toEqual([["80.00", "19.50", "15.00", "35.50"], "0.00"]);
  const pay = async (key: string, amount: string) =>
    (
      await app.inject({
        method: "POST",
        url: `/api/v1/${account}/payments`,
        headers: { cookie: cookies.get("clerk") ?? "", "idempotency-key": key },
        payload: { amount: { amount, currency: "CNY" }, channel: "card" },
      })
    ).json();
  const paid = await pay("repay-part", "90.00");
  expect([figures(paid.repayment), paid.repayment.left.amount]).toEqual([["80.00", "10.00", "0.00", "0.00"], "9.50"]);
  expect((await pay("repay-part", "90.00")).repayment).toEqual(paid.repayment);
  expect((await ask("reader", "GET", `payments/${paid.journalId}`)).body.repayment).toEqual(paid.repayment);
  const rest = await preview("40.00");
  expect([figures(rest.supply), rest.emergencyLeft.amount]).toEqual([["0.00", "9.50", "15.00", "15.50"], "0.00"]);

  await ask("clerk", "POST", `payments/${paid.journalId}/receipt/prints`, { format: "80mm" });
  const url = `/api/v1/payments/${paid.journalId}/receipt.html?lang=en&print=1`;
  const paper = await app.inject({ url, headers: { cookie: cookies.get("clerk") ?? "" } });
  expect(paper.body).toMatch(/Pays what was billed.*80\.00.*Repays emergency credit.*10\.00.*credit in use.*9\.50/s);

  const pass = (await ask("clerk", "POST", `${account}/resident-pass`, {})).body as { path: string };
  const link = pass.path.split("#")[1];
  const entered = await app.inject({ method: "POST", url: "/api/v1/resident/enter", payload: { link } });
  const cookie = entered.cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const history = await app.inject({ url: "/api/v1/resident/history", headers: { cookie } });
  const told = (history.json().items as { what: string; amount: { amount: string } | null }[]).map(
    ({ what, amount }) => [what, amount?.amount],
  );
  expect(told).toEqual(
    expect.arrayContaining([
      ["emergency_taken", "200.00"],
      ["payment", "90.00"],
      ["emergency_repaid", "10.00"],
    ]),
  );
});

test("what is published is never changed, by nobody", async () => {
  const owner = ownerPool(estate.ownerUrl);
  const refused = [
    `update policy_version set document = (replace(document::text, '-15', '-16'))::json`,
    "update policy_version set policy_id = 'x'",
    "delete from policy_version",
    "update policy_assignment set policy_id = null",
    "delete from account_class",
  ];
  for (const text of refused) await expect(owner.query(text)).rejects.toThrow(/does not become|append-only|check/);
  await owner.end();
});
