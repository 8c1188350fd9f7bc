import { sql } from "kysely";
import { emergencyUsed } from "../../billing/charges/split.ts";
import { minorOf } from "../../billing/prepaid/decide.ts";
import type { HeldReason } from "../../billing/prepaid/hold.ts";
import { policiesInForce } from "../../billing/prepaid/policies.ts";
import { type Tonight, type TonightRow, supplyTonight } from "../../billing/prepaid/tonight/read.ts";
import { policyVersionsOf } from "../../catalog/policies/catalogue.ts";
import { HOUR_MS, type Instant, instant, isoOf } from "../../domain/instant.ts";
import { money, moneyJson } from "../../domain/money.ts";
import type { PrepaidPolicy } from "../../domain/policy.ts";
import type { HoldKind } from "../../domain/supply.ts";
import { readWorkOrders, type WorkOrder } from "../../ledger/work-orders.ts";
import { billBooks } from "../bill-books.ts";
import { atText, atTextOrNull, dayText, type Desk, moneyOf } from "../desk.ts";
import type { RelayState } from "../schemas/json.ts";
import type { BoardMeterJson, SupplyBoardJson, SupplyWorkOrderJson, TonightJson } from "../schemas/supply-board.ts";
import type { SupplyStateName } from "../schemas/supply.ts";
import { openControls, prepaidCounts, isLive } from "./supply.ts";

export async function tonightJson(desk: Desk, hours: number): Promise<TonightJson> {
  const tonight = await supplyTonight(desk.trx, { ...billBooks, policies: policyVersionsOf }, desk.now, hours);
  return {
    at: atText(desk, tonight.now),
    until: atText(desk, tonight.until),
    items: tonight.rows.map((row) => tonightRowJson(desk, row)),
    counts: countsOf(tonight),
  };
}

const countsOf = ({ rows, well, off, leftOut }: Tonight): TonightJson["counts"] => {
  const of = (verdict: TonightRow["verdict"]): number => rows.filter((row) => row.verdict === verdict).length;
  return { cut: of("cut"), underWay: of("under_way"), held: of("held"), enough: of("enough"), well, off, leftOut };
};

const tonightRowJson = (desk: Desk, row: TonightRow): TonightJson["items"][number] => ({
  accountId: String(row.accountId),
  accountNumber: row.accountNumber,
  accountName: row.accountName,
  building: row.building,
  room: row.room,
  meterId: String(row.meterId),
  serial: row.serial,
  state: row.stage,
  verdict: row.verdict,
  available: row.available === null ? null : moneyJson(row.available),
  cutBelow: moneyJson(row.cutBelow),
  lastReadingAt: atTextOrNull(desk, row.lastReadingAt),
  dueAt: atTextOrNull(desk, row.dueAt),
  cutAt: atTextOrNull(desk, row.cutAt),
  held: row.guards.find(({ passes }) => !passes)?.guard ?? null,
  guards: row.guards.map(({ guard, passes, opensAt }) => ({ guard, passes, opensAt: atTextOrNull(desk, opensAt) })),
  policy: { ...row.policy },
});

const QUEUE_MAX = 200;

/** All that a person at the board looks at, in one answer. */
export async function supplyBoard(
  desk: Desk,
  query: { building?: string | undefined; limit: number },
): Promise<SupplyBoardJson> {
  const states = await prepaidCounts(desk);
  const { pause, holds } = await holdsNow(desk);
  return {
    at: atText(desk, desk.now),
    total: states.reduce((sum, { count }) => sum + count, 0),
    states,
    held: await heldCounts(desk),
    pause,
    holds,
    cap: await capNow(desk),
    queue: await openControls(desk, QUEUE_MAX),
    unknowns: await workOrdersJson(desk, { state: "open", accountId: null }),
    meters: await boardMeters(desk, query),
  };
}

