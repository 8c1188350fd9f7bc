import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { splitPayment } from "../../../billing/charges/split.ts";
import { emergencyOffer, emergencyOfferOf, takeEmergency } from "../../../billing/prepaid/emergency.ts";
import { repaymentOf } from "../../../billing/prepaid/repayment.ts";
import { checkTopUp, topUpGuard } from "../../../billing/prepaid/top-up.ts";
import { takePayment } from "../../../billing/payment.ts";
import { MINUTE_MS, SECOND_MS } from "../../../domain/instant.ts";
import { money } from "../../../domain/money.ts";
import { emergencyRepaidAt, readRepayment } from "../../../ledger/emergency-credit.ts";
import { ago, broke, policy, yuan } from "./situations.ts";
import { type Home, Station } from "./station.ts";

const credit = { ...policy, emergencyCredit: { amount: "20", offeredBelow: "5" } };
test.each<[title: string, facts: Partial<typeof broke>, offer: object]>([
  ["just enough to take it for", { available: yuan(5) }, { kind: "offered", amount: yuan(20) }],
  ["a cent more", { available: yuan(5.01) }, { kind: "none", why: "enough" }],
  ["so little that it just helps", { available: yuan(-20) }, { kind: "offered" }],
  ["so little that supply would be off all the same", { available: yuan(-20.01) }, { kind: "none", why: "too_little" }],
  ["a balance that nobody can tell", { available: null }, { kind: "none", why: "balance_unknown" }],
  ["one that was taken", { emergency: { amount: yuan(20), takenAt: ago(9) } }, { kind: "taken", takenAt: ago(9) }],
])("emergency credit with %s", (_title, facts, offer) => {
  expect(emergencyOfferOf({ ...broke, ...facts }, credit)).toMatchObject(offer);
});

/** Limit of a cut −10, 20 taken: from −30 to −10 the credit is used. */
test.each<[string, { part: number; owed: number; available: number | null }, shares: number[], left: number]>([
  ["fills up what was used of it", { part: 5, owed: 0, available: -22 }, [0, 5, 0, 0], 7],
  ["repays it, then the overdraft, then is credit", { part: 30, owed: 0, available: -22 }, [0, 12, 10, 8], 0],
  ["pays what was billed first", { part: 25, owed: 6, available: -16.1 }, [6, 0.1, 10, 8.9], 0],
  ["pays a part of what was billed", { part: 8, owed: 15, available: -22 }, [8, 0, 0, 0], 4],
  ["first comes up to where it began", { part: 10, owed: 0, available: -35 }, [0, 5, 5, 0], 15],
  ["finds none used", { part: 10, owed: -3, available: -4 }, [0, 0, 4, 6], 0],
  ["finds what nobody can tell", { part: 10, owed: 3, available: null }, [3, 0, 0, 7], 20],
])("a top-up while emergency credit is open %s", (_title, { part, owed, available }, shares, left) => {
  const limit = { amountMinor: 2000n, cutBelowMinor: -1000n };
  const open = { ...limit, unbilledMinor: available === null ? null : BigInt(Math.round(-(available + owed) * 100)) };
  const { debt, emergency, overdraft, credit: rest } = repaymentOf(yuan(part), yuan(owed), open).shares;
  expect([debt, emergency, overdraft, rest]).toEqual(shares.map(yuan));
  expect(repaymentOf(yuan(part), yuan(owed), open).left).toEqual(yuan(left));
});

test("other debts get their share of a shared payment, and no more", () => {
  const owed = { supply: yuan(10), property: yuan(100) };
  const split = (percent: number, maxMinor: bigint | null) =>
    splitPayment(yuan(50), owed, "split", { percent, maxMinor }).property.minor;
  expect(splitPayment(yuan(50), owed, "split").property).toEqual(yuan(40));
  expect([split(30, null), split(30, 1200n), split(100, null), split(33, null)]).toEqual([1500n, 1200n, 4000n, 1650n]);
});

