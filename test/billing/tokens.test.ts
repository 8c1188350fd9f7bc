import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { issueToken, type TokenWish } from "../../billing/tokens/issue.ts";
import { returnTokens } from "../../billing/tokens/return.ts";
import { instant, isoOf, MINUTE_MS } from "../../domain/instant.ts";
import { money } from "../../domain/money.ts";
import { owedOf } from "../../ledger/journal.ts";
import { sealer } from "../../ledger/sealing.ts";
import { noteTokenMeter, tokensOfAccount } from "../../ledger/tokens.ts";
import { OpenPaygoKeypad, StsKeypad } from "../../simulators/keypad/keypad.ts";
import { decoderKey02 } from "../../tokens/sts-cipher.ts";
import { Station } from "./prepaid/station.ts";

/** Homes of a station whose lines are down, with keypad meters that take what the ledger issued. */
const SEALING = sealer(randomBytes(32));
const VENDING = Buffer.from("0123456789abcdef", "hex");
const STS = {
  iin: "600727",
  iain: "00000000777",
  supplyGroup: "999999",
  tariffIndex: "01",
  keyRevision: 1,
  keyType: 2,
  base: 2014,
} as const;
const PAYGO_KEY = Buffer.from("bc41ec9530f6dac86b1a29ab82edc5fb", "hex");
const PAYGO = { startingCode: 516_959_010, count: 1, unitMicro: 100_000, extended: true };
const KWH = 1_000_000n;

let station: Station;
let sts: Awaited<ReturnType<Station["moveIn"]>>;
let paygo: Awaited<ReturnType<Station["moveIn"]>>;
const keypad = new StsKeypad(decoderKey02(STS, VENDING));
const device = new OpenPaygoKeypad({ key: PAYGO_KEY, startingCode: PAYGO.startingCode }, 1);

beforeAll(async () => {
  station = await Station.open();
  await station.begin();
  sts = await station.moveIn("1", 100);
  paygo = await station.moveIn("2", 100);
  const { now } = station;
  await as((trx) =>
    noteTokenMeter(trx, SEALING, { meterId: sts.meter, scheme: "sts", detail: STS, secret: VENDING, now }),
  );
  await as((trx) =>
    noteTokenMeter(trx, SEALING, { meterId: paygo.meter, scheme: "openpaygo", detail: PAYGO, secret: PAYGO_KEY, now }),
  );
});
afterAll(() => station.close());

const as = (work: Parameters<Station["fresh"]["db"]["as"]>[1]): Promise<unknown> =>
  station.fresh.db.as(station.town.operatorId, work);
const wish = (home: typeof sts, key: string, more: Partial<TokenWish> = {}): TokenWish => ({
  operatorId: station.town.operatorId,
  accountId: home.account,
  meterId: home.meter,
  quantity: 10n * KWH,
  amount: money("CNY", 1_000n),
  key,
  at: station.now,
  zone: "Asia/Shanghai",
  random: 5,
  ...more,
});
const issue = (one: TokenWish) => station.fresh.db.as(station.town.operatorId, (trx) => issueToken(trx, SEALING, one));
const owed = async (home: typeof sts) =>
  (await station.fresh.db.as(station.town.operatorId, (trx) => owedOf(trx, home.account, "CNY"))).minor;

