import { parse } from "csv-parse";
import { CodedError } from "../domain/errors.ts";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { MeterId, OperatorId, Reading } from "../domain/reading.ts";
import { REGISTERS } from "../domain/register.ts";
import type { Utility } from "../domain/unit.ts";
import type { Database } from "../schema/database.ts";
import { BATCH, booking, rehearsal } from "./booking.ts";
import { type CsvReading, type CsvRow, readingOfRow, REQUIRED } from "./readings-csv.ts";
import { type ImportReport, Tally } from "./report.ts";

export type ReadingsImport = {
  readonly db: Database;
  readonly operatorId: OperatorId;
  readonly chunks: AsyncIterable<string>;
  readonly now: Instant;
  readonly dryRun: boolean;
};

/** Longest line that is taken. Our choice. */
const LINE_CHARS_MAX = 64 * 1024;

type Row = { readonly line: number; readonly row: CsvRow } | { readonly line: number; readonly broken: string };

/** Reads a file line by line and books it in batches: memory does not grow with the file. @throws CodedError when it is not such a file */
export async function importReadings({ db, operatorId, chunks, now, dryRun }: ReadingsImport): Promise<ImportReport> {
  const tally = new Tally();
  const meters = await metersOf(db, operatorId);
  const book = (dryRun ? rehearsal : booking)(db, operatorId);
  let batch: { readonly line: number; readonly what: string; readonly reading: Reading }[] = [];
  const flush = async () => {
    const outcomes = await book(batch.map(({ reading }) => reading));
    for (const [i, { line, what }] of batch.entries()) tally.book(outcomes[i] ?? "accepted", line, what);
    batch = [];
  };
  for await (const one of rowsOf(chunks)) {
    const said = "broken" in one ? one.broken : readingOfRow(one.row, now);
    const meter = typeof said === "string" ? undefined : meters.get(said.serial);
    const why = typeof said === "string" ? said : unfit(said, meter);
    if (typeof said === "string" || meter === undefined || why !== null) {
      tally.refuse({ line: one.line, what: "row" in one ? whatOf(one.row) : "line", why: why ?? "" });
      continue;
    }
    const reading = {
      operatorId,
      meterId: meter.id,
      register: REGISTERS[said.register].code,
      measuredAt: said.at,
      receivedAt: now,
      value: said.value,
      source: "import",
    } as const;
    batch.push({ line: one.line, what: `${said.serial} ${said.register} at ${isoOf(said.at)}`, reading });
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  return tally.report(dryRun);
}

type KnownMeter = { readonly id: MeterId; readonly utility: Utility };

async function metersOf(db: Database, operatorId: OperatorId): Promise<Map<string, KnownMeter>> {
  const rows = await db.as(operatorId, (trx) => trx.selectFrom("meter").select(["serial", "id", "utility"]).execute());
  return new Map(rows.map(({ serial, id, utility }) => [serial, { id, utility }]));
}

/** Registers that a meter of another utility has. What serves several, as a battery or a temperature, is left open. */
const ONLY: Readonly<Record<string, readonly Utility[]>> = {
  energy: ["electricity"],
  reactive: ["electricity"],
  volume: ["gas", "water", "heat"],
  heat: ["heat"],
  cooling: ["heat"],
};

function unfit({ serial, register }: CsvReading, meter: KnownMeter | undefined): string | null {
  if (meter === undefined) return `there is no meter ${JSON.stringify(serial)}`;
  const only = ONLY[register.split("_")[0] ?? ""];
  return only === undefined || only.includes(meter.utility)
    ? null
    : `${serial} counts ${meter.utility} and has no ${register}`;
}

const whatOf = (row: CsvRow): string => REQUIRED.map((column) => (row[column] ?? "").slice(0, 60)).join(", ");

/** Lines with their numbers. A line that cannot be taken apart is told; what the file says after it nobody can know. */
async function* rowsOf(chunks: AsyncIterable<string>): AsyncGenerator<Row> {
  let columns: readonly string[] | null = null;
  for await (const { record, line } of recordsOf(chunks)) {
    if (record instanceof Error) {
      if (columns === null) break;
      yield { line, broken: `from here on it is not CSV: ${record.message}` };
    } else if (columns === null) columns = headOf(record);
    else if (record.length !== columns.length)
      yield { line, broken: `it has ${record.length} columns, the first line has ${columns.length}` };
    else yield { line, row: Object.fromEntries(columns.map((name, i) => [name, record[i] ?? ""])) };
  }
  if (columns !== null) return;
  const names = REQUIRED.join(", ");
  throw new CodedError("request.invalid", `The file is empty or no CSV: its first line names the columns ${names}.`);
}

type CsvRecord = { readonly record: readonly string[] | Error; readonly line: number };

/** Records are handed over chunk by chunk and not through the parser's own queue, which an error would empty. */
async function* recordsOf(chunks: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  let ready: CsvRecord[] = [];
  let failed: Error | null = null;
  const parser = parse({
    bom: true,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: LINE_CHARS_MAX,
    on_record: (record: string[], { lines }: { lines: number }) => {
      ready.push({ record, line: lines });
      return null;
    },
  });
  parser.on("error", (error) => (failed = error));
  parser.resume();
  const take = (): CsvRecord[] => {
    const taken = ready;
    ready = [];
    if (failed !== null) taken.push({ record: failed, line: parser.info.lines });
    return taken;
  };
  for await (const chunk of chunks) {
    await new Promise<void>((done) => parser.write(chunk, () => done()));
    yield* take();
    if (failed !== null) return;
  }
  await new Promise<void>((done) => {
    parser.once("error", () => done());
    parser.end(() => done());
  });
  yield* take();
}

function headOf(record: readonly string[]): string[] {
  const columns = record.map((name) => name.toLowerCase());
  const missing = REQUIRED.filter((name) => !columns.includes(name));
  if (missing.length > 0)
    throw new CodedError(
      "request.invalid",
      `The first line must name the columns ${REQUIRED.join(", ")}; ${missing.join(", ")} is missing. Nothing was written.`,
    );
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined)
    throw new CodedError("request.invalid", `The column ${twice} stands twice. Nothing was written.`);
  return columns;
}
