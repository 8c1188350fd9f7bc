import { sql } from "kysely";
import { CodedError } from "../domain/errors.ts";
import { type Instant, isoOf } from "../domain/instant.ts";
import { type Day, startOfDay, type Zone } from "../domain/period.ts";
import type { MeterId, OperatorId } from "../domain/reading.ts";
import type { RegisterCode } from "../domain/register.ts";
import type { Utility } from "../domain/unit.ts";
import type { Database } from "../schema/database.ts";

/** A meter while it stood at a usage point that an account had: what is the account's to see, and nothing of who was there before. */
export type OwnStay = {
  readonly usagePointId: bigint;
  readonly utility: Utility;
  readonly building: string;
  readonly room: string;
  readonly meterId: MeterId;
  readonly serial: string;
  readonly from: Instant;
  /** Readings up to and at this instant. */
  readonly to: Instant;
};

export type Window = { readonly from: Instant | null; readonly to: Instant | null };

/** Half-open days in the operator's zone; either end may be open. @throws CodedError when nothing lies between them */
export function windowOf(from: Day | null, to: Day | null, zone: Zone): Window {
  if (from !== null && to !== null && from >= to)
    throw new CodedError(
      "request.invalid",
      `--to ${to} must lie after --from ${from}: that day is the first that is not taken.`,
    );
  return { from: from === null ? null : startOfDay(from, zone), to: to === null ? null : startOfDay(to, zone) };
}

/** @throws CodedError `request.not-found` when the operator has no such account */
export async function staysOfAccount(
  db: Database,
  operatorId: OperatorId,
  number: string,
  zone: Zone,
  window: Window,
  now: Instant,
): Promise<OwnStay[]> {
  return db.as(operatorId, async (trx) => {
    const account = await trx
      .selectFrom("account")
      .select("id")
      .where("operator_id", "=", operatorId)
      .where("number", "=", number)
      .executeTakeFirst();
    if (account === undefined) throw new CodedError("request.not-found", `There is no account ${number}.`);
    const agreed = await trx
      .selectFrom("agreement")
      .select(["usage_point_id", "from_day", "to_day"])
      .where("operator_id", "=", operatorId)
      .where("account_id", "=", account.id)
      .orderBy("usage_point_id")
      .orderBy("from_day")
      .execute();
    const { rows } = await sql<StayRow>`
      select p.id as usage_point_id, p.utility, p.building, p.room, m.id as meter_id, m.serial, i.installed_at, i.removed_at
        from sanbiao.usage_point p
        join sanbiao.installation i on i.operator_id = p.operator_id and i.usage_point_id = p.id
        join sanbiao.meter m on m.operator_id = i.operator_id and m.id = i.meter_id
       where p.operator_id = ${operatorId} and p.id = any(${`{${agreed.map((one) => one.usage_point_id).join(",")}}`}::bigint[])
       order by p.id, i.installed_at`.execute(trx);
    const tenancies = tenanciesOf(
      agreed.map((one) => ({ pointId: one.usage_point_id, from: one.from_day, to: one.to_day })),
    );
    return tenancies.flatMap((tenancy) =>
      rows
        .filter((row) => row.usage_point_id === tenancy.pointId)
        .flatMap((row) => ownStay(row, tenancy, zone, window, now) ?? []),
    );
  });
}

type StayRow = {
  usage_point_id: bigint;
  utility: Utility;
  building: string;
  room: string;
  meter_id: bigint;
  serial: string;
  installed_at: Instant;
  removed_at: Instant | null;
};
type Tenancy = { readonly pointId: bigint; readonly from: Day; readonly to: Day | null };

/** Agreements that follow each other without a day between are one tenancy: a change of tariff does not part its intervals. */
function tenanciesOf(agreements: readonly Tenancy[]): Tenancy[] {
  const merged: Tenancy[] = [];
  for (const next of agreements) {
    const last = merged.at(-1);
    if (last?.pointId === next.pointId && (last.to === null || last.to >= next.from)) {
      const to = last.to === null || next.to === null ? null : last.to > next.to ? last.to : next.to;
      merged[merged.length - 1] = { ...last, to };
    } else merged.push(next);
  }
  return merged;
}

function ownStay(row: StayRow, tenancy: Tenancy, zone: Zone, window: Window, now: Instant): OwnStay | null {
  const from = Math.max(startOfDay(tenancy.from, zone), row.installed_at, window.from ?? 0) as Instant;
  const end = tenancy.to === null ? now : startOfDay(tenancy.to, zone);
  const to = Math.min(end, row.removed_at ?? now, window.to ?? now, now) as Instant;
  const { usage_point_id: usagePointId, utility, building, room, meter_id: meterId, serial } = row;
  return from < to ? { usagePointId, utility, building, room, meterId, serial, from, to } : null;
}

export type BookedRow = {
  readonly register: RegisterCode;
  readonly measured_at: Instant;
  readonly value: bigint;
  readonly source: number;
  readonly received_at: Instant;
};

/** Readings read at once. Our choice. */
const PAGE = 5_000;

/** Readings of a meter's register in `[from, to]` in order of time, page by page: memory does not grow with their number. */
export async function* readingsOf(
  db: Database,
  operatorId: OperatorId,
  meterId: MeterId,
  register: RegisterCode,
  { from, to }: Window,
): AsyncGenerator<BookedRow> {
  let after: Instant | null = null;
  for (;;) {
    const rows = await pageOf(db, operatorId, meterId, register, { from, to }, after);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = last.measured_at;
  }
}

async function pageOf(
  db: Database,
  operatorId: OperatorId,
  meterId: MeterId,
  register: RegisterCode,
  { from, to }: Window,
  after: Instant | null,
): Promise<readonly BookedRow[]> {
  const start =
    after === null
      ? sql`measured_at >= ${from === null ? "-infinity" : isoOf(from)}::timestamptz`
      : sql`measured_at > ${isoOf(after)}::timestamptz`;
  const { rows } = await db.as(operatorId, (trx) =>
    sql<BookedRow>`select register, measured_at, value, source, received_at from sanbiao.reading
       where operator_id = ${operatorId} and meter_id = ${meterId} and register = ${register}
         and ${start} and measured_at <= ${to === null ? "infinity" : isoOf(to)}::timestamptz
       order by measured_at limit ${sql.lit(PAGE)}`.execute(trx),
  );
  return rows;
}
