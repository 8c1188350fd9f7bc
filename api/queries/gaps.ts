import { type RawBuilder, sql } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { registerName } from "../../domain/register.ts";
import { settleGap } from "../../ledger/gap-work.ts";
import { timestamptz } from "../../schema/database.ts";
import { atText, atTextOrNull, type Desk, offsetOf, totalOf } from "../desk.ts";
import type { GapPatch, GapRowJson, GapsJson, GapsQuery } from "../schemas/gap.ts";
import type { UtilityName } from "../schemas/json.ts";
import { buildings } from "./buildings.ts";

/** Who looks or acts. */
export type By = { readonly userId: bigint; readonly role: "manager" | "clerk" | "reader" };

type Row = {
  id: bigint;
  meter_id: bigint;
  serial: string;
  utility: UtilityName;
  building: string | null;
  room: string | null;
  register: number | null;
  from_at: Instant;
  to_at: Instant | null;
  age_s: number;
  reason: string;
  state: GapRowJson["state"];
  state_reason: string;
  owner_id: bigint | null;
  owner_name: string | null;
  note: string;
  asked: number;
  asked_at: Instant | null;
  settled_at: Instant | null;
};

const rowsOf = (desk: Desk, where: RawBuilder<unknown>, limit: number, offset: number) => sql<Row & { total: bigint }>`
  select g.*, m.serial, m.utility, u.building, u.room, o.name as owner_name, count(*) over () as total,
         floor(date_part('epoch', coalesce(g.settled_at, ${timestamptz(desk.now)}::timestamptz) - g.from_at)) as age_s
    from gap g join meter m on m.operator_id = g.operator_id and m.id = g.meter_id
    left join installation i on i.operator_id = m.operator_id and i.meter_id = m.id and i.removed_at is null
    left join usage_point u on u.operator_id = i.operator_id and u.id = i.usage_point_id
    left join app_user o on o.operator_id = g.operator_id and o.id = g.owner_id
   where g.operator_id = ${desk.operatorId} ${where}
   order by g.from_at, g.id limit ${limit} offset ${offset}`;

/** Gaps, the oldest first. */
export async function gaps(desk: Desk, query: GapsQuery, by: By): Promise<GapsJson> {
  const all: RawBuilder<unknown>[] = [];
  if (query.state === "unsettled") all.push(sql`and g.settled_at is null`);
  if (query.state === "settled") all.push(sql`and g.settled_at is not null`);
  if (query.owner === "mine") all.push(sql`and g.owner_id = ${by.userId}`);
  if (query.owner === "nobody") all.push(sql`and g.owner_id is null`);
  if (query.meterId !== undefined) all.push(sql`and g.meter_id = ${BigInt(query.meterId)}`);
  if (query.building !== undefined && query.building !== "") all.push(sql`and u.building = ${query.building}`);
  const where = sql.join(all, sql` `);
  const { page, pageSize } = query;
  const { rows } = await rowsOf(desk, where, pageSize, offsetOf(query)).execute(desk.trx);
  const total = await totalOf(rows, page, () => rowsOf(desk, where, 1, 0).execute(desk.trx));
  return { items: rows.map((row) => gapRow(desk, row, by)), page, pageSize, total, buildings: await buildings(desk) };
}

/**
 * Takes or releases a gap, writes its note, or gives it up. The same again changes nothing. What another person has taken
 * only a manager takes away.
 * @throws CodedError request.not-found, gap.owned, gap.lasting, gap.settled
 */
export async function changeGap(desk: Desk, id: bigint, patch: GapPatch, by: By): Promise<GapRowJson> {
  const gap = await desk.trx
    .selectFrom("gap")
    .select(["owner_id", "to_at", "state", "state_reason"])
    .where("operator_id", "=", desk.operatorId)
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  if (gap === undefined) throw new CodedError("request.not-found", `There is no gap ${id}.`);
  if (gap.owner_id !== null && gap.owner_id !== by.userId && by.role !== "manager")
    throw new CodedError("gap.owned", "Somebody else looks after this gap.");
  const { owner, note, givenUp } = patch;
  if (owner !== undefined || note !== undefined)
    await desk.trx
      .updateTable("gap")
      .set({
        ...(owner === undefined ? {} : { owner_id: owner === "me" ? by.userId : null }),
        ...(note === undefined ? {} : { note }),
      })
      .where("operator_id", "=", desk.operatorId)
      .where("id", "=", id)
      .execute();
  const same = gap.state === "given_up" && gap.state_reason === givenUp;
  if (givenUp !== undefined && !same) {
    if (gap.to_at === null) throw new CodedError("gap.lasting", "The meter is still silent.");
    const done = await settleGap(desk.trx, id, { state: "given_up", reason: givenUp }, desk.now);
    if (!done) throw new CodedError("gap.settled", `This gap is ${gap.state} already.`);
  }
  const { rows } = await rowsOf(desk, sql`and g.id = ${id}`, 1, 0).execute(desk.trx);
  const row = rows[0];
  if (row === undefined) throw new CodedError("request.not-found", `There is no gap ${id}.`);
  return gapRow(desk, row, by);
}

const gapRow = (desk: Desk, row: Row, by: By): GapRowJson => ({
  id: String(row.id),
  meterId: String(row.meter_id),
  serial: row.serial,
  utility: row.utility,
  building: row.building ?? "",
  room: row.room ?? "",
  register: row.register === null ? null : (registerName(row.register) ?? String(row.register)),
  from: atText(desk, row.from_at),
  to: atTextOrNull(desk, row.to_at),
  ageSeconds: Math.max(0, row.age_s),
  reason: row.reason,
  state: row.state,
  stateReason: row.state_reason,
  owner: row.owner_id === null ? null : { id: String(row.owner_id), name: row.owner_name ?? "" },
  mine: row.owner_id === by.userId,
  note: row.note,
  asked: row.asked,
  askedAt: atTextOrNull(desk, row.asked_at),
  settledAt: atTextOrNull(desk, row.settled_at),
});
