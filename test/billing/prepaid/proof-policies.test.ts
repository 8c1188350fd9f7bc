import pg from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { SECOND_MS } from "../../../domain/instant.ts";
import { day } from "../../../domain/period.ts";
import { noteContact } from "../../../ledger/contact-points.ts";
import { noticesOf } from "../../../ledger/notices.ts";
import { openDatabase } from "../../../schema/database.ts";
import { type Home, Station } from "./station.ts";

let station: Station;
beforeAll(async () => {
  station = await Station.open();
  await station.begin();
});
afterAll(() => station.close());

test("proofs tell by the ways of the policy, which is read once a minute, on the connection that the proof has", async () => {
  station.policy = { ...station.policy, channels: { restored: ["inbox"] } };
  const homes: Home[] = [];
  for (const number of ["1", "2", "3"]) homes.push(await station.moveIn(number, 0));
  const said = {
    language: "zh",
    from: day("2026-01-01"),
    active: true,
    verified: true,
    bills: true,
    consent: "",
  } as const;
  for (const { account } of homes)
    for (const channel of ["inbox", "webhook"] as const)
      await station.fresh.db.as(station.town.operatorId, (trx) =>
        noteContact(trx, account, { channel, address: "1", ...said }, { at: station.now, by: null }),
      );
  await station.owner.query(
    "update supply set state = 'cut', desired = 'disconnected', reported = 'disconnected' where operator_id = $1",
    [station.town.operatorId],
  );
  for (const home of homes) await home.pay(50);
  await station.dispatcher.turn();
  // A second connection would be waited for in vain.
  const db = openDatabase(station.fresh.url, { max: 1 });
  station.deps = { ...station.deps, db };
  station.restart();
  const asked = vi.spyOn(pg.Client.prototype, "query");
  try {
    for (const home of homes) {
      station.later(SECOND_MS);
      await home.reports("connected");
    }
    const texts = asked.mock.calls.map(([query]) =>
      typeof query === "string" ? query : ((query as { text?: string }).text ?? ""),
    );
    const taken = texts.filter((text) => text.includes("update sanbiao.control c set state = 'confirmed'"));
    const inProofs = texts.filter((text) => text.includes("policy_assignment"));
    expect([taken.length > 0, inProofs.length]).toEqual([true, 1]);
  } finally {
    asked.mockRestore();
    await db.close();
  }
  for (const { account } of homes) {
    const [notice] = await station.fresh.db.as(station.town.operatorId, (trx) => noticesOf(trx, account));
    expect([notice?.kind, notice?.deliveries.map(({ channel }) => channel)]).toEqual(["supply_restored", ["inbox"]]);
  }
});
