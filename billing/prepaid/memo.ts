import { instant, type Instant } from "../../domain/instant.ts";
import { addDays, dayOf, type Period, startOfDay, type Zone } from "../../domain/period.ts";
import type { MeterId, Reading, ReadingSource } from "../../domain/reading.ts";
import { type RegisterName, registerName } from "../../domain/register.ts";
import type { Tariff } from "../../domain/tariff.ts";
import type { BookedReading } from "../../ledger/usage.ts";
import { registersOf, type Settlement } from "../settlement.ts";
import { needsOf } from "../rate/needs.ts";
import { timetableOf } from "../rate/timetable.ts";
import { type Accrual, type AccrualBasis, accrualOf, settledOf } from "./accrual.ts";

/**
 * What one account's accrual rests on, kept in memory so that one more reading needs no look at the books: the very functions
 * that bill price it, over fewer readings. Of a stretch that only grew at a feasible rate just the first and last reading of each
 * cell (hours of one price within a local day) are kept: sums, ends and the hours of use are the same without the others.
 *
 * It is a scout. Whatever it cannot be sure of makes it give up (`false`), and warnings, cuts and restorations are decided on the
 * books themselves.
 */
export class AccrualMemo {
  readonly billedUntil: Instant | null;
  readonly #basis: AccrualBasis;
  readonly #series: ReadonlyMap<string, Series>;

  private constructor(basis: AccrualBasis, series: ReadonlyMap<string, Series>) {
    this.billedUntil = basis.billedUntil;
    this.#basis = basis;
    this.#series = series;
  }

  /** `null` when something in the basis is out of the ordinary: doubts, estimates, changes of ratio or meter, true-ups. */
  static of(basis: AccrualBasis): AccrualMemo | null {
    if (!isPlain(basis) || !settlesOrdinarily(basis)) return null;
    const series = new Map<string, Series>();
    for (const input of basis.inputs) {
      const cells = new Cells(input.versions, basis.zone);
      const stay = input.agreement.stays.at(-1);
      for (const register of registersOf(input.agreement, input.versions)) {
        const all = (input.readings.get(stay?.meterId ?? 0n) ?? []).filter((one) => one.register === register);
        if (stay !== undefined && all.length > 0)
          series.set(`${stay.meterId} ${register}`, new Series(all, cells, input.stretch.from));
      }
    }
    return new AccrualMemo(basis, series);
  }

  /** Readings kept. */
  get size(): number {
    let size = 0;
    for (const { kept } of this.#series.values()) size += kept.length;
    return size;
  }

  /** Takes a reading that was committed. `false` = it is no ordinary next one: the books must be read anew. */
  take(reading: Reading): boolean {
    const register = registerName(reading.register);
    if (register === null) return false;
    const series = this.#series.get(`${reading.meterId} ${register}`);
    if (series === undefined) return !this.#counts(reading.meterId, register);
    if (!SOURCES.has(reading.source) || this.#isOver(reading.measuredAt)) return false;
    return series.append({ ...reading, register, at: reading.measuredAt });
  }

  /** Up to each meter's last reading. `null` = out of the ordinary: the books must be read anew. */
  accrual(now: Instant): Accrual | null {
    const basis = this.basis(now);
    return settlesOrdinarily(basis) ? accrualOf(basis) : null;
  }

  /** What the accrual rests on, as at `now`. */
  basis(now: Instant): AccrualBasis {
    const readings = new Map<MeterId, BookedReading[]>();
    for (const { kept } of this.#series.values()) {
      const meterId = kept[0]?.meterId ?? 0n;
      readings.set(meterId, [...(readings.get(meterId) ?? []), ...kept]);
    }
    const to = instant(now + 1);
    return {
      ...this.#basis,
      inputs: this.#basis.inputs.map((input) => ({ ...input, readings, stretch: { from: input.stretch.from, to } })),
    };
  }

  /** Registers of these meters that a tariff could price, though nothing of them was known before. */
  #counts(meterId: MeterId, register: RegisterName): boolean {
    return this.#basis.inputs.some(
      ({ agreement, versions }) =>
        agreement.stays.some((stay) => stay.meterId === meterId) && registersOf(agreement, versions).includes(register),
    );
  }

