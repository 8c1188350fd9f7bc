import { sql, type Transaction } from "kysely";
import type { Instant } from "../../domain/instant.ts";
import type { Day } from "../../domain/period.ts";
import type { Utility } from "../../domain/unit.ts";
import type { Tables } from "../../schema/tables.ts";
import type { TaxIdentity } from "../../domain/tax-identity.ts";
import type { Place, Role } from "./rows.ts";
import { knownTaxes } from "./tax.ts";

/** The register as it stands: everything that a row of a file may meet. */
export type Snapshot = {
  /** By place and utility; several where somebody made several. */
  readonly points: ReadonlyMap<string, readonly KnownPoint[]>;
  readonly meters: ReadonlyMap<string, KnownMeter>;
  /** Serial of the meter that has a place on a wire, by `wireKey`. */
  readonly wires: ReadonlyMap<string, string>;
  readonly accounts: ReadonlyMap<string, KnownAccount>;
  readonly buses: ReadonlyMap<string, bigint>;
  readonly clients: ReadonlyMap<string, bigint>;
};

export type KnownPoint = {
  readonly id: bigint;
  readonly role: Role;
  /** Serial of the meter that hangs there now. */
  readonly meter: string | null;
  /** Number of the account that takes it now, and its tariff. */
  readonly account: string | null;
  readonly tariff: string | null;
  /** Nobody else's agreement and no other meter's stay reaches beyond these. */
  readonly agreedUntil: Day | null;
  readonly occupiedUntil: Instant | null;
};
export type KnownMeter = {
  readonly id: bigint;
  readonly utility: Utility;
  readonly profileId: string;
  readonly bus: string | null;
  readonly unitId: number | null;
  readonly client: string | null;
  readonly deviceKey: string | null;
  readonly removedAt: Instant | null;
  readonly stay: {
    readonly pointId: bigint;
    readonly place: Place;
    readonly at: Instant;
    readonly ratio: string;
    readonly capacityPerHour: string;
  } | null;
};
export type KnownAccount = {
  readonly id: bigint;
  readonly name: string;
  readonly phone: string;
  readonly address: string;
  readonly paymentMode: "postpaid" | "prepaid";
  readonly policy: string | null;
  readonly openedOn: Day;
  readonly protectedReason: string | null;
  /** The newest address of each channel that is in force. */
  readonly email: string | null;
  readonly messageTo: string | null;
  /** The last word about who it is to the tax office. */
  readonly tax: TaxIdentity | null;
  readonly persons: number | null;
  /** The day from which `persons` counts. */
  readonly personsFrom: Day | null;
};

export const pointKey = (place: Place, utility: Utility): string =>
  JSON.stringify([place.building, place.room, utility]);
export const busWire = (bus: string, unitId: number): string => JSON.stringify(["bus", bus, unitId]);
export const clientWire = (client: string, key: string): string => JSON.stringify(["mqtt", client, key]);

type PointRow = KnownPoint & { readonly building: string; readonly room: string; readonly utility: Utility };

export async function snapshotOf(trx: Transaction<Tables>): Promise<Snapshot> {
  const points = await sql<PointRow>`
    select p.id, p.building, p.room, p.utility, p.role, m.serial as meter, a.number as account, g.tariff_id as tariff,
           (select max(e.to_day) from agreement e where e.operator_id = p.operator_id and e.usage_point_id = p.id) as "agreedUntil",
           (select max(e.removed_at) from installation e where e.operator_id = p.operator_id and e.usage_point_id = p.id) as "occupiedUntil"
      from usage_point p
      left join installation i on i.operator_id = p.operator_id and i.usage_point_id = p.id and i.removed_at is null
      left join meter m on m.operator_id = p.operator_id and m.id = i.meter_id
      left join agreement g on g.operator_id = p.operator_id and g.usage_point_id = p.id and g.to_day is null
      left join account a on a.operator_id = p.operator_id and a.id = g.account_id
     where p.operator_id = sanbiao.operator_id() order by p.id`.execute(trx);
  const known = Map.groupBy(points.rows, ({ building, room, utility }) => pointKey({ building, room }, utility));
  const meters = await metersOf(trx);
  return {
    points: new Map([...known].map(([key, rows]) => [key, distinct(rows)])),
    meters,
    wires: wiresOf(meters),
    accounts: await accountsOf(trx),
    buses: await idsOf(trx, "bus", "name"),
    clients: await idsOf(trx, "mqtt_client", "username"),
  };
}

