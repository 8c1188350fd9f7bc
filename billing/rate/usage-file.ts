import { z } from "zod";
import { HOUR_MS, type Instant, MINUTE_MS, isoIn } from "../../domain/instant.ts";
import type { Period, Zone } from "../../domain/period.ts";
import { type Micro, decimalText, microOf, roundDivide } from "../../domain/quantity.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { UNITS, UTILITIES } from "../../domain/unit.ts";
import type { MeasuredDemand, Usage, UsageSlice } from "../../domain/usage.ts";
import { momentsOf } from "./moment.ts";
import { decimal, zone as zoneText } from "./fields.ts";
import { type Problem, problemError, problemsOf } from "./schema.ts";
import { inOrder, worse } from "./slices.ts";

const basis = z.enum(["actual", "interpolated", "estimated"]).optional();
const row = z.strictObject({
  from: z.string(),
  to: z.string(),
  quantity: decimal.optional(),
  /** Mean power of the interval, in place of `quantity`. */
  kw: decimal.optional(),
  export: decimal.optional(),
  exportKw: decimal.optional(),
  reactive: decimal.optional(),
  tou: z.string().min(1).optional(),
  basis,
});
export type UsageRow = z.infer<typeof row>;

const values = z.array(decimal).min(1);
const series = z.strictObject({
  from: z.string(),
  minutes: z.int().min(1).max(1440),
  /** What `values` and `export` are; default kWh (the unit of the file). */
  unit: z.enum(["kWh", "kW"]).optional(),
  values,
  export: values.optional(),
  reactive: values.optional(),
  tou: z.string().min(1).optional(),
  basis,
});

const byRegister = z.record(z.string().min(1), decimal);
const amount = z.union([decimal, byRegister]);
/** Registers of one bill period, as a meter is read: bill after bill. */
const billPeriod = z.strictObject({
  from: z.string(),
  to: z.string(),
  quantity: decimal.optional(),
  registers: byRegister.optional(),
  export: amount.optional(),
  reactive: decimal.optional(),
  demand: amount.optional(),
});
export type BillPeriod = z.infer<typeof billPeriod>;

const usageSchema = z.strictObject({
  utility: z.enum(UTILITIES).optional(),
  unit: z.enum(UNITS).optional(),
  zone: zoneText.optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  quantity: decimal.optional(),
  registers: byRegister.optional(),
  /** Energy given back over the period: one figure, or one for each register. */
  export: amount.optional(),
  /** kvarh over the period. */
  reactive: decimal.optional(),
  /** What the demand register showed, in kW: one figure, or one for each time of use. */
  demand: amount.optional(),
  intervals: z.union([z.array(row).min(1), series]).optional(),
  periods: z.array(billPeriod).min(1).optional(),
});
type UsageFile = z.infer<typeof usageSchema>;

/**
 * A usage from a JSON document: `quantity` or `registers` for `from`..`to`, or `intervals`; with `quantity` and
 * `intervals` together the register's total is billed and the intervals give its shape, with `registers` the power of each.
 * @throws CodedError `usage.invalid` with every problem and its path
 */
export function usageOfJson(document: unknown, tariff: Tariff, zone?: Zone): Usage {
  const parsed = usageSchema.safeParse(Array.isArray(document) ? { intervals: document } : document);
  if (!parsed.success) throw problemError("usage.invalid", problemsOf(parsed.error));
  const file = parsed.data;
  const reader = new Reader(zone ?? file.zone ?? tariff.zone);
  if (file.periods !== undefined) return usageOfPeriods(file, file.periods, reader, tariff);
  const intervals = reader.intervals(file.intervals);
  const service = reader.servicePeriod(file, intervals);
  const slices = service === null ? [] : reader.slices(file, service, intervals);
  if (service !== null) reader.totals(file, service, "");
  reader.refuseIfAny();
  return usageOfSlices(slices, service as Period, tariff, file, reader);
}

/** Bill periods of a file that names its own; null = it does not. */
export function billPeriodsOf(document: unknown, tariff: Tariff, zone?: Zone): Period[] | null {
  const { periods, zone: own } = (document ?? {}) as { periods?: BillPeriod[]; zone?: Zone };
  if (!Array.isArray(periods)) return null;
  const reader = new Reader(zone ?? own ?? tariff.zone);
  const all = periods.map(({ from, to }, i) => reader.period(from, to, `periods[${i}]`));
  reader.refuseIfAny();
  return all.filter((one) => one !== null);
}

