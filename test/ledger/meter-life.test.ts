import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Instant, instantOfIso, MINUTE_MS } from "../../domain/instant.ts";
import { day } from "../../domain/period.ts";
import type { Micro } from "../../domain/quantity.ts";
import { RATIO_ONE, ratioOf } from "../../domain/ratio.ts";
import { changeRatio, setCalibration, setSeal } from "../../ledger/meter-care.ts";
import type { Deed, LifeOutcome } from "../../ledger/meter-event.ts";
import { exchangeMeter, installMeter, registerMeter, removeMeter } from "../../ledger/meter-life.ts";
import { marksOf, seriesWithin } from "../../ledger/vee.ts";
import type { Transaction } from "kysely";
import type { Tables } from "../../schema/tables.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let account: bigint;
let meter: bigint;
let point: bigint;
let spare: bigint;
let keys = 0;

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});
beforeEach(async () => {
  town = await SmallTown.found(owner, `life-${++keys}`);
  account = await town.account("A");
  ({ meter, point } = await town.supply({ account, tariff: "flat", from: "2026-01-01", serial: "OLD" }));
  spare = await town.meter("SPARE");
  await town.readings(meter, "energy_import_kwh", [
    ["2026-03-01T00:00:00+08:00", 100],
    ["2026-03-20T00:00:00+08:00", 150],
  ]);
});

const at = (text: string): Instant => instantOfIso(`2026-${text}:00+08:00`) ?? (0 as Instant);
const NOW = at("03-21T12:00");
const deed = (key = `k${++keys}`): Deed => ({ key, reason: "worn out", by: null, photo: "sha256:00", now: NOW });
const dial = (units: number): Map<"energy_import_kwh", Micro> => new Map([["energy_import_kwh", BigInt(units * 1e6)]]);
const inTown = <T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> => fresh.db.as(town.operatorId, work);
const exchange = (more: object = {}, of = deed()): Promise<LifeOutcome> =>
  inTown((trx) =>
    exchangeMeter(trx, of, {
      meterId: meter,
      newMeterId: spare,
      at: at("03-21T10:00"),
      final: dial(151),
      initial: dial(0),
      ...more,
    }),
  );
const events = async () =>
  (
    await owner.query<{ kind: string; serial: string }>(
      `select e.kind, m.serial from meter_event e join meter m using (operator_id) where e.operator_id = $1 and m.id = e.meter_id order by e.id`,
      [town.operatorId],
    )
  ).rows.map(({ kind, serial }) => `${kind} ${serial}`);
const stays = async () =>
  (
    await owner.query<{ text: string }>(
      `select format('%s %s..%s', m.serial, to_char(installed_at at time zone 'Asia/Shanghai', 'MM-DD HH24:MI'),
              to_char(removed_at at time zone 'Asia/Shanghai', 'MM-DD HH24:MI')) as text
         from installation i join meter m on m.operator_id = i.operator_id and m.id = i.meter_id
        where i.operator_id = $1 order by installed_at, i.id`,
      [town.operatorId],
    )
  ).rows.map(({ text }) => text);

test("an exchange ends one stay, begins another and leaves an event at both meters", async () => {
  expect(await exchange()).toMatchObject({ kind: "done", meterId: spare, rebill: [] });
  expect(await stays()).toEqual(["OLD 01-01 00:00..03-21 10:00", "SPARE 03-21 10:00.."]);
  expect(await events()).toEqual(["exchanged OLD", "installed SPARE"]);
});

test("the same request again is already done, another one under its key is different, and neither does anything", async () => {
  await exchange({}, deed("once"));
  expect(await exchange({}, deed("once"))).toMatchObject({ kind: "already", meterId: meter });
  expect(await exchange({ final: dial(152) }, deed("once"))).toMatchObject({ kind: "different" });
  expect(await stays()).toHaveLength(2);
});

test("of two clerks who exchange the same meter at once one does it and the other is told", async () => {
  const other = await town.meter("OTHER");
  const outcomes = await Promise.all([exchange(), exchange({ newMeterId: other })]);
  expect(outcomes.map((outcome) => (outcome.kind === "refused" ? outcome.reason : outcome.kind)).sort()).toEqual([
    "done",
    "not_installed",
  ]);
  expect(await stays()).toHaveLength(2);
});

