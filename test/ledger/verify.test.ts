import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reversePayment, takePayment } from "../../billing/payment.ts";
import { runBills } from "../../billing/run.ts";
import { estimationPolicyOf } from "../../catalog/estimation/catalogue.ts";
import { DAY_MS, instant, instantOfIso, type Instant, isoOf, MINUTE_MS, SECOND_MS } from "../../domain/instant.ts";
import { money } from "../../domain/money.ts";
import { RATIO_ONE } from "../../domain/ratio.ts";
import { changeRatio } from "../../ledger/meter-care.ts";
import { day, monthOf, type Period, periodOfDays } from "../../domain/period.ts";
import { INVARIANTS, proveAll, verify } from "../../ledger/verify/verify.ts";
import { closeBalance } from "../../billing/balance/close.ts";
import { writeOffEnergy } from "../../ledger/balances.ts";
import { noteFloorArea, notePlacement, noteRule } from "../../ledger/topology.ts";
import { Station } from "../billing/prepaid/station.ts";
import { SmallTown } from "../support/town.ts";
import { hang } from "../support/building.ts";
import { NOTICE_DEEDS, serveByHand } from "./notice-deeds.ts";
import { loseAnOrder, repayEmergency, SUPPLY_DEEDS } from "./supply-deeds.ts";
import { BILL_RUN_DEEDS, beforeItsBills, releaseBill } from "./bill-run-deeds.ts";
import { ROOF_DEEDS, roofOfAHome } from "./roof.ts";
import { CORRECTION_DEEDS, correctAHome } from "./correction-deeds.ts";
import { CHARGE_DEEDS, chargeProperty, closeHome } from "./charge-deeds.ts";
import { COUNTER_DEEDS, serveAtCounter } from "./counter-deeds.ts";
import { DEVICE_DEEDS, giveTokens, tellDevice } from "./device-deeds.ts";

let station: Station;
let healthyUrl: string;
/** A month billed for three homes, one of them cut and brought back, a payment reversed, a conflict kept. */
beforeAll(async () => {
  station = await Station.open();
  await station.begin();
  const homes = [];
  for (const number of ["1", "2", "3"]) homes.push(await station.moveIn(number, 100));
  const [broke, paying, third] = homes;
  if (broke === undefined || paying === undefined || third === undefined) throw new Error("nobody moved in");
  const deed = { key: "pulse weight", reason: "a pulse weight", by: null, now: station.now };
  const halved = await station.fresh.db.as(station.town.operatorId, (trx) =>
    changeRatio(trx, deed, { meterId: third.meter, at: station.now, ratio: RATIO_ONE / 2n, dials: new Map() }),
  );
  expect(halved.kind).toBe("done");
  await broke.goesBroke();
  await station.dispatcher.turn();
  station.later(SECOND_MS);
  await station.town.readings(broke.meter, "relay_state", [[isoOf(station.now), 0]]);
  await broke.reports("disconnected");
  station.later(MINUTE_MS);
  await broke.pay(500);
  const extra = {
    operatorId: station.town.operatorId,
    accountId: paying.account,
    channel: "bank",
    key: "twice",
  } as const;
  const { journalId } = await takePayment(station.fresh.db, { ...extra, amount: money("CNY", 700n), at: station.now });
  await reversePayment(station.fresh.db, {
    operatorId: extra.operatorId,
    journalId,
    reason: "typed twice",
    at: station.now,
  });
  await station.owner.query(
    `insert into reading_conflict (operator_id, meter_id, register, measured_at, received_at, value, booked_value, source)
     select operator_id, meter_id, register, measured_at, received_at, value + 1, value, source from reading order by meter_id limit 1`,
  );
  await station.owner.query(
    `with reader as (insert into app_user (operator_id, login, name, password_hash, role)
       select operator_id, 'walker', 'Walker', '-', 'reader' from operator limit 1 returning operator_id, id)
     insert into manual_reading (operator_id, entry_id, meter_id, register, dial_value, book_value, phone_at, clock_offset_ms,
            measured_at, received_at, user_id, outcome, booked_at)
     select r.operator_id, 'entry-0001', r.meter_id, r.register, r.value, r.value, r.measured_at, 0, r.measured_at, r.received_at,
            reader.id, 'booked', r.measured_at
       from reading r join reader using (operator_id) where r.register = 1 order by r.measured_at limit 1`,
  );
  station.now = instantOfIso("2026-12-01T06:00:00+08:00") as Instant;
  for (const home of homes) await home.uses(300);
  const november = periodOfDays(day("2026-11-01"), day("2026-12-01"), "Asia/Shanghai");
  await station.fresh.db.as(station.town.operatorId, (trx) => chargeProperty(trx, broke.account, station.now));
  await station.fresh.db.as(station.town.operatorId, (trx) => loseAnOrder(trx, third, station.now));
  await station.fresh.db.as(station.town.operatorId, (trx) => serveByHand(trx, broke.account, station.now));
  const gone = await station.town.account("gone");
  const home = { operatorId: station.town.operatorId, accountId: gone };
  await station.fresh.db.as(home.operatorId, (trx) => closeHome(trx, home, station.now));
  const { issued } = await runBills(station.deps, station.town.operatorId, november);
  expect(issued).toHaveLength(3);
  await correctAHome(station);
  await estimateAHome();
  await balanceOfBuilding(
    november,
    homes.map((home) => home.account),
  );
  await tellDevice(station.fresh.db, station.town.operatorId, paying.meter, station.now);
  await giveTokens(station.fresh.db, station.town.operatorId, broke, station.now);
  await roofOfAHome(station, november);
  await station.fresh.db.as(home.operatorId, (trx) =>
    repayEmergency(trx, home.operatorId, paying.account, station.now),
  );
  await serveAtCounter(station.fresh.db, station.town.operatorId, paying.account, station.now);
  healthyUrl = station.fresh.ownerUrl;
});

