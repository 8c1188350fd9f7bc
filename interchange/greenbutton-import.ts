import { sql } from "kysely";
import { CodedError } from "../domain/errors.ts";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Micro } from "../domain/quantity.ts";
import type { MeterId, OperatorId, Reading } from "../domain/reading.ts";
import { type RegisterName, REGISTERS } from "../domain/register.ts";
import type { Unit, Utility } from "../domain/unit.ts";
import type { Database } from "../schema/database.ts";
import { BATCH, type Booking, booking, rehearsal, valuesWithin, youngest } from "./booking.ts";
import { derive } from "./derive-register.ts";
import { type Feed, type FeedPoint, feedOf, statedType } from "./feed.ts";
import { capacityOf, planOf, type SeriesPlan, type SeriesValue, valuesOf } from "./feed-values.ts";
import { localTimeText } from "./local-time.ts";
import { type ImportReport, Tally } from "./report.ts";
import { existingMeter, freePoint, placeMeter, serialOf } from "./virtual-meter.ts";

export type GreenButtonImport = {
  readonly db: Database;
  readonly operatorId: OperatorId;
  readonly chunks: AsyncIterable<string>;
  readonly now: Instant;
  readonly dryRun: boolean;
  /** Serial of the meter to fill, for a feed with one usage point; else each point's own. */
  readonly meter?: string;
  /** An existing usage point without a meter, for a feed with one usage point. */
  readonly point?: bigint;
  /** ESPI unit code for values without a ReadingType. */
  readonly uom?: number;
  /** The utility where the feed does not say it. */
  readonly utility?: Utility;
  /** Takes only series whose title or address holds this text. */
  readonly only?: string;
};

export type ImportedSeries = {
  readonly usagePoint: string;
  readonly series: string;
  readonly serial: string;
  readonly isNew: boolean;
  readonly register: RegisterName;
  readonly unit: Unit;
  readonly from: Instant;
  readonly to: Instant;
  /** Sum of the uses that the file gives; null for a series of register values. */
  readonly use: Micro | null;
  readonly gaps: readonly { readonly from: Instant; readonly to: Instant }[];
};
export type GreenButtonReport = ImportReport & {
  readonly series: readonly ImportedSeries[];
  readonly localTime: string | null;
};

/** Reads a whole feed, then books it usage point by usage point. @throws CodedError when the file as a whole cannot be taken */
export async function importGreenButton(options: GreenButtonImport): Promise<GreenButtonReport> {
  const feed = await feedOf(options.chunks);
  const tally = new Tally();
  for (const refused of feed.refused) tally.refuse(refused);
  const points = chosen(feed, options);
  const book = (options.dryRun ? rehearsal : booking)(options.db, options.operatorId);
  const series: ImportedSeries[] = [];
  for (const [i, point] of points.entries()) {
    const of = plannedOf(point, options, tally);
    if (of.plans.length > 0) series.push(...(await importPoint(options, point, { ...of, nth: i }, book, tally)));
  }
  return {
    ...tally.report(options.dryRun),
    series,
    localTime: feed.localTime === null ? null : localTimeText(feed.localTime),
  };
}

function chosen({ usagePoints }: Feed, { only, meter, point }: GreenButtonImport): FeedPoint[] {
  const points = usagePoints
    .map((one) => ({
      ...one,
      series: one.series.filter((series) => only === undefined || `${series.title} ${series.key}`.includes(only)),
    }))
    .filter(({ series }) => series.length > 0);
  if (only !== undefined && points.length === 0)
    throw new CodedError("request.not-found", `No series has ${JSON.stringify(only)} in its title or address.`);
  if (points.length > 1 && (meter !== undefined || point !== undefined))
    throw new CodedError(
      "request.invalid",
      `The feed has ${points.length} usage points: one serial or point cannot stand for them all. Choose with --only.`,
    );
  return points;
}

type Planned = { readonly plan: SeriesPlan; readonly values: readonly SeriesValue[] };
type PlannedPoint = { readonly utility: Utility; readonly plans: readonly Planned[] };

