import { sql, type Transaction } from "kysely";
import type { Instant } from "../domain/instant.ts";
import { type Micro, microOf } from "../domain/quantity.ts";
import {
  atRatio,
  type RatioChange,
  RATIO_ONE,
  ratioChanges,
  ratioOf,
  type RatioRow,
  trueRatio,
} from "../domain/ratio.ts";
import type { MeterId } from "../domain/reading.ts";
import { type RegisterName, registerName } from "../domain/register.ts";
import type { Tables } from "../schema/tables.ts";
import type { DecidedStretch } from "../domain/reading-edit.ts";
import { readDecisions } from "./decisions.ts";
import { readRatios } from "./ratios.ts";
import type { MeterStay } from "./usage.ts";

type Trx = Transaction<Tables>;

type InstallationRow = {
  id: bigint;
  usage_point_id: bigint;
  meter_id: MeterId;
  installed_at: Instant;
  removed_at: Instant | null;
  ratio: string;
  capacity_per_hour: string;
};
type MeterRow = { readonly id: MeterId; readonly serial: string; readonly profile_id: string };
type StayRow = InstallationRow & Omit<MeterRow, "id">;

/** Who stood at these usage points, in order; a stay is cut where its ratio truly changes. */
export async function readStays(trx: Trx, usagePointIds: readonly bigint[]): Promise<Map<bigint, MeterStay[]>> {
  const { rows: installations } = await sql<InstallationRow>`
    select id, usage_point_id, meter_id, installed_at, removed_at, ratio, capacity_per_hour from sanbiao.installation
     where operator_id = sanbiao.operator_id() and usage_point_id = any(${idArray(usagePointIds)}::bigint[])
     order by usage_point_id, installed_at`.execute(trx);
  const meterIds = installations.map((row) => row.meter_id);
  // Asked by their numbers, not joined: for a part of an estate the planner would walk through all its meters.
  const { rows: meters } = await sql<MeterRow>`
    select id, serial, profile_id from sanbiao.meter
     where operator_id = sanbiao.operator_id() and id = any(${idArray(meterIds)}::bigint[])`.execute(trx);
  const byId = new Map(meters.map((meter) => [meter.id, meter]));
  const rows = installations.map((row): StayRow => {
    const { serial, profile_id } = byId.get(row.meter_id) as MeterRow;
    return Object.assign(row, { serial, profile_id });
  });
  const decided = await readDecisions(trx, meterIds);
  const ratios = await readRatios(trx, meterIds);
  const dials = await readDials(
    trx,
    rows.map((row) => row.id),
  );
  const byPoint = new Map<bigint, MeterStay[]>();
  for (const row of rows) {
    const known = { ratios: ratios.get(row.meter_id) ?? [], seen: dials.get(row.id) ?? [] };
    const parts = partsOf(row, { ...known, decided: decided.get(row.meter_id) ?? [] });
    const of = byPoint.get(row.usage_point_id);
    if (of === undefined) byPoint.set(row.usage_point_id, parts);
    else of.push(...parts);
  }
  return byPoint;
}

const idArray = (ids: readonly bigint[]): string => `{${ids.join(",")}}`;

type Seen = { readonly edge: "initial" | "final"; readonly register: RegisterName; readonly dial: Micro };

/** What the dials showed when these stays began and ended; of two entries the later counts. */
async function readDials(trx: Trx, installationIds: readonly bigint[]): Promise<Map<bigint, Seen[]>> {
  const { rows } = await sql<{ installation_id: bigint; edge: "initial" | "final"; register: number; dial: bigint }>`
    select installation_id, edge, register, dial from sanbiao.installation_reading
     where operator_id = sanbiao.operator_id() and installation_id = any(${idArray(installationIds)}::bigint[])
     order by id`.execute(trx);
  const byStay = new Map<bigint, Seen[]>();
  for (const { installation_id, edge, register: code, dial } of rows) {
    const register = registerName(code);
    if (register === null) throw new Error(`installation ${installation_id}: a dial of register ${code}`);
    const of = byStay.get(installation_id) ?? [];
    of.push({ edge, register, dial });
    byStay.set(installation_id, of);
  }
  return byStay;
}

type Known = {
  readonly ratios: readonly RatioRow[];
  readonly seen: readonly Seen[];
  readonly decided: readonly DecidedStretch[];
};

function partsOf(row: StayRow, known: Known): MeterStay[] {
  const { ratios: rows, seen, decided } = known;
  if (rows.length === 0 && seen.length === 0) return [plainStay(row, decided)];
  const whole = { from: row.installed_at, to: row.removed_at };
  const changes = ratioChanges(rows, whole.from, whole.to);
  const first = trueRatio(rows, whole.from);
  const shown = ratioOf(row.ratio) ?? RATIO_ONE;
  const capacity = microOf(row.capacity_per_hour) ?? 0n;
  const stated = statedOf(whole, changes, rows, seen);
  return [null, ...changes].map((change, i) => {
    const next = changes[i];
    const ratio = change?.after ?? first;
    return {
      decided,
      installedAt: change?.at ?? whole.from,
      // What can flow through the meter itself stays the same: the most that can be used grows with the ratio.
      maxPerHour: atRatio(capacity, shown, ratio),
      meterId: row.meter_id,
      profileId: row.profile_id,
      removedAt: next?.at ?? whole.to,
      serial: row.serial,
      usagePointId: row.usage_point_id,
      ...(rows.length === 0 ? {} : { ratio }),
      ...(stated.length === 0 ? {} : { stated }),
      ...(changes.length === 0
        ? {}
        : { cut: { whole, ratios: rows, start: change !== null, end: next !== undefined } }),
    };
  });
}

/** A stay under one ratio whose dials nobody noted: nearly all. */
function plainStay(row: StayRow, decided: readonly DecidedStretch[]): MeterStay {
  const shown = ratioOf(row.ratio) ?? RATIO_ONE;
  return {
    decided,
    installedAt: row.installed_at,
    maxPerHour: atRatio(microOf(row.capacity_per_hour) ?? 0n, shown, RATIO_ONE),
    meterId: row.meter_id,
    profileId: row.profile_id,
    removedAt: row.removed_at,
    serial: row.serial,
    usagePointId: row.usage_point_id,
  };
}

/** The instants of a stay at which somebody looked at the dials. */
function statedOf(
  { from, to }: { from: Instant; to: Instant | null },
  changes: readonly RatioChange[],
  rows: readonly RatioRow[],
  seen: readonly Seen[],
): { at: Instant; dials: ReadonlyMap<RegisterName, Micro> }[] {
  const at = (edge: Seen["edge"]) =>
    new Map(seen.filter((one) => one.edge === edge).map(({ register, dial }) => [register, dial]));
  const all = [
    { at: from, dials: at("initial") },
    ...changes.map((change) => ({ at: change.at, dials: dialsAt(rows, change) })),
  ];
  if (to !== null) all.push({ at: to, dials: at("final") });
  return all.filter(({ dials }) => dials.size > 0);
}

/** The dials noted at a change: by its own row, or by an earlier one of the same instant when that row names none. */
const dialsAt = (rows: readonly RatioRow[], { at, dials }: RatioChange): ReadonlyMap<RegisterName, Micro> =>
  dials.size > 0 ? dials : (rows.findLast((row) => row.from === at && row.dials.size > 0)?.dials ?? dials);
