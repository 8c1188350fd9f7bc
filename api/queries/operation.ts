import { type RawBuilder, sql } from "kysely";
import type { Instant } from "../../domain/instant.ts";
import { decimalText } from "../../domain/quantity.ts";
import { REGISTERS, registerName } from "../../domain/register.ts";
import { atText, atTextOrNull, type Desk, offsetOf } from "../desk.ts";
import type { QuantityJson } from "../schemas/json.ts";
import type {
  ConflictJson,
  ConflictsJson,
  RefusedFrameJson,
  RefusedFramesJson,
  RunExceptionJson,
  RunJson,
  RunsJson,
} from "../schemas/operation.ts";
import { sourceName } from "./latest.ts";

type Page = { page: number; pageSize: number };

/** What came from a wire and is not a reading, the last told first. Frames of an unknown owner show to nobody. */
export async function refusedFrames(
  desk: Desk,
  query: Page & { reason?: string | undefined },
): Promise<RefusedFramesJson> {
  const wanted = desk.trx
    .selectFrom("refused_frame")
    .where("operator_id", "=", desk.operatorId)
    .$if(query.reason !== undefined, (q) => q.where("reason", "=", query.reason ?? ""));
  const count = await wanted.select(sql<bigint>`count(*)`.as("total")).executeTakeFirstOrThrow();
  const rows = await wanted
    .selectAll()
    .orderBy("received_at", "desc")
    .orderBy("id", "desc")
    .limit(query.pageSize)
    .offset(offsetOf(query))
    .execute();
  const items = rows.map(
    (row): RefusedFrameJson => ({
      id: String(row.id),
      receivedAt: atText(desk, row.received_at),
      lastAt: atText(desk, row.last_at),
      times: row.times,
      reason: row.reason,
      detail: row.detail,
      origin: row.origin,
      address: row.address,
      payloadText: printable(row.payload),
      payloadHex: row.payload.subarray(0, 256).toString("hex"),
      payloadBytes: row.payload.length,
    }),
  );
  return { items, page: query.page, pageSize: query.pageSize, total: Number(count.total) };
}

function printable(payload: Buffer): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(payload);
    // Letters, marks, numbers, punctuation, symbols and white space: nothing that a page could trip over.
    return /^[\P{C}\s]*$/u.test(text) ? text : null;
  } catch {
    return null;
  }
}

type ConflictRow = {
  id: bigint;
  meter_id: bigint;
  serial: string | null;
  register: number;
  measured_at: Instant;
  received_at: Instant;
  value: bigint;
  booked_value: bigint;
  source: number;
};

const conflictRows = (desk: Desk, also: RawBuilder<unknown>, limit: number, offset: number) =>
  sql<ConflictRow>`
    select c.*, m.serial from reading_conflict c
      left join meter m on m.operator_id = c.operator_id and m.id = c.meter_id
     where c.operator_id = ${desk.operatorId} ${also}
     order by c.id desc limit ${limit} offset ${offset}`.execute(desk.trx);

const valueOf = (register: number, value: bigint): QuantityJson => {
  const name = registerName(register);
  const unit = name === null ? "1" : REGISTERS[name].unit;
  return { value: unit === "state" ? String(value) : decimalText(value), unit };
};

const conflictJson = (desk: Desk, row: ConflictRow): ConflictJson => ({
  id: String(row.id),
  meterId: String(row.meter_id),
  serial: row.serial ?? "",
  register: registerName(row.register) ?? String(row.register),
  measuredAt: atText(desk, row.measured_at),
  receivedAt: atText(desk, row.received_at),
  booked: valueOf(row.register, row.booked_value),
  offered: valueOf(row.register, row.value),
  source: sourceName(row.source),
});

export async function conflicts(desk: Desk, query: Page): Promise<ConflictsJson> {
  const count = await desk.trx
    .selectFrom("reading_conflict")
    .select(sql<bigint>`count(*)`.as("total"))
    .where("operator_id", "=", desk.operatorId)
    .executeTakeFirstOrThrow();
  const { rows } = await conflictRows(desk, sql``, query.pageSize, offsetOf(query));
  const items = rows.map((row) => conflictJson(desk, row));
  return { items, page: query.page, pageSize: query.pageSize, total: Number(count.total) };
}

export async function conflictsOfMeter(desk: Desk, meterId: bigint, limit: number): Promise<ConflictJson[]> {
  const { rows } = await conflictRows(desk, sql`and c.meter_id = ${meterId}`, limit, 0);
  return rows.map((row) => conflictJson(desk, row));
}

/** Recurring work, the latest period first, and the accounts that it could not settle. */
export async function runs(desk: Desk): Promise<RunsJson> {
  const { rows } = await sql<{
    run_id: bigint;
    account_id: bigint;
    number: string;
    name: string;
    reason: string;
    detail: string;
    at: Instant;
    settled_at: Instant | null;
  }>`
    select e.run_id, e.account_id, a.number, a.name, e.reason, e.detail, e.at, e.settled_at
      from run_exception e join account a on a.operator_id = e.operator_id and a.id = e.account_id
     where e.operator_id = ${desk.operatorId} order by e.settled_at is not null, e.run_id desc, a.number limit 500`.execute(
    desk.trx,
  );
  const exceptions = rows.map(
    (row): RunExceptionJson => ({
      runId: String(row.run_id),
      accountId: String(row.account_id),
      accountNumber: row.number,
      accountName: row.name,
      reason: row.reason,
      detail: row.detail,
      at: atText(desk, row.at),
      settledAt: atTextOrNull(desk, row.settled_at),
    }),
  );
  return { runs: await runRows(desk, 100), exceptions };
}

export async function runRows(desk: Desk, limit: number): Promise<RunJson[]> {
  const rows = await desk.trx
    .selectFrom("due_run")
    .selectAll()
    .where("operator_id", "=", desk.operatorId)
    .orderBy("period_from", "desc")
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: String(row.id),
    kind: row.kind,
    periodFrom: atText(desk, row.period_from),
    periodTo: atText(desk, row.period_to),
    dueAt: atText(desk, row.due_at),
    state: row.state,
    startedAt: atTextOrNull(desk, row.started_at),
    finishedAt: atTextOrNull(desk, row.finished_at),
    done: row.done,
    refused: row.refused,
    note: row.note,
  }));
}
