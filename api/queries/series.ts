import { sql } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import { DAY_MS, type Instant, instant, instantOfIso, SECOND_MS } from "../../domain/instant.ts";
import type { Period } from "../../domain/period.ts";
import { decimalText } from "../../domain/quantity.ts";
import { isRegisterName, type RegisterName, REGISTERS } from "../../domain/register.ts";
import { readEdits } from "../../ledger/edits.ts";
import { atTrueRatio, readRatios, rescaledOnly, sourceOf } from "../../ledger/ratios.ts";
import { timestamptz } from "../../schema/database.ts";
import { atText, type Desk } from "../desk.ts";
import type { SeriesJson } from "../schemas/meter.ts";
import { BILLING_REGISTER } from "./latest.ts";

const SPAN_MS_MAX = 800 * DAY_MS;

/** No meter of ours is older. */
const FIRST = instant(Date.UTC(1990, 0));

type Wanted = {
  register?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  points: number;
};

/** A register's values over a stretch, thinned to at most `points`: the last value of each step. */
export async function series(desk: Desk, meterId: bigint, wanted: Wanted): Promise<SeriesJson> {
  const meter = await desk.trx
    .selectFrom("meter")
    .select("utility")
    .where("operator_id", "=", desk.operatorId)
    .where("id", "=", meterId)
    .executeTakeFirst();
  if (meter === undefined) throw new CodedError("request.not-found", `There is no meter ${meterId}.`);
  const register = wanted.register ?? BILLING_REGISTER[meter.utility];
  if (!isRegisterName(register)) throw new CodedError("request.invalid", `There is no register ${register}.`);
  const { from, to } = stretchOf(desk, wanted);
  const { code, kind, unit } = REGISTERS[register];
  // Each step is one look-up by the primary key, however many readings it holds.
  const stepMs = Math.ceil((to - from) / wanted.points);
  const { rows } = await sql<{ measured_at: Instant; received_at: Instant; source: number; value: bigint }>`
    select l.* from generate_series(0, ${wanted.points - 1}) as n
     cross join lateral (select r.measured_at, r.received_at, r.source, r.value from reading r
       where r.operator_id = ${desk.operatorId} and r.meter_id = ${meterId} and r.register = ${code}
         and r.measured_at >= ${timestamptz(from)}::timestamptz + n * ${`${stepMs} ms`}::interval
         and r.measured_at < least(${timestamptz(from)}::timestamptz + (n + 1) * ${`${stepMs} ms`}::interval,
                                   ${timestamptz(to)}::timestamptz)
       order by r.measured_at desc limit 1) l
     order by n`.execute(desk.trx);
  const ratios = rescaledOnly(await readRatios(desk.trx, [meterId]));
  const quantityAt = (row: (typeof rows)[number]): bigint => {
    const { measured_at: at, received_at: receivedAt } = row;
    return atTrueRatio(ratios, { meterId, register, at, receivedAt, source: sourceOf(row.source) }, row.value);
  };
  return {
    meterId: String(meterId),
    register,
    kind,
    unit,
    stepSeconds: Math.round(stepMs / SECOND_MS),
    points: rows.map((row) => ({
      at: atText(desk, row.measured_at),
      value: kind === "state" ? String(row.value) : decimalText(quantityAt(row)),
    })),
    edits: await editsOf(desk, meterId, register, { from, to }),
  };
}

async function editsOf(
  desk: Desk,
  meterId: bigint,
  register: RegisterName,
  { from, to }: Period,
): Promise<SeriesJson["edits"]> {
  const edits = await readEdits(desk.trx, [meterId]);
  return edits.flatMap(({ at, origin, says, ...edit }) => {
    if (edit.register !== register || at < from || at > to || says.kind === "restore") return [];
    const value = says.kind === "value" ? decimalText(says.value) : null;
    const method = says.kind === "value" && says.source === "estimate" ? says.method : null;
    return [{ at: atText(desk, at), value, origin, method }];
  });
}

function stretchOf(desk: Desk, wanted: Wanted): { from: Instant; to: Instant } {
  const to = wanted.to === undefined ? desk.now : instantOfIso(wanted.to);
  const from = wanted.from === undefined ? (to === null ? null : instant(to - 7 * DAY_MS)) : instantOfIso(wanted.from);
  if (from === null || to === null) {
    throw new CodedError("request.invalid", "`from` and `to` are ISO 8601 instants with an offset.");
  }
  if (from < FIRST) throw new CodedError("request.invalid", "`from` is in 1990 or later.");
  if (!(from < to) || to - from > SPAN_MS_MAX) {
    throw new CodedError("request.invalid", "`from` is before `to`, by at most 800 days.");
  }
  return { from, to };
}
