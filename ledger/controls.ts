import { sql, type Transaction } from "kysely";
import { HOUR_MS, type Instant, instant, isoOf } from "../domain/instant.ts";
import type { AccountId, MeterId } from "../domain/reading.ts";
import type { CutWay } from "../domain/supply-command.ts";
import { type ControlAction, POSITION_OF, type SupplyEventKind, type SupplyPosition } from "../domain/supply.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;

export type OpenControl = {
  readonly id: bigint;
  readonly meterId: MeterId;
  readonly accountId: AccountId | null;
  readonly action: ControlAction;
  readonly state: "queued" | "sent";
  readonly attempts: number;
  /** Not sent any more from then on; `null` = never. */
  readonly expiresAt: Instant | null;
  /** How it takes supply away, as it was ordered. */
  readonly cut: CutWay;
};

type ControlRow = {
  id: bigint;
  meter_id: bigint;
  account_id: bigint | null;
  action: ControlAction;
  state: "queued" | "sent";
  attempts: number;
  expires_at: Instant | null;
  cut: CutWay;
};

const COLUMNS = sql`id, meter_id, account_id, action, state, attempts, expires_at, coalesce(reason ->> 'cut', 'close') as cut`;

const openOf = ({ id, meter_id, account_id, action, state, attempts, expires_at, cut }: ControlRow): OpenControl => ({
  id,
  meterId: meter_id,
  accountId: account_id,
  action,
  state,
  attempts,
  expiresAt: expires_at,
  cut,
});

/** An order to cut says what was true when it was given: after an hour it is decided anew. Our choice. */
const CUT_VALID_MS = HOUR_MS;

/** Puts an order into the outbox. An open order of the meter must have been closed before: the database refuses a second. */
export async function queueControl(
  trx: Trx,
  order: {
    meterId: MeterId;
    accountId: AccountId;
    action: ControlAction;
    reason: Record<string, string>;
    now: Instant;
  },
): Promise<bigint> {
  const expiresAt = order.action === "disconnect" ? isoOf(instant(order.now + CUT_VALID_MS)) : null;
  const { rows } = await sql<{ id: bigint }>`
    insert into sanbiao.control (operator_id, meter_id, account_id, action, reason, created_at, not_before, expires_at)
    values (sanbiao.operator_id(), ${order.meterId}, ${order.accountId}, ${order.action},
            ${JSON.stringify(order.reason)}::jsonb, ${isoOf(order.now)}, ${isoOf(order.now)}, ${expiresAt}) returning id`.execute(
    trx,
  );
  const row = rows[0];
  if (row === undefined) throw new Error("control was not queued");
  return row.id;
}

/** Takes back the open orders of an account for `action`: those not sent, and those sent but not proven. */
export async function cancelControls(
  trx: Trx,
  accountId: AccountId,
  action: ControlAction,
  note: string,
  now: Instant,
): Promise<{ id: bigint; wasSent: boolean }[]> {
  const { rows } = await sql<{ id: bigint; sent_at: Instant | null }>`
    update sanbiao.control set state = 'cancelled', closed_at = ${isoOf(now)}, note = ${note}
     where operator_id = sanbiao.operator_id() and account_id = ${accountId} and action = ${action}
       and state in ('queued', 'sent') returning id, sent_at`.execute(trx);
  return rows.map((row) => ({ id: row.id, wasSent: row.sent_at !== null }));
}

/** Takes one open order back. */
export async function cancelControl(trx: Trx, id: bigint, note: string, now: Instant): Promise<void> {
  await sql`update sanbiao.control set state = 'cancelled', closed_at = ${isoOf(now)}, note = ${note}
             where operator_id = sanbiao.operator_id() and id = ${id} and state in ('queued', 'sent')`.execute(trx);
}

/** The open order of an account, locked, or `null`. */
export async function openControlOf(trx: Trx, accountId: AccountId): Promise<OpenControl | null> {
  const { rows } = await sql<ControlRow>`
    select ${COLUMNS} from sanbiao.control
     where operator_id = sanbiao.operator_id() and account_id = ${accountId} and state in ('queued', 'sent')
     order by id limit 1 for update`.execute(trx);
  return rows[0] === undefined ? null : openOf(rows[0]);
}

