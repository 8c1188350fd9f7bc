import { isoOf } from "../../domain/instant.ts";
import { type Change, compare, pointAt, type PointRef, type Rules, type Scene, type Verdict } from "./judge.ts";
import type { MeterRow } from "./rows.ts";
import { busWire, clientWire, type KnownMeter } from "./snapshot.ts";
import type { RowError } from "./words.ts";

/** A meter that is new, is there as the file says, or is there otherwise. */
export function judgeMeter(row: MeterRow, line: number, scene: Scene): Verdict {
  const { snapshot, sofar, plan, rules } = scene;
  const errors: RowError[] = [];
  const changes: Change[] = [];
  const before = sofar.serials.get(row.serial);
  if (before !== undefined) errors.push({ column: "serial", code: "twice", a: String(before) });
  else sofar.serials.set(row.serial, line);
  const known = snapshot.meters.get(row.serial);
  errors.push(...profileErrors(row, rules), ...wireErrors(row, scene));
  const point = row.place === null ? null : pointAt(row.place, row.utility, scene);
  if (point !== null && "code" in point) errors.push(point);
  const at = point === null || "code" in point ? null : point;
  if (known !== undefined) compareMeter(row, known, at, rules, { errors, changes });
  const hangs = at !== null && known?.stay == null;
  if (at !== null && hangs) errors.push(...placeErrors(row, known, at, scene));
  const rewires = changes.some(({ column }) => column !== "building");
  return {
    outcome: known === undefined ? "created" : changes.length > 0 ? "changed" : "already",
    changes,
    errors,
    commit: () => {
      if (known === undefined) plan.meters.push(row);
      else if (rewires) plan.rewired.push({ id: known.id, row });
      if (at !== null && hangs) plan.stays.push({ row, point: at });
    },
  };
}

function profileErrors({ profileId, utility, bus }: MeterRow, { catalogue }: Rules): RowError[] {
  const profile = catalogue.profiles.get(profileId);
  if (profile === undefined) return [{ column: "profile", code: "unknown_profile" }];
  const errors: RowError[] = [];
  if (!profile.utilities.includes(utility)) errors.push({ column: "profile", code: "profile_utility", a: utility });
  if (profile.kind !== "modbus" && bus !== null)
    errors.push({ column: "profile", code: "profile_wire", a: "MQTT", b: "client" });
  return errors;
}

function wireErrors({ serial, bus, unitId, client, deviceKey }: MeterRow, { snapshot, sofar }: Scene): RowError[] {
  const errors: RowError[] = [];
  const claim = (column: string, wire: string): void => {
    const owner = snapshot.wires.get(wire) ?? sofar.wires.get(wire);
    if (owner !== undefined && owner !== serial) errors.push({ column, code: "wire_taken", a: owner });
    sofar.wires.set(wire, serial);
  };
  if (bus !== null && !snapshot.buses.has(bus)) errors.push({ column: "bus", code: "unknown_bus" });
  else if (bus !== null && unitId !== null) claim("unit_id", busWire(bus, unitId));
  if (client !== null && !snapshot.clients.has(client)) errors.push({ column: "client", code: "unknown_client" });
  else if (client !== null && deviceKey !== null) claim("device_key", clientWire(client, deviceKey));
  return errors;
}

/** How it is reached may change; what it measures, where it hangs and by what it is multiplied has a history of its own. */
function compareMeter(
  row: MeterRow,
  known: KnownMeter,
  at: PointRef | null,
  rules: Rules,
  into: { errors: RowError[]; changes: Change[] },
): void {
  const { stated } = row;
  compare("utility", known.utility, row.utility, false, rules, into);
  compare("profile", known.profileId, row.profileId, true, rules, into);
  compare("bus", known.bus, row.bus, true, rules, into);
  compare("unit_id", textOrNull(known.unitId), textOrNull(row.unitId), true, rules, into);
  compare("client", known.client, row.client, true, rules, into);
  compare("device_key", known.deviceKey, stated.has("device_key") ? row.deviceKey : null, true, rules, into);
  if (at === null) return;
  if (known.stay === null) {
    compare("building", null, placeOf(row), true, rules, into);
    return;
  }
  const { stay } = known;
  if (at.known?.id !== stay.pointId)
    into.errors.push({
      column: "building",
      code: "differs",
      a: `${stay.place.building}-${stay.place.room}`,
      b: placeOf(row),
    });
  const says = row.installedAt === null ? null : isoOf(row.installedAt);
  compare("installed_at", isoOf(stay.at), says, false, rules, into);
  compare("ratio", stay.ratio, stated.has("ratio") ? row.ratio : null, false, rules, into);
  const capacity = stated.has("capacity_per_hour") ? row.capacityPerHour : null;
  compare("capacity_per_hour", stay.capacityPerHour, capacity, false, rules, into);
}

const textOrNull = (value: number | null): string | null => (value === null ? null : String(value));
const placeOf = ({ place }: MeterRow): string => (place === null ? "" : `${place.building}-${place.room}`);

function placeErrors(row: MeterRow, known: KnownMeter | undefined, at: PointRef, { sofar }: Scene): RowError[] {
  const there = at.known?.meter ?? sofar.hung.get(at.key) ?? null;
  sofar.hung.set(at.key, row.serial);
  if (there !== null && there !== row.serial) return [{ column: "building", code: "point_taken", a: there }];
  const busyUntil = Math.max(at.known?.occupiedUntil ?? 0, known?.removedAt ?? 0);
  if (row.installedAt !== null && row.installedAt < busyUntil)
    return [{ column: "installed_at", code: "too_early", a: isoOf(busyUntil as typeof row.installedAt) }];
  return [];
}
