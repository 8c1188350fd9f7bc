import { describe, expect, test } from "vitest";
import { day } from "../../domain/period.ts";
import { belowOf, hangings, makesLoop, type Place, type Placement, treeOf } from "../../metering/topology.ts";

const place = (usagePointId: bigint, role: Place["role"] = "customer", building = "1"): Place => ({
  usagePointId,
  utility: "electricity",
  building,
  role,
});
const said = (
  usagePointId: bigint,
  fromDay: string,
  masterPointId: bigint | null,
  purpose: Placement["purpose"] = "supply",
) => ({
  usagePointId,
  fromDay: day(fromDay),
  masterPointId,
  purpose,
});
const september = (places: Place[], placements: Placement[] = []) =>
  hangings(places, placements, day("2026-09-01"), day("2026-10-01")).map(
    ({ usagePointId, masterPointId, purpose, from, to }) =>
      `${usagePointId}<${masterPointId} ${purpose} ${from.slice(5)}..${to.slice(5)}`,
  );

describe("who measures a point", () => {
  test("is by default the one master of its building and utility", () => {
    const water = { ...place(4n), utility: "water" as const };
    expect(september([place(1n, "master"), place(2n), place(3n, "customer", "2"), water])).toEqual([
      "2<1 supply 09-01..10-01",
    ]);
  });

  test("is nobody while a building has two masters and nobody said which", () => {
    expect(september([place(1n, "master"), place(5n, "master"), place(2n)])).toEqual([]);
  });

  test("is still the upper master when the other one hangs below it", () => {
    expect(september([place(1n, "master"), place(5n, "master"), place(2n)], [said(5n, "2026-01-01", 1n)])).toEqual([
      "5<1 supply 09-01..10-01",
      "2<1 supply 09-01..10-01",
    ]);
  });

  test("changes on the day that was said, and the later of two words for one day counts", () => {
    const words = [said(2n, "2026-09-11", 5n), said(2n, "2026-09-21", 1n), said(2n, "2026-09-21", null)];
    const all = [place(1n, "master"), place(5n, "master", "2"), place(2n)];
    expect(september(all, words)).toEqual(["2<1 supply 09-01..09-11", "2<5 supply 09-11..09-21"]);
  });

  test("can be a master that counts it as common use", () => {
    expect(september([place(1n, "master"), place(2n)], [said(2n, "2026-09-16", 1n, "common")])).toEqual([
      "2<1 supply 09-01..09-16",
      "2<1 common 09-16..10-01",
    ]);
  });
});

test("points below a sub-master are below its master, too", () => {
  const tree = treeOf(
    hangings(
      [place(1n, "master"), place(5n, "master"), place(2n), place(3n)],
      [said(5n, "2026-01-01", 1n), said(3n, "2026-01-01", 5n)],
      day("2026-09-01"),
      day("2026-10-01"),
    ),
  );
  expect(belowOf(1n, tree)).toEqual(new Set([5n, 2n, 3n]));
  expect(belowOf(5n, tree)).toEqual(new Set([3n]));
});

test.each<[string, Placement[], boolean]>([
  ["two masters, each below the other", [said(1n, "2026-01-01", 5n), said(5n, "2026-06-01", 1n)], true],
  ["three in a ring", [said(1n, "2026-01-01", 2n), said(2n, "2026-01-01", 3n), said(3n, "2026-03-01", 1n)], true],
  ["a chain", [said(1n, "2026-01-01", 2n), said(2n, "2026-01-01", 3n)], false],
  [
    "turned round on one day, the old word withdrawn",
    [said(1n, "2026-01-01", 2n), said(1n, "2026-06-01", null), said(2n, "2026-06-01", 1n)],
    false,
  ],
  [
    "a ring for a time only",
    [said(1n, "2026-01-01", 2n), said(2n, "2026-02-01", 1n), said(1n, "2026-03-01", null)],
    true,
  ],
])("a loop is seen whenever it stands: %s", (_title, placements, loop) => {
  expect(makesLoop(placements)).toBe(loop);
});
