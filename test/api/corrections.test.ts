import type { Pool } from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hashPassword } from "../../api/password.ts";
import type { App } from "../../api/routes/route.ts";
import { billDepsOf } from "../../billing/main.ts";
import { runBills } from "../../billing/run.ts";
import { day, periodOfDays } from "../../domain/period.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { noteContact } from "../../ledger/contact-points.ts";
import { noticesOf } from "../../ledger/notices.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { appOver, cookieOf, NOW, PASSWORD } from "./support.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let app: App;
let close: () => Promise<void>;
let account: bigint;
let bill: bigint;

/** A home billed for May whose last reading was 5 kWh too high. */
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner, "estate");
  const hash = await hashPassword(PASSWORD);
  for (const [login, role] of [
    ["boss", "manager"],
    ["clerk", "clerk"],
    ["second", "clerk"],
    ["reader", "reader"],
  ])
    await owner.query(
      "insert into app_user (operator_id, login, name, password_hash, role) values ($1, $2, $2, $3, $4)",
      [town.operatorId, login, hash, role],
    );
  account = await town.account("7", "postpaid", "2026-05-01");
  const { meter } = await town.supply({ account, tariff: "zhejiang.electricity.residential", from: "2026-05-01" });
  await town.readings(meter, "energy_import_kwh", [
    ["2026-05-01T00:00+08:00", 0],
    ["2026-06-01T00:00+08:00", 205],
  ]);
  const deps = billDepsOf({
    db: fresh.db,
    clock: { now: () => NOW },
    telemetry: noTelemetry,
    log: pino({ level: "silent" }),
  });
  const { issued } = await runBills(
    deps,
    town.operatorId,
    periodOfDays(day("2026-05-01"), day("2026-06-01"), "Asia/Shanghai"),
  );
  bill = issued[0]?.billId ?? 0n;
  await owner.query(
    `insert into reading_edit (operator_id, meter_id, register, measured_at, origin, kind, value, source, reason, idempotency_key, made_at)
     values ($1, $2, 1, '2026-06-01T00:00+08:00', 'clerk', 'value', 200000000, 3, 'misread', 'misread', '2026-06-10T00:00Z')`,
    [town.operatorId, meter],
  );
  const said = { language: "zh", from: day("2026-05-01"), active: true, verified: true, consent: "" } as const;
  for (const [channel, address, bills] of [
    ["email", "home@example.org", true],
    ["inbox", "7", false],
  ] as const)
    await fresh.db.as(town.operatorId, (trx) =>
      noteContact(trx, account, { channel, address, bills, ...said }, { at: NOW, by: null }),
    );
  ({ app, close } = await appOver({ db: fresh.db } as Parameters<typeof appOver>[0]));
});
afterAll(async () => {
  await close();
  await owner.end();
  await fresh.drop();
});

const ask = async (path: string, body?: object, login = "clerk") => {
  const headers = { cookie: await cookieOf(app, login) };
  const url = `/api/v1${path}`;
  const reply = await (body === undefined
    ? app.inject({ url, headers })
    : app.inject({ method: "POST", url, headers, payload: body }));
  return {
    status: reply.statusCode,
    body: reply.headers["content-type"]?.includes("json") ? reply.json() : reply.body,
  };
};

