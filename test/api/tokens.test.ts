import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { issueToken, type TokenWish } from "../../billing/tokens/issue.ts";
import { sealer } from "../../ledger/sealing.ts";
import { noteTokenMeter } from "../../ledger/tokens.ts";
import { StsKeypad } from "../../simulators/keypad/keypad.ts";
import { decoderKey02 } from "../../tokens/sts-cipher.ts";
import { appOver, cookieOf, type Estate, NOW, tinyEstate } from "./support.ts";

const SEALING = sealer(randomBytes(32));
const VENDING = Buffer.from("abababababababab", "hex");
const STS = {
  iin: "600727",
  iain: "00000000009",
  supplyGroup: "123456",
  tariffIndex: "01",
  keyRevision: 1,
  keyType: 2,
  base: 2014,
} as const;

let estate: Estate;
let app: App;
let close: () => Promise<void>;
let clerk: string;
let meterId: bigint;
beforeAll(async () => {
  estate = await tinyEstate();
  const { takePayment, reversePayment } = await import("../../billing/payment.ts");
  const issue = (trx: Parameters<typeof issueToken>[0], wish: TokenWish) => issueToken(trx, SEALING, wish);
  ({ app, close } = await appOver(estate, { services: { takePayment, reversePayment, issueToken: issue } }));
  clerk = await cookieOf(app, "clerk");
  meterId = estate.relayMeter;
  await estate.db.as(estate.one, (trx) =>
    noteTokenMeter(trx, SEALING, { meterId, scheme: "sts", detail: STS, secret: VENDING, now: NOW }),
  );
  await app.inject({
    method: "POST",
    url: `/api/v1/accounts/${estate.flat}/payments`,
    headers: { cookie: clerk, "idempotency-key": "credit-for-tokens" },
    payload: { amount: { amount: "200.00", currency: "CNY" }, channel: "cash" },
  });
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const ask = (key: string, more: object = {}) =>
  app.inject({
    method: "POST",
    url: `/api/v1/accounts/${estate.flat}/tokens`,
    headers: { cookie: clerk, "idempotency-key": key },
    payload: {
      meterId: String(meterId),
      amount: { amount: "10.00", currency: "CNY" },
      quantity: { value: "12.5", unit: "kWh" },
      ...more,
    },
  });
const list = async () =>
  (await app.inject({ url: `/api/v1/accounts/${estate.flat}/tokens`, headers: { cookie: clerk } })).json();

describe("an offline token over HTTP", () => {
  test("is made once, says that it is a test, and a meter takes it as it is read aloud", async () => {
    const made = await ask("token-by-phone");
    expect(made.statusCode).toBe(201);
    const { token, outcome, balance } = made.json();
    expect(outcome).toBe("issued");
    expect(token).toMatchObject({ testMode: true, scheme: "sts", returnedAt: null, amount: { amount: "10.00" } });
    expect(token.grouped).toMatch(/^\d{4}( \d{4}){4}$/);
    expect(balance).toEqual({ amount: "110.00", currency: "CNY" });
    expect(new StsKeypad(decoderKey02(STS, VENDING)).type(token.grouped)).toEqual({ kind: "accepted", credit: 125 });
    const again = await ask("token-by-phone");
    expect([again.statusCode, again.json().token.digits]).toEqual([200, token.digits]);
    const other = await ask("token-by-phone", { quantity: { value: "13", unit: "kWh" } });
    expect([other.statusCode, other.json().code]).toEqual([409, "request.conflict"]);
    const { items, meters } = await list();
    expect(items).toEqual([token]);
    expect(meters).toMatchObject([{ id: String(meterId), serial: "E-101", scheme: "sts" }]);
    expect(JSON.stringify([items, meters])).not.toMatch(/abababab/i);
  });

  test("is refused with its reason: too little credit, no amount, a stranger's meter, a reader who asks", async () => {
    const dear = await ask("token-too-dear", { amount: { amount: "999.00", currency: "CNY" } });
    expect([dear.statusCode, dear.json().code]).toEqual([422, "token.refused"]);
    expect(dear.json().detail).toContain("110.00");
    expect((await ask("token-of-none", { amount: { amount: "0.00", currency: "CNY" } })).statusCode).toBe(400);
    expect((await ask("token-stranger", { meterId: "999999" })).json().code).toBe("token.refused");
    expect((await list()).items).toHaveLength(1);
    const nobody = await app.inject({ url: `/api/v1/accounts/${estate.flat}/tokens` });
    expect(nobody.statusCode).toBe(401);
  });
});
