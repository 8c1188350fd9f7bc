import type { Transaction } from "kysely";
import { DAY_MS, HOUR_MS, type Instant, instant, isoOf } from "../domain/instant.ts";
import { MICRO_PER_UNIT } from "../domain/quantity.ts";
import type { MeterId, OperatorId, Reading } from "../domain/reading.ts";
import { REGISTERS } from "../domain/register.ts";
import type { Utility } from "../domain/unit.ts";
import { handDialOf } from "../catalog/meters/by-hand.ts";
import { appendReadings } from "../ledger/readings.ts";
import { createRoute } from "../ledger/reading-routes.ts";
import type { Database } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import { hash32 } from "../simulators/town/random.ts";
import type { DemoPlan } from "./plan.ts";
import type { SeededOperator } from "./seed.ts";

/** A meter without a wire on the estate's grounds. All invented. */
type Planned = {
  readonly serial: string;
  readonly utility: Utility;
  readonly profileId: string;
  readonly room: string;
  readonly hint: string;
  readonly perWeek: number;
  readonly first: number;
  readonly capacityPerHour: string;
};

/** None of them hangs behind a building's master meter: a wrong try spoils no bill and no balance. */
const METERS: readonly Planned[] = [
  {
    serial: "HAND-W-01",
    utility: "water",
    profileId: "by-hand-water-5-3",
    room: "1幢花园 Garden of building 1",
    hint: "铸铁井盖下 Under the iron lid by the roses",
    perWeek: 9,
    first: 412,
    capacityPerHour: "5",
  },
  {
    serial: "HAND-E-01",
    utility: "electricity",
    profileId: "by-hand-electricity-5-1",
    room: "1幢车库 Garage of building 1",
    hint: "左侧配电箱 Left switch box",
    perWeek: 64,
    first: 18_250,
    capacityPerHour: "10",
  },
  {
    serial: "HAND-G-01",
    utility: "gas",
    profileId: "by-hand-gas-5-3",
    room: "1幢锅炉房 Boiler room of building 1",
    hint: "门后 Behind the door",
    perWeek: 31,
    first: 2_874,
    capacityPerHour: "6",
  },
  {
    serial: "HAND-E-02",
    utility: "electricity",
    profileId: "by-hand-electricity-6-2",
    room: "门卫 Gate house",
    hint: "",
    perWeek: 22,
    first: 7_031,
    capacityPerHour: "5",
  },
  {
    // Some turns before its dial begins again: a route shows that, too.
    serial: "HAND-W-02",
    utility: "water",
    profileId: "by-hand-water-4-4",
    room: "食堂 Canteen",
    hint: "水槽下 Under the sink",
    perWeek: 14,
    first: 9_850,
    capacityPerHour: "3",
  },
];

const GROUNDS = "园区 Grounds";
const ROUTE_KEY = "demo-by-hand";
const WEEK_MS = 7 * DAY_MS;
/** The walk begins at half past nine. */
const WALK_MS = 9.5 * HOUR_MS;

/** Meters on the grounds with weekly readings since the books began, and the route past them. Once; a folder of before gets it at its next start. */
export async function seedByHand(
  db: Database,
  plan: DemoPlan,
  seeded: readonly SeededOperator[],
  now: Instant,
): Promise<void> {
  const estate = plan.operators.find((operator) => operator.kind === "estate");
  const operatorId = seeded.find(({ code }) => code === estate?.code)?.operatorId;
  if (operatorId === undefined) return;
  const ids = await db.as(operatorId, (trx) => knownMeters(trx, operatorId));
  if (ids.size === 0) {
    await db.as(operatorId, async (trx) => {
      for (const meter of METERS) ids.set(meter.serial, await hungMeter(trx, operatorId, meter, plan.sinceAt));
    });
  }
  const meters = METERS.flatMap((meter) => {
    const meterId = ids.get(meter.serial);
    return meterId === undefined ? [] : [{ meter, meterId }];
  });
  // A stop before the route was made is made good; once it is there, what was read since is the reader's.
  const walked = await db.as(operatorId, (trx) => isRouted(trx, operatorId));
  if (walked) return;
  const readings = meters.flatMap(({ meter, meterId }) => readingsOf(meter, { operatorId, meterId }, plan, now));
  await appendReadings(db, operatorId, readings);
  const stops = meters.map(({ meter, meterId }) => ({ usagePointId: null, meterId, hint: meter.hint }));
  const content = { name: "1幢与园区 Building 1 and grounds", walkerId: null, every: "week", stops } as const;
  await db.as(operatorId, (trx) => createRoute(trx, operatorId, content, { key: ROUTE_KEY, at: now }));
}

async function knownMeters(trx: Transaction<Tables>, operatorId: OperatorId): Promise<Map<string, MeterId>> {
  const rows = await trx
    .selectFrom("meter")
    .select(["id", "serial"])
    .where("operator_id", "=", operatorId)
    .where(
      "serial",
      "in",
      METERS.map(({ serial }) => serial),
    )
    .execute();
  return new Map(rows.map((row) => [row.serial, row.id]));
}

async function isRouted(trx: Transaction<Tables>, operatorId: OperatorId): Promise<boolean> {
  const row = await trx
    .selectFrom("reading_route")
    .select("id")
    .where("operator_id", "=", operatorId)
    .where("idempotency_key", "=", ROUTE_KEY)
    .executeTakeFirst();
  return row !== undefined;
}

async function hungMeter(
  trx: Transaction<Tables>,
  operatorId: OperatorId,
  { serial, utility, profileId, room, capacityPerHour }: Planned,
  installedAt: Instant,
): Promise<MeterId> {
  const meter = await trx
    .insertInto("meter")
    .values({ operator_id: operatorId, serial, utility, profile_id: profileId })
    .returning("id")
    .executeTakeFirstOrThrow();
  const point = await trx
    .insertInto("usage_point")
    .values({ operator_id: operatorId, utility, building: GROUNDS, room })
    .returning("id")
    .executeTakeFirstOrThrow();
  await trx
    .insertInto("installation")
    .values({
      operator_id: operatorId,
      meter_id: meter.id,
      usage_point_id: point.id,
      installed_at: isoOf(installedAt),
      capacity_per_hour: capacityPerHour,
    })
    .execute();
  return meter.id;
}

/** Once a week, the last a week or two ago. */
function readingsOf(
  { serial, profileId, perWeek, first }: Planned,
  of: { operatorId: OperatorId; meterId: MeterId },
  plan: DemoPlan,
  now: Instant,
): Reading[] {
  const dial = handDialOf(profileId);
  if (dial === null) throw new Error(`${serial}: ${profileId} is no face`);
  const readings: Reading[] = [];
  let value = BigInt(first) * MICRO_PER_UNIT;
  const last = Math.floor((now - plan.sinceAt) / WEEK_MS) - 1;
  for (let week = 0; week <= last; week++) {
    const at = instant(plan.sinceAt + week * WEEK_MS + WALK_MS);
    const { code } = REGISTERS[dial.register];
    readings.push({ ...of, register: code, measuredAt: at, receivedAt: at, value, source: "manual" });
    // Between 80 and 120 percent of a usual week, in tenths of a unit.
    const tenths = BigInt(Math.round(perWeek * 10 * (0.8 + (hash32(plan.town.seed, week, first) % 41) / 100)));
    value += (tenths * MICRO_PER_UNIT) / 10n;
  }
  return readings;
}