test("a double click of the same request does it once", async () => {
  const of = deed("double");
  const outcomes = await Promise.all([exchange({}, of), exchange({}, of), exchange({}, of)]);
  expect(outcomes.map(({ kind }) => kind).sort()).toEqual(["already", "already", "done"]);
});

describe("refused, and nothing is written:", () => {
  const cases: [reason: string, what: () => Promise<LifeOutcome>][] = [
    ["future", () => exchange({ at: at("03-21T12:01") })],
    ["same_meter", () => exchange({ newMeterId: meter })],
    ["unknown_meter", () => exchange({ newMeterId: 4711n })],
    ["below_booked", () => exchange({ final: dial(149) })],
    ["not_installed", () => exchange({ at: at("01-01T00:00") })],
    ["wrong_register", () => exchange({ final: new Map([["volume_m3", 1n]]) })],
    ["wrong_utility", async () => exchange({ newMeterId: await town.meter("W", "water") })],
    [
      "elsewhere",
      async () => {
        const other = await town.supply({ account, tariff: "flat", from: "2026-01-01", serial: "ELSE" });
        return exchange({ newMeterId: other.meter });
      },
    ],
    [
      "point_taken",
      () =>
        inTown((trx) =>
          installMeter(trx, deed(), {
            meterId: spare,
            usagePointId: point,
            at: NOW,
            ratio: RATIO_ONE,
            capacityPerHour: "10",
            initial: dial(0),
          }),
        ),
    ],
    [
      "unknown_point",
      () =>
        inTown((trx) =>
          installMeter(trx, deed(), {
            meterId: spare,
            usagePointId: 4711n,
            at: NOW,
            ratio: RATIO_ONE,
            capacityPerHour: "10",
            initial: dial(0),
          }),
        ),
    ],
    ["not_installed", () => inTown((trx) => removeMeter(trx, deed(), { meterId: spare, at: NOW, final: dial(1) }))],
    ["below_booked", () => inTown((trx) => removeMeter(trx, deed(), { meterId: meter, at: NOW, final: dial(1) }))],
    [
      "nothing_changes",
      () => inTown((trx) => changeRatio(trx, deed(), { meterId: meter, at: NOW, ratio: RATIO_ONE, dials: new Map() })),
    ],
    [
      "not_installed",
      () =>
        inTown((trx) => changeRatio(trx, deed(), { meterId: spare, at: NOW, ratio: 2n * RATIO_ONE, dials: new Map() })),
    ],
    [
      "serial_taken",
      () => inTown((trx) => registerMeter(trx, deed(), { serial: "OLD", utility: "water", profileId: "p" })),
    ],
    [
      "unknown_wire",
      () =>
        inTown((trx) =>
          registerMeter(trx, deed(), { serial: "NEW", utility: "water", profileId: "p", busId: 99n, unitId: 1 }),
        ),
    ],
    [
      "seal_unknown",
      () =>
        inTown((trx) => setSeal(trx, deed(), { meterId: meter, number: "S1", act: "broken", at: NOW, person: "Li" })),
    ],
    [
      "due_before",
      () =>
        inTown((trx) =>
          setCalibration(trx, deed(), {
            meterId: meter,
            verifiedOn: day("2026-03-01"),
            certificate: "C",
            dueOn: day("2026-03-01"),
          }),
        ),
    ],
  ];
  test.each(cases)("%s", async (reason, what) => {
    expect(await what()).toMatchObject({ kind: "refused", reason });
    expect(await events()).toEqual([]);
  });
});

test("a removed meter cannot be removed again, and comes back only after it was gone", async () => {
  const gone = { meterId: meter, at: at("03-21T10:00"), final: dial(151) };
  expect(await inTown((trx) => removeMeter(trx, deed(), gone))).toMatchObject({ kind: "done" });
  expect(await inTown((trx) => removeMeter(trx, deed(), gone))).toMatchObject({ reason: "not_installed" });
  const back = { meterId: meter, usagePointId: point, ratio: RATIO_ONE, capacityPerHour: "10", initial: dial(151) };
  expect(await inTown((trx) => installMeter(trx, deed(), { ...back, at: at("03-21T09:00") }))).toMatchObject({
    reason: "elsewhere",
  });
  expect(await inTown((trx) => installMeter(trx, deed(), { ...back, at: at("03-21T10:00") }))).toMatchObject({
    kind: "done",
  });
});

