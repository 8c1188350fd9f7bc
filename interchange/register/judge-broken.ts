import { UTILITIES, type Utility } from "../../domain/unit.ts";
import { codeOf, textOf } from "./cells.ts";
import { pointAt, type Scene } from "./judge.ts";
import { utilityOf } from "./rows.ts";
import { EMPTY } from "./sheet.ts";
import type { FileRow } from "./table.ts";
import type { RowError } from "./words.ts";

/**
 * A row with a cell that cannot be read is refused; what its other cells name is looked up all the same, so that a clerk sees everything
 * at once and not in rounds.
 */
export function namesUnknown(row: FileRow, scene: Scene): RowError[] {
  const { snapshot, rules, sofar } = scene;
  const bad = new Set(row.read.errors.map(({ column }) => column));
  const word = (column: string): string | null => {
    const cell = row.named.get(column) ?? EMPTY;
    const read = column === "bus" || column === "client" ? textOf(cell, 200) : codeOf(cell, 200);
    return bad.has(column) || "error" in read ? null : read.value;
  };
  const errors: RowError[] = [];
  const check = (column: string, isKnown: (name: string) => boolean, code: RowError["code"]): void => {
    const name = word(column);
    if (name !== null && !isKnown(name)) errors.push({ column, code });
  };
  const note = (column: string, seen: Map<string, number>): void => {
    const name = word(column);
    if (name === null) return;
    const before = seen.get(name);
    if (before !== undefined) errors.push({ column, code: "twice", a: String(before) });
    else seen.set(name, row.line);
  };
  if (row.kind === "meters") {
    note("serial", sofar.serials);
    check("profile", (id) => rules.catalogue.profiles.has(id), "unknown_profile");
    check("bus", (name) => snapshot.buses.has(name), "unknown_bus");
    check("client", (name) => snapshot.clients.has(name), "unknown_client");
    const utility = bad.has("utility") ? null : utilityOf(row.named.get("utility") ?? EMPTY);
    if (utility !== null) errors.push(...placeUnknown(row, utility, bad, scene));
  }
  if (row.kind === "accounts") {
    note("number", sofar.numbers);
    check("policy", (id) => rules.catalogue.policies.has(id), "unknown_policy");
    for (const utility of UTILITIES) {
      const column = `tariff_${utility}`;
      check(column, (id) => rules.catalogue.tariffs.has(id), "unknown_tariff");
      if (word(column) === null) continue;
      for (const error of placeUnknown(row, utility, bad, scene)) errors.push({ ...error, column });
    }
  }
  return errors;
}

function placeUnknown(row: FileRow, utility: Utility, bad: ReadonlySet<string | null>, scene: Scene): RowError[] {
  const [building, room] = ["building", "room"].map((column) => textOf(row.named.get(column) ?? EMPTY, 60));
  if (bad.has("building") || bad.has("room") || building === undefined || room === undefined) return [];
  if ("error" in building || "error" in room || building.value === null) return [];
  const point = pointAt({ building: building.value, room: room.value ?? "" }, utility, scene);
  return "code" in point ? [point] : [];
}
