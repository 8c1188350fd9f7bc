import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isoOf, MINUTE_MS, SECOND_MS } from "../../../domain/instant.ts";
import { Station } from "./station.ts";

let station: Station;
beforeAll(async () => {
  station = await Station.open();
});
beforeEach(() => station.begin());
afterAll(() => station.close());

describe("an order", () => {
  test("sent by a process that died is proven by a report that comes to the next one", async () => {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    await station.dispatcher.turn();
    station.restart();
    station.later(SECOND_MS);
    await home.reports("disconnected");
    expect(await home.orders()).toEqual(["disconnect confirmed"]);
  });

  test("is proven by a report that was booked while no engine ran", async () => {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    await station.dispatcher.turn();
    station.later(SECOND_MS);
    await station.town.readings(home.meter, "relay_state", [[isoOf(station.now), 0]]);
    station.restart();
    await station.engine.sweep();
    expect(await home.orders()).toEqual(["disconnect confirmed"]);
    expect(await home.supply()).toMatchObject({ state: "cut", reported: "disconnected" });
  });

  test("that was claimed by a process that died before the wire is sent again by the next one", async () => {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    station.answer = () => new Promise(() => {}); // the process hangs, then is gone
    void station.dispatcher.turn();
    await expect.poll(() => station.wire.length).toBe(1);
    station.answer = "sent";
    station.restart();
    await station.dispatcher.turn();
    expect(station.wire).toHaveLength(1); // not before its proof was given time
    station.later(61 * SECOND_MS);
    await home.uses(201);
    await station.dispatcher.turn();
    expect(station.wire).toHaveLength(2);
  });

  test("to a meter that closes by its button waits for the customer's press, for hours, and a closed relay proves it", async () => {
    const home = await station.moveIn("1", 100);
    await station.owner.query("update meter set profile_id = 'sanbiao-relay-demo' where id = $1", [home.meter]);
    station.policy = { ...station.policy, order: { ...station.policy.order, pressWithinMinutes: 600 } };
    await home.goesBroke();
    await station.dispatcher.turn();
    station.later(SECOND_MS);
    await home.reports("disconnected");
    await home.pay(500);
    await station.dispatcher.turn();
    expect(await home.supply()).toMatchObject({ state: "close_permitted", desired: "connected" });
    station.later(199 * MINUTE_MS);
    await home.reports("disconnected");
    await station.dispatcher.turn();
    expect(station.wire).toHaveLength(2); // nobody is hurried: the permission stands
    station.later(MINUTE_MS);
    await station.dispatcher.turn();
    expect(station.wire).toHaveLength(3);
    expect(await home.supply()).toMatchObject({ state: "close_permitted", reported: "disconnected" });
    station.later(SECOND_MS);
    await home.reports("connected");
    expect(await home.orders()).toEqual(["disconnect confirmed", "connect confirmed"]);
    expect((await home.story()).slice(-3)).toEqual(["reconnect_sent", "close_permitted", "restored"]);
    expect(await home.supply()).toMatchObject({ state: "normal", reported: "connected" });
  });

  test("to a meter whose customer never presses ends in a work order", async () => {
    const home = await station.moveIn("1", 100);
    await station.owner.query("update meter set profile_id = 'sanbiao-relay-demo' where id = $1", [home.meter]);
    await home.goesBroke();
    await station.dispatcher.turn();
    station.later(SECOND_MS);
    await home.reports("disconnected");
    await home.pay(500);
    for (let i = 0; i < 4; i++) {
      await station.dispatcher.turn();
      station.later(480 * MINUTE_MS + SECOND_MS); // a day in three permissions
    }
    expect(await home.supply()).toMatchObject({ state: "unknown", desired: "connected" });
    const { rows } = await station.owner.query(
      "select why from work_order where account_id = $1 and closed_at is null",
      [home.account],
    );
    expect(rows[0]?.why).toMatch(/nobody pressed/);
  });

  test("to cut waits for a second notice, by the ways that the policy names", async () => {
    const home = await station.moveIn("1", 100);
    for (const [channel, address] of [
      ["inbox", "1"],
      ["sandbox", "2"],
    ] as const)
      await station.owner.query(
        "insert into contact_point (operator_id, account_id, channel, address, language, from_day, active, noted_at) values ($1, $2, $3, $4, 'zh', '2026-01-01', true, $5)",
        [station.town.operatorId, home.account, channel, address, isoOf(station.now)],
      );
    station.policy = { ...station.policy, secondNoticeMinutes: 30, channels: { secondNotice: ["inbox"] } };
    await home.goesBroke();
    expect(await home.supply()).toMatchObject({ state: "cut_due", held: "second_notice", desired: "connected" });
    station.later(29 * MINUTE_MS);
    await home.uses(201);
    expect(await home.orders()).toEqual([]);
    station.later(MINUTE_MS);
    await home.uses(201);
    await station.dispatcher.turn();
    expect(station.wire.map(({ action }) => action)).toEqual(["disconnect"]);
    expect(await home.story()).toEqual(["warned_2", "second_notice", "cut_due", "cut_sent"]);
    const { rows } = await station.owner.query(
      "select n.kind, array_agg(d.channel order by d.channel) as ways from notice n join notice_delivery d on d.notice_id = n.id where n.account_id = $1 group by n.id, n.kind order by n.id",
      [home.account],
    );
    expect(rows).toEqual([
      { kind: "supply_warning_2", ways: ["inbox", "sandbox"] },
      { kind: "supply_cut_second_notice", ways: ["inbox"] },
    ]);
  });

  test("to reconnect that nobody proves becomes unknown, is told, and is tried anew", async () => {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    await station.dispatcher.turn();
    station.later(SECOND_MS);
    await home.reports("disconnected");
    await home.pay(500);
    station.answer = "unreachable";
    for (let i = 0; i < 4; i++) {
      await station.dispatcher.turn();
      station.later(10 * MINUTE_MS);
    }
    expect((await home.orders()).at(-1)).toBe("connect unknown");
    expect(await home.supply()).toMatchObject({ state: "unknown", desired: "connected" });
    expect(await home.story()).toContain("order_unknown");
    station.later(15 * MINUTE_MS);
    await station.engine.sweep();
    expect((await home.orders()).at(-1)).toBe("connect queued");
    station.answer = "sent";
    await station.dispatcher.turn();
    station.later(SECOND_MS);
    await home.reports("connected");
    expect(await home.supply()).toMatchObject({ state: "normal", reported: "connected" });
  });

  test("to cut by a trickle is proven by a trickle, and one to close is not", async () => {
    const closed = await station.moveIn("1", 100);
    await closed.goesBroke();
    await station.dispatcher.turn();
    station.policy = { ...station.policy, cutBy: "trickle" };
    const home = await station.moveIn("2", 100);
    await station.engine.sweep();
    await home.goesBroke();
    await station.dispatcher.turn();
    const waysOf = ({ meter }: { meter: bigint }) => [
      ...new Set(station.wire.filter(({ meterId }) => meterId === meter).map(({ cut }) => cut)),
    ];
    expect([waysOf(closed), waysOf(home)]).toEqual([[undefined], ["trickle"]]);
    station.later(SECOND_MS);
    await closed.reports("limited");
    expect(await closed.orders()).toEqual(["disconnect sent"]);
    await home.reports("limited");
    expect(await home.orders()).toEqual(["disconnect confirmed"]);
    expect(await home.supply()).toMatchObject({ state: "cut", desired: "disconnected", reported: "limited" });
    await home.pay(500);
    expect(await home.orders()).toEqual(["disconnect confirmed", "connect queued"]);
  });

  test("that the meter refuses is told and tried again", async () => {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    station.answer = "refused";
    await station.dispatcher.turn();
    expect(await home.story()).toContain("order_refused");
    station.answer = "sent";
    station.later(61 * SECOND_MS);
    await home.uses(201);
    await station.dispatcher.turn();
    expect(station.wire).toHaveLength(2);
  });

  test("is claimed once by two dispatchers at the same moment", async () => {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    const first = station.dispatcher;
    station.restart();
    await Promise.all([first.turn(), station.dispatcher.turn()]);
    expect(station.wire).toHaveLength(1);
    expect(await home.orders()).toEqual(["disconnect sent"]);
  });

  test("to reconnect goes before any order to cut", async () => {
    const cut = await station.moveIn("1", 100);
    await cut.goesBroke();
    await station.dispatcher.turn();
    station.later(SECOND_MS);
    await cut.reports("disconnected");
    const broke = await station.moveIn("2", 100);
    await station.engine.sweep(); // who moved in since the last sweep becomes known
    await broke.goesBroke();
    await cut.pay(300);
    station.wire.length = 0;
    await station.dispatcher.turn();
    expect(station.wire).toEqual([
      { meterId: cut.meter, action: "connect" },
      { meterId: broke.meter, action: "disconnect" },
    ]);
  });

  test("is given for a relay that opened by itself", async () => {
    const home = await station.moveIn("1", 100);
    await home.uses(1);
    await home.reports("disconnected");
    expect(await home.orders()).toEqual(["connect queued"]);
  });
});