/** A master over the three homes and a lamp of the stairs: closed, closed again under another rule, a part written off. */
async function balanceOfBuilding(november: Period, accounts: readonly bigint[]): Promise<void> {
  const { town, now, deps } = station;
  const at = "2026-11-01T00:00:00+08:00";
  const ends = (value: number): [string, number][] => [
    [at, 0],
    ["2026-12-01T00:00:00+08:00", value],
  ];
  const master = await hang(town, { serial: "master", at, points: ends(2000) });
  const lamp = await hang(town, { serial: "lamp", role: "customer", at, points: ends(30) });
  const fromDay = day("2026-11-01");
  const noted = { at: now, by: null };
  const rule = { fromDay, key: "area", lossAllowancePercent: "2", apportioned: ["common", "residue"] } as const;
  const closing = { masterPointId: master.point, period: november, by: 1n };
  const close = (reason: string) => closeBalance(deps, town.operatorId, { ...closing, reason });
  await deps.db.as(town.operatorId, async (trx) => {
    const placement = { usagePointId: lamp.point, fromDay, masterPointId: master.point, purpose: "common" } as const;
    await notePlacement(trx, placement, noted, () => false);
    for (const accountId of accounts) await noteFloorArea(trx, { accountId, fromDay, areaM2: "70" }, noted);
    await noteRule(trx, master.point, rule, noted);
  });
  expect(await close("")).toMatchObject({ kind: "closed", provisional: false });
  await deps.db.as(town.operatorId, (trx) =>
    noteRule(trx, master.point, { ...rule, lossAllowancePercent: "3" }, noted),
  );
  expect(await close("more loss is allowed")).toMatchObject({ kind: "superseded", closingNo: 2 });
  const off = {
    usagePointId: master.point,
    of: "residue",
    quantity: 1_000_000n,
    reason: "a leak",
    key: "off-1",
    by: 1n,
  } as const;
  expect(await deps.db.as(town.operatorId, (trx) => writeOffEnergy(trx, off))).toBe("posted");
}
afterAll(() => station.close());

