import { afterAll, beforeAll, expect, test } from "vitest";
import { moveIn } from "../../../billing/closing/move-in.ts";
import { DAY_MS, type Instant, instantOfIso, isoOf, SECOND_MS } from "../../../domain/instant.ts";
import { day } from "../../../domain/period.ts";
import { endAgreements } from "../../../ledger/account-closings.ts";
import { Home, Station } from "./station.ts";

let station: Station;
beforeAll(async () => {
  station = await Station.open();
  await station.begin();
});
afterAll(() => station.close());

test("whoever moves in where supply was cut for the last customer's debt is given it back, and owes nothing", async () => {
  const gone = await station.moveIn("1", 100);
  await gone.goesBroke();
  await station.dispatcher.turn();
  station.later(SECOND_MS);
  await station.town.readings(gone.meter, "relay_state", [[isoOf(station.now), 0]]);
  await gone.reports("disconnected");
  expect(await gone.supply()).toMatchObject({ state: "cut", reported: "disconnected" });
  station.now = instantOfIso("2026-11-02T09:00:00+08:00") as Instant;
  await station.town.readings(gone.meter, "energy_import_kwh", [["2026-11-02T00:00:00+08:00", 1201]]);
  const onDay = day("2026-11-02");
  const { operatorId } = station.town;
  await station.fresh.db.as(operatorId, (trx) => endAgreements(trx, gone.account, onDay));
  const { rows } = await station.owner.query<{ id: bigint }>(
    "select usage_point_id as id from agreement where account_id = $1",
    [gone.account],
  );
  const done = await moveIn(station.deps, {
    operatorId,
    fromDay: onDay,
    customer: { number: "2", name: "next", phone: "", address: "", paymentMode: "prepaid" },
    policyId: "test",
    points: rows.map(({ id }) => ({ pointId: id, tariffId: null })),
    facts: [],
    areaM2: null,
    customerClass: null,
    charges: [],
    depositAsked: null,
    by: null,
    key: "next",
    request: {},
  });
  const next = new Home(station, done.moveIn.accountId, gone.meter);
  station.wire = [];
  station.later(SECOND_MS);
  // The round of each minute learns who is where now.
  await station.engine.sweep();
  await next.pay(50);
  await station.dispatcher.turn();
  expect(station.wire).toMatchObject([{ meterId: gone.meter, action: "connect" }]);
  station.later(SECOND_MS);
  await station.town.readings(gone.meter, "relay_state", [[isoOf(station.now), 1]]);
  await next.reports("connected");
  expect(await next.supply()).toMatchObject({ desired: "connected", reported: "connected", available_minor: 5000n });
  station.later(DAY_MS);
  expect((await gone.orders()).filter((order) => /queued|sent/.test(order))).toEqual([]);
});
