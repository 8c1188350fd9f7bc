import { z } from "zod";
import { type Instant, MINUTE_MS, isoIn } from "../../domain/instant.ts";
import type { Period, Zone } from "../../domain/period.ts";
import { type Micro, decimalText, microOf } from "../../domain/quantity.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { UNITS, UTILITIES } from "../../domain/unit.ts";
import type { Usage, UsageSlice } from "../../domain/usage.ts";
import { momentOf } from "./moment.ts";
import { type Problem, day, decimal, problemError, problemsOf, zone as zoneText } from "./schema.ts";
import { inOrder, worse } from "./slices.ts";

const basis = z.enum(["actual", "interpolated", "estimated"]).optional();
const row = z.strictObject({
  from: z.string(),
  to: z.string(),
  quantity: decimal,
  tou: z.string().min(1).optional(),
  basis,
});
export type UsageRow = z.infer<typeof row>;

const series = z.strictObject({
  from: z.string(),
  minutes: z.int().min(1).max(1440),
  values: z.array(decimal).min(1),
  tou: z.string().min(1).optional(),
  basis,
});

const usageSchema = z.strictObject({
  utility: z.enum(UTILITIES).optional(),
  unit: z.enum(UNITS).optional(),
  zone: zoneText.optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  quantity: decimal.optional(),
  registers: z.record(z.string().min(1), decimal).optional(),
  intervals: z.union([z.array(row).min(1), series]).optional(),
});
type UsageFile = z.infer<typeof usageSchema>;

const accountSchema = z.strictObject({
  householdSize: z.union([z.int().min(1), z.array(z.strictObject({ from: day, persons: z.int().min(1) }))]).optional(),
  ladderUsedBefore: z.union([decimal, z.record(z.string(), decimal)]).optional(),
  zone: zoneText.optional(),
});
export type RatedAccount = {
  readonly householdSize?:
    | number
    | readonly { readonly from: string & { readonly __unit: "YYYY-MM-DD" }; readonly persons: number }[];
  readonly ladderUsedBefore?: Micro | Readonly<Record<string, Micro>>;
  readonly zone?: Zone;
};

/** @throws CodedError `usage.invalid` with every problem and its path */
export function accountOfJson(document: unknown): RatedAccount {
  const parsed = accountSchema.safeParse(document);
  if (!parsed.success) throw problemError("usage.invalid", problemsOf(parsed.error));
  const { householdSize, ladderUsedBefore, zone } = parsed.data;
  const problems: Problem[] = [];
  const used = (text: string, path: string): Micro => {
    const micro = microOf(text) ?? 0n;
    if (micro < 0n) problems.push({ path, message: "is below zero" });
    return micro;
  };
  const before =
    typeof ladderUsedBefore === "object"
      ? Object.fromEntries(
          Object.entries(ladderUsedBefore).map(([charge, text]) => [charge, used(text, `ladderUsedBefore.${charge}`)]),
        )
      : ladderUsedBefore === undefined
        ? undefined
        : used(ladderUsedBefore, "ladderUsedBefore");
  if (problems.length > 0) throw problemError("usage.invalid", problems);
  return {
    ...(householdSize === undefined ? {} : { householdSize }),
    ...(before === undefined ? {} : { ladderUsedBefore: before }),
    ...(zone === undefined ? {} : { zone }),
  };
}

/**
 * A usage from a JSON document: `quantity` or `registers` for `from`..`to`, or `intervals`; with `quantity` and
 * `intervals` together the register's total is billed and the intervals give its shape.
 * @throws CodedError `usage.invalid` with every problem and its path
 */
export function usageOfJson(document: unknown, tariff: Tariff, zone?: Zone): Usage {
  const parsed = usageSchema.safeParse(Array.isArray(document) ? { intervals: document } : document);
  if (!parsed.success) throw problemError("usage.invalid", problemsOf(parsed.error));
  const file = parsed.data;
  const reader = new Reader(zone ?? file.zone ?? tariff.zone);
  const intervals = reader.intervals(file.intervals);
  const service = reader.servicePeriod(file, intervals);
  const slices = service === null ? [] : reader.slices(file, service, intervals);
  reader.refuseIfAny();
  return usageOfSlices(slices, service as Period, tariff, file, reader.zone);
}

