import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../../domain/instant.ts";
import { microOf } from "../../domain/quantity.ts";
import type { OperatorId } from "../../domain/reading.ts";
import { type RegisterName, REGISTERS } from "../../domain/register.ts";
import type { Utility } from "../../domain/unit.ts";
import { APPLIES_AFTER_MS } from "../../ledger/ratios.ts";
import { adoptFound } from "../../ledger/tray-decisions.ts";
import type { Tables } from "../../schema/tables.ts";
import { batches } from "./batches.ts";
import type { Plan, PointRef } from "./judge.ts";
import { putTaxes } from "./tax.ts";
import { pointKey, type Snapshot } from "./snapshot.ts";

type Trx = Transaction<Tables>;
/** Who brings the file, when, and under which name. */
export type Applied = {
  readonly operatorId: OperatorId;
  readonly now: Instant;
  readonly by: bigint | null;
  readonly reason: string;
};
export type OnStep = (step: string, done: number) => void;

/** Writes the plan in the caller's transaction, each kind in a few statements. Rows that may change are changed, nothing is ever removed. */
export async function applyPlan(trx: Trx, plan: Plan, snapshot: Snapshot, as: Applied, onStep: OnStep): Promise<void> {
  const points = await putPoints(trx, plan, as);
  onStep("points", plan.points.length);
  const meters = await putMeters(trx, plan, snapshot, as);
  await rewire(trx, plan, snapshot, as);
  onStep("meters", plan.meters.length);
  const idOf = (point: PointRef): bigint => point.known?.id ?? points.get(point.key) ?? fail(point.key);
  const meterId = (serial: string): bigint => meters.get(serial) ?? snapshot.meters.get(serial)?.id ?? fail(serial);
  await putStays(trx, plan, as, { idOf, meterId });
  onStep("installations", plan.stays.length);
  const accounts = await putAccounts(trx, plan, as);
  await alterAccounts(trx, plan, as);
  const accountId = (number: string): bigint =>
    accounts.get(number) ?? snapshot.accounts.get(number)?.id ?? fail(number);
  await putContacts(trx, plan, as, accountId);
  await putTaxes(trx, plan.taxes, as, accountId);
  await putAgreements(trx, plan, as, { idOf, meterId, accountId });
  onStep("accounts", plan.accounts.length);
  await adoptFound(trx, as);
}

/** The plan names only what the register or the file has. */
function fail(name: string): never {
  throw new Error(`the plan names ${name}, which nobody has`);
}

async function putPoints(trx: Trx, { points }: Plan, { operatorId }: Applied): Promise<Map<string, bigint>> {
  const ids = new Map<string, bigint>();
  for (const batch of batches(points)) {
    const rows = batch.map(({ place, utility, role }) => ({ ...place, utility, role }));
    const made = await sql<{ id: bigint; building: string; room: string; utility: Utility }>`
      insert into usage_point (operator_id, utility, building, room, role)
      select ${operatorId}, utility, building, room, role
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (utility text, building text, room text, role text)
      returning id, building, room, utility`.execute(trx);
    for (const { id, utility, ...place } of made.rows) ids.set(pointKey(place, utility), id);
  }
  return ids;
}

async function putMeters(trx: Trx, { meters }: Plan, snapshot: Snapshot, as: Applied): Promise<Map<string, bigint>> {
  const ids = new Map<string, bigint>();
  for (const batch of batches(meters)) {
    const rows = batch.map((row) => ({
      serial: row.serial,
      utility: row.utility,
      profile_id: row.profileId,
      bus_id: idText(snapshot.buses, row.bus),
      unit_id: row.unitId,
      mqtt_client_id: idText(snapshot.clients, row.client),
      device_key: row.deviceKey,
    }));
    const made = await sql<{ id: bigint; serial: string }>`
      with made as (
        insert into meter (operator_id, serial, utility, profile_id, bus_id, unit_id, mqtt_client_id, device_key)
        select ${as.operatorId}, serial, utility, profile_id, bus_id, unit_id, mqtt_client_id, device_key
          from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (serial text, utility text, profile_id text, bus_id bigint,
               unit_id smallint, mqtt_client_id bigint, device_key text)
        returning id, serial, profile_id
      ), told as (
        insert into meter_event (operator_id, meter_id, kind, at, detail, reason, recorded_at, recorded_by)
        select ${as.operatorId}, id, 'registered', ${isoOf(as.now)}::timestamptz, jsonb_build_object('serial', serial, 'profileId', profile_id),
               ${as.reason}, ${isoOf(as.now)}::timestamptz, ${as.by}::bigint from made
      ) select id, serial from made`.execute(trx);
    for (const { id, serial } of made.rows) ids.set(serial, id);
  }
  return ids;
}

