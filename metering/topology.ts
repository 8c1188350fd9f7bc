import type { Day } from "../domain/period.ts";
import type { Utility } from "../domain/unit.ts";

/** A usage point as the topology looks at it. */
export type Place = {
  readonly usagePointId: bigint;
  readonly utility: Utility;
  readonly building: string;
  readonly role: "customer" | "master";
};

/** "From this day on that master measures this point"; `null` = none does. In the order in which they were noted. */
export type Placement = {
  readonly usagePointId: bigint;
  readonly fromDay: Day;
  readonly masterPointId: bigint | null;
  readonly purpose: "supply" | "common";
};

/** Days `[from, to)` in which `masterPointId` measured the point directly. */
export type Hanging = {
  readonly usagePointId: bigint;
  readonly masterPointId: bigint;
  readonly purpose: "supply" | "common";
  readonly from: Day;
  readonly to: Day;
};

/** Where every point hung in the days `[from, to)`, in the order of the points. Pure. */
export function hangings(places: readonly Place[], placements: readonly Placement[], from: Day, to: Day): Hanging[] {
  const byPoint = Map.groupBy(placements, ({ usagePointId }) => usagePointId);
  const days = [
    ...new Set([from, ...placements.map(({ fromDay }) => fromDay).filter((d) => d > from && d < to)]),
  ].sort();
  const perDay = days.map((day, i) => ({ day, until: days[i + 1] ?? to, tops: topsOn(places, byPoint, day) }));
  const found: Hanging[] = [];
  for (const place of places) {
    for (const { day, until, tops } of perDay) {
      const above = masterOn(place, tops, byPoint, day);
      if (above === null) continue;
      const hanging = { usagePointId: place.usagePointId, ...above, from: day, to: until };
      const last = found.at(-1);
      if (last !== undefined && last.to === day && isSamePlace(last, hanging))
        found[found.length - 1] = { ...last, to: until };
      else found.push(hanging);
    }
  }
  return found;
}

const isSamePlace = (a: Hanging, b: Hanging): boolean =>
  a.usagePointId === b.usagePointId && a.masterPointId === b.masterPointId && a.purpose === b.purpose;

type Above = { readonly masterPointId: bigint; readonly purpose: "supply" | "common" };
type ByPoint = ReadonlyMap<bigint, readonly Placement[]>;

const siteOf = ({ utility, building }: Place): string => `${utility} ${building}`;

/** Masters that hang below no other, by utility and building. */
function topsOn(places: readonly Place[], byPoint: ByPoint, day: Day): ReadonlyMap<string, readonly Place[]> {
  const tops = places.filter(
    ({ role, usagePointId }) =>
      role === "master" && (saidOn(usagePointId, byPoint, day)?.masterPointId ?? null) === null,
  );
  return Map.groupBy(tops, siteOf);
}

function masterOn(place: Place, tops: ReadonlyMap<string, readonly Place[]>, byPoint: ByPoint, day: Day): Above | null {
  const said = saidOn(place.usagePointId, byPoint, day);
  if (said !== null) {
    return said.masterPointId === null ? null : { masterPointId: said.masterPointId, purpose: said.purpose };
  }
  if (place.role === "master") return null;
  // By default the one master of the building; with two, nobody can say which.
  const [top, second] = tops.get(siteOf(place)) ?? [];
  return top === undefined || second !== undefined ? null : { masterPointId: top.usagePointId, purpose: "supply" };
}

/** The latest word on a point: of two for one day the one that was noted later. */
function saidOn(usagePointId: bigint, byPoint: ByPoint, day: Day): Placement | null {
  let latest: Placement | null = null;
  for (const placement of byPoint.get(usagePointId) ?? []) {
    if (placement.fromDay <= day && (latest === null || placement.fromDay >= latest.fromDay)) latest = placement;
  }
  return latest;
}

/** Whether a point, on some day, would stand below itself. */
export function makesLoop(placements: readonly Placement[]): boolean {
  const byPoint = Map.groupBy(placements, ({ usagePointId }) => usagePointId);
  for (const { fromDay } of placements) {
    for (const start of byPoint.keys()) {
      const seen = new Set([start]);
      let above = saidOn(start, byPoint, fromDay)?.masterPointId ?? null;
      while (above !== null) {
        if (seen.has(above)) return true;
        seen.add(above);
        above = saidOn(above, byPoint, fromDay)?.masterPointId ?? null;
      }
    }
  }
  return false;
}

/** The hangings directly below each master. */
export type Tree = ReadonlyMap<bigint, readonly Hanging[]>;
export const treeOf = (all: readonly Hanging[]): Tree => Map.groupBy(all, ({ masterPointId }) => masterPointId);

/** All points that stood below a master, at any depth. */
export function belowOf(masterPointId: bigint, tree: Tree): Set<bigint> {
  const found = new Set<bigint>();
  const queue = [masterPointId];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const { usagePointId } of tree.get(at) ?? []) {
      if (found.has(usagePointId)) continue;
      found.add(usagePointId);
      queue.push(usagePointId);
    }
  }
  return found;
}
