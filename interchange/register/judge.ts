import type { ContactChannel } from "../../domain/notice.ts";
import type { Day } from "../../domain/period.ts";
import type { Utility } from "../../domain/unit.ts";
import { judgeAccount } from "./judge-account.ts";
import { namesUnknown } from "./judge-broken.ts";
import { judgeMeter } from "./judge-meter.ts";
import type { AccountRow, MeterRow, Place, PointRow } from "./rows.ts";
import { type KnownPoint, pointKey, type Snapshot } from "./snapshot.ts";
import type { FileRow } from "./table.ts";
import type { PlannedTax } from "./tax.ts";
import type { RowError } from "./words.ts";

/** Whether a row of the file fits the register, and what would be written. Pure: the same file against the same register is the same plan. */
export type Catalogue = {
  readonly profiles: ReadonlyMap<string, { readonly kind: string; readonly utilities: readonly Utility[] }>;
  readonly tariffs: ReadonlyMap<string, Utility>;
  readonly policies: ReadonlySet<string>;
};
export type Rules = {
  readonly catalogue: Catalogue;
  /** Whether what may change is taken over from the file. */
  readonly update: boolean;
  /** In the operator's zone: a changed household counts from it. */
  readonly today: Day;
};

export type Outcome = "created" | "changed" | "already" | "refused";
export type Change = { readonly column: string; readonly from: string; readonly to: string };
export type JudgedRow = {
  readonly row: FileRow;
  /** What a person knows it by: place, serial or account number. */
  readonly name: string;
  readonly outcome: Outcome;
  readonly changes: readonly Change[];
  readonly errors: readonly RowError[];
};

/** A usage point of the register, or one that the file makes. */
export type PointRef = { readonly key: string; readonly known: KnownPoint | null };
export type Plan = {
  readonly points: PointRow[];
  readonly meters: MeterRow[];
  readonly stays: { readonly row: MeterRow; readonly point: PointRef }[];
  /** Wires of meters that are there. */
  readonly rewired: { readonly id: bigint; readonly row: MeterRow }[];
  readonly accounts: AccountRow[];
  readonly altered: { readonly id: bigint; readonly row: AccountRow }[];
  readonly households: { readonly number: string; readonly persons: number; readonly from: Day }[];
  readonly contacts: {
    readonly number: string;
    readonly channel: ContactChannel;
    readonly address: string;
    /** The one that it takes the place of. */
    readonly instead: string | null;
    readonly from: Day;
  }[];
  readonly taxes: PlannedTax[];
  readonly agreements: {
    readonly number: string;
    readonly point: PointRef;
    readonly tariffId: string;
    readonly from: Day;
  }[];
  readonly supplies: { readonly number: string; readonly serial: string; readonly policyId: string }[];
};

/** What the rows before this one have said. */
export type Sofar = {
  readonly points: Map<string, { line: number; row: PointRow }>;
  readonly serials: Map<string, number>;
  readonly wires: Map<string, string>;
  /** Serial of the meter that the file hangs at a point. */
  readonly hung: Map<string, string>;
  readonly numbers: Map<string, number>;
  readonly taken: Map<string, string>;
};

export type Scene = { readonly snapshot: Snapshot; readonly rules: Rules; readonly sofar: Sofar; readonly plan: Plan };
/** What became of one row, and what it adds to the plan when nothing is wrong with it. */
export type Verdict = {
  readonly outcome: Exclude<Outcome, "refused">;
  readonly changes: readonly Change[];
  readonly errors: readonly RowError[];
  readonly commit: () => void;
};

/** Points come before meters and meters before accounts, wherever they stand in the file: references find what the file itself brings. */
export function judge(rows: readonly FileRow[], snapshot: Snapshot, rules: Rules): { judged: JudgedRow[]; plan: Plan } {
  const plan: Plan = {
    points: [],
    meters: [],
    stays: [],
    rewired: [],
    accounts: [],
    altered: [],
    households: [],
    contacts: [],
    taxes: [],
    agreements: [],
    supplies: [],
  };
  const sofar: Sofar = {
    points: new Map(),
    serials: new Map(),
    wires: new Map(),
    hung: new Map(),
    numbers: new Map(),
    taken: new Map(),
  };
  const scene = { snapshot, rules, sofar, plan };
  const judged = new Map<FileRow, JudgedRow>();
  for (const kind of ["points", "meters", "accounts", null] as const)
    for (const row of rows) if (row.kind === kind) judged.set(row, judgeRow(row, scene));
  return { judged: rows.flatMap((row) => judged.get(row) ?? []), plan };
}

function judgeRow(row: FileRow, scene: Scene): JudgedRow {
  const said = row.read.row;
  if (said === null) {
    const errors = [...row.read.errors, ...namesUnknown(row, scene)];
    return { row, name: nameOfCells(row), outcome: "refused", changes: [], errors };
  }
  const verdict =
    said.kind === "points"
      ? judgePoint(said, row.line, scene)
      : said.kind === "meters"
        ? judgeMeter(said, row.line, scene)
        : judgeAccount(said, row.line, scene);
  const name =
    said.kind === "points"
      ? `${placeText(said.place)} ${said.utility}`
      : said.kind === "meters"
        ? said.serial
        : said.number;
  const { errors, changes } = verdict;
  if (errors.length > 0) return { row, name, outcome: "refused", changes: [], errors };
  verdict.commit();
  return { row, name, outcome: verdict.outcome, changes, errors };
}

const placeText = ({ building, room }: Place): string => (room === "" ? building : `${building}-${room}`);
const nameOfCells = ({ cells }: FileRow): string =>
  cells
    .map(({ text }) => text.trim())
    .filter((text) => text !== "")
    .slice(0, 2)
    .join(" ")
    .slice(0, 80);

function judgePoint(row: PointRow, line: number, { snapshot, sofar, plan }: Scene): Verdict {
  const key = pointKey(row.place, row.utility);
  const errors: RowError[] = [];
  const before = sofar.points.get(key);
  if (before !== undefined) errors.push({ column: null, code: "twice", a: String(before.line) });
  else sofar.points.set(key, { line, row });
  const known = snapshot.points.get(key);
  const role = known?.[0]?.role;
  if (role !== undefined && role !== row.role) errors.push({ column: "role", code: "differs", a: role, b: row.role });
  return {
    outcome: known === undefined ? "created" : "already",
    changes: [],
    errors,
    commit: () => void (known === undefined && plan.points.push(row)),
  };
}

/** The usage point of a utility at a place, of the register or of the file; else what is wrong. */
export function pointAt(place: Place, utility: Utility, { snapshot, sofar }: Scene): PointRef | RowError {
  const key = pointKey(place, utility);
  const known = snapshot.points.get(key) ?? [];
  if (known.length > 1) return { column: "building", code: "ambiguous_point", a: utility };
  const [one] = known;
  if (one !== undefined) return { key, known: one };
  if (sofar.points.has(key)) return { key, known: null };
  return { column: "building", code: "unknown_point", a: utility };
}

/** A field that the register has otherwise: an error, or a change where changes are allowed and this field may change. */
export function compare(
  column: string,
  has: string | null,
  says: string | null,
  mayChange: boolean,
  { update }: Rules,
  into: { errors: RowError[]; changes: Change[] },
): void {
  if (says === null || has === says) return;
  const a = has ?? "–";
  if (!mayChange) into.errors.push({ column, code: "differs", a, b: says });
  else if (!update) into.errors.push({ column, code: "differs_update", a, b: says });
  else into.changes.push({ column, from: has ?? "", to: says });
}