const idText = (ids: ReadonlyMap<string, bigint>, name: string | null): string | null =>
  name === null ? null : String(ids.get(name) ?? fail(name));

async function rewire(trx: Trx, { rewired }: Plan, snapshot: Snapshot, { operatorId }: Applied): Promise<void> {
  for (const { id, row } of rewired)
    await trx
      .updateTable("meter")
      .set({
        profile_id: row.profileId,
        ...(row.bus === null ? {} : { bus_id: snapshot.buses.get(row.bus) ?? null, unit_id: row.unitId }),
        ...(row.client === null ? {} : { mqtt_client_id: snapshot.clients.get(row.client) ?? null }),
        ...(row.client === null ? {} : { device_key: row.deviceKey }),
      })
      .where("operator_id", "=", operatorId)
      .where("id", "=", id)
      .execute();
}

type Ids = { readonly idOf: (point: PointRef) => bigint; readonly meterId: (serial: string) => bigint };

/** The main counter of a utility: what a clerk reads off the dial. */
const MAIN: Readonly<Record<Utility, RegisterName>> = {
  electricity: "energy_import_kwh",
  gas: "volume_m3",
  water: "volume_m3",
  heat: "heat_kwh",
};

/**
 * A ratio that is not 1 is recorded now: what was received before it is known went into the book without it, and is read with it
 * from then on. A ratio of 1 is recorded by the table itself.
 */