type MeterRow = {
  account_id: bigint;
  number: string;
  name: string;
  meter_id: bigint;
  serial: string | null;
  building: string | null;
  room: string | null;
  state: SupplyStateName;
  desired: "connected" | "disconnected";
  reported: RelayState;
  reported_at: Instant | null;
  held: HeldReason | "";
  available_minor: bigint | null;
  last_reading_at: Instant | null;
  own_policy: string;
  emergency_minor: bigint | null;
};

/** What a person should see first: nobody knows, is off and should not be, is about to be cut; then by money. */
const URGENCY = sql`case s.state when 'unknown' then 0 when 'reconnect_due' then 1 when 'reconnect_sent' then 1 when 'cut_sent' then 2
  when 'cut_due' then 3 when 'cut' then 4 when 'normal' then 7 else 5 end`;

async function boardMeters(
  desk: Desk,
  { building, limit }: { building?: string | undefined; limit: number },
): Promise<SupplyBoardJson["meters"]> {
  const only = building === undefined ? sql`` : sql`and p.building = ${building}`;
  const { rows } = await sql<MeterRow>`
    select s.*, a.number, a.name, m.serial, p.building, p.room, e.amount_minor as emergency_minor,
           policy_of_supply(s.operator_id, s.account_id, s.policy_id, ${dayText(desk, desk.now)}::date) as own_policy
      from supply s
      join account a on a.operator_id = s.operator_id and a.id = s.account_id
      left join meter m on m.operator_id = s.operator_id and m.id = s.meter_id
      left join emergency_credit e on e.operator_id = s.operator_id and e.account_id = s.account_id and e.repaid_at is null
      ${placeOfMeter}
     where s.operator_id = ${desk.operatorId} and ${isLive} ${only}
     order by ${URGENCY}, s.available_minor nulls first, a.number limit ${limit}`.execute(desk.trx);
  const inForce = await policiesInForce(desk.trx, policyVersionsOf, desk);
  return rows.map((row) => ({
    accountId: String(row.account_id),
    accountNumber: row.number,
    accountName: row.name,
    emergency: emergencyJson(desk, row, inForce(row.own_policy)),
    building: row.building ?? "",
    room: row.room ?? "",
    meterId: String(row.meter_id),
    serial: row.serial ?? "",
    state: row.state,
    desired: row.desired,
    reported: row.reported,
    reportedAt: atTextOrNull(desk, row.reported_at),
    held: row.held === "" ? null : row.held,
    available: row.available_minor === null ? null : moneyOf(desk, row.available_minor),
    lastReadingAt: atTextOrNull(desk, row.last_reading_at),
  }));
}

function emergencyJson(desk: Desk, row: MeterRow, policy: PrepaidPolicy | null): BoardMeterJson["emergency"] {
  if (row.emergency_minor === null || policy === null) return null;
  const of = { amountMinor: row.emergency_minor, cutBelowMinor: minorOf(policy, policy.cutBelow) };
  const available = row.available_minor === null ? null : money(desk.currency, row.available_minor);
  return { amount: moneyOf(desk, row.emergency_minor), used: moneyJson(emergencyUsed(of, available, desk.currency)) };
}

/** Where the meter of `s` hangs now, as `p`. */
const placeOfMeter = sql`left join lateral (select q.building, q.room from installation i
    join usage_point q on q.operator_id = i.operator_id and q.id = i.usage_point_id
   where i.operator_id = s.operator_id and i.meter_id = s.meter_id and i.removed_at is null limit 1) p on true`;

async function heldCounts(desk: Desk): Promise<SupplyBoardJson["held"]> {
  const { rows } = await sql<{ reason: HeldReason; count: number }>`
    select held as reason, count(*)::int as count from supply s
     where operator_id = ${desk.operatorId} and ${isLive} and held <> '' group by held order by count desc, held`.execute(
    desk.trx,
  );
  return rows;
}