/** @param rows `from`, `to`, `quantity` and maybe `tou`, as a CSV file has them; problems are named by row from 1 */
export function usageOfRows(rows: readonly UsageRow[], tariff: Tariff, zone?: Zone): Usage {
  const parsed = z.array(row).min(1, "no rows").safeParse(rows);
  if (!parsed.success) throw problemError("usage.invalid", problemsOf(parsed.error));
  return usageOfJson({ intervals: parsed.data }, tariff, zone);
}

function usageOfSlices(
  all: readonly UsageSlice[],
  servicePeriod: Period,
  tariff: Tariff,
  file: UsageFile,
  zone: Zone,
): Usage {
  const slices = inOrder(all);
  const problems = [...overlaps(slices, zone), ...outside(slices, servicePeriod, zone)];
  if (problems.length > 0) throw problemError("usage.invalid", problems);
  return {
    utility: file.utility ?? tariff.utility,
    unit: file.unit ?? tariff.unit,
    servicePeriod,
    slices,
    total: slices.reduce((sum, slice) => sum + slice.quantity, 0n),
    basis: slices.reduce<Usage["basis"]>((worst, slice) => worse(worst, slice.basis), "actual"),
  };
}

/** Turns texts of one file into periods and quantities, and collects what is wrong with them. */
class Reader {
  readonly zone: Zone;
  readonly problems: Problem[] = [];

  constructor(zone: Zone) {
    this.zone = zone;
  }

  refuseIfAny(): void {
    if (this.problems.length > 0) throw problemError("usage.invalid", this.problems);
  }

  moment(text: string, path: string): Instant | null {
    const at = momentOf(text, this.zone);
    if (at === null) {
      const message = `${text} is not a day, an instant with an offset, or a local time that ${this.zone} has exactly once`;
      this.problems.push({ path, message });
    }
    return at;
  }

  period(from: string, to: string, path: string): Period | null {
    const prefix = path === "" ? "" : `${path}.`;
    const [begin, end] = [this.moment(from, `${prefix}from`), this.moment(to, `${prefix}to`)];
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
    return intervals.flatMap(({ from, to, quantity, tou, basis }, i) => {
      const period = this.period(from, to, `intervals[${i}]`);
      const used = this.quantity(quantity, `intervals[${i}].quantity`);
      return period === null ? [] : [sliceOf(period, used, tou, basis)];
    });
  }

  series({ from, minutes, values, tou, basis }: z.infer<typeof series>): UsageSlice[] {
    const begin = this.moment(from, "intervals.from");
    if (begin === null) return [];
    return values.map((value, i) => {
      const at = begin + i * minutes * MINUTE_MS;
      const period = { from: at as Instant, to: (at + minutes * MINUTE_MS) as Instant };
      return sliceOf(period, this.quantity(value, `intervals.values[${i}]`), tou, basis);
    });
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

  slices(file: UsageFile, service: Period, intervals: readonly UsageSlice[]): UsageSlice[] {
    if (file.registers !== undefined) {
      if (file.quantity !== undefined || file.intervals !== undefined) {
        this.problems.push({ path: "registers", message: "stands alone: the same use would count twice" });
      }
      return Object.entries(file.registers).map(([tou, text]) =>
        sliceOf(service, this.quantity(text, `registers.${tou}`), tou),
      );
    }
    if (file.quantity === undefined) {
      if (file.intervals === undefined)
        this.problems.push({ path: "quantity", message: "give `quantity`, `registers` or `intervals`" });
      return [...intervals];
    }
    const total = this.quantity(file.quantity, "quantity");
    if (file.intervals === undefined) return [sliceOf(service, total)];
    return this.shaped(total, intervals);
  }

  /** The intervals scaled to the register's total: it is billed, they say when. */
  shaped(total: Micro, intervals: readonly UsageSlice[]): UsageSlice[] {
    const sum = intervals.reduce((all, slice) => all + slice.quantity, 0n);
    const apart = total > sum ? total - sum : sum - total;
    if (apart * SHAPE_APART_MAX > total) {
      const message = `${decimalText(total)} and the intervals' sum ${decimalText(sum)} are more than 1/${SHAPE_APART_MAX} apart: one of them is wrong`;
      this.problems.push({ path: "quantity", message });
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