async function putStays(trx: Trx, { stays }: Plan, as: Applied, { idOf, meterId }: Ids): Promise<void> {
  const now = isoOf(as.now);
  const applies = isoOf((as.now + APPLIES_AFTER_MS) as Instant);
  for (const batch of batches(stays)) {
    const rows = batch.map(({ row, point }) => ({
      meter_id: String(meterId(row.serial)),
      point_id: String(idOf(point)),
      at: isoOf(row.installedAt ?? fail(row.serial)),
      ratio: row.ratio,
      capacity: row.capacityPerHour,
      register: REGISTERS[MAIN[row.utility]].code,
      name: MAIN[row.utility],
      initial: row.initial,
      dial: row.initial === null ? null : String(microOf(row.initial)),
    }));
    const record = sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (meter_id bigint, point_id bigint, at timestamptz,
      ratio numeric, capacity numeric, register smallint, name text, initial text, dial bigint)`;
    await sql`
      insert into meter_ratio (operator_id, meter_id, from_at, ratio, applies_to_received_from, reason, recorded_at, recorded_by)
      select ${as.operatorId}, meter_id, at, ratio, ${applies}::timestamptz, ${as.reason}, ${now}::timestamptz, ${as.by}::bigint
        from ${record} where ratio <> 1`.execute(trx);
    await sql`
      with hung as (
        insert into installation (operator_id, meter_id, usage_point_id, installed_at, ratio, capacity_per_hour)
        select ${as.operatorId}, meter_id, point_id, at, ratio, capacity from ${record} returning id, meter_id
      ), told as (
        insert into meter_event (operator_id, meter_id, kind, at, detail, reason, recorded_at, recorded_by)
        select ${as.operatorId}, meter_id, 'installed', at,
               jsonb_build_object('usagePoint', point_id::text, 'ratio', ratio::text, 'rebill', '[]'::jsonb,
                 'initial', case when initial is null then '{}'::jsonb else jsonb_build_object(name, initial) end),
               ${as.reason}, ${now}::timestamptz, ${as.by}::bigint from ${record} returning id, meter_id
      )
      insert into installation_reading (operator_id, installation_id, edge, register, dial, event_id)
      select ${as.operatorId}, h.id, 'initial', r.register, r.dial, t.id
        from ${record} join hung h on h.meter_id = r.meter_id join told t on t.meter_id = r.meter_id where r.dial is not null`.execute(
      trx,
    );
  }
}

async function putAccounts(
  trx: Trx,
  { accounts, households }: Plan,
  { operatorId }: Applied,
): Promise<Map<string, bigint>> {
  const ids = new Map<string, bigint>();
  for (const batch of batches(accounts)) {
    const rows = batch.map((row) => ({
      number: row.number,
      name: row.name,
      phone: row.phone,
      address: row.address,
      mode: row.paymentMode,
      protected_reason: row.protectedReason,
      opened_on: row.openedOn,
    }));
    const made = await sql<{ id: bigint; number: string }>`
      insert into account (operator_id, number, name, phone, address, payment_mode, protected_reason, opened_on)
      select ${operatorId}, number, name, phone, address, mode, protected_reason, opened_on
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (number text, name text, phone text, address text, mode text,
             protected_reason text, opened_on date)
      returning id, number`.execute(trx);
    for (const { id, number } of made.rows) ids.set(number, id);
  }
  for (const batch of batches(households))
    await sql`
      insert into household (operator_id, account_id, from_day, persons)
      select ${operatorId}, a.id, r.from_day, r.persons
        from jsonb_to_recordset(${JSON.stringify(batch.map(({ from, ...one }) => ({ ...one, from_day: from })))}::jsonb)
          as r (number text, persons smallint, from_day date)
        join account a on a.operator_id = ${operatorId} and a.number = r.number`.execute(trx);
  return ids;
}

async function alterAccounts(trx: Trx, { altered }: Plan, { operatorId }: Applied): Promise<void> {
  for (const { id, row } of altered)
    await trx
      .updateTable("account")
      .set({
        name: row.name,
        ...(row.stated.has("phone") ? { phone: row.phone } : {}),
        ...(row.stated.has("address") ? { address: row.address } : {}),
        ...(row.stated.has("protected_reason") ? { protected_reason: row.protectedReason } : {}),
      })
      .where("operator_id", "=", operatorId)
      .where("id", "=", id)
      .execute();
}

/** The customer's own addresses: said from a day on, the one before it from that day on no more. */
async function putContacts(
  trx: Trx,
  { contacts }: Plan,
  as: Applied,
  accountId: (number: string) => bigint,
): Promise<void> {
  for (const batch of batches(contacts)) {
    const rows = batch.flatMap(({ number, channel, address, instead, from }) => {
      const said = { account_id: String(accountId(number)), channel, from_day: from };
      const ended = instead === null ? [] : [{ ...said, address: instead, active: false }];
      return [...ended, { ...said, address, active: true }];
    });
    await sql`
      insert into contact_point (operator_id, account_id, channel, address, language, from_day, active, verified, bills, consent,
             noted_at, noted_by)
      select ${as.operatorId}, account_id, channel, address, 'zh', from_day, active, false, active and channel = 'email', ${as.reason},
             ${isoOf(as.now)}::timestamptz, ${as.by}::bigint
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (account_id bigint, channel text, address text, from_day date,
             active boolean)`.execute(trx);
  }
}

async function putAgreements(
  trx: Trx,
  { agreements, supplies }: Plan,
  { operatorId }: Applied,
  { idOf, meterId, accountId }: Ids & { readonly accountId: (number: string) => bigint },
): Promise<void> {
  for (const batch of batches(agreements)) {
    const rows = batch.map(({ number, point, tariffId, from }) => ({
      account_id: String(accountId(number)),
      point_id: String(idOf(point)),
      tariff_id: tariffId,
      from_day: from,
    }));
    await sql`
      insert into agreement (operator_id, account_id, usage_point_id, tariff_id, from_day)
      select ${operatorId}, account_id, point_id, tariff_id, from_day
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (account_id bigint, point_id bigint, tariff_id text, from_day date)`.execute(
      trx,
    );
  }
  for (const batch of batches(supplies)) {
    const rows = batch.map(({ number, serial, policyId }) => ({
      account_id: String(accountId(number)),
      meter_id: String(meterId(serial)),
      policy_id: policyId,
    }));
    await sql`
      insert into supply (operator_id, account_id, meter_id, policy_id)
      select ${operatorId}, account_id, meter_id, policy_id
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (account_id bigint, meter_id bigint, policy_id text)`.execute(
      trx,
    );
  }
}
