import { type Instant, instant } from "../domain/instant.ts";
import { dayOf, type Zone } from "../domain/period.ts";
import { type OperatorId, READING_SOURCES } from "../domain/reading.ts";
import { type RegisterName, REGISTERS } from "../domain/register.ts";
import type { Database } from "../schema/database.ts";
import { type BookedRow, type OwnStay, readingsOf, staysOfAccount, type Window } from "./booked-readings.ts";
import { BULK_QUANTITY, COMMODITIES, DELTA_DATA, FORWARD, QUALITY, REVERSE, SERVICE_KINDS } from "./espi-codes.ts";
import { entryXml, FEED_END, feedHead, localTimeResource } from "./espi-xml.ts";
import { localTimeOf } from "./local-time.ts";

export type GreenButtonExport = {
  readonly db: Database;
  readonly operatorId: OperatorId;
  readonly operatorCode: string;
  readonly account: string;
  readonly zone: Zone;
  readonly window: Window;
  readonly now: Instant;
  /** What the registers showed (bulk quantity) in place of the use between readings (delta data). */
  readonly registers: boolean;
};
/** `left out`: pairs of readings between which the register went back, so that no use can be told. */
export type ExportReport = { usagePoints: number; series: number; intervals: number; leftOut: number };

/**
 * Registers that a feed can carry. A value is counted in millionths of the book's unit, so that nothing is rounded:
 * milli-Wh, milli-varh (10⁻³ of uom 72, 73) and millionths of m³ (10⁻⁶ of uom 42).
 */
const CARRIED: readonly { readonly register: RegisterName; readonly flow: number; readonly tou?: number }[] = [
  { register: "energy_import_kwh", flow: FORWARD },
  { register: "energy_export_kwh", flow: REVERSE },
  { register: "energy_import_t1_kwh", flow: FORWARD, tou: 1 },
  { register: "energy_import_t2_kwh", flow: FORWARD, tou: 2 },
  { register: "energy_import_t3_kwh", flow: FORWARD, tou: 3 },
  { register: "energy_import_t4_kwh", flow: FORWARD, tou: 4 },
  { register: "reactive_import_kvarh", flow: FORWARD },
  { register: "reactive_export_kvarh", flow: REVERSE },
  { register: "volume_m3", flow: FORWARD },
  { register: "volume_reverse_m3", flow: REVERSE },
  { register: "heat_kwh", flow: FORWARD },
];
const UNIT_CODES: Readonly<Record<string, { uom: number; multiplier: number; kind: number }>> = {
  // MeasurementKind: 12 energy, 58 volume
  kWh: { uom: 72, multiplier: -3, kind: 12 },
  kvarh: { uom: 73, multiplier: -3, kind: 12 },
  m3: { uom: 42, multiplier: -6, kind: 58 },
};
/** espi.xsd, Int48: what one value can hold. */
const INT48_MAX = 140_737_488_355_327n;

/** The feed part by part, in memory that does not grow with it. Returns what it holds. */
export async function* exportGreenButton(options: GreenButtonExport): AsyncGenerator<string, ExportReport> {
  const { db, operatorId, operatorCode, account, zone, window, now } = options;
  const stays = await staysOfAccount(db, operatorId, account, zone, window, now);
  const report: ExportReport = { usagePoints: 0, series: 0, intervals: 0, leftOut: 0 };
  const root = `/espi/1_1/resource/${encodeURIComponent(operatorCode)}`;
  const customer = `${root}/RetailCustomer/${encodeURIComponent(account)}`;
  const clock = `${root}/LocalTimeParameters/1`;
  yield feedHead(`${root}/Subscription/${encodeURIComponent(account)}`, `Account ${account}`, now);
  const year = Number.parseInt(dayOf(window.from ?? now, zone).slice(0, 4), 10);
  yield entryXml(
    {
      path: clock,
      up: `${root}/LocalTimeParameters`,
      title: zone,
      resource: localTimeResource(localTimeOf(zone, year)),
    },
    now,
  );
  const told = new Set<string>();
  for (const pointId of new Set(stays.map((stay) => stay.usagePointId))) {
    const own = stays.filter((stay) => stay.usagePointId === pointId);
    const path = `${customer}/UsagePoint/${pointId}`;
    const first = own[0];
    if (first === undefined) continue;
    const { utility, building, room } = first;
    const resource = { UsagePoint: { ServiceCategory: { kind: SERVICE_KINDS[utility] } } };
    yield entryXml(
      {
        path,
        up: `${customer}/UsagePoint`,
        related: [`${path}/MeterReading`, clock],
        title: `${utility} ${building} ${room}`.trim(),
        resource,
      },
      now,
    );
    report.usagePoints++;
    for (const stay of own)
      for (const carried of CARRIED) yield* seriesXml(options, { told, root, point: path, stay, ...carried }, report);
  }
  yield FEED_END;
  return report;
}