describe("on the books", () => {
  let station: Station;
  beforeAll(async () => {
    station = await Station.open();
  });
  beforeEach(() => station.begin());
  afterAll(() => station.close());

  const as = <T>(work: (trx: Parameters<Parameters<typeof station.fresh.db.as>[1]>[0]) => Promise<T>) =>
    station.fresh.db.as(station.town.operatorId, work);
  const take = (home: Home) =>
    as((trx) => takeEmergency(trx, home.account, { by: null, now: station.now }, station.deps));
  /** As the counter and the channels take it. */
  async function topUp(home: Home, yuanPaid: number) {
    const { account: accountId, station: of } = home;
    const wanted = { accountId, amount: yuan(yuanPaid), pays: "supply" } as const;
    const guard = await as((trx) => topUpGuard(trx, wanted, of.now, of.deps.policies));
    const wish = {
      ...wanted,
      operatorId: of.town.operatorId,
      channel: "cash",
      key: `top-up-${accountId}`,
      at: of.now,
    } as const;
    const paid = await takePayment(of.fresh.db, wish, guard);
    of.engine.onPayment(of.town.operatorId, accountId);
    await of.engine.idle();
    return paid;
  }
  async function cutHome(): Promise<Home> {
    const home = await station.moveIn("1", 290);
    await home.goesBroke(); // 201 kWh cost 302 yuan and the day's charge
    await station.dispatcher.turn();
    station.later(SECOND_MS);
    await home.reports("disconnected");
    return home;
  }

  test("emergency credit brings supply back once, moves the limit, and is repaid by the next top-up", async () => {
    station.policy = { ...station.policy, emergencyCredit: { amount: "20", offeredBelow: "5" } };
    const home = await cutHome();
    const [first, second] = await Promise.all([take(home), take(home)]);
    expect([first.outcome, second.outcome].toSorted()).toEqual(["already", "taken"]);
    await station.dispatcher.turn();
    station.later(SECOND_MS);
    await home.reports("connected");
    expect(await home.orders()).toEqual(["disconnect confirmed", "connect confirmed"]);
    station.later(11 * MINUTE_MS);
    await home.uses(201);
    station.later(11 * MINUTE_MS);
    await home.uses(202); // −14: above −20
    expect(await home.supply()).toMatchObject({ state: "warned_2", desired: "connected" });
    station.later(MINUTE_MS);
    await home.uses(206); // −22
    expect(await home.supply()).toMatchObject({ state: "cut_due", desired: "disconnected" });
    const usedNow = () => as((trx) => emergencyOffer(trx, home.account, station.now, station.deps));
    expect(await usedNow()).toMatchObject({ kind: "taken", used: yuan(20) }); // all of it: 22.10 are lacking
    await home.pay(5); // −17: taken back, and not repaid
    expect(await home.supply()).toMatchObject({ desired: "connected" });
    expect(await usedNow()).toMatchObject({ kind: "taken", used: yuan(17.1) });
    expect(await as((trx) => emergencyRepaidAt(trx, home.account))).toBeNull();
    const { journalId } = await topUp(home, 20);
    expect(await as((trx) => readRepayment(trx, home.account, journalId))).toEqual({
      debt: yuan(0),
      emergency: yuan(17.1),
      overdraft: yuan(0),
      credit: yuan(2.9),
      left: yuan(0),
    });
    expect(await as((trx) => emergencyRepaidAt(trx, home.account))).toBe(station.now);
    expect(await as((trx) => emergencyOffer(trx, home.account, station.now, station.deps))).toMatchObject({
      kind: "offered",
    });
    await expect(
      station.owner.query("update emergency_credit set amount_minor = 1 where account_id = $1", [home.account]),
    ).rejects.toThrow(/repaid once/);
  });

  test("with a close-permit balance supply stays off until so much is there", async () => {
    station.policy = { ...station.policy, closePermitFrom: "10" };
    const home = await cutHome();
    await home.pay(20); // some yuan above zero
    await station.dispatcher.turn();
    expect(await home.supply()).toMatchObject({ state: "cut", desired: "disconnected" });
    expect(station.wire.map(({ action }) => action)).toEqual(["disconnect"]);
    await home.pay(10);
    expect((await home.supply()).desired).toBe("connected");
    await station.dispatcher.turn();
    expect(station.wire.map(({ action }) => action)).toEqual(["disconnect", "connect"]);
  });

  test("the books share a payment as the preview does, and what may be held has a limit", async () => {
    station.policy = {
      ...station.policy,
      debtShare: { percent: 30, max: "12" },
      hoarding: { balanceMax: "500", topUpMax: "300" },
    };
    const home = await station.moveIn("1", 290);
    await home.uses(10);
    const { operatorId } = station.town;
    const postings = JSON.stringify([
      { ledger_account: "customer_property", account_id: String(home.account), currency: "CNY", amount_minor: "10000" },
      { ledger_account: "revenue_property", currency: "CNY", amount_minor: "-10000" },
    ]);
    await as((trx) =>
      sql`select journal_id from post_entry(${operatorId}, 'fee/1', 'adjustment', '{}'::jsonb, now(), now(), null, ${postings}::jsonb)`.execute(
        trx,
      ),
    );
    const pay = (key: string, amount: number) =>
      takePayment(station.fresh.db, {
        operatorId,
        accountId: home.account,
        amount: money("CNY", BigInt(amount)),
        channel: "cash",
        key,
        at: station.now,
        pays: "split",
      });
    expect((await pay("a", 2000)).parts).toEqual({ supply: yuan(14), property: yuan(6) });
    expect((await pay("b", 10000)).parts).toEqual({ supply: yuan(88), property: yuan(12) });
    // 392 yuan stand to the customer's credit.
    const may = (yuanPaid: number, key?: string) =>
      as((trx) =>
        checkTopUp(
          trx,
          { accountId: home.account, amount: yuan(yuanPaid), pays: "supply", ...(key === undefined ? {} : { key }) },
          station.now,
          station.deps.policies,
        ),
      );
    await may(108);
    await expect(may(108.01)).rejects.toMatchObject({
      code: "payment.hoarding",
      message: expect.stringContaining("108.00"),
    });
    await may(108.01, "a"); // taken long ago: asked again, it is answered
  });
});
