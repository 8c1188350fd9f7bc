import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Utility } from "../domain/unit.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;

export type PointRow = {
  readonly usagePointId: bigint;
  readonly utility: Utility;
  readonly building: string;
  readonly role: "customer" | "master";
};
export type PlacementRow = {
  readonly usagePointId: bigint;
  readonly fromDay: Day;
  readonly masterPointId: bigint | null;
  readonly purpose: "supply" | "common";
};

/**
 * The points that may stand below a master, in order, and what was said about who measures whom, in the order in which it was
 * said: its utility's masters, its building, every point of which something was said, and the buildings of masters that are named there.
 */
export async function readTopology(
  trx: Trx,
  masterPointId: bigint,
): Promise<{ points: PointRow[]; placements: PlacementRow[] }> {
  const points = await sql<{ id: bigint; utility: Utility; building: string; role: "customer" | "master" }>`
    select p.id, p.utility, p.building, p.role
      from sanbiao.usage_point p join sanbiao.usage_point m on m.operator_id = p.operator_id and m.utility = p.utility
     where p.operator_id = sanbiao.operator_id() and m.id = ${masterPointId}
       and (p.role = 'master' or p.building = m.building
            or p.id in (select s.usage_point_id from sanbiao.measured_by s where s.operator_id = p.operator_id)
            or p.building in (select x.building from sanbiao.measured_by s
                 join sanbiao.usage_point x on x.operator_id = s.operator_id and x.id in (s.usage_point_id, s.master_point_id)
                where s.operator_id = p.operator_id and x.role = 'master'))
     order by p.id`.execute(trx);
  return {
    points: points.rows.map(({ id, ...point }) => ({ usagePointId: id, ...point })),
    placements: await readPlacements(trx),
  };
}

async function readPlacements(trx: Trx): Promise<PlacementRow[]> {
  const { rows } = await sql<{
    usage_point_id: bigint;
    from_day: Day;
    master_point_id: bigint | null;
    purpose: "supply" | "common";
  }>`select usage_point_id, from_day, master_point_id, purpose from sanbiao.measured_by
      where operator_id = sanbiao.operator_id() order by id`.execute(trx);
  return rows.map((row) => ({
    usagePointId: row.usage_point_id,
    fromDay: row.from_day,
    masterPointId: row.master_point_id,
    purpose: row.purpose,
  }));
}

export type Noted = { readonly at: Instant; readonly by: bigint | null };

/**
 * Says which master measures a point from a day on. Two people at once wait for each other, so that no loop slips in between.
 * @param isLoop asked with all that would then be said
 */
export async function notePlacement(
  trx: Trx,
  placement: PlacementRow,
  { at, by }: Noted,
  isLoop: (all: readonly PlacementRow[]) => boolean,
): Promise<"noted" | "already" | "loop" | "no_such_point"> {
  await sql`select pg_advisory_xact_lock(hashtext('sanbiao.measured_by/' || sanbiao.operator_id()))`.execute(trx);
  const { usagePointId, fromDay, masterPointId, purpose } = placement;
  const { rows } = await sql<{ id: bigint; utility: Utility; role: string }>`
    select id, utility, role from sanbiao.usage_point
     where operator_id = sanbiao.operator_id() and id in (${usagePointId}, ${masterPointId ?? usagePointId})`.execute(
    trx,
  );
  const point = rows.find(({ id }) => id === usagePointId);
  const master = rows.find(({ id }) => id === masterPointId);
  const fits = masterPointId === null || (master?.role === "master" && master.utility === point?.utility);
  if (point === undefined || !fits) return "no_such_point";
  const said = await readPlacements(trx);
  const before = said.findLast((one) => one.usagePointId === usagePointId && one.fromDay === fromDay);
  if (before !== undefined && before.masterPointId === masterPointId && before.purpose === purpose) return "already";
  if (masterPointId === usagePointId || isLoop([...said, placement])) return "loop";
  await sql`insert into sanbiao.measured_by (operator_id, usage_point_id, from_day, master_point_id, purpose, noted_at, noted_by)
    values (sanbiao.operator_id(), ${usagePointId}, ${fromDay}::date, ${masterPointId}, ${purpose}, ${isoOf(at)}::timestamptz, ${by})`.execute(
    trx,
  );
  return "noted";
}

/** Floor area of an account's home from a day on, m². */
export async function noteFloorArea(
  trx: Trx,
  { accountId, fromDay, areaM2 }: { accountId: AccountId; fromDay: Day; areaM2: string },
  { at, by }: Noted,
): Promise<"noted" | "already" | "no_such_account"> {
  const { rows } = await sql<{ same: boolean | null }>`
    select (select area_m2 = ${areaM2}::numeric from sanbiao.floor_area f where f.operator_id = a.operator_id
              and f.account_id = a.id and f.from_day = ${fromDay}::date order by f.id desc limit 1) as same
      from sanbiao.account a where a.operator_id = sanbiao.operator_id() and a.id = ${accountId} for no key update`.execute(
    trx,
  );
  const [row] = rows;
  if (row === undefined) return "no_such_account";
  if (row.same === true) return "already";
  await sql`insert into sanbiao.floor_area (operator_id, account_id, from_day, area_m2, noted_at, noted_by)
    values (sanbiao.operator_id(), ${accountId}, ${fromDay}::date, ${areaM2}::numeric, ${isoOf(at)}::timestamptz, ${by})`.execute(
    trx,
  );
  return "noted";
}

