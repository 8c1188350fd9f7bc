import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SendOutcome } from "../../../billing/prepaid/dispatch.ts";
import { type BillRunDeps, runBills } from "../../../billing/run.ts";
import { HOUR_MS, type Instant, instant, instantOfIso, MINUTE_MS, SECOND_MS } from "../../../domain/instant.ts";
import { day, periodOfDays } from "../../../domain/period.ts";
import { Station } from "./station.ts";

let station: Station;
beforeAll(async () => {
  station = await Station.open();
});
beforeEach(() => station.begin());
afterAll(() => station.close());

describe("the available balance", () => {
  test("is what was paid less the use since the last bill, rated up the ladder with the standing charge of each day begun", async () => {
    const home = await station.moveIn("1", 500);
    station.later(26 * HOUR_MS);
    await home.uses(130);
    // 100 x 1 + 30 x 2 + 2 days x 0.1
    expect(await home.supply()).toMatchObject({ unbilled_minor: 16020n, available_minor: 33980n, state: "normal" });
  });

  test("is the same an instant before and after the month is billed", async () => {
    const home = await station.moveIn("1", 500);
    station.now = instantOfIso("2026-12-01T00:00:00+08:00") as Instant;
    await home.uses(130);
    const before = await home.supply();
    station.later(3 * HOUR_MS);
    const november = periodOfDays(day("2026-11-01"), day("2026-12-01"), "Asia/Shanghai");
    const run = await runBills(station.deps as BillRunDeps, station.town.operatorId, november);
    expect(run).toMatchObject({ refused: [], finished: true });
    await station.engine.sweep();
    expect(await home.supply()).toMatchObject({ unbilled_minor: 0n, available_minor: before.available_minor });
    await home.uses(140);
    expect(await home.supply()).toMatchObject({ unbilled_minor: 1010n }); // a new month's ladder begins at its first tier
  });

  test("that cannot be priced cuts nobody", async () => {
    const home = await station.moveIn("1", 10);
    await station.owner.query("update agreement set tariff_id = 'nobody-published-it' where account_id = $1", [
      home.account,
    ]);
    await home.goesBroke();
    expect(await home.supply()).toMatchObject({ available_minor: null, desired: "connected" });
    expect(await home.orders()).toEqual([]);
  });
});

