import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type LiveBus, liveBus } from "../../api/live.ts";
import { LiveEvent } from "../../api/schemas/event.ts";
import { liveTeller, type Teller } from "../../api/tell/teller.ts";
import { wake } from "../../billing/schedule.ts";
import { type Instant, instantOfIso, SECOND_MS } from "../../domain/instant.ts";
import { REGISTERS } from "../../domain/register.ts";
import { Station } from "../billing/prepaid/station.ts";
import { quiet } from "../support/mqtt.ts";

let station: Station;
let live: LiveBus;
let teller: Teller;
let heard: LiveEvent[];
beforeAll(async () => {
  station = await Station.open();
});
beforeEach(async () => {
  await station.begin();
  live = liveBus({ now: () => station.now });
  heard = [];
  live.subscribe(station.town.operatorId, ({ event }) => heard.push(LiveEvent.parse(event)));
  teller = liveTeller({
    live,
    db: station.fresh.db,
    clock: station.deps.clock,
    wall: station.deps.clock,
    log: quiet,
    utilityOf: (meterId) => (meterId > 0n ? "electricity" : undefined),
    zoneOf: () => "Asia/Shanghai",
  });
  station.deps = { ...station.deps, onEvent: (event) => teller.supply(event) };
  station.restart();
});
afterAll(() => station.close());

/** What was told since the last time one looked, in short. */
async function told(): Promise<string[]> {
  await teller.idle();
  return heard.splice(0).flatMap((event) => {
    if (event.kind === "supply")
      return [`${event.event}: ${event.state}, ${event.reported}, ${event.available?.amount ?? "?"}`];
    if (event.kind === "control") return [`${event.action} ${event.state}`];
    return event.kind === "bill_run" ? [`${event.state} ${event.done}+${event.refused}`] : [];
  });
}

describe("supplies", () => {
  test("are told step by step with what the books say, and their orders with them", async () => {
    const home = await station.moveIn("1", 100);
    await told();
    await home.goesBroke();
    expect(await told()).toEqual([
      "warned_2: warned_2, connected, -200.10",
      "cut_due: cut_due, connected, -202.10",
      "disconnect queued",
    ]);
    await station.dispatcher.turn();
    expect(await told()).toEqual(["cut_sent: cut_sent, connected, -202.10", "disconnect sent"]);
    station.later(SECOND_MS);
    await home.reports("disconnected");
    expect(await told()).toEqual(["cut_confirmed: cut, disconnected, -202.10", "disconnect confirmed"]);
    await home.pay(500);
    const { operatorId } = station.town;
    teller.supply({ operatorId, accountId: home.account, at: station.now, kind: "credit", detail: {} });
    expect((await told()).at(-1)).toBe("connect queued");
    await station.dispatcher.turn();
    station.later(SECOND_MS);
    await home.reports("connected");
    expect((await told()).slice(-2)).toEqual(["restored: normal, connected, 297.90", "connect confirmed"]);
  });

  test("a payment takes back the order to cut, and says so", async () => {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    await told();
    await home.pay(500);
    const { operatorId } = station.town;
    teller.supply({ operatorId, accountId: home.account, at: station.now, kind: "credit", detail: {} });
    expect(await told()).toContain("disconnect cancelled");
    expect(heard).toEqual([]);
  });

  test("carry meter and the time of the operator's zone; a payer without one is not told as one", async () => {
    const home = await station.moveIn("1", 100);
    const other = await station.town.account("postpaid");
    await home.goesBroke();
    await teller.idle();
    const meterId = String(home.meter);
    expect(heard.find((event) => event.kind === "control")).toMatchObject({ meterId, accountId: String(home.account) });
    expect(heard.find((event) => event.kind === "supply")).toMatchObject({ meterId });
    for (const event of heard) expect(event.at).toMatch(/^2026-11-\d\dT\d\d:\d\d:\d\d\+08:00$/);
    heard = [];
    const { operatorId } = station.town;
    teller.supply({ operatorId, accountId: other, at: station.now, kind: "credit", detail: {} });
    await teller.idle();
    expect(heard.map((event) => event.kind)).toEqual(["overview"]);
  });

  test("many events at once are told in two looks at the books", async () => {
    const homes = [await station.moveIn("1", 100), await station.moveIn("2", 100), await station.moveIn("3", 100)];
    await told();
    const { operatorId } = station.town;
    for (const home of [...homes, ...homes])
      teller.supply({ operatorId, accountId: home.account, at: station.now, kind: "warned_1", detail: {} });
    await teller.idle();
    expect(heard.filter((event) => event.kind === "supply")).toHaveLength(6);
    expect(heard.filter((event) => event.kind === "overview")).toHaveLength(2);
  });

  test("that cannot be read send the screens to the books, and the next is told", async () => {
    const home = await station.moveIn("1", 100);
    await told();
    const { operatorId } = station.town;
    const event = { operatorId, accountId: home.account, at: station.now, kind: "warned_1", detail: {} } as const;
    await station.owner.query("alter table supply rename to supply_away");
    teller.supply(event);
    await teller.idle();
    expect(heard.map(({ kind }) => kind)).toEqual(["overview"]);
    await station.owner.query("alter table supply_away rename to supply");
    await told();
    teller.supply(event);
    expect(await told()).toHaveLength(1);
  });
});

