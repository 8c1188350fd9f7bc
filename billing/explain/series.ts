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
  const byRegister = Map.groupBy(readings, ({ meterId, register }) => `${meterId} ${register}`);
  return [...byRegister.values()].map((own): Series => {
    const [first] = own as [BookedReading];
    const extras = own.flatMap(({ meterId: _m, register: _r, at: _a, value: _v, source: _s, ...rest }, i) =>
      Object.keys(rest).length === 0 ? [] : [[String(i), rest] as const],
    );
    return {
      meter: String(first.meterId),
      register: first.register,
      t: runsOf(own.map(({ at }, i) => String(i === 0 ? at : at - (own[i - 1] as BookedReading).at))),
      v: runsOf(own.map(({ value }, i) => String(i === 0 ? value : value - (own[i - 1] as BookedReading).value))),
      s: runsOf(own.map(({ source }) => source)),
      ...(extras.length === 0 ? {} : { x: Object.fromEntries(extras) }),
    };
  });
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

function runsOf(items: readonly string[]): string {
  const runs: string[] = [];
  for (let i = 0; i < items.length; ) {
    let end = i + 1;
    while (end < items.length && items[end] === items[i]) end++;
    runs.push(end - i === 1 ? (items[i] as string) : `${items[i]}*${end - i}`);
    i = end;
  }
  return runs.join(" ");
}

const itemsOf = (runs: string): string[] =>
  runs === ""
    ? []
    : runs.split(" ").flatMap((run) => {
        const [item = "", times = "1"] = run.split("*");
        return Array.from({ length: Number(times) }, () => item);
      });
