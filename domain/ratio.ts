import type { Instant } from "./instant.ts";
import { type Micro, roundDivide } from "./quantity.ts";
import { READING_SOURCES, type ReadingSource } from "./reading.ts";
import { type RegisterName, REGISTERS } from "./register.ts";

/**
 * By what a meter's dial is multiplied to be a quantity: CT × VT, or units per pulse. Ratios have two times: since when one is
 * in force at the meter, and since when we knew. A booked reading carries the ratio that was known when it was received; its
 * quantity is what the ratio says that we know now.
 */

/** Billionths, as the column keeps nine places: 40 = 40 000 000 000n. */
export type Nano = bigint;
const NANO_PLACES = 9;
export const RATIO_ONE: Nano = 1_000_000_000n;

/** One row of the book of ratios. Rows are kept in the order of their recording. */
export type RatioRow = {
  /** In force at the meter from here on. */
  readonly from: Instant;
  readonly ratio: Nano;
  /** A wire's readings received from here on carry it. */
  readonly appliesFrom: Instant;
  readonly recordedAt: Instant;
  /** What the dial showed at `from`, where somebody looked. */
  readonly dials: ReadonlyMap<RegisterName, Micro>;
};

/** Decimal text without sign, at most nine places, above zero; else `null`. */
export function ratioOf(text: string): Nano | null {
  const m = /^(\d{1,9})(?:\.(\d{1,9}))?$/.exec(text);
  if (m === null) return null;
  const nano = BigInt((m[1] ?? "") + (m[2] ?? "").padEnd(NANO_PLACES, "0"));
  return nano > 0n ? nano : null;
}

export function ratioText(ratio: Nano): string {
  const fraction = (ratio % RATIO_ONE).toString().padStart(NANO_PLACES, "0").replace(/0+$/, "");
  return `${ratio / RATIO_ONE}${fraction === "" ? "" : `.${fraction}`}`;
}

/** Whether a ratio multiplies this register: counts, their rates and power; not voltage, current, states and the like. */
export function takesRatio(register: RegisterName): boolean {
  const { unit, kind } = REGISTERS[register];
  return kind === "cumulative" || unit === "W" || unit === "kW" || unit === "m3/h";
}

const isOfWire = (source: ReadingSource): boolean => READING_SOURCES[source] <= READING_SOURCES.mqtt;

/** The ratio that is true at an instant, as far as the rows say: the last recorded one that is in force by then. */
export function trueRatio(rows: readonly RatioRow[], at: Instant): Nano {
  return rows.findLast((row) => row.from <= at)?.ratio ?? RATIO_ONE;
}

/** The ratio that a reading carries which was measured and received then: what a wire's collector, or whoever wrote it, knew. */
export function appliedRatio(
  rows: readonly RatioRow[],
  { at, receivedAt, source }: { readonly at: Instant; readonly receivedAt: Instant; readonly source: ReadingSource },
): Nano {
  const wire = isOfWire(source);
  const known = (row: RatioRow): boolean => (wire ? row.appliesFrom : row.recordedAt) <= receivedAt;
  return rows.findLast((row) => row.from <= at && known(row))?.ratio ?? RATIO_ONE;
}

/** A quantity at another ratio; exact to the last millionth, half away from zero. */
export const atRatio = (value: Micro, carried: Nano, wanted: Nano): Micro =>
  carried === wanted ? value : roundDivide(value * wanted, carried);

/** Whether any reading may carry another ratio than the true one, or the true one ever changes. Most meters: no. */
export const isEverRescaled = (rows: readonly RatioRow[]): boolean =>
  rows.some((row) => row.ratio !== rows[0]?.ratio || (row.ratio !== RATIO_ONE && row.appliesFrom > row.from));

/** The true ratio changes at `at`. */
export type RatioChange = {
  readonly at: Instant;
  readonly before: Nano;
  readonly after: Nano;
  readonly dials: ReadonlyMap<RegisterName, Micro>;
};

/** Where the true ratio changes strictly inside `(from, to)`, in order of time; `to` null = without end. */
export function ratioChanges(rows: readonly RatioRow[], from: Instant, to: Instant | null): RatioChange[] {
  const instants = new Set(rows.map((row) => row.from));
  const changes: RatioChange[] = [];
  let before = trueRatio(rows, from);
  for (const at of [...instants].sort((a, b) => a - b)) {
    if (at <= from || (to !== null && at >= to)) continue;
    const row = rows.findLast((one) => one.from <= at);
    if (row === undefined || row.ratio === before) continue;
    changes.push({ at, before, after: row.ratio, dials: row.from === at ? row.dials : new Map() });
    before = row.ratio;
  }
  return changes;
}
