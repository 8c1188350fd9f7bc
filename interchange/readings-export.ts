import { stringify } from "csv-stringify/sync";
import { CodedError } from "../domain/errors.ts";
import type { Instant } from "../domain/instant.ts";
import type { Zone } from "../domain/period.ts";
import { type MeterId, type OperatorId, READING_SOURCES } from "../domain/reading.ts";
import { type RegisterName, REGISTERS } from "../domain/register.ts";
import type { Database } from "../schema/database.ts";
import { readingsOf, staysOfAccount, type Window } from "./booked-readings.ts";
import { COLUMNS, rowOfReading } from "./readings-csv.ts";

export type ReadingsExport = {
  readonly db: Database;
  readonly operatorId: OperatorId;
  readonly zone: Zone;
  readonly window: Window;
  readonly now: Instant;
  /** One account's meters while they were its own; else one meter; else all meters of the operator. */
  readonly account?: string;
  readonly meter?: string;
};

const SOURCES = new Map<number, string>(Object.entries(READING_SOURCES).map(([name, code]) => [code, name]));
/** Positions stay out: a file could not bring them back (see `readings-csv.ts`). */
const EXPORTED = (Object.entries(REGISTERS) as [RegisterName, (typeof REGISTERS)[RegisterName]][]).filter(
  ([, { kind }]) => kind !== "state",
);
const ROWS_AT_ONCE = 1_000;

/** The text of the file, part by part; returns how many readings it holds. */
export async function* exportReadings(options: ReadingsExport): AsyncGenerator<string, number> {
  const stays = await ownStays(options);
  yield stringify([[...COLUMNS]]);
  let count = 0;
  for (const { meterId, serial, window } of stays) {
    for (const [register, { code }] of EXPORTED) {
      let rows: (readonly string[])[] = [];
      for await (const row of readingsOf(options.db, options.operatorId, meterId, code, window)) {
        rows.push(
          rowOfReading(
            {
              serial,
              register,
              measuredAt: row.measured_at,
              value: row.value,
              source: SOURCES.get(row.source) ?? "",
              receivedAt: row.received_at,
            },
            options.zone,
          ),
        );
        count++;
        if (rows.length < ROWS_AT_ONCE) continue;
        yield stringify(rows.map((one) => [...one]));
        rows = [];
      }
      if (rows.length > 0) yield stringify(rows.map((one) => [...one]));
    }
  }
  return count;
}

type Stay = { readonly meterId: MeterId; readonly serial: string; readonly window: Window };

async function ownStays({ db, operatorId, zone, window, now, account, meter }: ReadingsExport): Promise<Stay[]> {
  if (account !== undefined) {
    const stays = await staysOfAccount(db, operatorId, account, zone, window, now);
    return stays
      .filter(({ serial }) => meter === undefined || serial === meter)
      .map(({ meterId, serial, from, to }) => ({ meterId, serial, window: { from, to } }));
  }
  const rows = await db.as(operatorId, (trx) => {
    const all = trx.selectFrom("meter").select(["id", "serial"]).where("operator_id", "=", operatorId).orderBy("id");
    return (meter === undefined ? all : all.where("serial", "=", meter)).execute();
  });
  if (meter !== undefined && rows.length === 0)
    throw new CodedError("request.not-found", `There is no meter ${meter}.`);
  return rows.map(({ id, serial }) => ({ meterId: id, serial, window }));
}
