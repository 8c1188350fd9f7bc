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