  #isOver(at: Instant): boolean {
    const { zone, inputs } = this.#basis;
    return inputs.some(({ agreement: { toDay } }) => toDay !== null && at >= startOfDay(toDay, zone));
  }
}

/** A meter's own readings: what a clerk, a file, an exchange or an estimate says changes more than the end. */
const SOURCES: ReadonlySet<ReadingSource> = new Set(["modbus", "mqtt"]);

/** One meter at a time at each usage point, under one ratio, with nothing of earlier bills left open. */
const isPlain = ({ inputs, corrections, hasEstimatedBills, withoutTariff }: AccrualBasis): boolean =>
  corrections.length === 0 &&
  !hasEstimatedBills &&
  withoutTariff.length === 0 &&
  new Set(inputs.map(({ agreement }) => agreement.usagePointId)).size === inputs.length &&
  inputs.every(({ versions }) => !needsOf(versions).everyReading) &&
  inputs.every(({ agreement: { stays } }) => {
    const [stay] = stays;
    return stays.length === 1 && stay !== undefined && stay.removedAt === null && stay.cut === undefined;
  });

function settlesOrdinarily(basis: AccrualBasis): boolean {
  try {
    return settledOf(basis).every(isOrdinary);
  } catch {
    return false; // the reason is told by whoever reads the books
  }
}

const isOrdinary = ({ doubts, guessed, usage, verdicts }: Settlement): boolean =>
  doubts.length === 0 &&
  guessed === 0n &&
  usage.basis !== "estimated" &&
  verdicts.every(({ result }) => result === "normal");

/** Hours of one price within a local day; the last one asked for is remembered, as readings come in order. */
class Cells {
  readonly #versions: readonly Tariff[];
  readonly #zone: Zone;
  #last: Period = { from: instant(0), to: instant(0) };

  constructor(versions: readonly Tariff[], zone: Zone) {
    this.#versions = versions;
    this.#zone = zone;
  }

  at(at: Instant): Instant {
    if (at >= this.#last.from && at < this.#last.to) return this.#last.from;
    const day = dayOf(at, this.#zone);
    let from: number = startOfDay(day, this.#zone);
    let to: number = startOfDay(addDays(day, 1), this.#zone);
    for (const { tou, zone } of this.#versions) {
      const span = tou === undefined ? null : timetableOf(tou, zone).spanAt(at);
      from = Math.max(from, span?.from ?? from);
      to = Math.min(to, span?.to ?? to);
    }
    this.#last = { from: instant(from), to: instant(to) };
    return this.#last.from;
  }
}

/** One register, thinned. What is before the stretch (the ladder's beginnings) stays as it was read. */
class Series {
  readonly kept: BookedReading[] = [];
  readonly #cells: Cells;
  readonly #from: Instant;

  constructor(all: readonly BookedReading[], cells: Cells, from: Instant) {
    this.#cells = cells;
    this.#from = from;
    for (const reading of all) {
      if (reading.at <= from) this.kept.push(reading);
      else this.append(reading);
    }
  }

  append({ meterId, register, at, value, source }: BookedReading): boolean {
    const [before, last] = [this.kept.at(-2), this.kept.at(-1)];
    if (last !== undefined && (at <= last.at || value < last.value)) return at === last.at && value === last.value;
    const [first, isSeen] = [Math.max(this.#cells.at(at), this.#from), SOURCES.has(last?.source ?? "manual")];
    if (before !== undefined && before.at >= first && isSeen) this.kept.pop(); // the last one stood between two of its cell
    this.kept.push({ meterId, register, at, value, source });
    return true;
  }
}