describe("a home whose money runs out", () => {
  test("is warned twice, cut, and has its cut proven by the relay alone", async () => {
    const home = await station.moveIn("1", 100);
    station.later(HOUR_MS);
    await home.uses(85);
    station.later(MINUTE_MS);
    await home.uses(85); // the same again is no news
    station.later(MINUTE_MS);
    await home.uses(96);
    station.later(MINUTE_MS);
    await home.uses(110);
    expect(await home.supply()).toMatchObject({ state: "warned_2", held: "notice_running" });
    await station.dispatcher.turn();
    expect(station.wire).toEqual([]);
    station.later(10 * MINUTE_MS);
    await station.engine.sweep();
    expect(await home.orders()).toEqual(["disconnect queued"]);
    await station.dispatcher.turn();
    expect(station.wire).toEqual([{ meterId: home.meter, action: "disconnect" }]);
    expect(await home.supply()).toMatchObject({ state: "cut_sent", reported: "connected" });
    station.later(SECOND_MS);
    await home.reports("disconnected");
    expect(await home.supply()).toMatchObject({ state: "cut", desired: "disconnected", reported: "disconnected" });
    expect(await home.orders()).toEqual(["disconnect confirmed"]);
    expect(await home.story()).toEqual(["warned_1", "warned_2", "cut_due", "cut_sent", "cut_confirmed"]);
    expect(station.told).toEqual(["warned_1", "warned_2", "cut_due", "cut_sent", "cut_confirmed"]);
    await home.pay(500);
    await station.dispatcher.turn();
    station.later(SECOND_MS);
    for (let again = 0; again < 2; again++) await home.reports("connected");
    const told = "select kind from notice where account_id = $1 order by id";
    const { rows } = await station.owner.query<{ kind: string }>(told, [home.account]);
    expect(rows.map(({ kind }) => kind)).toEqual([
      "supply_warning_1",
      "supply_warning_2",
      "supply_cut_done",
      "supply_restored",
    ]);
  });

  test("is not taken for cut by a position measured before the order, or by a valve half way", async () => {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    const before = instant(station.now - SECOND_MS);
    await station.dispatcher.turn();
    await home.reports("disconnected", before);
    expect(await home.orders()).toEqual(["disconnect sent"]);
    await home.reports("disconnected", instant(station.now + SECOND_MS)); // a clock ahead, received before
    expect(await home.orders()).toEqual(["disconnect sent"]);
    station.later(SECOND_MS);
    await home.reports("moving");
    expect(await home.orders()).toEqual(["disconnect sent"]);
  });

  test("proves an order by a position that its meter has told all along", async () => {
    const home = await station.moveIn("1", 100);
    await home.reports("connected");
    station.later(MINUTE_MS);
    await home.reports("connected");
    expect(await home.story()).toEqual([]); // the same again is no news
    await home.goesBroke();
    await station.dispatcher.turn();
    await home.pay(300); // the cut got lost, and is overtaken
    await station.dispatcher.turn();
    station.later(SECOND_MS);
    await home.reports("connected");
    expect(await home.orders()).toEqual(["disconnect cancelled", "connect confirmed"]);
    const { rows } = await station.owner.query("select reported_at from supply where account_id = $1", [home.account]);
    expect(rows).toEqual([{ reported_at: station.now }]);
  });

  test("gets power back on the first credit, and a new notice before the next cut", async () => {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    await station.dispatcher.turn();
    station.later(SECOND_MS);
    await home.reports("disconnected");
    station.later(MINUTE_MS);
    const paid = await home.pay(1); // does not even cover the debt
    expect(paid.reconnect).toBeDefined();
    await station.dispatcher.turn();
    expect(station.wire.at(-1)).toEqual({ meterId: home.meter, action: "connect" });
    station.later(SECOND_MS);
    await home.reports("connected");
    expect(await home.supply()).toMatchObject({ state: "warned_2", desired: "connected", reported: "connected" });
    expect((await home.orders()).at(-1)).toBe("connect confirmed");
    station.later(5 * MINUTE_MS);
    await home.uses(202);
    expect(await home.supply()).toMatchObject({ held: "notice_running" });
    station.later(6 * MINUTE_MS);
    await home.uses(203);
    expect((await home.orders()).at(-1)).toBe("disconnect queued");
  });

  test("pays while the cut waits: it never leaves", async () => {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    await home.pay(500);
    await station.dispatcher.turn();
    expect(station.wire).toEqual([]);
    expect(await home.orders()).toEqual(["disconnect cancelled"]);
    expect(await home.supply()).toMatchObject({ state: "normal", desired: "connected" });
  });

  test("pays in the very moment in which the cut is on the wire: the reconnection follows it", async () => {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    const wireBusy = Promise.withResolvers<SendOutcome>();
    station.answer = () => wireBusy.promise;
    const turn = station.dispatcher.turn();
    await expect.poll(() => station.wire.length).toBe(1);
    await home.pay(500);
    await station.dispatcher.turn(); // the meter's wire is taken: the reconnection waits its turn
    expect(station.wire.map((order) => order.action)).toEqual(["disconnect"]);
    station.answer = "sent";
    wireBusy.resolve("sent");
    await turn;
    await station.dispatcher.turn();
    expect(station.wire.map((order) => order.action)).toEqual(["disconnect", "connect"]);
    expect(await home.orders()).toEqual(["disconnect cancelled", "connect sent"]);
  });

  test.each([
    ["night has fallen", async () => station.later(12 * HOUR_MS), "stale_reading"],
    ["the reading grew old", async () => station.later(61 * MINUTE_MS), "stale_reading"],
    [
      "the customer was put under protection",
      () => station.owner.query("update account set protected_reason = 'ventilator'"),
      "protected_customer",
    ],
  ])("is not cut when at sending %s", async (_title, change, held) => {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    expect(await home.orders()).toEqual(["disconnect queued"]);
    await change();
    await station.dispatcher.turn();
    expect(station.wire).toEqual([]);
    expect(await home.orders()).toEqual(["disconnect cancelled"]);
    expect(await home.supply()).toMatchObject({ state: "cut_due", desired: "connected", held });
  });

  test("is cut in its turn when more homes are due than the hour allows", async () => {
    const homes = [];
    for (let i = 0; i < 4; i++) homes.push(await station.moveIn(`${i}`, 100));
    for (const home of homes) await home.uses(200);
    station.later(11 * MINUTE_MS);
    for (const home of homes) await home.uses(201);
    await station.dispatcher.turn();
    expect(station.wire).toHaveLength(2);
    station.later(SECOND_MS);
    for (const home of homes) {
      if (station.wire.some(({ meterId }) => meterId === home.meter)) await home.reports("disconnected");
    }
    station.later(61 * MINUTE_MS);
    for (const home of homes) await home.uses(202);
    await station.dispatcher.turn();
    expect(new Set(station.wire.map((order) => order.meterId)).size).toBe(4);
  });
});

describe("what an account has, after an ordinary reading", () => {
  test("is priced from memory without a look at its readings, and warned and cut all the same", async () => {
    const home = await station.moveIn("1", 100);
    station.later(HOUR_MS);
    await home.uses(10);
    await station.owner.query("alter table reading rename to reading_away"); // the books cannot be read: memory must do
    try {
      for (const kWh of [11, 12, 13]) {
        station.later(MINUTE_MS);
        await home.uses(kWh, "told");
        expect(await home.supply()).toMatchObject({ unbilled_minor: BigInt(kWh * 100 + 10) });
      }
    } finally {
      await station.owner.query("alter table reading_away rename to reading");
    }
    station.later(HOUR_MS);
    await home.uses(96);
    expect((await home.story()).at(-1)).toBe("warned_2");
  });

  test("is what the books say as soon as something out of the ordinary is read", async () => {
    const home = await station.moveIn("1", 500);
    station.later(HOUR_MS);
    await home.uses(10);
    station.later(MINUTE_MS);
    await home.uses(9); // lower: held for a person
    expect(await home.supply()).toMatchObject({ unbilled_minor: 1010n });
    station.later(MINUTE_MS);
    await home.uses(20);
    expect(await home.supply()).toMatchObject({ unbilled_minor: 2010n }); // the odd one was a glitch
  });

  test("is worked out anew when the agreement changed meanwhile", async () => {
    const home = await station.moveIn("1", 500);
    station.later(HOUR_MS);
    await home.uses(10);
    await station.owner.query("update agreement set tariff_id = 'nobody-published-it' where account_id = $1", [
      home.account,
    ]);
    station.engine.onBooksChanged();
    station.later(MINUTE_MS);
    await home.uses(11);
    expect(await home.supply()).toMatchObject({ unbilled_minor: null });
  });
});
