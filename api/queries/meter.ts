import { sql } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { REGISTERS, registerName } from "../../domain/register.ts";
import { atText, atTextOrNull, type Desk, quantityOf } from "../desk.ts";
import type { LatestReadingJson, MeterJson, VerdictJson } from "../schemas/meter.ts";
import { positionName, sourceName } from "./latest.ts";
import { meterRows } from "./meters.ts";
import { conflictsOfMeter } from "./operation.ts";

const SHOWN_MAX = 100;

export async function meter(desk: Desk, id: bigint): Promise<MeterJson> {
  const [row] = await meterRows(desk, [id]);
  if (row === undefined) throw new CodedError("request.not-found", `There is no meter ${id}.`);
  return {
    ...row,
    link: await linkOf(desk, id),
    registers: await latestReadings(desk, id),
    installations: await installationsOf(desk, id),
    gaps: await gapsOf(desk, id),
    verdicts: await verdictsOf(desk, id),
    conflicts: await conflictsOfMeter(desk, id, SHOWN_MAX),
  };
}

async function linkOf(desk: Desk, id: bigint): Promise<MeterJson["link"]> {
  const { rows } = await sql<{
    bus: string | null;
    client: string | null;
    unit_id: number | null;
    device_key: string | null;
  }>`
    select b.name as bus, c.username as client, m.unit_id, m.device_key from meter m
      left join bus b on b.operator_id = m.operator_id and b.id = m.bus_id
      left join mqtt_client c on c.operator_id = m.operator_id and c.id = m.mqtt_client_id
     where m.operator_id = ${desk.operatorId} and m.id = ${id}`.execute(desk.trx);
  const link = rows[0];
  const kind = link?.bus != null ? "modbus" : link?.client != null ? "mqtt" : "none";
  return {
    kind,
    name: link?.bus ?? link?.client ?? "",
    unitId: link?.unit_id ?? null,
    deviceKey: link?.device_key ?? null,
  };
}

type ReadingRow = { register: number; value: bigint; measured_at: Instant; received_at: Instant; source: number };

/** The last value of each register: one index look-up for each that exists. */
async function latestReadings(desk: Desk, id: bigint): Promise<LatestReadingJson[]> {
  const codes = `{${Object.values(REGISTERS)
    .map((register) => register.code)
    .join(",")}}`;
  const { rows } = await sql<ReadingRow>`
    select l.* from unnest(${codes}::smallint[]) as c (register)
     cross join lateral (select r.register, r.value, r.measured_at, r.received_at, r.source from reading r
       where r.operator_id = ${desk.operatorId} and r.meter_id = ${id} and r.register = c.register
       order by r.measured_at desc limit 1) l
     order by l.register`.execute(desk.trx);
  return rows.flatMap((row) => {
    const name = registerName(row.register);
    if (name === null) return [];
    const { kind, unit } = REGISTERS[name];
    const isPosition = name === "relay_state" || name === "valve_state";
    return {
      register: name,
      kind,
      // A state's value is its code, not millionths.
      quantity: kind === "state" ? { value: String(row.value), unit } : quantityOf(row.value, unit),
      state: isPosition ? positionName(row.value) : null,
      measuredAt: atText(desk, row.measured_at),
      receivedAt: atText(desk, row.received_at),
      source: sourceName(row.source),
    };
  });
}

async function installationsOf(desk: Desk, id: bigint): Promise<MeterJson["installations"]> {
  const rows = await desk.trx
    .selectFrom("installation as i")
    .innerJoin("usage_point as u", (join) =>
      join.onRef("u.operator_id", "=", "i.operator_id").onRef("u.id", "=", "i.usage_point_id"),
    )
    .select(["i.usage_point_id", "u.building", "u.room", "i.installed_at", "i.removed_at", "i.ratio"])
    .select("i.capacity_per_hour")
    .where("i.operator_id", "=", desk.operatorId)
    .where("i.meter_id", "=", id)
    .orderBy("i.installed_at", "desc")
    .execute();
  return rows.map((row) => ({
    usagePointId: String(row.usage_point_id),
    building: row.building,
    room: row.room,
    installedAt: atText(desk, row.installed_at),
    removedAt: atTextOrNull(desk, row.removed_at),
    ratio: row.ratio,
    capacityPerHour: row.capacity_per_hour,
  }));
}

async function gapsOf(desk: Desk, id: bigint): Promise<MeterJson["gaps"]> {
  const rows = await desk.trx
    .selectFrom("gap")
    .select(["from_at", "to_at", "reason"])
    .where("operator_id", "=", desk.operatorId)
    .where("meter_id", "=", id)
    .orderBy("from_at", "desc")
    .limit(SHOWN_MAX)
    .execute();
  return rows.map((row) => ({
    from: atText(desk, row.from_at),
    to: atTextOrNull(desk, row.to_at),
    reason: row.reason,
  }));
}

async function verdictsOf(desk: Desk, id: bigint): Promise<VerdictJson[]> {
  const rows = await desk.trx
    .selectFrom("verdict")
    .selectAll()
    .where("operator_id", "=", desk.operatorId)
    .where("meter_id", "=", id)
    .orderBy("judged_at", "desc")
    .orderBy("id", "desc")
    .limit(SHOWN_MAX)
    .execute();
  return rows.map((row) => ({
    id: String(row.id),
    register: registerName(row.register) ?? String(row.register),
    from: atText(desk, row.from_at),
    to: atText(desk, row.to_at),
    rule: row.rule,
    ruleVersion: row.rule_version,
    result: row.result,
    inputs: row.inputs as Record<string, unknown>,
    threshold: row.threshold as Record<string, unknown> | null,
    judgedAt: atText(desk, row.judged_at),
  }));
}
