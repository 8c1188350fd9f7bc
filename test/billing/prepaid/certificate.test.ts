import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkCertificates } from "../../../billing/prepaid/check-certificate.ts";
import { HOUR_MS, isoOf, MINUTE_MS, SECOND_MS } from "../../../domain/instant.ts";
import { readCertificates } from "../../../ledger/certificates.ts";
import { closeByPerson } from "../../../ledger/work-orders.ts";
import { type Home, Station } from "./station.ts";

let station: Station;
beforeAll(async () => {
  station = await Station.open();
});
beforeEach(() => station.begin());
afterAll(() => station.close());

const certificates = (home: Home) =>
  station.fresh.db.as(station.town.operatorId, (trx) => readCertificates(trx, { accountId: home.account, limit: 100 }));
const exported = async (home: Home) => ({
  format: "sanbiao-cut-certificate/1",
  operator: "x",
  certificates: (await certificates(home)).map(({ number, hash, body }) => ({ number: String(number), hash, body })),
});
async function cutHome(): Promise<Home> {
  const home = await station.moveIn("1", 100);
  await home.goesBroke();
  await station.dispatcher.turn();
  station.later(SECOND_MS);
  await station.town.readings(home.meter, "current_l1_a", [[isoOf(station.now), 0]]);
  await home.reports("disconnected");
  return home;
}
const workOrders = async () =>
  (
    await station.owner.query(
      "select id, closed_at is null as open, proof_at is not null as proven, note from work_order where operator_id = $1 order by id",
      [station.town.operatorId],
    )
  ).rows;

describe("the certificate of a cut", () => {
  test("tells balance, readings, tariffs, warnings, guards, policy and who approved, and then what was seen", async () => {
    const home = await cutHome();
    const [order, evidence] = (await certificates(home)).map(({ body }) => JSON.parse(body));
    expect(order).toMatchObject({
      number: "1",
      previous: "0".repeat(64),
      order: { attempt: "1", action: "disconnect" },
      meter: { serial: "m1" },
      balance: { currency: "CNY", ledger: "100.00", postings: "1", cutBelow: "0" },
      policy: { id: "test", version: "1" },
      approver: { kind: "engine" },
    });
    expect(order.use[0].tariffs).toMatchObject([{ id: "power", version: "1" }]);
    expect(order.use[0].readings).toMatchObject([
      { register: "energy_import_kwh", first: { micro: "1000000000" }, last: { micro: "1201000000", ageMs: "0" } },
    ]);
    expect(order.notices.warnings.map(({ kind }: { kind: string }) => kind)).toEqual(["warned_2"]);
    expect(order.guards).toContainEqual({ guard: "protected_hours", passes: true });
    expect(evidence).toMatchObject({
      number: "2",
      of: { number: "1" },
      readBack: { position: "disconnected" },
      currents: [{ micro: "0" }],
    });
    expect(checkCertificates(JSON.stringify(await exported(home)))).toMatchObject({ ok: true, certificates: 2 });
  });

  test.each<[what: string, (body: string) => string, says: string]>([
    ["a text that was changed", (body) => body.replace('"postings":"1"', '"postings":"2"'), "not what was hashed"],
    ["a guard", (body) => body.replace('"passes":true', '"passes":false'), "not what was hashed"],
  ])("is refused offline with %s", async (_what, change, says) => {
    const chain = await exported(await cutHome());
    const [first] = chain.certificates;
    if (first === undefined) throw new Error("no certificate");
    const forged = { ...chain, certificates: [{ ...first, body: change(first.body) }, ...chain.certificates.slice(1)] };
    expect(JSON.stringify(checkCertificates(JSON.stringify(forged)))).toContain(says);
  });

  test("is refused offline when one was taken out of the chain", async () => {
    const home = await cutHome();
    await home.pay(1);
    const chain = await exported(home);
    const [first, second] = chain.certificates;
    const gap = { ...chain, certificates: [second, first] };
    expect(checkCertificates(JSON.stringify(gap))).toMatchObject({ kind: "checked", ok: false });
    expect(checkCertificates("{}")).toMatchObject({ kind: "unreadable" });
  });

  test("must be there before the database lets an order be called sent", async () => {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    await expect(
      station.owner.query("update control set state = 'sent', sent_at = now(), attempts = 1 where account_id = $1", [
        home.account,
      ]),
    ).rejects.toThrow("has no certificate for sending 1");
    await station.dispatcher.turn();
    await expect(
      station.owner.query("update control set attempts = 2 where account_id = $1", [home.account]),
    ).rejects.toThrow("has no certificate for sending 2");
    await expect(
      station.owner.query("update cut_certificate set body = '{}' where account_id = $1", [home.account]),
    ).rejects.toThrow();
  });

  test("is written again for a further sending, on what is known then", async () => {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    await station.dispatcher.turn();
    station.later(61 * SECOND_MS);
    await home.uses(202);
    await station.dispatcher.turn();
    const bodies = (await certificates(home)).map(({ body }) => JSON.parse(body));
    expect(bodies.map(({ order }) => order.attempt)).toEqual(["1", "2"]);
    expect(bodies[0].balance.available).not.toEqual(bodies[1].balance.available);
  });
});

describe("an order to cut that waited", () => {
  test("longer than it is valid never leaves; a new one is decided on what is known then", async () => {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    station.later(HOUR_MS);
    await station.town.readings(home.meter, "energy_import_kwh", [[isoOf(station.now), 1202]]);
    await station.dispatcher.turn();
    expect(station.wire).toEqual([]);
    expect(await home.orders()).toEqual(["disconnect cancelled", "disconnect queued"]);
    await station.dispatcher.turn();
    expect(station.wire).toHaveLength(1);
  });

  test("for a meter that is no longer the supply's does not leave", async () => {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    await station.owner.query("delete from supply where account_id = $1", [home.account]);
    await station.dispatcher.turn();
    expect(station.wire).toEqual([]);
    expect(await home.orders()).toEqual(["disconnect cancelled"]);
  });
});

describe("an order that ends unknown", () => {
  async function unknown(): Promise<Home> {
    const home = await station.moveIn("1", 100);
    await home.goesBroke();
    for (let i = 0; i < 4; i++) {
      await station.dispatcher.turn();
      station.later(5 * MINUTE_MS);
      await home.uses(202 + i);
    }
    expect(await home.orders()).toEqual(["disconnect unknown"]);
    return home;
  }

  test("opens a work order that a later position closes", async () => {
    const home = await unknown();
    expect(await workOrders()).toMatchObject([{ open: true }]);
    station.later(SECOND_MS);
    await home.reports("connected");
    expect(await workOrders()).toMatchObject([{ open: false, proven: true }]);
  });

  test("opens a work order that a person closes once, with what was found", async () => {
    await unknown();
    const [{ id }] = await workOrders();
    const close = () =>
      station.fresh.db.as(station.town.operatorId, (trx) =>
        closeByPerson(trx, id, { by: 7n, note: "the relay sticks", now: station.now }),
      );
    expect(await Promise.all([close(), close()])).toEqual(expect.arrayContaining(["done", "closed"]));
    expect(await workOrders()).toMatchObject([{ open: false, proven: false, note: "the relay sticks" }]);
  });
});