/** Another operator's home whose October ended at an estimate that November's bill trued up, and November at another one. */
async function estimateAHome(): Promise<void> {
  const town = await SmallTown.found(station.owner, "estimated");
  const account = await town.account("1");
  const { meter } = await town.supply({ account, tariff: "power", from: "2026-10-01", serial: "silent" });
  await beforeItsBills(station.fresh.db, town.operatorId, account, station.now);
  const days = (values: Record<string, number>) =>
    town.readings(
      meter,
      "energy_import_kwh",
      Object.entries(values).map(([on, value]) => [`${on}T00:00:00+08:00`, value] as const),
    );
  await days({ "2026-10-01": 1000, "2026-10-09": 1010, "2026-10-20": 1030 });
  for (const month of ["2026-10", "2026-11"]) {
    const period = monthOf(instantOfIso(`${month}-10T00:00:00Z`) as Instant, "Asia/Shanghai");
    const clock = { now: () => instant(period.to + 10 * DAY_MS) };
    const deps = { ...station.deps, clock, estimation: estimationPolicyOf };
    const { issued, runId } = await runBills(deps, town.operatorId, period);
    expect(issued).toHaveLength(1);
    if (month === "2026-10")
      await station.fresh.db.as(town.operatorId, (trx) => releaseBill(trx, runId, account, station.now));
    if (month === "2026-10") await days({ "2026-11-10": 1040 });
  }
}

test("healthy books hold every invariant, and every one of them looked at something", async () => {
  const checks = await verify(station.owner);
  expect(checks.filter((check) => !check.ok)).toEqual([]);
  expect(checks.map((check) => check.name)).toEqual(INVARIANTS.map((invariant) => invariant.name));
  // No conflict-free invariant may pass because it looked nowhere.
  expect(checks.filter((check) => check.counted === 0).map((check) => check.name)).toEqual([]);
});

test("a role that row-level security binds is refused: it would see nothing and find nothing", async () => {
  const bound = new pg.Pool({ connectionString: healthyUrl, options: "-c role=sanbiao_service", max: 1 });
  await expect(verify(bound)).rejects.toThrow(/row-level security|permission/);
  await bound.end();
});