/** Orders due on the wire, connections first, oldest first. Not locked: the sender claims each on its own. */
export async function dueControls(trx: Trx, now: Instant, limit: number): Promise<OpenControl[]> {
  const { rows } = await sql<ControlRow>`
    select ${COLUMNS} from sanbiao.control
     where operator_id = sanbiao.operator_id() and state in ('queued', 'sent') and not_before <= ${isoOf(now)}
     order by action, id limit ${limit}`.execute(trx); // 'connect' < 'disconnect'
  return rows.map(openOf);
}

/** An order that is still open, locked; `null` when it was closed meanwhile. */
export async function readControl(trx: Trx, id: bigint): Promise<OpenControl | null> {
  const { rows } = await sql<ControlRow>`
    select ${COLUMNS} from sanbiao.control
     where operator_id = sanbiao.operator_id() and id = ${id} and state in ('queued', 'sent') for update`.execute(trx);
  return rows[0] === undefined ? null : openOf(rows[0]);
}

/** Claims an order for one sending: from now on it may be on the wire. `null` when it was closed or claimed meanwhile. */
export async function markSent(
  trx: Trx,
  id: bigint,
  now: Instant,
  proofBy: Instant,
): Promise<{ attempts: number } | null> {
  const { rows } = await sql<{ attempts: number }>`
    update sanbiao.control set state = 'sent', sent_at = ${isoOf(now)}, attempts = attempts + 1, not_before = ${isoOf(proofBy)}
     where operator_id = sanbiao.operator_id() and id = ${id} and state in ('queued', 'sent') and not_before <= ${isoOf(now)}
     returning attempts`.execute(trx);
  return rows[0] ?? null;
}

/** Brings the next sending of an order that did not get through forward or back. */
export async function postponeControl(trx: Trx, id: bigint, until: Instant, note: string): Promise<void> {
  await sql`update sanbiao.control set not_before = ${isoOf(until)}, note = ${note}
             where operator_id = sanbiao.operator_id() and id = ${id} and state in ('queued', 'sent')`.execute(trx);
}

export async function noteControl(trx: Trx, id: bigint, note: string): Promise<void> {
  await sql`update sanbiao.control set note = ${note}
             where operator_id = sanbiao.operator_id() and id = ${id} and state in ('queued', 'sent')`.execute(trx);
}

/** Nobody knows whether the order took effect: a person must look. */
export async function giveUpControl(trx: Trx, id: bigint, now: Instant, note: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update sanbiao.control set state = 'unknown', closed_at = ${isoOf(now)}, note = ${note}
     where operator_id = sanbiao.operator_id() and id = ${id} and state in ('queued', 'sent')`.execute(trx);
  return (numAffectedRows ?? 0n) > 0n;
}

/** Closes the sent order that a position measured and received after the sending proves: `limited` proves a cut by a trickle alone. Nothing else closes one as done. */
export async function confirmControl(
  trx: Trx,
  seen: {
    meterId: MeterId;
    position: SupplyPosition | "limited";
    measuredAt: Instant;
    receivedAt: Instant;
    now: Instant;
  },
): Promise<{ id: bigint; accountId: AccountId | null; action: ControlAction } | null> {
  const action: ControlAction = seen.position === POSITION_OF.connect ? "connect" : "disconnect";
  const { rows } = await sql<{ id: bigint; account_id: bigint | null; action: ControlAction }>`
    update sanbiao.control set state = 'confirmed', closed_at = ${isoOf(seen.now)}, read_back_at = ${isoOf(seen.measuredAt)}
     where operator_id = sanbiao.operator_id() and meter_id = ${seen.meterId} and action = ${action}
       and state = 'sent' and (${seen.position} <> 'limited' or reason ->> 'cut' = 'trickle')
       and sent_at < least(${isoOf(seen.measuredAt)}::timestamptz, ${isoOf(seen.receivedAt)}::timestamptz) returning id, account_id, action`.execute(
    trx,
  );
  const row = rows[0];
  return row === undefined ? null : { id: row.id, accountId: row.account_id, action: row.action };
}

/** One more line in the story of a supply. */
export async function addSupplyEvent(
  trx: Trx,
  event: { accountId: AccountId; at: Instant; kind: SupplyEventKind; detail: Record<string, string> },
): Promise<bigint> {
  const { rows } = await sql<{ id: bigint }>`
    insert into sanbiao.supply_event (operator_id, account_id, at, kind, detail)
    values (sanbiao.operator_id(), ${event.accountId}, ${isoOf(event.at)}, ${event.kind}, ${JSON.stringify(event.detail)}::jsonb)
    returning id`.execute(trx);
  return rows[0]?.id ?? 0n;
}