function usageOfPeriods(file: UsageFile, periods: readonly BillPeriod[], reader: Reader, tariff: Tariff): Usage {
  for (const name of ["quantity", "registers", "intervals", "export", "reactive", "demand", "from", "to"] as const) {
    if (file[name] !== undefined) reader.problems.push({ path: name, message: "is given in each of `periods`" });
  }
  let end: number | null = null;
  const slices: UsageSlice[] = [];
  let first: Period | null = null;
  for (const [i, one] of periods.entries()) {
    const path = `periods[${i}]`;
    const own = reader.period(one.from, one.to, path);
    if (own === null) continue;
    if (end !== null && own.from !== end)
      reader.problems.push({ path: `${path}.from`, message: "is not the end of the period before" });
    end = own.to;
    first ??= own;
    slices.push(...reader.slices({ ...one, path }, own, []));
    reader.totals(one, own, `${path}.`);
  }
  reader.refuseIfAny();
  return usageOfSlices(slices, { from: (first as Period).from, to: end as Instant }, tariff, file, reader);
}

/** @param rows `from`, `to`, `quantity` and maybe `tou`, as a CSV file has them; problems are named by row from 1 */
export function usageOfRows(rows: readonly UsageRow[], tariff: Tariff, zone?: Zone): Usage {
  const parsed = z.array(row).min(1, "no rows").safeParse(rows);
  if (!parsed.success) throw problemError("usage.invalid", problemsOf(parsed.error));
  return usageOfJson({ intervals: rows }, tariff, zone);
}

function usageOfSlices(
  all: readonly UsageSlice[],
  servicePeriod: Period,
  tariff: Tariff,
  file: UsageFile,
  reader: Reader,
): Usage {
  const { zone, exported, reactive, demands, profile } = reader;
  const slices = inOrder(all);
  const problems = [slices, inOrder(exported), inOrder(reactive), inOrder(profile)].flatMap((some) => [
    ...overlaps(some, zone),
    ...outside(some, servicePeriod, zone),
  ]);
  if (problems.length > 0) throw problemError("usage.invalid", problems);
  return {
    utility: file.utility ?? tariff.utility,
    unit: file.unit ?? tariff.unit,
    servicePeriod,
    slices,
    total: slices.reduce((sum, slice) => sum + slice.quantity, 0n),
    basis: slices.reduce<Usage["basis"]>((worst, slice) => worse(worst, slice.basis), "actual"),
    ...(profile.length === 0 ? {} : { profile: inOrder(profile) }),
    ...(exported.length === 0 ? {} : { exported: inOrder(exported) }),
    ...(reactive.length === 0 ? {} : { reactive: inOrder(reactive) }),
    ...(demands.length === 0 ? {} : { demands }),
  };
}

/** Turns texts of one file into periods and quantities, and collects what is wrong with them. */
class Reader {
  readonly zone: Zone;
  readonly problems: Problem[] = [];
  readonly exported: UsageSlice[] = [];
  readonly reactive: UsageSlice[] = [];
  readonly demands: MeasuredDemand[] = [];
  readonly profile: UsageSlice[] = [];

  constructor(zone: Zone) {
    this.zone = zone;
  }

  refuseIfAny(): void {
    if (this.problems.length > 0) throw problemError("usage.invalid", this.problems);
  }

  /** The end of the interval read last: it tells which of two a local time is when the clock is put back. */
  #end: Instant | null = null;

  moment(
    text: string,
    path: string,
    which: (both: readonly Instant[]) => Instant | undefined = () => undefined,
  ): Instant | null {
    const both = momentsOf(text, this.zone);
    const at = both.length === 1 ? (both[0] ?? null) : (which(both) ?? null);
    if (at === null) {
      const message = `${text} is not a day, an instant with an offset, or a local time that ${this.zone} has exactly once`;
      this.problems.push({ path, message });
    }
    return at;
  }