/** Two agreements or two meters at a point would show it twice. */
const distinct = (rows: readonly PointRow[]): KnownPoint[] => [...new Map(rows.map((row) => [row.id, row])).values()];

type MeterRow = {
  serial: string;
  id: bigint;
  utility: Utility;
  profile_id: string;
  bus: string | null;
  unit_id: number | null;
  client: string | null;
  device_key: string | null;
  point_id: bigint | null;
  building: string;
  room: string;
  installed_at: Instant;
  ratio: string;
  capacity: string;
  removed_at: Instant | null;
};

async function metersOf(trx: Transaction<Tables>): Promise<Map<string, KnownMeter>> {
  const { rows } = await sql<MeterRow>`
    select m.serial, m.id, m.utility, m.profile_id, b.name as bus, m.unit_id, c.username as client, m.device_key,
           i.usage_point_id as point_id, p.building, p.room, i.installed_at,
           trim_scale(i.ratio)::text as ratio, trim_scale(i.capacity_per_hour)::text as capacity,
           (select max(e.removed_at) from installation e where e.operator_id = m.operator_id and e.meter_id = m.id) as removed_at
      from meter m
      left join bus b on b.operator_id = m.operator_id and b.id = m.bus_id
      left join mqtt_client c on c.operator_id = m.operator_id and c.id = m.mqtt_client_id
      left join installation i on i.operator_id = m.operator_id and i.meter_id = m.id and i.removed_at is null
      left join usage_point p on p.operator_id = i.operator_id and p.id = i.usage_point_id
     where m.operator_id = sanbiao.operator_id()`.execute(trx);
  return new Map(
    rows.map((row) => [
      row.serial,
      {
        id: row.id,
        utility: row.utility,
        profileId: row.profile_id,
        bus: row.bus,
        unitId: row.unit_id,
        client: row.client,
        deviceKey: row.device_key,
        removedAt: row.removed_at,
        stay:
          row.point_id === null
            ? null
            : {
                pointId: row.point_id,
                place: { building: row.building, room: row.room },
                at: row.installed_at,
                ratio: row.ratio,
                capacityPerHour: row.capacity,
              },
      },
    ]),
  );
}

function wiresOf(meters: ReadonlyMap<string, KnownMeter>): Map<string, string> {
  const wires = new Map<string, string>();
  for (const [serial, { bus, unitId, client, deviceKey }] of meters) {
    if (bus !== null && unitId !== null) wires.set(busWire(bus, unitId), serial);
    if (client !== null && deviceKey !== null) wires.set(clientWire(client, deviceKey), serial);
  }
  return wires;
}

async function accountsOf(trx: Transaction<Tables>): Promise<Map<string, KnownAccount>> {
  const { rows } = await sql<
    Omit<KnownAccount, "paymentMode" | "tax"> & { number: string; mode: KnownAccount["paymentMode"] }
  >`
    select a.number, a.id, a.name, a.phone, a.address, a.payment_mode as mode, s.policy_id as policy, a.opened_on as "openedOn",
           a.protected_reason as "protectedReason", h.persons, h.from_day as "personsFrom",
           c.email, c.webhook as "messageTo"
      from account a
      left join supply s on s.operator_id = a.operator_id and s.account_id = a.id
      left join lateral (select persons, from_day from household_size h where h.operator_id = a.operator_id and h.account_id = a.id
                          order by from_day desc limit 1) h on true
      left join (select account_id, (array_agg(address order by id desc) filter (where channel = 'email'))[1] as email,
                        (array_agg(address order by id desc) filter (where channel = 'webhook'))[1] as webhook
                   from (select distinct on (account_id, channel, address) id, account_id, channel, address, active
                           from contact_point where operator_id = sanbiao.operator_id() and channel in ('email', 'webhook')
                          order by account_id, channel, address, from_day desc, id desc) said
                  where active group by account_id) c on c.account_id = a.id
     where a.operator_id = sanbiao.operator_id()`.execute(trx);
  const taxes = await knownTaxes(trx);
  return new Map(
    rows.map(({ number, mode, ...row }) => [number, { ...row, paymentMode: mode, tax: taxes.get(row.id) ?? null }]),
  );
}

async function idsOf(
  trx: Transaction<Tables>,
  table: "bus" | "mqtt_client",
  name: string,
): Promise<Map<string, bigint>> {
  const { rows } = await sql<{ name: string; id: bigint }>`
    select ${sql.ref(name)} as name, id from ${sql.table(table)} where operator_id = sanbiao.operator_id()`.execute(
    trx,
  );
  return new Map(rows.map((row) => [row.name, row.id]));
}