describe("an STS token, in test mode", () => {
  test("takes its amount from the account, and the meter takes it once", async () => {
    const before = await owed(sts);
    const made = await issue(wish(sts, "first-token"));
    expect(made).toMatchObject({ kind: "issued", token: { scheme: "sts", testMode: true } });
    expect(made.token.digits).toMatch(/^\d{20}$/);
    expect(await owed(sts)).toBe(before + 1_000n);
    expect(keypad.type(made.token.digits)).toEqual({ kind: "accepted", credit: 100 }); // tenths of a kWh
    expect(keypad.type(made.token.digits)).toEqual({ kind: "refused", why: "used" });
    expect(new StsKeypad(decoderKey02({ ...STS, iain: "00000000778" }, VENDING)).type(made.token.digits)).toEqual({
      kind: "refused",
      why: "invalid",
    });
  });

  test("with the same key is the same token, with another content none; a double click takes once", async () => {
    const before = await owed(sts);
    const [one, two] = await Promise.all([issue(wish(sts, "twice")), issue(wish(sts, "twice"))]);
    expect([one.kind, two.kind].sort()).toEqual(["already", "issued"]);
    expect(one.token.digits).toBe(two.token.digits);
    expect((await issue(wish(sts, "twice", { quantity: 11n * KWH }))).kind).toBe("different");
    expect((await issue(wish(sts, "twice", { amount: money("CNY", 999n) }))).kind).toBe("different");
    expect(await owed(sts)).toBe(before + 1_000n);
    expect(keypad.type(one.token.digits).kind).toBe("accepted");
  });

  test("of one minute get minutes of their own, and all of them are taken, by two clerks at once", async () => {
    const keys = ["clerk-a-1", "clerk-b-1", "clerk-a-2", "clerk-b-2"];
    const made = await Promise.all(keys.map((key) => issue(wish(sts, key, { amount: money("CNY", 100n) }))));
    expect(new Set(made.map(({ token }) => token.number)).size).toBe(4);
    for (const { token } of made) expect(keypad.type(token.digits).kind).toBe("accepted");
  });

  test("for more than the account has, for another account's meter or one without a keypad is refused, and nothing is taken", async () => {
    const before = await owed(sts);
    const refused = (one: TokenWish) => expect(issue(one)).rejects.toMatchObject({ code: "token.refused" });
    await refused(wish(sts, "too much", { amount: money("CNY", 100_000n) }));
    await refused(wish(sts, "a neighbour's", { meterId: paygo.meter }));
    const without = await station.moveIn("3", 100);
    await refused(wish(without, "no keypad"));
    await expect(issue(wish(sts, "nothing", { amount: money("CNY", 0n) }))).rejects.toMatchObject({
      code: "request.invalid",
    });
    await refused(wish(sts, "far too much", { quantity: 10_000_000n * KWH, amount: money("CNY", 1n) }));
    expect(await owed(sts)).toBe(before);
  });
});

test("OpenPAYGO tokens count up per device, and what is no whole number of its units is refused", async () => {
  const one = await issue(wish(paygo, "paygo-1"));
  const two = await issue(wish(paygo, "paygo-2", { quantity: 1n * KWH, amount: money("CNY", 100n) }));
  expect([one.token.number, two.token.number]).toEqual([2n, 4n]);
  expect(one.token).toMatchObject({ testMode: false });
  expect(device.type(two.token.digits)).toEqual({ kind: "accepted", credit: 10 });
  expect(device.type(one.token.digits)).toEqual({ kind: "accepted", credit: 100 }); // typed late
  expect(device.type(one.token.digits)).toEqual({ kind: "refused", why: "used" });
  await expect(issue(wish(paygo, "crooked", { quantity: 1_050_000n }))).rejects.toMatchObject({
    code: "token.refused",
  });
});

test("when the line is back, what tokens took returns once, and only after a reading behind them", async () => {
  const before = await owed(paygo);
  const turn = () =>
    station.fresh.db.as(station.town.operatorId, (trx) => returnTokens(trx, station.town.operatorId, station.now));
  expect(await turn()).toEqual([]);
  station.now = instant(station.now + 5 * MINUTE_MS);
  await station.town.readings(paygo.meter, "energy_import_kwh", [[isoOf(station.now), 11]]);
  expect(await turn()).toEqual([paygo.account]);
  expect(await owed(paygo)).toBe(before - 1_100n);
  expect(await turn()).toEqual([]);
  const tokens = await station.fresh.db.as(station.town.operatorId, (trx) => tokensOfAccount(trx, paygo.account));
  expect(tokens.map(({ returnedAt }) => returnedAt)).toEqual([station.now, station.now]);
  expect((await issue(wish(paygo, "paygo-3"))).token.number).toBe(6n);
});
