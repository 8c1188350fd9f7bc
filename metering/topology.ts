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
  const days = [...new Set([from, ...placements.map(({ fromDay }) => fromDay).filter((d) => d > from && d < to)])].sort();
  const found: Hanging[] = [];
  for (const place of places) {
    let open: Hanging | null = null;
    for (const [i, day] of days.entries()) {
      const until = days[i + 1] ?? to;
      const master = masterOn(place, places, byPoint, day);
      if (open !== null && master?.masterPointId === open.masterPointId && master.purpose === open.purpose) {
        open = { ...open, to: until };
        found[found.length - 1] = open;
        continue;
      }
      open = master === null ? null : { usagePointId: place.usagePointId, ...master, from: day, to: until };
      if (open !== null) found.push(open);
    }
  }
  return found;
}

type Above = { readonly masterPointId: bigint; readonly purpose: "supply" | "common" };
type ByPoint = ReadonlyMap<bigint, readonly Placement[]>;

function masterOn(place: Place, places: readonly Place[], byPoint: ByPoint, day: Day): Above | null {
  const said = saidOn(place.usagePointId, byPoint, day);
  if (said !== null) {
    return said.masterPointId === null ? null : { masterPointId: said.masterPointId, purpose: said.purpose };
  }
  if (place.role === "master") return null;
  // By default the one master of the building that hangs below no other; with two, nobody can say which.
  const tops = places.filter(
    (other) =>
      other.role === "master" &&
      other.utility === place.utility &&
      other.building === place.building &&
      (saidOn(other.usagePointId, byPoint, day)?.masterPointId ?? null) === null,
  );
  const [top] = tops;
  return tops.length === 1 && top !== undefined ? { masterPointId: top.usagePointId, purpose: "supply" } : null;
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

/** All points that stood below a master in the days of `below`, at any depth. */
export function belowOf(masterPointId: bigint, below: readonly Hanging[]): Set<bigint> {
  const found = new Set<bigint>();
  const queue = [masterPointId];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const { usagePointId, masterPointId: above } of below) {
      if (above !== at || found.has(usagePointId)) continue;
      found.add(usagePointId);
      queue.push(usagePointId);
    }
  }
  return found;
}