/** The series of a point that fill registers, with their values; a second one for the same register is refused, never mixed. */
function plannedOf(point: FeedPoint, options: GreenButtonImport, tally: Tally): PlannedPoint {
  const stated = options.uom === undefined ? null : statedType(options.uom);
  const utility = point.utility ?? options.utility ?? null;
  const plans: Planned[] = [];
  for (const series of point.series) {
    const plan =
      utility === null
        ? {
            line: series.line,
            what: `series ${JSON.stringify(series.title)}`,
            why: "the feed does not say which utility this is: state it with --utility",
          }
        : planOf(series, utility, stated);
    if (!("register" in plan)) {
      tally.refuse(plan);
      continue;
    }
    if (plans.some((other) => other.plan.register === plan.register)) {
      tally.refuse({
        line: series.line,
        what: `series ${JSON.stringify(series.title || series.key)} (${series.readings.length} values)`,
        why: `another series of this usage point fills ${plan.register} already: choose with --only and give this one its own --meter`,
      });
      continue;
    }
    const { values, refused } = valuesOf(plan, options.now);
    for (const one of refused) tally.refuse(one);
    if (values.length > 0) plans.push({ plan, values });
  }
  return { utility: utility ?? "electricity", plans };
}

async function importPoint(
  options: GreenButtonImport,
  point: FeedPoint,
  { utility, plans, nth }: PlannedPoint & { nth: number },
  book: Booking,
  tally: Tally,
): Promise<ImportedSeries[]> {
  const { db, operatorId, dryRun } = options;
  const serial = options.meter ?? serialOf(point.key);
  return locked(db, `greenbutton/${operatorId}/${serial}`, async () => {
    const before = await existingMeter(db, operatorId, { serial, utility });
    const from = Math.min(...plans.map(({ values }) => values[0]?.from ?? Number.POSITIVE_INFINITY)) as Instant;
    const placing = { title: point.title, point: options.point ?? null, from, capacityPerHour: capacityOf(plans) };
    if (dryRun && before === null && placing.point !== null)
      await db.as(operatorId, (trx) => freePoint(trx, operatorId, placing.point ?? 0n, utility, from));
    // A dry run makes no meter: a number below zero stands for it, which no meter has.
    const meterId =
      before ?? (dryRun ? BigInt(-1 - nth) : await placeMeter(db, operatorId, { serial, utility }, placing));
    const done: ImportedSeries[] = [];
    for (const { plan, values } of plans) {
      const writer = new SeriesWriter(options, meterId, plan, book, tally);
      const gaps = await writer.write(values);
      done.push({
        usagePoint: point.title,
        series: plan.series.title,
        serial,
        isNew: before === null,
        register: plan.register,
        unit: plan.unit,
        from: values[0]?.from ?? from,
        to: values.reduce((latest, value) => (value.to > latest ? value.to : latest), from),
        use: plan.accumulation === "delta" ? values.reduce((sum, value) => sum + value.micro, 0n) : null,
        gaps,
      });
    }
    return done;
  });
}

/** Two imports into one meter take turns, whatever process they run in. */
async function locked<T>(db: Database, name: string, work: () => Promise<T>): Promise<T> {
  const client = await db.pool.connect();
  try {
    await client.query("select pg_advisory_lock(hashtextextended($1, 0))", [name]);
    try {
      return await work();
    } finally {
      await client.query("select pg_advisory_unlock(hashtextextended($1, 0))", [name]);
    }
  } finally {
    client.release();
  }
}

type Gap = { readonly from: Instant; readonly to: Instant };

/** Writes the values of one series, batch by batch, in order of time. */
class SeriesWriter {
  readonly #o: GreenButtonImport;
  readonly #meterId: MeterId;
  readonly #plan: SeriesPlan;
  readonly #code: number;
  readonly #book: Booking;
  readonly #tally: Tally;
  readonly #gaps: Gap[] = [];
  #known = new Map<Instant, Micro>();
  #last: { readonly at: Instant; readonly value: Micro } | null = null;

  constructor(options: GreenButtonImport, meterId: MeterId, plan: SeriesPlan, book: Booking, tally: Tally) {
    this.#o = options;
    this.#meterId = meterId;
    this.#plan = plan;
    this.#code = REGISTERS[plan.register].code;
    this.#book = book;
    this.#tally = tally;
  }

