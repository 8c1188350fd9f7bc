import { HOUR_MS, type Instant, MINUTE_MS } from "../../domain/instant.ts";
import { READING_SOURCES } from "../../domain/reading.ts";
import type { RegisterName } from "../../domain/register.ts";

/** Readings of one register in any order, column by column. Values are whole millionths: exact to 9 × 10⁹ units, beyond that rounded. */
export type Columns = {
  readonly at: readonly number[];
  readonly receivedAt: readonly number[];
  readonly value: readonly number[];
  /** Codes of `READING_SOURCES`. */
  readonly source: readonly number[];
};

/** Several readings of one instant; the series keeps one of them. */
export type Twins = { readonly at: Instant; readonly values: readonly number[] };

/** One register in order of time, one reading per instant. */
export type Series = {
  readonly register: RegisterName;
  readonly count: number;
  readonly at: Float64Array;
  readonly receivedAt: Float64Array;
  readonly value: Float64Array;
  readonly source: Uint8Array;
  /** Growth since the reading before, over the dial's end where it rolled over; negative where the register fell. First: 0. */
  readonly grown: Float64Array;
  /** All growth up to here. */
  readonly total: Float64Array;
  /** 1 where the dial rolled over on the way here. */
  readonly rolled: Uint8Array;
  readonly twins: readonly Twins[];
};

/** `null` = unknown: then a drop is never a rollover. As `DialLimits`, in plain numbers. */
export type Dial = { readonly dialMax: number | null; readonly capacityPerHour: number | null };

/** As in `difference.ts`: a rollover is believed from the last to the first tenth of the dial. */
const DIAL_END = 10;
/** Registers move in steps: over less than this a step tells nothing about the rate. Our choice, as in `difference.ts`. */
export const RATE_SPAN_MIN_MS = 15 * MINUTE_MS;

/** Orders the columns, keeps of each instant the protocol's reading, then an actual, then the lower, and works growth out. */
export function seriesOf(register: RegisterName, columns: Columns, dial: Dial): Series {
  const order = orderOf(columns);
  const size = columns.at.length;
  const series = {
    at: new Float64Array(size),
    receivedAt: new Float64Array(size),
    value: new Float64Array(size),
    source: new Uint8Array(size),
    grown: new Float64Array(size),
    total: new Float64Array(size),
    rolled: new Uint8Array(size),
  };
  const twins: Twins[] = [];
  let n = 0;
  for (let k = 0; k < size; k++) {
    const from = order === null ? k : (order[k] as number);
    const at = columns.at[from] as number;
    const value = columns.value[from] as number;
    if (n > 0 && series.at[n - 1] === at) {
      const last = twins.at(-1);
      if (last?.at === at) (last.values as number[]).push(value);
      else twins.push({ at: at as Instant, values: [series.value[n - 1] as number, value] });
      continue;
    }
    series.at[n] = at;
    series.receivedAt[n] = columns.receivedAt[from] as number;
    series.value[n] = value;
    series.source[n] = columns.source[from] as number;
    if (n > 0) {
      const before = series.value[n - 1] as number;
      const rolled = value < before ? overTheEnd(before, value, at - (series.at[n - 1] as number), dial) : null;
      series.grown[n] = rolled ?? value - before;
      series.rolled[n] = rolled === null ? 0 : 1;
      series.total[n] = (series.total[n - 1] as number) + (series.grown[n] as number);
    }
    n++;
  }
  return { register, count: n, ...series, twins };
}

/** `null` when the columns stand in order already, as the book gives them. */
function orderOf({ at, value, source, receivedAt }: Columns): number[] | null {
  let ordered = true;
  for (let i = 1; i < at.length && ordered; i++) ordered = (at[i - 1] as number) < (at[i] as number);
  if (ordered) return null;
  const difference = (column: readonly number[], a: number, b: number): number =>
    (column[a] as number) - (column[b] as number);
  return at
    .map((_, i) => i)
    .sort(
      (a, b) =>
        difference(at, a, b) ||
        rank(source[a]) - rank(source[b]) ||
        difference(value, a, b) ||
        difference(receivedAt, a, b) ||
        difference(source, a, b),
    );
}

const rank = (source: number | undefined): number =>
  source === READING_SOURCES.installation ? 0 : source === READING_SOURCES.estimate ? 2 : 1;

/** Growth over the dial's end; `null` when the drop is none. */
function overTheEnd(before: number, value: number, span_ms: number, dial: Dial): number | null {
  const { dialMax, capacityPerHour } = dial;
  if (dialMax === null || capacityPerHour === null || value < 0) return null;
  if (before > dialMax || before < dialMax - dialMax / DIAL_END || value > dialMax / DIAL_END) return null;
  const grown = dialMax - before + value;
  return grown <= (capacityPerHour * Math.max(span_ms, RATE_SPAN_MIN_MS)) / HOUR_MS ? grown : null;
}

/** Place of the first reading after `at`. */
export function placeAfter({ at: times, count }: Series, at: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Growth between two instants, straight between readings; `null` where the series does not reach. */
export function growthBetween(series: Series, from: number, to: number): number | null {
  const [start, end] = [totalAt(series, from), totalAt(series, to)];
  return start === null || end === null ? null : end - start;
}

function totalAt(series: Series, at: number): number | null {
  const after = placeAfter(series, at);
  if (after === 0) return null;
  const [t, total] = [series.at[after - 1] as number, series.total[after - 1] as number];
  if (t === at) return total;
  if (after === series.count) return null;
  const grown = series.grown[after] as number;
  return total + grown * ((at - t) / ((series.at[after] as number) - t));
}
