import type { Database } from "../schema/database.ts";
import type { Clock, Instant } from "../domain/instant.ts";
import type { MeterId, OperatorId } from "../domain/reading.ts";
import type { Zone } from "../domain/period.ts";
import type { RatioRow } from "../domain/ratio.ts";
import type { Utility } from "../domain/unit.ts";
import { type RatioRecord, ratioRowOf } from "../ledger/ratios.ts";

/** A meter as the wires need it. */
export type MeterEntry = {
  readonly operatorId: OperatorId;
  readonly id: MeterId;
  readonly serial: string;
  readonly utility: Utility;
  readonly profileId: string;
  readonly busId: bigint | null;
  readonly unitId: number | null;
  readonly mqttClientId: bigint | null;
  readonly deviceKey: string | null;
  /** Null while it hangs nowhere. */
  readonly usagePointId: bigint | null;
  /** CT × VT, or units per pulse, in the order of recording; empty while it never was another than 1. */
  readonly ratios: readonly RatioRow[];
  /** Seconds between reports that were agreed with a meter that speaks by itself; null: none agreed. */
  readonly reportEvery_s: number | null;
};

/** What may connect to the broker, with the meters that speak through it. */
export type ClientEntry = {
  readonly operatorId: OperatorId;
  readonly id: bigint;
  readonly username: string;
  readonly passwordHash: string;
  readonly publishFilters: readonly string[];
  readonly subscribeFilters: readonly string[];
  readonly profileIds: readonly string[];
  readonly enabled: boolean;
  /** By device key (lower case). */
  readonly meters: ReadonlyMap<string, MeterEntry>;
};

export type BusEntry = {
  readonly operatorId: OperatorId;
  readonly id: bigint;
  readonly name: string;
  readonly kind: "tcp" | "rtu_over_tcp" | "rtu";
  /** `{host, port}` or `{path, baudRate, parity, stopBits}`, as the row has it. */
  readonly address: Readonly<Record<string, unknown>>;
  readonly pollSeconds: Readonly<Partial<Record<"billing" | "power" | "state" | "slow", number>>>;
  readonly enabled: boolean;
  /** By unit id. */
  readonly meters: ReadonlyMap<number, MeterEntry>;
};

/** Everything that hangs on a wire, of all operators, in memory. Entries are replaced at a refresh: look them up, do not keep them. */
export type Directory = {
  client(username: string): ClientEntry | undefined;
  clients(): Iterable<ClientEntry>;
  clientById(id: bigint): ClientEntry | undefined;
  meterOfClient(client: Pick<ClientEntry, "meters">, deviceKey: string): MeterEntry | undefined;
  bus(id: bigint): BusEntry | undefined;
  buses(): Iterable<BusEntry>;
  meterOfUnit(busId: bigint, unitId: number): MeterEntry | undefined;
  meter(id: MeterId): MeterEntry | undefined;
  meters(): Iterable<MeterEntry>;
  operators(): Iterable<OperatorId>;
  /** Where the operator's local times belong. */
  zone(operatorId: OperatorId): Zone | undefined;
  refresh(): Promise<void>;
  /** Refreshes unless that was done within `ageMs`: an unknown device may have been registered a moment ago. */
  refreshIfOlder(ageMs: number): Promise<void>;
};

type State = {
  readonly clients: ReadonlyMap<string, ClientEntry>;
  readonly clientsById: ReadonlyMap<bigint, ClientEntry>;
  readonly buses: ReadonlyMap<bigint, BusEntry>;
  readonly meters: ReadonlyMap<MeterId, MeterEntry>;
  readonly zones: ReadonlyMap<OperatorId, Zone>;
  readonly at: Instant;
};

export async function openDirectory(db: Pick<Database, "pool">, clock: Clock): Promise<Directory> {
  let state = await load(db, clock);
  let loading: Promise<void> | null = null;
  const refresh = () => {
    loading ??= load(db, clock)
      .then((next) => void (state = next))
      .finally(() => void (loading = null));
    return loading;
  };
  return {
    client: (username) => state.clients.get(username),
    clients: () => state.clients.values(),
    clientById: (id) => state.clientsById.get(id),
    meterOfClient: (client, deviceKey) => client.meters.get(deviceKey),
    bus: (id) => state.buses.get(id),
    buses: () => state.buses.values(),
    meterOfUnit: (busId, unitId) => state.buses.get(busId)?.meters.get(unitId),
    meter: (id) => state.meters.get(id),
    meters: () => state.meters.values(),
    operators: () => state.zones.keys(),
    zone: (operatorId) => state.zones.get(operatorId),
    refresh,
    refreshIfOlder: async (ageMs) => (clock.now() - state.at < ageMs ? undefined : refresh()),
  };
}

