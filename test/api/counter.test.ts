import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { COUNTER_INVARIANTS } from "../../ledger/verify/counter.ts";
import { ENTRY_INVARIANTS } from "../../ledger/verify/entries.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { ownerPool } from "../support/database.ts";
import { pdfPages } from "../paper/pdf-text.ts";
import { appOver, cookieOf, type Estate, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
const cookies: Record<string, string> = {};
let drawer: string;
beforeAll(async () => {
  estate = await tinyEstate();
  ({ app, close } = await appOver(estate));
  const owner = ownerPool(estate.ownerUrl);
  await owner.query(
    `insert into app_user (operator_id, login, name, password_hash, role)
     select operator_id, l, l || ' clerk', password_hash, role from app_user, unnest(array['second', 'third']) l where login = 'clerk'`,
  );
  await owner.end();
  for (const login of ["boss", "clerk", "second", "third", "reader"]) cookies[login] = await cookieOf(app, login);
  drawer = (await ask("boss", "POST", "/counter/drawers", { code: "A", name: "Front" })).body.id;
  await ask("boss", "POST", "/counter/drawers", { code: "B" });
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const textOfPdf = (bytes: Buffer): string => pdfPages(bytes)[0]?.text ?? "";
const yuan = (amount: string) => ({ amount, currency: "CNY" });
type Method = "GET" | "POST" | "PUT";
async function ask(login: string, method: Method, url: string, payload?: object, key?: string) {
  const headers = { cookie: cookies[login] ?? "", ...(key === undefined ? {} : { "idempotency-key": key }) };
  const reply = await app.inject({
    method,
    url: `/api/v1${url}`,
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
  const isJson = (reply.headers["content-type"] ?? "").toString().includes("json");
  return { status: reply.statusCode, body: isJson ? reply.json() : reply.body, raw: reply.rawPayload };
}
const statusesOf = (all: readonly { status: number }[]) => all.map(({ status }) => status).toSorted((a, b) => a - b);
const pay = (login: string, key: string, amount: string, more: object = { channel: "cash" }) =>
  ask(login, "POST", `/accounts/${estate.flat}/payments`, { amount: yuan(amount), ...more }, key);
const open = (login: string, key: string, drawerId = drawer, float = "100.00") =>
  ask(login, "POST", "/counter/shifts", { drawerId, float: yuan(float) }, key);
const terms = {
  shiftRequired: true,
  varianceLimit: yuan("5.00"),
  reversalLimit: yuan("200.00"),
  chequeCounts: "cleared",
};

async function broken(): Promise<string[]> {
  const owner = ownerPool(estate.ownerUrl);
  const checks = await verify(owner);
  await owner.end();
  const own = new Set([...COUNTER_INVARIANTS, ...ENTRY_INVARIANTS].map(({ name }) => name));
  return checks.filter(({ name, ok }) => own.has(name) && !ok).flatMap((check) => [check.name, ...check.examples]);
}

test.each([
  ["the beginning of a number", "a-1", ["A-101", "A-102"]],
  ["a number itself", "A-102", ["A-102"]],
  ["a family name", "李", ["A-102"]],
  ["a whole name", "张三", ["A-101"]],
  ["what stands within a name", "REAL", ["A-101"]],
  ["signs that are special in a pattern", "%_r", ["A-101"]],
  ["one of them alone", "%", []],
  ["the end of a phone", "0001", ["A-101", "A-102"]],
  ["a flat", "1-101", ["A-101"]],
  ["a meter", "W-101", ["A-101"]],
  ["a name and a flat", "张 101", ["A-101"]],
  ["a name and another's flat", "李四 101", []],
  ["a name of another operator", "王五", []],
  ["what has quotes and braces", '"},{\\', []],
])("%s finds whom it names: %s", async (_what, text, numbers) => {
  const { status, body } = await ask("clerk", "GET", `/accounts/find?text=${encodeURIComponent(text)}`);
  expect([status, body.items.map((item: { number: string }) => item.number)]).toEqual([200, numbers]);
});

describe("a shift", () => {
  let shift: string;
  test("is wanted for cash where the operator says so, and for nothing else", async () => {
    expect((await ask("clerk", "PUT", "/counter/terms", terms)).status).toBe(403);
    expect((await ask("boss", "PUT", "/counter/terms", terms)).status).toBe(200);
    expect((await pay("clerk", "no-shift-1", "10.00")).body.code).toBe("counter.no-shift");
    expect((await pay("clerk", "no-shift-2", "1.00", { channel: "card", reference: "slip 7" })).status).toBe(201);
  });

  test("is opened once by a double click, and of two clerks at one drawer one is told who is there", async () => {
    const twice = await Promise.all([open("clerk", "open-key-1"), open("clerk", "open-key-1")]);
    expect(statusesOf(twice)).toEqual([200, 201]);
    shift = twice[0].body.id;
    expect(twice[1].body.id).toBe(shift);
    const late = await open("second", "open-key-2");
    expect([late.status, late.body.code]).toEqual([409, "counter.drawer-taken"]);
    expect(late.body.detail).toContain("User clerk");
    expect((await open("clerk", "open-key-3", "2")).body.code).toBe("counter.shift-open");
    const raced = await Promise.all([open("second", "open-key-4", "2"), open("third", "open-key-5", "2")]);
    expect(statusesOf(raced)).toEqual([201, 409]);
    const counter = (await ask("clerk", "GET", "/counter")).body;
    expect(counter.shift).toMatchObject({ id: shift, drawer: "A", state: "open" });
    expect(counter.drawers[0].takenBy.clerk).toBe("User clerk");
  });

  test("takes cash with change into its drawer, once per key, also when the answer was lost", async () => {
    const first = await pay("clerk", "sale-key-1", "37.50", { channel: "cash", given: yuan("50.00") });
    expect(first.body).toMatchObject({
      outcome: "posted",
      change: yuan("12.50"),
      receipt: expect.stringMatching(/^2026-0000/),
    });
    const again = await Promise.all(
      [1, 2].map(() => pay("clerk", "sale-key-1", "37.50", { channel: "cash", given: yuan("50.00") })),
    );
    for (const { status, body } of again) {
      expect([status, body.outcome, body.journalId, body.receipt]).toEqual([
        200,
        "already",
        first.body.journalId,
        first.body.receipt,
      ]);
    }
    expect((await pay("clerk", "sale-key-2", "10.00", { channel: "cash", given: yuan("5.00") })).status).toBe(400);
    expect((await pay("clerk", "sale-key-3", "10.00", { channel: "card", given: yuan("50.00") })).status).toBe(400);
  });

  test("gives back out of its drawer what its clerk took, up to a limit; the rest is a manager's", async () => {
    const small = (await pay("clerk", "sale-key-4", "20.00")).body.journalId;
    const large = (await pay("clerk", "sale-key-5", "300.00")).body.journalId;
    const reverse = (login: string, id: string) =>
      ask(login, "POST", `/payments/${id}/reversal`, { reason: "wrong flat" });
    expect((await reverse("second", small)).body.code).toBe("counter.second-person");
    expect((await reverse("clerk", large)).body.code).toBe("counter.second-person");
    expect((await reverse("clerk", small)).status).toBe(201);
    expect((await reverse("boss", large)).status).toBe(201);
    expect((await reverse("boss", large)).status).toBe(200);
  });

  test("is counted blind: nobody tells its clerk the cash, and a wrong count waits for a second person", async () => {
    const x = (await ask("clerk", "GET", `/counter/shifts/${shift}`)).body;
    expect(x).toMatchObject({ expected: null, variance: null });
    expect(x.kinds).toMatchObject([{ kind: "cash", received: 3, givenBack: 2, in: null, net: null }]);
    expect((await ask("boss", "GET", `/counter/shifts/${shift}`)).body.expected).toEqual(yuan("137.50"));
    expect((await ask("clerk", "GET", `/counter/shifts/${shift}/entries.csv`)).body.code).toBe("counter.not-counted");
    const count = (login: string, payload: object) => ask(login, "POST", `/counter/shifts/${shift}/count`, payload);
    expect((await count("second", { counted: yuan("1.00") })).body.code).toBe("counter.not-yours");
    const pieces = {
      pieces: [
        { face: "100.00", pieces: 1 },
        { face: "10.00", pieces: 3 },
      ],
    };
    const counted = await Promise.all([count("clerk", pieces), pay("clerk", "sale-key-6", "8.00")]);
    expect(counted[0].body.state).toBe("counted");
    const sold = counted[1].status === 201 ? 8 : 0;
    expect(counted[1].status === 201 || counted[1].body.code === "counter.no-shift").toBe(true);
    const z = (await ask("clerk", "GET", `/counter/shifts/${shift}`)).body;
    expect(z).toMatchObject({ variance: yuan(`-${(7.5 + sold).toFixed(2)}`), secondPerson: true });
    const confirm = (login: string) =>
      ask(login, "POST", `/counter/shifts/${shift}/confirmation`, { reason: "change given twice" });
    expect((await confirm("clerk")).body.code).toBe("counter.second-person");
    expect((await confirm("boss")).body).toMatchObject({ outcome: "done", state: "closed" });
    expect((await confirm("boss")).body.outcome).toBe("already");
    const csv = (await ask("clerk", "GET", `/counter/shifts/${shift}/entries.csv`)).body as string;
    expect(csv).toContain("37.50,CNY,50.00");
    expect(csv).toMatch(/variance,,,cash,-\d+\.50,CNY,.*change given twice/);
  });

  test("that comes out even is closed at once, and later cash waits for the next one", async () => {
    const next = (await open("clerk", "open-key-6")).body.id;
    await pay("clerk", "sale-key-7", "12.00");
    const count = () => ask("clerk", "POST", `/counter/shifts/${next}/count`, { counted: yuan("112.00") });
    expect(
      (await Promise.all([count(), count()]))
        .map(({ body }) => String(body.state ?? body.code))
        .toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(["closed", "counter.shift-closed"]);
    expect((await pay("clerk", "sale-key-8", "1.00")).body.code).toBe("counter.no-shift");
    expect((await pay("clerk", "sale-key-7", "12.00")).body.outcome).toBe("already");
    expect(
      (
        await ask("clerk", "POST", `/payments/${(await pay("clerk", "sale-key-7", "12.00")).body.journalId}/reversal`, {
          reason: "too late",
        })
      ).body.code,
    ).toBe("counter.second-person");
    expect(await broken()).toEqual([]);
  });
});

describe("a cheque", () => {
  const cheque = { channel: "cheque", cheque: { number: "10293847", bank: "农商行" } };
  const balance = async () => (await ask("clerk", "GET", `/accounts/${estate.flat}`)).body.balance.amount;
  const end = (login: string, id: string, payload: object) => ask(login, "POST", `/cheques/${id}/ending`, payload);

  test("counts when the bank has paid it, once", async () => {
    const before = await balance();
    const taken = await Promise.all([
      pay("clerk", "cheque-key-1", "60.00", cheque),
      pay("clerk", "cheque-key-1", "60.00", cheque),
    ]);
    expect(statusesOf(taken)).toEqual([200, 201]);
    const { id, counts } = taken[0].body.cheque;
    expect([counts, await balance()]).toEqual(["cleared", before]);
    const cleared = await Promise.all([
      end("clerk", id, { outcome: "cleared" }),
      end("clerk", id, { outcome: "cleared" }),
    ]);
    expect(statusesOf(cleared)).toEqual([200, 201]);
    expect(Number(await balance())).toBe(Number(before) + 60);
    expect((await end("boss", id, { outcome: "returned", reason: "no funds" })).body.code).toBe("counter.cheque-ended");
  });

  test("that counted at once is taken back when it bounces, by a manager where it is large", async () => {
    await ask("boss", "PUT", "/counter/terms", { ...terms, chequeCounts: "received" });
    const before = await balance();
    const {
      journalId,
      cheque: { id },
    } = (await pay("clerk", "cheque-key-2", "500.00", cheque)).body;
    expect(Number(await balance())).toBe(Number(before) + 500);
    expect((await ask("boss", "POST", `/payments/${journalId}/reversal`, { reason: "no funds" })).body.code).toBe(
      "counter.cheque",
    );
    expect((await end("clerk", id, { outcome: "returned", reason: "no funds" })).body.code).toBe(
      "counter.second-person",
    );
    expect((await end("boss", id, { outcome: "returned", reason: "no funds" })).status).toBe(201);
    expect(await balance()).toBe(before);
    expect((await ask("clerk", "GET", "/cheques?state=returned")).body.items).toMatchObject([
      { id, reason: "no funds" },
    ]);
  });
});

describe("a receipt", () => {
  test("has a number without a gap from any number of counters, prints the same bytes, and says when it is a copy", async () => {
    const taken = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        pay(n % 2 === 0 ? "clerk" : "second", `many-key-${n}`, "1.00", { channel: "card" }),
      ),
    );
    const numbers = taken.map(({ body }) => Number(body.receipt.slice(5))).toSorted((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, n) => (numbers[0] ?? 0) + n));
    const { journalId, receipt } = taken[0]?.body ?? {};
    const print = (format: string) => ask("clerk", "POST", `/payments/${journalId}/receipt/prints`, { format });
    expect((await print("80mm")).body).toEqual({ receipt, print: 1 });
    expect((await print("a5")).body).toEqual({ receipt, print: 2 });
    const pdf = (query: string) => ask("clerk", "GET", `/payments/${journalId}/receipt.pdf?${query}`);
    const [one, same] = [await pdf("format=80mm&print=1"), await pdf("format=80mm&print=1")];
    expect(one.raw.equals(same.raw)).toBe(true);
    expect(textOfPdf(one.raw)).toContain("壹元整");
    expect(textOfPdf(one.raw)).not.toContain("COPY");
    expect(textOfPdf((await pdf("format=a5&print=2")).raw)).toContain("COPY no. 1");
    expect((await pdf("format=80mm&print=3")).status).toBe(404);
    expect((await ask("clerk", "GET", `/payments/${journalId}/receipt.html`)).body).toContain("Preview");
    expect((await ask("clerk", "GET", `/payments/${journalId}`)).body).toMatchObject({
      receipt,
      channel: "card",
      prints: [{ print: 2 }, { print: 1 }],
    });
    expect((await ask("reader", "POST", `/payments/${journalId}/receipt/prints`, { format: "a5" })).status).toBe(403);
    expect(await broken()).toEqual([]);
  });
});
