import { sql, type Transaction } from "kysely";
import type { Day } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Utility } from "../domain/unit.ts";
import type { Tables } from "../schema/tables.ts";

/** Which accounts a comparison of tariffs looks at: all, those of a building, or those named. */
export type TriedScope = { readonly building?: string; readonly accountIds?: readonly AccountId[] };

/** Agreements of one utility, of any tariff or of these. */
export type TriedAgreements = { readonly utility: Utility; readonly tariffIds?: readonly string[] };

export type TriedRow = {
  readonly accountId: AccountId;
  readonly number: string;
  readonly name: string;
  readonly building: string;
  readonly room: string;
  /** The usage points that are looked at. */
  readonly points: ReadonlySet<bigint>;
};

type Ask = {
  readonly scope: TriedScope;
  readonly agreements: readonly TriedAgreements[];
  readonly days: { readonly from: Day; readonly to: Day };
};

const fits = ({ scope, agreements, days }: Ask) => sql`g.operator_id = sanbiao.operator_id()
  and g.from_day < ${days.to}::date and (g.to_day is null or g.to_day > ${days.from}::date)
  and (${scope.building ?? null}::text is null or u.building = ${scope.building ?? null})
  and (${scope.accountIds === undefined} or g.account_id = any(${`{${(scope.accountIds ?? []).join(",")}}`}::bigint[]))
  and (${sql.join(
    agreements.map(
      ({ utility, tariffIds }) =>
        sql`(u.utility = ${utility} and (${tariffIds === undefined} or g.tariff_id = any(${tariffIds ?? []}::text[])))`,
    ),
    sql` or `,
  )})`;

const POINTS = sql`sanbiao.agreement g
  join sanbiao.usage_point u on u.operator_id = g.operator_id and u.id = g.usage_point_id`;

export async function countTried(trx: Transaction<Tables>, ask: Ask): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(distinct g.account_id)::int as n from ${POINTS} where ${fits(ask)}`.execute(trx);
  return rows[0]?.n ?? 0;
}

/** The next accounts after one, in the order of their ids. */
export async function readTried(
  trx: Transaction<Tables>,
  ask: Ask,
  after: AccountId | null,
  limit: number,
): Promise<TriedRow[]> {
  const { rows } = await sql<{
    id: AccountId;
    number: string;
    name: string;
    building: string;
    room: string;
    points: string[];
  }>`select a.id, a.number, a.name, (array_agg(u.building order by u.id))[1] as building,
            (array_agg(u.room order by u.id))[1] as room, array_agg(u.id::text) as points
       from ${POINTS} join sanbiao.account a on a.operator_id = g.operator_id and a.id = g.account_id
      where ${fits(ask)} and a.id > ${after ?? 0n}
      group by a.id, a.number, a.name order by a.id limit ${limit}`.execute(trx);
  return rows.map(({ id, points, ...row }) => ({ ...row, accountId: id, points: new Set(points.map(BigInt)) }));
}

/** Tariffs under which this operator supplies a utility on some of these days: what it offers. */
export async function offeredTariffs(
  trx: Transaction<Tables>,
  utility: Utility,
  days: { readonly from: Day; readonly to: Day },
): Promise<string[]> {
  const { rows } = await sql<{ tariff_id: string }>`
    select distinct g.tariff_id from ${POINTS} where ${fits({ scope: {}, agreements: [{ utility }], days })}
     order by g.tariff_id`.execute(trx);
  return rows.map((row) => row.tariff_id);
}

/** Utilities that an account takes on some of these days, each with the tariff that it was under last. */
export async function takenUtilities(
  trx: Transaction<Tables>,
  accountId: AccountId,
  days: { readonly from: Day; readonly to: Day },
): Promise<{ readonly utility: Utility; readonly tariffId: string }[]> {
  const { rows } = await sql<{ utility: Utility; tariff_id: string }>`
    select distinct on (u.utility) u.utility, g.tariff_id from ${POINTS}
     where g.operator_id = sanbiao.operator_id() and g.account_id = ${accountId}
       and g.from_day < ${days.to}::date and (g.to_day is null or g.to_day > ${days.from}::date)
     order by u.utility, g.from_day desc, g.id desc`.execute(trx);
  return rows.map((row) => ({ utility: row.utility, tariffId: row.tariff_id }));
}
