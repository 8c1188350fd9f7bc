import { sql } from "kysely";
import type { Instant } from "../../domain/instant.ts";
import { decimalText } from "../../domain/quantity.ts";
import { REGISTERS, registerName } from "../../domain/register.ts";
import { atText, type Desk } from "../desk.ts";
import type { EditJson } from "../schemas/work.ts";

const EDITS_MAX = 200;

/** Entries beside the readings of a meter, the newest first. */
export async function edits(desk: Desk, meterId: bigint, editId?: bigint): Promise<EditJson[]> {
  const { rows } = await sql<{
    id: bigint;
    register: number;
    measured_at: Instant;
    origin: EditJson["origin"];
    kind: EditJson["kind"];
    value: bigint | null;
    method: string | null;
    basis: Record<string, string>;
    reason: string;
    made_at: Instant;
    by: string | null;
    booked: bigint | null;
    stands: boolean;
  }>`
    select e.id, e.register, e.measured_at, e.origin, e.kind, e.value, e.method, e.basis, e.reason, e.made_at, u.name as by,
           r.value as booked,
           not exists (select from reading_edit n where n.operator_id = e.operator_id and n.meter_id = e.meter_id
             and n.register = e.register and n.measured_at = e.measured_at and n.origin = e.origin and n.id > e.id) as stands
      from reading_edit e
      left join app_user u on u.operator_id = e.operator_id and u.id = e.made_by
      left join reading r on r.operator_id = e.operator_id and r.meter_id = e.meter_id and r.register = e.register
       and r.measured_at = e.measured_at
     where e.operator_id = ${desk.operatorId} and e.meter_id = ${meterId}
       and ${editId === undefined ? sql`true` : sql`e.id = ${editId}`}
     order by e.id desc limit ${EDITS_MAX}`.execute(desk.trx);
  return rows.map((row) => {
    const register = registerName(row.register);
    const quantity = (value: bigint | null) =>
      value === null || register === null ? null : { value: decimalText(value), unit: REGISTERS[register].unit };
    return {
      id: String(row.id),
      meterId: String(meterId),
      register: register ?? String(row.register),
      at: atText(desk, row.measured_at),
      origin: row.origin,
      kind: row.kind,
      value: quantity(row.value),
      method: row.method,
      basis: row.basis,
      reason: row.reason,
      by: row.by,
      madeAt: atText(desk, row.made_at),
      booked: quantity(row.booked),
      stands: row.stands,
    };
  });
}