  async write(values: readonly SeriesValue[]): Promise<readonly Gap[]> {
    const { db, operatorId } = this.#o;
    this.#last = await youngest(db, operatorId, this.#meterId, this.#code);
    for (let i = 0; i < values.length; i += BATCH) {
      const batch = values.slice(i, i + BATCH);
      if (this.#plan.accumulation === "delta") await this.#learn(batch);
      await this.#append(batch.flatMap((value) => this.#readingsOf(value)));
    }
    return this.#gaps;
  }

  /** The book's values between the ends of a batch, beside those that were derived a moment ago. */
  async #learn(batch: readonly SeriesValue[]): Promise<void> {
    const from = batch[0]?.from;
    if (from === undefined) return;
    const to = batch.reduce((latest, value) => (value.to > latest ? value.to : latest), from);
    const carried = [...this.#known].filter(([at]) => at >= from);
    const booked = await valuesWithin(this.#o.db, this.#o.operatorId, this.#meterId, this.#code, from, to);
    this.#known = new Map([...carried, ...booked]);
  }

  #readingsOf(value: SeriesValue): Line[] {
    const what = `${this.#plan.register} at ${isoOf(value.to)}`;
    if (this.#plan.accumulation === "register") return [this.#line(value, value.to, value.micro, what)];
    const interval = { from: value.from, to: value.to, use: value.micro };
    const known = this.#known;
    const derived = derive(interval, { at: (at) => known.get(at), last: this.#last });
    switch (derived.kind) {
      case "refused":
        this.#tally.refuse({ line: value.line, what: `interval from ${isoOf(value.from)}`, why: derived.why });
        return [];
      case "within":
        return [this.#line(value, value.to, derived.value, what)];
      case "next": {
        if (derived.gap !== null) this.#gaps.push(derived.gap);
        if (derived.anchor !== null) known.set(value.from, derived.anchor);
        known.set(value.to, derived.value);
        this.#last = { at: value.to, value: derived.value };
        const line = this.#line(value, value.to, derived.value, what);
        return derived.anchor === null ? [line] : [this.#line(value, value.from, derived.anchor, null), line];
      }
    }
  }

  #line = ({ line, source }: SeriesValue, at: Instant, value: Micro, what: string | null): Line => ({
    line,
    what,
    reading: {
      operatorId: this.#o.operatorId,
      meterId: this.#meterId,
      register: this.#code,
      measuredAt: at,
      receivedAt: this.#o.now,
      value,
      source,
    },
  });

  async #append(lines: readonly Line[]): Promise<void> {
    if (!this.#o.dryRun) await this.#keepGaps();
    const outcomes = await this.#book(lines.map(({ reading }) => reading));
    for (const [i, { line, what }] of lines.entries())
      if (what !== null) this.#tally.book(outcomes[i] ?? "accepted", line, what);
  }

  #kept = 0;
  /** Before the readings that follow them: a run that was killed in between finds its gap again and does not write it twice. */
  async #keepGaps(): Promise<void> {
    const gaps = this.#gaps.slice(this.#kept);
    this.#kept = this.#gaps.length;
    if (gaps.length === 0) return;
    await this.#o.db.as(this.#o.operatorId, async (trx) => {
      for (const { from, to } of gaps) {
        await sql`insert into sanbiao.gap (operator_id, meter_id, from_at, to_at, reason)
          select ${this.#o.operatorId}::bigint, ${this.#meterId}::bigint, ${isoOf(from)}::timestamptz, ${isoOf(to)}::timestamptz, 'not_in_feed'
           where not exists (select 1 from sanbiao.gap g where g.operator_id = ${this.#o.operatorId} and g.meter_id = ${this.#meterId}
                   and g.from_at = ${isoOf(from)}::timestamptz and g.to_at = ${isoOf(to)}::timestamptz)`.execute(trx);
      }
    });
  }
}

/** A reading to append; `what` is null for the value at an interval's start, which is no value of the file. */
type Line = { readonly line: number; readonly what: string | null; readonly reading: Reading };