export type RuleRow = {
  readonly ruleId: bigint;
  readonly fromDay: Day;
  readonly key: "area" | "household" | "usage" | "equal";
  /** Decimal text. */
  readonly lossAllowancePercent: string;
  readonly apportioned: readonly ("common" | "loss" | "residue")[];
};

/** The rule of a master as it stands on a day; `null` = nobody has said. */
export async function ruleOn(trx: Trx, masterPointId: bigint, day: Day): Promise<RuleRow | null> {
  const row = await trx
    .selectFrom("apportionment_rule")
    .selectAll()
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("master_point_id", "=", masterPointId)
    .where("from_day", "<=", day)
    .orderBy("from_day", "desc")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined
    ? null
    : {
        ruleId: row.id,
        fromDay: row.from_day,
        key: row.apportion_key,
        lossAllowancePercent: row.loss_allowance_percent,
        apportioned: row.apportioned,
      };
}

/** Says how a master's difference is shared from a day on. */
export async function noteRule(
  trx: Trx,
  masterPointId: bigint,
  rule: Omit<RuleRow, "ruleId">,
  { at, by }: Noted,
): Promise<"noted" | "already" | "no_such_master"> {
  const { rows } = await sql`select 1 from sanbiao.usage_point where operator_id = sanbiao.operator_id()
    and id = ${masterPointId} and role = 'master' for no key update`.execute(trx);
  if (rows.length === 0) return "no_such_master";
  const parts = `{${[...new Set(rule.apportioned)].sort().join(",")}}`;
  const same = await sql<{ same: boolean }>`
    select apportion_key = ${rule.key} and loss_allowance_percent = ${rule.lossAllowancePercent}::numeric
           and apportioned = ${parts}::text[] as same
      from sanbiao.apportionment_rule where operator_id = sanbiao.operator_id() and master_point_id = ${masterPointId}
       and from_day = ${rule.fromDay}::date order by id desc limit 1`.execute(trx);
  if (same.rows[0]?.same === true) return "already";
  await sql`insert into sanbiao.apportionment_rule (operator_id, master_point_id, from_day, apportion_key, loss_allowance_percent,
      apportioned, noted_at, noted_by)
    values (sanbiao.operator_id(), ${masterPointId}, ${rule.fromDay}::date, ${rule.key}, ${rule.lossAllowancePercent}::numeric,
      ${parts}::text[], ${isoOf(at)}::timestamptz, ${by})`.execute(trx);
  return "noted";
}

/** Days an account took the utility at a point, with what a key may weigh. One row per account, point and agreement. */
export type Taker = {
  readonly accountId: AccountId;
  readonly usagePointId: bigint;
  readonly from: Day;
  readonly to: Day;
};

/** Agreements at these points in the days `[from, to)`, cut to them. */
export async function readTakers(trx: Trx, points: readonly bigint[], from: Day, to: Day): Promise<Taker[]> {
  const { rows } = await sql<{ account_id: bigint; usage_point_id: bigint; from_day: Day; to_day: Day }>`
    select account_id, usage_point_id, greatest(from_day, ${from}::date) as from_day,
           least(coalesce(to_day, ${to}::date), ${to}::date) as to_day
      from sanbiao.agreement
     where operator_id = sanbiao.operator_id() and usage_point_id = any(${`{${points.join(",")}}`}::bigint[])
       and from_day < ${to}::date and (to_day is null or to_day > ${from}::date)
     order by account_id, usage_point_id, from_day`.execute(trx);
  return rows.map((row) => ({
    accountId: row.account_id,
    usagePointId: row.usage_point_id,
    from: row.from_day,
    to: row.to_day,
  }));
}

/** Floor areas of accounts, hundredths of a square metre, in order of their days; of two for one day the later word. */
export async function readFloorAreas(
  trx: Trx,
  accountIds: readonly AccountId[],
): Promise<Map<AccountId, { from: Day; size: bigint }[]>> {
  const { rows } = await sql<{ account_id: bigint; from_day: Day; size: bigint }>`
    select distinct on (account_id, from_day) account_id, from_day, round(area_m2 * 100)::bigint as size
      from sanbiao.floor_area
     where operator_id = sanbiao.operator_id() and account_id = any(${`{${accountIds.join(",")}}`}::bigint[])
     order by account_id, from_day, id desc`.execute(trx);
  return Map.groupBy(
    rows.map((row) => ({ accountId: row.account_id, from: row.from_day, size: row.size })),
    ({ accountId }) => accountId,
  );
}