test("a new meter of a prepaid home takes over its supply and its open order", async () => {
  const home = await town.account("P", "prepaid");
  const flat = await town.supply({ account: home, tariff: "flat", from: "2026-01-01", serial: "RELAY" });
  await town.prepaid(home, flat.meter, "station");
  await owner.query(
    `insert into control (operator_id, meter_id, account_id, action, reason, created_at, not_before, state, sent_at, attempts)
     values ($1, $2, $3, 'connect', '{"paid":"yes"}', now(), now(), 'sent', now(), 1)`,
    [town.operatorId, flat.meter, home],
  );
  const outcome = await exchange({ meterId: flat.meter, final: new Map() });
  expect(outcome.kind).toBe("done");
  const { rows } = await owner.query(
    `select c.meter_id = $2 as is_new, c.action, c.state, s.meter_id = $2 as moved, s.reported
       from control c join supply s using (operator_id, account_id) where operator_id = $1 order by c.id`,
    [town.operatorId, spare],
  );
  expect(rows).toEqual([
    { is_new: false, action: "connect", state: "cancelled", moved: true, reported: "unknown" },
    { is_new: true, action: "connect", state: "queued", moved: true, reported: "unknown" },
  ]);
});

test("a new ratio goes into readings received two minutes after it was recorded, and the capacity grows with it", async () => {
  const change = { meterId: meter, at: at("03-10T00:00"), ratio: ratioOf("2.5") ?? 0n, dials: new Map() };
  expect(await inTown((trx) => changeRatio(trx, deed(), change))).toMatchObject({ kind: "done" });
  const applied = async (measured: string, receivedAt: number) =>
    (
      await owner.query<{ r: string }>("select applied_ratio($1, $2, $3, $4, 1::smallint)::text as r", [
        town.operatorId,
        meter,
        new Date(at(measured)),
        new Date(receivedAt),
      ])
    ).rows[0]?.r;
  expect(await applied("03-21T12:00", NOW + 2 * MINUTE_MS - 1)).toBe("1.000000000");
  expect(await applied("03-21T12:00", NOW + 2 * MINUTE_MS)).toBe("2.500000000");
  expect(await applied("03-09T12:00", NOW + 2 * MINUTE_MS)).toBe("1.000000000");
  const { rows } = await owner.query("select ratio, capacity_per_hour from installation where meter_id = $1", [meter]);
  expect(rows).toEqual([{ ratio: "2.500000000", capacity_per_hour: "25.000000" }]);
});

test("a seal is fixed once, broken where it hangs, and free again", async () => {
  const other = await town.meter("OTHER");
  const seal = (act: "fixed" | "broken", meterId: bigint) =>
    inTown((trx) => setSeal(trx, deed(), { meterId, number: "S-7", act, at: NOW, person: "Li" }));
  expect(await seal("fixed", meter)).toMatchObject({ kind: "done" });
  expect(await seal("fixed", other)).toMatchObject({ reason: "seal_in_use" });
  expect(await seal("broken", other)).toMatchObject({ reason: "seal_unknown" });
  expect(await seal("broken", meter)).toMatchObject({ kind: "done" });
  expect(await seal("fixed", other)).toMatchObject({ kind: "done" });
});

test("validation sees one series at the ratio of the day's end: neither a late ratio nor its change looks like use", async () => {
  const change = { meterId: meter, at: at("03-10T00:00"), ratio: 2n * RATIO_ONE, dials: new Map() };
  expect(await inTown((trx) => changeRatio(trx, deed(), change))).toMatchObject({ kind: "done" });
  const period = { from: at("02-28T00:00"), to: at("03-21T00:00") };
  const [series] = await inTown((trx) => seriesWithin(trx, [meter], ["energy_import_kwh"], period));
  expect(series?.value).toEqual([200e6, 300e6]);
  const asked = [{ meterId: meter, register: "energy_import_kwh" }] as const;
  const marks = await inTown((trx) =>
    marksOf(trx, asked, [at("03-01T12:00")], { notOlder_ms: 86_400_000, asOf: at("03-09T00:00") }),
  );
  expect(marks.map(({ value }) => value)).toEqual([100e6]);
});