async function holdsNow(desk: Desk): Promise<Pick<SupplyBoardJson, "pause" | "holds">> {
  const at = isoOf(desk.now);
  const inForce = sql`h.operator_id = ${desk.operatorId} and h.ended_at is null and (h.kind <> 'protection' or h.approved_by is not null)
    and h.from_at <= ${at}::timestamptz and coalesce(h.until_at, 'infinity') > ${at}::timestamptz`;
  const { rows: holds } = await sql<{ kind: HoldKind; count: number }>`
    select h.kind, count(*)::int as count from supply_hold h where ${inForce} group by h.kind order by h.kind`.execute(
    desk.trx,
  );
  const { rows } = await sql<{ id: bigint; reason: string; from: Instant; until: Instant | null; by: string | null }>`
    select h.id, h.reason, h.from_at as from, h.until_at as until, u.name as by from supply_hold h
      left join app_user u on u.operator_id = h.operator_id and u.id = h.noted_by
     where ${inForce} and h.kind = 'pause' order by h.until_at desc nulls first limit 1`.execute(desk.trx);
  const pause = rows[0];
  return {
    holds,
    pause:
      pause === undefined
        ? null
        : {
            id: String(pause.id),
            reason: pause.reason,
            since: atText(desk, pause.from),
            until: atTextOrNull(desk, pause.until),
            by: pause.by ?? "",
          },
  };
}

async function capNow(desk: Desk): Promise<SupplyBoardJson["cap"]> {
  const { rows: used } = await sql<{ policy_id: string }>`
    select distinct policy_of_supply(operator_id, account_id, policy_id, ${dayText(desk, desk.now)}::date) as policy_id
      from supply where operator_id = ${desk.operatorId}`.execute(desk.trx);
  const inForce = await policiesInForce(desk.trx, policyVersionsOf, desk);
  const policies = used.flatMap((row) => inForce(row.policy_id) ?? []);
  const least = (limits: readonly (number | undefined)[]): number | null => {
    const said = limits.filter((limit) => limit !== undefined);
    return said.length === 0 ? null : Math.min(...said);
  };
  const perBuilding = least(policies.map((policy) => policy.cutsPerHourPerBuildingMax));
  const { rows } = await sql<{ building: string | null; sent: number }>`
    select q.building, count(*)::int as sent from control c
      left join installation i on i.operator_id = c.operator_id and i.meter_id = c.meter_id and i.removed_at is null
      left join usage_point q on q.operator_id = i.operator_id and q.id = i.usage_point_id
     where c.operator_id = ${desk.operatorId} and c.action = 'disconnect'
       and c.sent_at > ${isoOf(instant(desk.now - HOUR_MS))}::timestamptz
     group by q.building order by sent desc, q.building`.execute(desk.trx);
  return {
    sentLastHour: rows.reduce((sum, { sent }) => sum + sent, 0),
    perHourMax: least(policies.map((policy) => policy.cutsPerHourMax)),
    buildings: rows.flatMap(({ building, sent }) =>
      building === null ? [] : [{ building, sentLastHour: sent, perHourMax: perBuilding }],
    ),
  };
}

export async function workOrdersJson(
  desk: Desk,
  which: { state: "open" | "all"; accountId: bigint | null },
): Promise<SupplyWorkOrderJson[]> {
  return (await readWorkOrders(desk.trx, which)).map((one) => workOrderJson(desk, one));
}

const workOrderJson = (desk: Desk, one: WorkOrder): SupplyWorkOrderJson => ({
  id: String(one.id),
  accountId: one.accountId === null ? null : String(one.accountId),
  accountNumber: one.accountNumber ?? "",
  accountName: one.accountName ?? "",
  building: one.building ?? "",
  room: one.room ?? "",
  meterId: String(one.meterId),
  serial: one.serial ?? "",
  controlId: String(one.controlId),
  openedAt: atText(desk, one.openedAt),
  why: one.why,
  closedAt: atTextOrNull(desk, one.closedAt),
  proofAt: atTextOrNull(desk, one.proofAt),
  closedBy: one.closedBy,
  note: one.note,
});