  period(from: string, to: string, path: string): Period | null {
    const prefix = path === "" ? "" : `${path}.`;
    const begin = this.moment(from, `${prefix}from`, (both) => both.find((one) => one === this.#end));
    // The nearest end after the beginning: an hour that the zone has twice is two hours one after another.
    const end = this.moment(to, `${prefix}to`, (both) => both.find((one) => begin !== null && one > begin));
    this.#end = end;
    if (begin === null || end === null) return null;
    if (begin < end) return { from: begin, to: end };
    this.problems.push({
      path: `${prefix}to`,
      message: "is not after `from` (a period ends with the first moment outside it)",
    });
    return null;
  }

  quantity(text: string, path: string): Micro {
    const micro = microOf(text) ?? 0n;
    if (micro < 0n) this.problems.push({ path, message: `${text} is below zero: use cannot be negative` });
    return micro;
  }

  intervals(intervals: UsageFile["intervals"]): UsageSlice[] {
    if (intervals === undefined) return [];
    if (!Array.isArray(intervals)) return this.series(intervals);
    return intervals.flatMap((one, i) => this.interval(one, `intervals[${i}]`));
  }

  interval(
    { from, to, quantity, kw, export: back, exportKw, reactive, tou, basis }: UsageRow,
    path: string,
  ): UsageSlice[] {
    const period = this.period(from, to, path);
    if ((quantity === undefined) === (kw === undefined))
      this.problems.push({ path: `${path}.quantity`, message: "give `quantity` or its mean power `kw`, one of them" });
    if (back !== undefined && exportKw !== undefined)
      this.problems.push({ path: `${path}.export`, message: "give `export` or its mean power `exportKw`, not both" });
    const read = quantity === undefined ? 0n : this.quantity(quantity, `${path}.quantity`);
    if (period === null) return [];
    const used = kw === undefined ? read : this.energy(kw, `${path}.kw`, period);
    if (back !== undefined) this.exported.push(sliceOf(period, this.quantity(back, `${path}.export`), tou, basis));
    if (exportKw !== undefined)
      this.exported.push(sliceOf(period, this.energy(exportKw, `${path}.exportKw`, period), tou, basis));
    if (reactive !== undefined) this.reactive.push(sliceOf(period, this.quantity(reactive, `${path}.reactive`)));
    return [sliceOf(period, used, tou, basis)];
  }

  /** Mean power over a period as energy. */
  energy(kw: string, path: string, { from, to }: Period): Micro {
    return roundDivide(this.quantity(kw, path) * BigInt(to - from), BigInt(HOUR_MS));
  }

  series({ from, minutes, values, unit, tou, basis, ...more }: z.infer<typeof series>): UsageSlice[] {
    const begin = this.moment(from, "intervals.from");
    if (begin === null) return [];
    const slicesOf = (all: readonly string[], name: string, kw: boolean) =>
      all.map((value, i) => {
        const at = begin + i * minutes * MINUTE_MS;
        const period = { from: at as Instant, to: (at + minutes * MINUTE_MS) as Instant };
        const path = `intervals.${name}[${i}]`;
        return sliceOf(period, kw ? this.energy(value, path, period) : this.quantity(value, path), tou, basis);
      });
    for (const name of ["export", "reactive"] as const) {
      const all = more[name];
      if (all === undefined) continue;
      if (all.length !== values.length)
        this.problems.push({
          path: `intervals.${name}`,
          message: `has ${all.length} values, \`values\` has ${values.length}`,
        });
      this[name === "export" ? "exported" : "reactive"].push(
        ...slicesOf(all, name, name === "export" && unit === "kW"),
      );
    }
    return slicesOf(values, "values", unit === "kW");
  }

  /** Registers beside the energy taken: given back, reactive, demand. */
  totals(file: Pick<UsageFile, "export" | "reactive" | "demand">, service: Period, prefix: string): void {
    for (const [tou, text] of namedOf(file.export))
      this.exported.push(sliceOf(service, this.quantity(text, pathOf(`${prefix}export`, tou)), tou));
    if (file.reactive !== undefined)
      this.reactive.push(sliceOf(service, this.quantity(file.reactive, `${prefix}reactive`)));
    for (const [tou, text] of namedOf(file.demand)) {
      const kw = this.quantity(text, pathOf(`${prefix}demand`, tou));
      this.demands.push({ period: service, kw, ...(tou === undefined ? {} : { tou }) });
    }
  }

  /** From the file's own ends, else from the intervals. */
  servicePeriod(file: UsageFile, intervals: readonly UsageSlice[]): Period | null {
    if (file.from !== undefined && file.to !== undefined) return this.period(file.from, file.to, "");
    if (file.from !== undefined || file.to !== undefined || file.intervals === undefined) {
      this.problems.push({
        path: file.from === undefined ? "from" : "to",
        message: "is missing: give both ends of the period",
      });
      return null;
    }
    const first = intervals[0];
    if (first === undefined) return null;
    let { from, to } = first.period;
    for (const { period } of intervals) {
      if (period.from < from) from = period.from;
      if (period.to > to) to = period.to;
    }
    return { from, to };
  }

  slices(
    file: Pick<UsageFile, "quantity" | "registers" | "intervals"> & { path?: string },
    service: Period,
    intervals: readonly UsageSlice[],
  ): UsageSlice[] {
    const prefix = file.path === undefined ? "" : `${file.path}.`;
    if (file.registers !== undefined) {
      if (file.quantity !== undefined) {
        this.problems.push({
          path: `${prefix}quantity`,
          message: "leave it out: `registers` say it, and the same use would count twice",
        });
      }
      const own = Object.entries(file.registers).map(([tou, text]) =>
        sliceOf(service, this.quantity(text, `${prefix}registers.${tou}`), tou),
      );
      const total = own.reduce((sum, { quantity }) => sum + quantity, 0n);
      if (file.intervals !== undefined) this.profile.push(...this.shaped(total, intervals, `${prefix}registers`));
      return own;
    }
    if (file.quantity === undefined) {
      if (file.intervals === undefined)
        this.problems.push({ path: `${prefix}quantity`, message: "give `quantity`, `registers` or `intervals`" });
      return [...intervals];
    }
    const total = this.quantity(file.quantity, `${prefix}quantity`);
    if (file.intervals === undefined) return [sliceOf(service, total)];
    return this.shaped(total, intervals, `${prefix}quantity`);
  }

  /** The intervals scaled to the register's total: it is billed, they say when. */
  shaped(total: Micro, intervals: readonly UsageSlice[], path: string): UsageSlice[] {
    const sum = intervals.reduce((all, slice) => all + slice.quantity, 0n);
    const apart = total > sum ? total - sum : sum - total;
    if (apart * SHAPE_APART_MAX > total) {
      const message = `${decimalText(total)} and the intervals' sum ${decimalText(sum)} are more than 1/${SHAPE_APART_MAX} apart: one of them is wrong`;
      this.problems.push({ path, message });
      return [];
    }
    if (apart === 0n) return [...intervals];
    let [upTo, done] = [0n, 0n];
    return intervals.map((slice) => {
      upTo += slice.quantity;
      const scaled = (upTo * total) / sum;
      const quantity = scaled - done;
      done = scaled;
      return { ...slice, quantity };
    });
  }
}

const namedOf = (amount: string | Record<string, string> | undefined): [string | undefined, string][] =>
  amount === undefined ? [] : typeof amount === "string" ? [[undefined, amount]] : Object.entries(amount);
const pathOf = (path: string, tou: string | undefined): string => (tou === undefined ? path : `${path}.${tou}`);

/** A profile and a register of one meter differ by resolution and a lost interval, not by more than a twentieth. Our choice. */
const SHAPE_APART_MAX = 20n;

const sliceOf = (period: Period, quantity: Micro, tou?: string, basis: UsageSlice["basis"] = "actual"): UsageSlice => ({
  period,
  quantity,
  ...(tou === undefined ? {} : { tou }),
  basis,
});

/** Two quantities for one time count twice, unless each is of another time-of-use register. */
function overlaps(slices: readonly UsageSlice[], zone: Zone): Problem[] {
  const ends = new Map<string, number>(); // by register; "" = without
  const problems: Problem[] = [];
  for (const { period, tou } of slices) {
    const key = tou ?? "";
    const end = key === "" ? Math.max(0, ...ends.values()) : Math.max(ends.get(key) ?? 0, ends.get("") ?? 0);
    if (period.from < end) {
      problems.push({
        path: isoIn(period.from, zone),
        message: "overlaps the interval before it: the same use would count twice",
      });
    }
    ends.set(key, Math.max(ends.get(key) ?? 0, period.to));
  }
  return problems;
}

const outside = (slices: readonly UsageSlice[], service: Period, zone: Zone): Problem[] =>
  slices
    .filter(({ period }) => period.from < service.from || period.to > service.to)
    .map(({ period }) => ({ path: isoIn(period.from, zone), message: "this interval lies outside `from`..`to`" }));