test("a clerk looks, a second person posts above the operator's limit, and the note tells each line", async () => {
  const terms = { fromDay: "2026-06-01", monthsBack: 12, secondPersonAbove: { amount: "1.00", currency: "CNY" } };
  expect((await ask("/rebill-terms", terms)).status).toBe(403);
  expect((await ask("/rebill-terms", terms, "boss")).status).toBe(200);
  expect((await ask("/rebill-terms")).body).toMatchObject({ monthsBack: 12, since: "2025-06-01" });
  expect((await ask("/rebill-preview?from=2025-01")).body).toMatchObject({ code: "rebill.too-far" });
  expect((await ask("/rebill-preview", undefined, "reader")).status).toBe(403);

  const shown = await ask("/rebill-preview?building=1&touchedSince=2026-06-10");
  expect(shown.body).toMatchObject({
    looked: 1,
    total: 1,
    after: null,
    accounts: [{ number: "7", difference: { amount: "-2.69" }, waits: [] }],
  });
  expect((await ask("/rebill-preview?touchedSince=2026-06-12")).body).toMatchObject({ looked: 0, accounts: [] });
  const { digest } = shown.body.accounts[0];
  expect((await ask(`/accounts/${account}/replay`)).body).toMatchObject({ digest, postable: { amount: "-2.69" } });

  const body = { digest, reason: "misread in May" };
  const post = (login: string, more = {}) => ask(`/accounts/${account}/corrections`, { ...body, ...more }, login);
  expect((await post("clerk", { digest: "0".repeat(64) })).body).toMatchObject({ status: 409, code: "rebill.changed" });
  expect((await post("clerk", { reason: " " })).status).toBe(400);
  expect((await post("clerk")).body).toMatchObject({ status: 409, code: "rebill.second-person" });
  expect((await ask(`/accounts/${account}/correction-proposals`, body)).body).toEqual({ outcome: "proposed" });
  expect((await post("clerk")).body).toMatchObject({ code: "rebill.second-person" });
  const posted = await post("second");
  expect(posted).toMatchObject({
    status: 201,
    body: { outcome: "posted", number: "C2026-000001", difference: { amount: "-2.69" } },
  });
  expect(await post("second")).toMatchObject({ status: 200, body: { outcome: "already", number: "C2026-000001" } });
  expect((await ask("/rebill-preview")).body).toMatchObject({ looked: 1, accounts: [] });

  const { id } = posted.body;
  expect((await ask(`/corrections?accountId=${account}`, undefined, "reader")).body).toMatchObject({
    total: 1,
    items: [{ id, by: "second", proposedBy: "clerk" }],
  });
  expect((await ask(`/corrections/${id}`)).body.lines).toMatchObject([
    {
      billed: { amount: "110.29" },
      shouldBe: { amount: "107.60" },
      difference: { amount: "-2.69" },
      quantity: "-5",
      unit: "kWh",
    },
  ]);
  const pdf = await ask(`/corrections/${id}/note.pdf?lang=both`);
  expect([pdf.status, String(pdf.body).slice(0, 5)]).toEqual([200, "%PDF-"]);
  expect((await ask(`/corrections/${id}/note.pdf?lang=both`)).body, "the same bytes").toBe(pdf.body);
  const paper = await ask(`/corrections/${id}/note.html?lang=both`);
  for (const said of ["C2026-000001", "账单更正单", "Correction note", "misread in May", "107.60", "-2.69"].map(
    (text) => text.replace("-2.69", "2.69"),
  ))
    expect(paper.body).toContain(said);
});

const preview = async (kind: string) => (await ask(`/bills/${bill}/correction-preview?kind=${kind}`)).body;
const post = (kind: string, digest: string, login: string) =>
  ask(
    `/accounts/${account}/corrections`,
    { kind, billId: String(bill), digest, reason: "sent to the wrong account" },
    login,
  );

test("a bill is cancelled with a reason and made anew under a number of its own", async () => {
  for (const [kind, amount] of [
    ["cancel", "-107.60"],
    ["anew", "107.60"],
  ] as const) {
    const shown = await preview(kind);
    expect(shown.difference.amount).toBe(amount);
    await ask(`/accounts/${account}/correction-proposals`, {
      kind,
      billId: String(bill),
      digest: shown.digest,
      reason: "sent to the wrong account",
    });
    expect((await post(kind, shown.digest, "second")).body).toMatchObject({
      outcome: "posted",
      difference: { amount },
    });
    expect((await preview(kind)).digest).toBeNull();
  }
  expect(
    (await ask(`/corrections?accountId=${account}`)).body.items.map((one: { number: string }) => one.number),
  ).toEqual(["C2026-000003", "C2026-000002", "C2026-000001"]);
});

test("each note is told once where bills are sent to, unless the operator says otherwise", async () => {
  const told = async () =>
    (await fresh.db.as(town.operatorId, (trx) => noticesOf(trx, account))).map(({ kind, data, deliveries }) => [
      kind,
      data["number"],
      data["difference"],
      ...deliveries.map(({ channel }) => channel),
    ]);
  const corrections = [
    ["correction_issued", "C2026-000003", "107.60", "email"],
    ["correction_issued", "C2026-000002", "-107.60", "email"],
    ["correction_issued", "C2026-000001", "-2.69", "email"],
  ];
  expect(await told()).toEqual(corrections);
  const off = { quietFrom: "22:00", quietTo: "07:00", perMinute: 60, corrections: false };
  expect((await ask("/notice-policy", off, "boss")).status).toBe(201);
  const { digest } = await preview("cancel");
  await ask(`/accounts/${account}/correction-proposals`, { kind: "cancel", billId: String(bill), digest, reason: "x" });
  expect((await post("cancel", digest, "second")).body).toMatchObject({ number: "C2026-000004" });
  expect(await told()).toEqual(corrections);
});