type Series = {
  readonly told: Set<string>;
  readonly root: string;
  readonly point: string;
  readonly stay: OwnStay;
} & (typeof CARRIED)[number];

async function* seriesXml(options: GreenButtonExport, series: Series, report: ExportReport): AsyncGenerator<string> {
  const { root, point, stay, register } = series;
  const { db, operatorId, registers, zone, now } = options;
  const path = `${point}/MeterReading/${stay.meterId}-${register}-${stay.from / 1000}`;
  const type = `${root}/ReadingType/${stay.utility}-${register}${registers ? "-register" : ""}`;
  const blocks = `${path}/IntervalBlock`;
  let block: Interval[] = [];
  let begun = false;
  const close = (): string => {
    const [first] = block;
    const last = block.at(-1);
    if (first === undefined || last === undefined) return "";
    const head = begun ? "" : seriesHead(options, series, path, type);
    if (!begun) report.series++;
    begun = true;
    report.intervals += block.length;
    const resource = {
      IntervalBlock: {
        interval: { duration: last.to - first.from, start: first.from },
        IntervalReading: block.map(intervalXml),
      },
    };
    block = [];
    return (
      head +
      entryXml(
        { path: `${blocks}/${first.from}`, up: blocks, title: dayOf(instant(first.from * 1000), zone), resource },
        now,
      )
    );
  };
  const rows = readingsOf(db, operatorId, stay.meterId, REGISTERS[register].code, stay);
  for await (const interval of registers ? registerValues(rows, report) : intervalsOf(rows, report)) {
    const first = block[0];
    const sameDay =
      first !== undefined && dayOf(instant(first.from * 1000), zone) === dayOf(instant(interval.from * 1000), zone);
    if (first !== undefined && !sameDay) yield close();
    block.push(interval);
  }
  yield close();
}

function seriesHead(
  { registers, now }: GreenButtonExport,
  { told, root, point, stay, register, flow, tou }: Series,
  path: string,
  type: string,
): string {
  const { uom, multiplier, kind } = UNIT_CODES[REGISTERS[register].unit] ?? { uom: 0, multiplier: 0, kind: 0 };
  // Order of elements: espi.xsd, ReadingType.
  const readingType = {
    accumulationBehaviour: registers ? BULK_QUANTITY : DELTA_DATA,
    commodity: COMMODITIES[stay.utility],
    dataQualifier: 12, // normal
    defaultQuality: QUALITY.raw,
    flowDirection: flow,
    kind,
    phase: 0, // not applicable
    powerOfTenMultiplier: multiplier,
    timeAttribute: 0, // not applicable: intervals are as long as they are
    ...(tou === undefined ? {} : { tou }),
    uom,
  };
  const title = `${stay.serial} ${register}`;
  const related = [`${path}/IntervalBlock`, type];
  const series = entryXml({ path, up: `${point}/MeterReading`, related, title, resource: { MeterReading: {} } }, now);
  if (told.has(type)) return series;
  told.add(type);
  const resource = { ReadingType: readingType };
  return entryXml({ path: type, up: `${root}/ReadingType`, title: register, resource }, now) + series;
}

/** Seconds since 1970: ESPI knows nothing finer. `count` is in millionths of the book's unit. */
type Interval = { readonly from: number; readonly to: number; readonly count: bigint; readonly quality: number | null };

/** Order of elements: espi.xsd, IntervalReading and DateTimeInterval. */
const intervalXml = ({ from, to, count, quality }: Interval) => ({
  ...(quality === null ? {} : { ReadingQuality: { quality } }),
  timePeriod: { duration: to - from, start: from },
  value: count.toString(),
});

const qualityOf = ({ source }: BookedRow): number | null =>
  source === READING_SOURCES.estimate ? QUALITY.estimated : source === READING_SOURCES.manual ? QUALITY.manual : null;
const secondOf = ({ measured_at }: BookedRow): number => Math.floor(measured_at / 1000);

/** The use between neighbouring readings; of readings within one second the first stands for all. */
async function* intervalsOf(rows: AsyncIterable<BookedRow>, report: ExportReport): AsyncGenerator<Interval> {
  let before: BookedRow | null = null;
  for await (const row of rows) {
    if (before !== null && secondOf(row) === secondOf(before)) continue;
    if (before !== null) {
      const count = row.value - before.value;
      if (count < 0n || count > INT48_MAX) report.leftOut++;
      else yield { from: secondOf(before), to: secondOf(row), count, quality: qualityOf(row) };
    }
    before = row;
  }
}

async function* registerValues(rows: AsyncIterable<BookedRow>, report: ExportReport): AsyncGenerator<Interval> {
  let before: BookedRow | null = null;
  for await (const row of rows) {
    if (before !== null && secondOf(row) === secondOf(before)) continue;
    before = row;
    const at = secondOf(row);
    if (row.value > INT48_MAX) report.leftOut++;
    else yield { from: at, to: at, count: row.value, quality: qualityOf(row) };
  }
}
