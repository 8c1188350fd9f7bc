import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../../domain/instant.ts";
import type { AccountId, MeterId, Reading } from "../../domain/reading.ts";
import { REGISTERS, SUPPLY_STATES, type SupplyState } from "../../domain/register.ts";
import { addSupplyEvent, confirmControl } from "../../ledger/controls.ts";
import { closeByProof } from "../../ledger/work-orders.ts";
import type { Tables } from "../../schema/tables.ts";
import { addEvidence } from "./certificate.ts";
import type { Told } from "./review.ts";

/** Position of a relay or valve as its meter reported it. */
export type SeenPosition = {
  readonly meterId: MeterId;
  readonly position: SupplyState;
  readonly measuredAt: Instant;
  readonly receivedAt: Instant;
};

const STATE_BY_VALUE = new Map<bigint, SupplyState>(
  Object.entries(SUPPLY_STATES).map(([name, value]) => [value, name as SupplyState]),
);

/** `null` when the reading is of another register. A code that nobody knows is a fault. */
export function positionOf(reading: Reading): SeenPosition | null {
  if (reading.register !== REGISTERS.relay_state.code && reading.register !== REGISTERS.valve_state.code) return null;
  const { meterId, measuredAt, receivedAt } = reading;
  return { meterId, measuredAt, receivedAt, position: STATE_BY_VALUE.get(reading.value) ?? "fault" };
}

/** The youngest position in the book: reports that came while no engine ran, or through another process. */
export async function lastPosition(trx: Transaction<Tables>, accountId: AccountId): Promise<SeenPosition | null> {
  const { rows } = await sql<{ meter_id: bigint; value: bigint; measured_at: Instant; received_at: Instant }>`
    select s.meter_id, r.value, r.measured_at, r.received_at
      from sanbiao.supply s
     cross join (values (${REGISTERS.relay_state.code}::smallint), (${REGISTERS.valve_state.code})) as g (code)
     cross join lateral (select value, measured_at, received_at from sanbiao.reading
         where operator_id = s.operator_id and meter_id = s.meter_id and register = g.code
           and (s.reported_at is null or measured_at > s.reported_at)
         order by measured_at desc limit 1) r
     where s.operator_id = sanbiao.operator_id() and s.account_id = ${accountId}
     order by r.measured_at desc limit 1`.execute(trx);
  const row = rows[0];
  if (row === undefined) return null;
  const position = STATE_BY_VALUE.get(row.value) ?? "fault";
  return { meterId: row.meter_id, position, measuredAt: row.measured_at, receivedAt: row.received_at };
}

/**
 * Takes a reported position into the books: the supply's reported side, and the order that it proves.
 * An older report than the one known changes nothing.
 */
export async function takePosition(
  trx: Transaction<Tables>,
  accountId: AccountId,
  seen: SeenPosition,
  now: Instant,
): Promise<{ told: Told[]; confirmed: "connect" | "disconnect" | null }> {
  const { rows: before } = await sql<{ reported: string }>`
    select reported from sanbiao.supply where operator_id = sanbiao.operator_id() and account_id = ${accountId}
       and meter_id = ${seen.meterId} and (reported_at is null or reported_at < ${isoOf(seen.measuredAt)}::timestamptz)
     for update`.execute(trx);
  const known = before[0];
  if (known === undefined) return { told: [], confirmed: null };
  await sql`update sanbiao.supply set reported = ${seen.position}, reported_at = ${isoOf(seen.measuredAt)}
             where operator_id = sanbiao.operator_id() and account_id = ${accountId}`.execute(trx);
  const { position } = seen;
  const isEnd = position === "connected" || position === "disconnected" || position === "limited";
  const closed = isEnd ? await confirmControl(trx, { ...seen, position, now }) : null;
  if (isEnd) await closeByProof(trx, seen.meterId, seen.measuredAt, now);
  if (closed?.action === "disconnect") await addEvidence(trx, { ...seen, controlId: closed.id, accountId }, now);
  if (closed === null) {
    if (known.reported === position) return { told: [], confirmed: null };
    return { told: [await tell(trx, accountId, "position_seen", { position }, now)], confirmed: null };
  }
  const kind = closed.action === "connect" ? "restored" : "cut_confirmed";
  // Supply flows again: the walk begins anew, and a new notice precedes a new cut.
  const stage = closed.action === "connect" ? "normal" : "cut";
  await sql`update sanbiao.supply set state = ${stage}, warned_2_at = case when ${stage} = 'cut' then warned_2_at end
             where operator_id = sanbiao.operator_id() and account_id = ${accountId}`.execute(trx);
  const detail = { control: String(closed.id), position, measured_at: isoOf(seen.measuredAt) };
  return { told: [await tell(trx, accountId, kind, detail, now)], confirmed: closed.action };
}

async function tell(
  trx: Transaction<Tables>,
  accountId: AccountId,
  kind: Told["kind"],
  detail: Record<string, string>,
  now: Instant,
): Promise<Told> {
  await addSupplyEvent(trx, { accountId, at: now, kind, detail });
  return { kind, detail };
}