type MeterRow = {
  operator_id: bigint;
  id: bigint;
  serial: string;
  utility: Utility;
  profile_id: string;
  bus_id: bigint | null;
  unit_id: number | null;
  mqtt_client_id: bigint | null;
  device_key: string | null;
  usage_point_id: bigint | null;
};
type ClientRow = {
  operator_id: bigint;
  id: bigint;
  username: string;
  password_hash: string;
  publish_filters: string[];
  subscribe_filters: string[];
  profile_ids: string[];
  enabled: boolean;
};
type BusRow = {
  operator_id: bigint;
  id: bigint;
  name: string;
  kind: BusEntry["kind"];
  address: Record<string, unknown>;
  poll_seconds: BusEntry["pollSeconds"];
  enabled: boolean;
};

async function load(db: Pick<Database, "pool">, clock: Clock): Promise<State> {
  const at = clock.now();
  const [meterRows, clientRows, busRows, operatorRows, agreedRows, ratioRows] = await Promise.all([
    db.pool.query<MeterRow>("select * from sanbiao.all_meters()"),
    db.pool.query<ClientRow>("select * from sanbiao.all_mqtt_clients()"),
    db.pool.query<BusRow>("select * from sanbiao.all_buses()"),
    db.pool.query<{ operator_id: bigint; zone: string }>("select operator_id, zone from sanbiao.operators()"),
    db.pool.query<{ meter_id: bigint; report_every_s: number }>(
      "select meter_id, report_every_s from sanbiao.agreed_intervals()",
    ),
    db.pool.query<RatioRecord>("select * from sanbiao.all_meter_ratios()"),
  ]);
  const meters = new Map<MeterId, MeterEntry>();
  const agreed = new Map(agreedRows.rows.map((row) => [row.meter_id, row.report_every_s]));
  const ratios = new Map<MeterId, RatioRow[]>();
  for (const record of ratioRows.rows) {
    const of = ratios.get(record.meter_id);
    if (of === undefined) ratios.set(record.meter_id, [ratioRowOf(record)]);
    else of.push(ratioRowOf(record));
  }
  for (const row of meterRows.rows)
    meters.set(row.id, meterOf(row, agreed.get(row.id) ?? null, ratios.get(row.id) ?? []));
  const ofClient = Map.groupBy(meters.values(), (m) => m.mqttClientId);
  const ofBus = Map.groupBy(meters.values(), (m) => m.busId);
  const clients = clientRows.rows.map((row) => clientOf(row, ofClient.get(row.id) ?? []));
  return {
    at,
    zones: new Map(operatorRows.rows.map((row) => [row.operator_id, row.zone])),
    meters,
    clients: new Map(clients.map((client) => [client.username, client])),
    clientsById: new Map(clients.map((client) => [client.id, client])),
    buses: new Map(busRows.rows.map((row) => [row.id, busOf(row, ofBus.get(row.id) ?? [])])),
  };
}

const meterOf = (row: MeterRow, reportEvery_s: number | null, ratios: readonly RatioRow[]): MeterEntry => ({
  reportEvery_s,
  operatorId: row.operator_id,
  id: row.id,
  serial: row.serial,
  utility: row.utility,
  profileId: row.profile_id,
  busId: row.bus_id,
  unitId: row.unit_id,
  mqttClientId: row.mqtt_client_id,
  deviceKey: row.device_key,
  usagePointId: row.usage_point_id,
  ratios,
});

const clientOf = (row: ClientRow, meters: readonly MeterEntry[]): ClientEntry => ({
  operatorId: row.operator_id,
  id: row.id,
  username: row.username,
  passwordHash: row.password_hash,
  publishFilters: row.publish_filters,
  subscribeFilters: row.subscribe_filters,
  profileIds: row.profile_ids,
  enabled: row.enabled,
  meters: new Map(meters.flatMap((m) => (m.deviceKey === null ? [] : [[m.deviceKey, m]]))),
});

const busOf = (row: BusRow, meters: readonly MeterEntry[]): BusEntry => ({
  operatorId: row.operator_id,
  id: row.id,
  name: row.name,
  kind: row.kind,
  address: row.address,
  pollSeconds: row.poll_seconds,
  enabled: row.enabled,
  meters: new Map(meters.flatMap((m) => (m.unitId === null ? [] : [[m.unitId, m]]))),
});