/** What a superuser can do to the books, and the invariant that names it. Guards are off for the deed and on again after it. */
const deeds: [title: string, sql: string, named: string][] = [
  ...CHARGE_DEEDS,
  ...BILL_RUN_DEEDS,
  ...CORRECTION_DEEDS,
  ...NOTICE_DEEDS,
  ...SUPPLY_DEEDS,
  ...DEVICE_DEEDS,
  ...COUNTER_DEEDS,
  [
    "a posting changed",
    "update posting set amount_minor = amount_minor + 1 where line = 1 and journal_id = 1",
    "entries-balance",
  ],
  ["an entry emptied", "delete from posting where journal_id = 1", "entries-balance"],
  ["an entry deleted, its postings left", "delete from journal where id = 1", "postings-belong"],
  [
    "a balance helped up",
    "update customer_balance set owed_minor = owed_minor - 100 where account_id = 1",
    "balances-sum",
  ],
  ["a balance deleted", "delete from customer_balance where account_id = 1", "balances-sum"],
  [
    "a payment reversed twice",
    "update journal set cause = cause || '{\"reverses\": \"1\"}' where kind = 'reversal'",
    "reversals-mirror",
  ],
  ["a bill line deleted", "delete from bill_line where line = 1 and bill_id = 1", "bill-totals"],
  ["a bill line without a bill", "update bill_line set bill_id = 99 where bill_id = 1", "bill-parts"],
  [
    "a bill's total and line raised together",
    "update bill set total_minor = total_minor + 5 where id = 1; update bill_line set amount_minor = amount_minor + 5 where bill_id = 1 and line = 1",
    "bills-posted",
  ],
  ["a bill deleted", "delete from bill where id = 2", "entries-billed"],
  ["a bill number skipped", "update bill set number = '2026-000009' where id = 2", "bill-numbers"],
  [
    "a bill's period stretched over another's",
    "insert into bill (operator_id, account_id, number, period_from, period_to, issued_on, due_on, currency, total_minor) select operator_id, account_id, '2026-000004', period_from - interval '1 day', period_to, issued_on, due_on, currency, 0 from bill where id = 1",
    "bill-periods",
  ],
  ["billed usage raised", "update billed_usage set quantity = quantity + 1000000 where bill_id = 1", "usage-adds-up"],
  [
    "a reading lowered after it was billed",
    "update reading set value = value - 999000000 where register = 1 and measured_at > '2026-11-30'",
    "usage-readings",
  ],
  [
    "a priced quantity changed",
    "update bill_line set quantity = quantity + 1 where bill_id = 1 and line = 1",
    "energy-lines",
  ],
  ["a true-up closed with another difference", "update true_up_closing set difference = difference + 1", "true-ups"],
  ["a true-up of another value than was billed", "update true_up set value = value + 1", "true-ups"],
  [
    "a true-up closed by the bill that opened it",
    "update true_up_closing set bill_id = true_up.bill_id from true_up",
    "true-ups",
  ],
  ["a true-up deleted", "delete from true_up where at > '2026-11-10'", "estimates-open"],
  [
    "a correction moved into its own bill's period",
    "update bill_line set corrects_bill_id = null where corrects_bill_id is not null",
    "bill-parts",
  ],
  [
    "a correction of nothing",
    "update billed_usage set corrects_bill_id = 4711 where corrects_bill_id is not null",
    "bill-parts",
  ],
  [
    "readings of a meter that nobody knows",
    "insert into reading select operator_id, 4711, register, measured_at, received_at, value, source from reading limit 1",
    "readings-known",
  ],
  [
    "a reading from tomorrow",
    "update reading set received_at = measured_at - interval '2 days' where register = 60",
    "readings-future",
  ],
  [
    "a reading twice",
    "alter table reading drop constraint reading_pkey; insert into reading select * from reading limit 1",
    "readings-unique",
  ],
  [
    "a reading entered by hand that never reached the book",
    "update manual_reading set booked_at = booked_at + interval '1 s'",
    "hand-readings",
  ],
  [
    "a conflict whose booked reading changed",
    "update reading set value = value + 7 where (meter_id, register, measured_at) in (select meter_id, register, measured_at from reading_conflict)",
    "conflicts-booked",
  ],
  [
    "rows of an operator that nobody knows",
    "insert into verdict (operator_id, meter_id, register, from_at, to_at, rule, rule_version, result, inputs, judged_at) values (99, 1, 1, now(), now(), 'x', 1, 'normal', '{}', now())",
    "operators-known",
  ],
  ["row-level security switched off", "alter table bill disable row level security", "rows-secured"],
  [
    "a second, wider policy",
    "create policy everybody on account to sanbiao_service using (operator_id is not null)",
    "rows-secured",
  ],
  ["a guard dropped", "drop trigger append_only_row on bill", "append-only"],
  ["a guard of one month switched off", "alter table reading_202611 disable trigger append_only_all", "append-only"],
  ["a right given to the service", "grant update on posting to sanbiao_service", "append-only"],
  ["the check of entries switched off", "alter table posting disable trigger posting_written", "entries-guarded"],
  [
    "the key of a table replaced",
    "alter table customer_balance drop constraint customer_balance_pkey, add primary key (account_id, operator_id, currency)",
    "keys-by-operator",
  ],
  [
    "a constraint that was never checked",
    "alter table account add constraint later check (id > 99999) not valid",
    "constraints-hold",
  ],
  [
    "a month's unique key marked broken",
    "update pg_index set indisvalid = false where indexrelid = 'reading_202611_pkey'::regclass",
    "readings-month",
  ],
  ["a verdict that ends before it begins", "update verdict set to_at = from_at - interval '1 h'", "verdicts-known"],
  [
    "a meter hung in two places",
    "update installation set meter_id = (select min(meter_id) from installation)",
    "installations-apart",
  ],
  [
    "a ratio changed after it was billed",
    "update meter_ratio set ratio = 7 where reason = 'a pulse weight'",
    "usage-dials",
  ],
  ["a stay that shows another ratio", "update installation set ratio = 9 where id = 1", "ratios-known"],
  [
    "a last dial of a meter that still hangs there",
    "insert into installation_reading (operator_id, installation_id, edge, register, dial, event_id) select operator_id, 1, 'final', 1, 0, id from meter_event limit 1",
    "meter-events",
  ],
  ...ROOF_DEEDS,
  [
    "an energy posting changed",
    "update energy_posting set quantity = quantity + 1 where energy_account = 'billed' and entry_id = 1",
    "energy-balanced",
  ],
  [
    "billed energy and its meter lowered together",
    "update energy_posting set quantity = quantity - 5 where energy_account = 'billed' and entry_id = 1; update energy_posting set quantity = quantity + 5 where energy_account = 'metered' and entry_id = 1",
    "energy-billed",
  ],
  [
    "an energy entry deleted",
    "delete from energy_posting where entry_id = 1; delete from energy_entry where id = 1",
    "energy-billed",
  ],
  [
    "a register's end moved in the energy book",
    "update energy_posting set end_value = end_value + 1, quantity = quantity - 1 where energy_account = 'metered' and entry_id = 1; update energy_posting set quantity = quantity + 1 where energy_account = 'billed' and entry_id = 1",
    "energy-registers",
  ],
  [
    "a stretch between two bills forgotten",
    "insert into energy_entry (operator_id, usage_point_id, kind, idempotency_key, unit, period_from, period_to, bill_id) select operator_id, usage_point_id, kind, 'next', unit, period_to, period_to + interval '1 day', 99 from energy_entry where id = 1; insert into energy_posting (operator_id, entry_id, line, energy_account, quantity, meter_id, register, from_at, to_at, start_value, end_value, plain) select p.operator_id, e.id, 1, 'metered', 0, meter_id, register, to_at, to_at + interval '1 day', end_value + 9, end_value + 9, true from energy_posting p join energy_entry e on e.idempotency_key = 'next' where p.entry_id = 1 and p.energy_account = 'metered'",
    "energy-registers",
  ],
  [
    "a loss made smaller in the energy book",
    "update energy_posting set quantity = quantity - 1 where energy_account = 'loss'; update energy_posting set quantity = quantity + 1 where energy_account = 'residue' and entry_id in (select entry_id from energy_posting where energy_account = 'loss')",
    "energy-masters",
  ],
  [
    "a superseded balance whose energy was not taken back",
    "delete from energy_posting where entry_id in (select id from energy_entry where kind = 'balance_superseded'); delete from energy_entry where kind = 'balance_superseded'",
    "energy-masters",
  ],
  [
    "a write-off without its reason",
    "update energy_entry set reason = ' ' where kind = 'write_off'",
    "energy-written-off",
  ],
  [
    "a master's quantity raised",
    "alter table building_balance drop constraint building_balance_check; update building_balance set master_quantity = master_quantity + 7",
    "balances-add-up",
  ],
  ["a part of a balance deleted", "delete from balance_part where purpose = 'common'", "balances-add-up"],
  [
    "a share raised",
    "update apportioned_share set quantity = quantity + 10000 where account_id = 1",
    "balances-add-up",
  ],
  ["a superseded balance deleted", "delete from building_balance where closing_no = 1", "balances-superseded"],
  [
    "the guard of the energy book switched off",
    "alter table energy_posting disable trigger energy_balances",
    "entries-guarded",
  ],
  ["a table given to the service", "alter table account owner to sanbiao_service", "service-bound"],
];

test("every invariant has a deed that breaks it", () => {
  expect(INVARIANTS.map(({ name }) => name).filter((name) => !deeds.some(([, , named]) => named === name))).toEqual([]);
});

test.each(deeds)("%s is found and named", async (_title, sql, named) => {
  const client = await station.owner.connect();
  try {
    // As a superuser who switches triggers off: nothing but verify is left to notice.
    await client.query(`begin; set local session_replication_role = replica; ${sql}`);
    const failed = (await proveAll(client)).filter((check) => !check.ok);
    expect(failed.map((check) => check.name)).toContain(named);
    expect(failed.find((check) => check.name === named)?.examples[0]).toMatch(/\w/);
  } finally {
    await client.query("rollback");
    client.release();
  }
});
