import { type RawBuilder, sql } from "kysely";
import { DAY_MS, type Instant } from "../../domain/instant.ts";
import { atText, atTextOrNull, type Desk, moneyOf, offsetOf } from "../desk.ts";
import type { RelayState } from "../schemas/json.ts";
import type { ControlJson, ControlsJson, PrepaidBoardJson, PrepaidJson, SupplyStateName } from "../schemas/supply.ts";
import { placeOfAccount } from "./accounts.ts";

type SupplyRow = {
  state: SupplyStateName;
  desired: "connected" | "disconnected";
  reported: RelayState;
  reported_at: Instant | null;
  available_minor: bigint | null;
  unbilled_minor: bigint | null;
  decided_at: Instant | null;
  last_reading_at: Instant | null;
  policy_id: string;
  held: string;
  warned_2_at: Instant | null;
  last_credit_at: Instant | null;
  billed_to: Instant | null;
};

/** A payment that changes nothing of a supply leaves its time with the balance. */
const lastCreditAt = sql`greatest(s.last_credit_at, (select max(c.credited_at) from customer_balance c
    where c.operator_id = s.operator_id and c.account_id = s.account_id))`;

/** `s`, with the end of what was billed last: unbilled use runs from there. */
const supplyColumns = sql`s.state, s.desired, s.reported, s.reported_at, s.available_minor, s.unbilled_minor, s.decided_at,
  s.last_reading_at, s.policy_id, s.held, s.warned_2_at, ${lastCreditAt} as last_credit_at, (select max(l.period_to) from bill l
    where l.operator_id = s.operator_id and l.account_id = s.account_id) as billed_to`;

/** A closed account has no supply any more: its meter is the next customer's. */
export const isLive = sql<boolean>`exists (select from account k where k.operator_id = s.operator_id and k.id = s.account_id and k.closed_on is null)`;

function prepaidJson(desk: Desk, row: SupplyRow): PrepaidJson {
  return {
    state: row.state,
    desired: row.desired,
    reported: row.reported,
    reportedAt: atTextOrNull(desk, row.reported_at),
    available: row.available_minor === null ? null : moneyOf(desk, row.available_minor),
    unbilled: row.unbilled_minor === null ? null : moneyOf(desk, row.unbilled_minor),
    decidedAt: atTextOrNull(desk, row.decided_at),
    lastReadingAt: atTextOrNull(desk, row.last_reading_at),
    daysLeft: daysLeftOf(row),
    policyId: row.policy_id,
    held: row.held,
    warnedAt: atTextOrNull(desk, row.warned_2_at),
    lastCreditAt: atTextOrNull(desk, row.last_credit_at),
  };
}

/** At the pace since the last bill; untold before a whole day of it, because a morning is no pace. */
function daysLeftOf(row: SupplyRow): number | null {
  const { available_minor: available, unbilled_minor: unbilled, billed_to: from, last_reading_at: to } = row;
  if (available === null || unbilled === null || from === null || to === null) return null;
  const days = (to - from) / DAY_MS;
  if (days < 1 || unbilled <= 0n) return null;
  return Math.round(Math.max(0, (Number(available) * days) / Number(unbilled)) * 10) / 10;
}

export async function prepaidOf(desk: Desk, accountId: bigint): Promise<PrepaidJson | null> {
  const { rows } = await sql<SupplyRow>`select ${supplyColumns} from supply s
     where s.operator_id = ${desk.operatorId} and s.account_id = ${accountId} and ${isLive}`.execute(desk.trx);
  return rows[0] === undefined ? null : prepaidJson(desk, rows[0]);
}

type BoardRow = SupplyRow & {
  account_id: bigint;
  number: string;
  name: string;
  building: string | null;
  room: string | null;
  meter_id: bigint;
  serial: string | null;
  protected_reason: string | null;
};

