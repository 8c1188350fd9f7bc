import { type Instant, instantOfIso, isoOf } from "../../domain/instant.ts";
import { decimalText, microOf } from "../../domain/quantity.ts";
import type { ReadingSource } from "../../domain/reading.ts";
import type { RegisterName } from "../../domain/register.ts";
import type { BookedReading } from "../../ledger/usage.ts";

/** All readings of one register that a settlement looked at, in few bytes. */
export type Series = {
  readonly meter: string;
  readonly register: RegisterName;
  /** First instant in ms, then differences; `3600000*743` = 743 times. */
  readonly t: string;
  /** First value in millionths, then differences. */
  readonly v: string;
  /** Sources: `meter*744`. */
  readonly s: string;
  /** What else is known of a reading, by its place from 0: method and basis of an estimate. */
  readonly x?: Readonly<Record<string, object>>;
};

/** The same for people: `[instant, value, source]`, and what else is known. */
export type ReadableSeries = {
  readonly meter: string;
  readonly register: string;
  readonly values: readonly (readonly [string, string, string] | readonly [string, string, string, object])[];
};

export function seriesOf(readings: readonly BookedReading[]): Series[] {
  return byRegister(readings).map((own): Series => {
    const [first] = own as [BookedReading];
    const extras = own.flatMap((reading, i) => {
      if (reading.method === undefined && reading.basis === undefined) return [];
      const { meterId: _m, register: _r, at: _a, value: _v, source: _s, ...rest } = reading;
      return [[String(i), rest] as const];
    });
    return {
      meter: String(first.meterId),
      register: first.register,
      s: runsOf(own, ({ source }) => source),
      t: runsOf(own, ({ at }, before) => (before === undefined ? at : at - before.at)),
      v: runsOf(own, ({ value }, before) => (before === undefined ? value : value - before.value)),
      ...(extras.length === 0 ? {} : { x: Object.fromEntries(extras) }),
    };
  });
}

function byRegister(readings: readonly BookedReading[]): (readonly BookedReading[])[] {
  const [first] = readings;
  if (first === undefined) return [];
  const { meterId, register } = first;
  if (readings.every((reading) => reading.register === register && reading.meterId === meterId)) return [readings];
  return [...Map.groupBy(readings, (reading) => `${reading.meterId} ${reading.register}`).values()];
}

export function readingsOfSeries({ meter, register, t, v, s, x = {} }: Series): BookedReading[] {
  const [steps, values, sources] = [itemsOf(t), itemsOf(v), itemsOf(s)];
  if (steps.length !== values.length || steps.length !== sources.length) {
    throw new TypeError(`meter ${meter} ${register}: instants, values and sources are not equally many`);
  }
  let [at, value] = [0, 0n];
  return steps.map((step, i) => {
    at += Number(step);
    value += BigInt(values[i] ?? "0");
    const source = sources[i] as ReadingSource;
    return { meterId: BigInt(meter), register, at: at as Instant, value, source, ...x[String(i)] };
  });
}

export const readableOf = (series: Series): ReadableSeries => ({
  meter: series.meter,
  register: series.register,
  values: readingsOfSeries(series).map(({ at, value, source }, i) => {
    const extra = series.x?.[String(i)];
    const plain = [isoOf(at), decimalText(value), source] as const;
    return extra === undefined ? plain : [...plain, extra];
  }),
});

/** @throws TypeError naming the reading that is none */
export function seriesOfReadable({ meter, register, values }: ReadableSeries): Series {
  const readings = values.map(([time, text, source, extra], i): BookedReading => {
    const [at, value] = [instantOfIso(time), microOf(text)];
    if (at === null || value === null)
      throw new TypeError(`meter ${meter} ${register}: reading ${i + 1} is not an instant and a value`);
    const name = register as RegisterName;
    return { meterId: BigInt(meter), register: name, at, value, source: source as ReadingSource, ...extra };
  });
  const [series] = seriesOf(readings);
  return series ?? { meter, register: register as RegisterName, t: "", v: "", s: "" };
}

/** What each reading says in view of the one before it; the same again and again is said once. */
function runsOf(
  own: readonly BookedReading[],
  says: (reading: BookedReading, before: BookedReading | undefined) => number | bigint | string,
): string {
  let [text, times] = ["", 0];
  let item: number | bigint | string = "";
  const close = (): string => `${text}${text === "" ? "" : " "}${item}${times === 1 ? "" : `*${times}`}`;
  let before: BookedReading | undefined;
  for (const reading of own) {
    const next = says(reading, before);
    if (times > 0 && next !== item) {
      text = close();
      times = 0;
    }
    item = next;
    times++;
    before = reading;
  }
  return times === 0 ? "" : close();
}

const itemsOf = (runs: string): string[] =>
  runs === ""
    ? []
    : runs.split(" ").flatMap((run) => {
        const [item = "", times = "1"] = run.split("*");
        return Array.from({ length: Number(times) }, () => item);
      });
