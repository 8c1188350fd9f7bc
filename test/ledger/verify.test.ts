import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reversePayment, takePayment } from "../../billing/payment.ts";
import { runBills } from "../../billing/run.ts";
import { estimationPolicyOf } from "../../catalog/estimation/catalogue.ts";
import { DAY_MS, instant, instantOfIso, type Instant, isoOf, MINUTE_MS, SECOND_MS } from "../../domain/instant.ts";
import { money } from "../../domain/money.ts";
import { day, monthOf, periodOfDays } from "../../domain/period.ts";
import { INVARIANTS, proveAll, verify } from "../../ledger/verify/verify.ts";
import { Station } from "../billing/prepaid/station.ts";
import { SmallTown } from "../support/town.ts";

let station: Station;
let healthyUrl: string;

/** A month billed for three homes, one of them cut and brought back, a payment reversed, a conflict kept. */
beforeAll(async () => {
  station = await Station.open();
  await station.begin();
  const homes = [];
  for (const number of ["1", "2", "3"]) homes.push(await station.moveIn(number, 100));
  const [broke, paying] = homes;
  if (broke === undefined || paying === undefined) throw new Error("nobody moved in");
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
  station.now = instantOfIso("2026-12-01T06:00:00+08:00") as Instant;
  for (const home of homes) await home.uses(300);
  const november = periodOfDays(day("2026-11-01"), day("2026-12-01"), "Asia/Shanghai");
  const { issued } = await runBills(station.deps, station.town.operatorId, november);
  expect(issued).toHaveLength(3);
  await estimateAHome();
  healthyUrl = station.fresh.ownerUrl;
});
afterAll(() => station.close());

/** Another operator's home whose October ended at an estimate that November's bill trued up, and November at another one. */
async function estimateAHome(): Promise<void> {
  const town = await SmallTown.found(station.owner, "estimated");
  const account = await town.account("1");
  const { meter } = await town.supply({ account, tariff: "power", from: "2026-10-01", serial: "silent" });
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
    expect((await runBills(deps, town.operatorId, period)).issued).toHaveLength(1);
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
    "a conflict whose booked reading changed",
    "update reading set value = value + 7 where (meter_id, register, measured_at) in (select meter_id, register, measured_at from reading_conflict)",
    "conflicts-booked",
  ],
  [
    "a cut called proven",
    "update control set read_back_at = sent_at - interval '1 s' where state = 'confirmed'",
    "controls-proven",
  ],
  ["the proof of a cut deleted", "delete from reading where register = 60", "controls-proven"],
  [
    "two open controls of one meter",
    "drop index control_open; insert into control (operator_id, meter_id, account_id, action, reason, created_at, not_before) select operator_id, meter_id, account_id, action, reason, created_at, not_before from control where state = 'queued'",
    "controls-single",
  ],
  [
    "a supply wanted off in stage normal",
    "update supply set desired = 'disconnected' where state not like 'cut%'",
    "supply-desired",
  ],
  ["the warning before a cut deleted", "delete from supply_event where kind = 'warned_2'", "cuts-warned"],
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
  ["the check of entries switched off", "alter table posting disable trigger entry_balances", "entries-guarded"],
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
    "a control that was never sent called unknown",
    "update control set state = 'unknown', sent_at = null, closed_at = now() where state = 'queued'",
    "controls-times",
  ],
  [
    "a supply whose account is paid after use",
    "update account set payment_mode = 'postpaid' where id = 1",
    "supply-known",
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