/** The supply board, least money first. */
export async function prepaidBoard(
  desk: Desk,
  query: { page: number; pageSize: number; state?: SupplyStateName | undefined },
): Promise<PrepaidBoardJson> {
  const state = query.state === undefined ? sql`` : sql`and s.state = ${query.state}`;
  const count = await sql<{ total: bigint }>`
    select count(*) as total from supply s where s.operator_id = ${desk.operatorId} and ${isLive} ${state}`.execute(
    desk.trx,
  );
  const { rows } = await sql<BoardRow>`
    select ${supplyColumns}, s.account_id, s.meter_id, a.number, a.name, a.protected_reason, p.building, p.room, m.serial
      from supply s
      join account a on a.operator_id = s.operator_id and a.id = s.account_id
      left join meter m on m.operator_id = s.operator_id and m.id = s.meter_id
      ${placeOfAccount}
     where s.operator_id = ${desk.operatorId} and ${isLive} ${state}
     order by s.available_minor nulls first, a.number limit ${query.pageSize} offset ${offsetOf(query)}`.execute(
    desk.trx,
  );
  const items = rows.map((row) => ({
    ...prepaidJson(desk, row),
    accountId: String(row.account_id),
    accountNumber: row.number,
    accountName: row.name,
    building: row.building ?? "",
    room: row.room ?? "",
    meterId: String(row.meter_id),
    serial: row.serial ?? "",
    protectedReason: row.protected_reason,
  }));
  return { items, page: query.page, pageSize: query.pageSize, total: Number(count.rows[0]?.total ?? 0n) };
}

export async function prepaidCounts(desk: Desk): Promise<{ state: SupplyStateName; count: number }[]> {
  const rows = await desk.trx
    .selectFrom("supply as s")
    .select(["state", sql<bigint>`count(*)`.as("count")])
    .where("operator_id", "=", desk.operatorId)
    .where(isLive)
    .groupBy("state")
    .orderBy("state")
    .execute();
  return rows.map((row) => ({ state: row.state, count: Number(row.count) }));
}

type ControlRow = {
  id: bigint;
  meter_id: bigint;
  serial: string | null;
  account_id: bigint | null;
  number: string | null;
  name: string | null;
  action: "disconnect" | "connect";
  state: ControlJson["state"];
  reason: Record<string, unknown>;
  created_at: Instant;
  not_before: Instant;
  sent_at: Instant | null;
  attempts: number;
  read_back_at: Instant | null;
  closed_at: Instant | null;
  note: string;
};

/** The outbox, newest first. */
export async function controls(
  desk: Desk,
  query: { page: number; pageSize: number; state?: string | undefined; accountId?: string | undefined },
): Promise<ControlsJson> {
  const also: RawBuilder<unknown>[] = [];
  if (query.state !== undefined) also.push(sql`and c.state = ${query.state}`);
  if (query.accountId !== undefined) also.push(sql`and c.account_id = ${BigInt(query.accountId)}`);
  const wanted = sql`where c.operator_id = ${desk.operatorId} ${sql.join(also, sql` `)}`;
  const count = await sql<{ total: bigint }>`select count(*) as total from control c ${wanted}`.execute(desk.trx);
  const { rows } = await sql<ControlRow>`
    ${controlRows} ${wanted} order by c.id desc limit ${query.pageSize} offset ${offsetOf(query)}`.execute(desk.trx);
  const items = rows.map((row) => controlJson(desk, row));
  return { items, page: query.page, pageSize: query.pageSize, total: Number(count.rows[0]?.total ?? 0n) };
}

const controlRows = sql`
  select c.*, m.serial, a.number, a.name from control c
    left join meter m on m.operator_id = c.operator_id and m.id = c.meter_id
    left join account a on a.operator_id = c.operator_id and a.id = c.account_id`;

/** Open orders as the outbox takes them: connections first, the oldest first. */
export async function openControls(desk: Desk, limit: number): Promise<ControlJson[]> {
  const { rows } = await sql<ControlRow>`
    ${controlRows} where c.operator_id = ${desk.operatorId} and c.state in ('queued', 'sent')
     order by c.action, c.id limit ${limit}`.execute(desk.trx);
  return rows.map((row) => controlJson(desk, row));
}

const controlJson = (desk: Desk, row: ControlRow): ControlJson => ({
  id: String(row.id),
  meterId: String(row.meter_id),
  serial: row.serial ?? "",
  accountId: row.account_id === null ? null : String(row.account_id),
  accountNumber: row.number,
  accountName: row.name,
  action: row.action,
  state: row.state,
  reason: row.reason,
  createdAt: atText(desk, row.created_at),
  notBefore: atText(desk, row.not_before),
  sentAt: atTextOrNull(desk, row.sent_at),
  attempts: row.attempts,
  readBackAt: atTextOrNull(desk, row.read_back_at),
  closedAt: atTextOrNull(desk, row.closed_at),
  note: row.note,
});