describe("a bill run", () => {
  const deps = () => ({ ...station.deps, onEvent: undefined });
  const december = instantOfIso("2026-12-02T00:00:00Z") as Instant;
  const livedIn = async (number: string): Promise<void> => {
    const home = await station.moveIn(number, 100);
    await station.town.readings(home.meter, "energy_import_kwh", [["2026-12-01T00:00:00+08:00", 1010]]);
  };

  test("is told while it is at work, not more often than each second, and at its end as its row stands", async () => {
    for (const number of ["1", "2", "3", "4"]) await livedIn(number);
    await station.moveIn("5", 100); // no reading at the month's end: left to a person
    station.now = december;
    await wake(deps(), { chunk: 1, lanes: 1, onRun: (news) => teller.billRun(news) });
    await teller.idle();
    expect(heard.map((event) => (event.kind === "bill_run" ? event.left : undefined))).toContain(4);
    expect(await told()).toEqual(["running 1+0", "done 4+1"]);
  });

  test("that goes on after a stop counts what was billed before", async () => {
    for (const number of ["1", "2", "3"]) await livedIn(number);
    station.now = december;
    let stopped = false;
    const stop = () => stopped;
    await wake(deps(), {
      chunk: 1,
      lanes: 1,
      stop,
      onRun: (news) => {
        stopped ||= news.operatorId === station.town.operatorId;
        teller.billRun(news);
      },
    });
    expect(await told()).toEqual(["running 1+0", "running 1+0"]);
    await wake(deps(), { chunk: 1, lanes: 1, onRun: (news) => teller.billRun(news) });
    expect(await told()).toEqual(["running 2+0", "done 3+0"]);
  });
});

describe("readings", () => {
  const reading = (register: keyof typeof REGISTERS, value: bigint, meterId = 7n) => ({
    operatorId: station.town.operatorId,
    meterId,
    register: REGISTERS[register].code,
    measuredAt: station.now,
    receivedAt: station.now,
    value,
    source: "mqtt" as const,
  });

  test("are told with name, utility, unit and local time; what nobody knows is passed over", () => {
    teller.readings([
      reading("energy_import_kwh", 1_500_000n),
      { ...reading("energy_import_kwh", 1n, 8n), register: 9_999 },
      reading("energy_import_kwh", 1n, -1n),
    ]);
    expect(heard).toEqual([
      {
        kind: "reading",
        at: "2026-11-01T10:00:00+08:00",
        meterId: "7",
        register: "energy_import_kwh",
        utility: "electricity",
        quantity: { value: "1.5", unit: "kWh" },
      },
    ]);
  });
});
