import { sql, type Transaction } from "kysely";
import { HOUR_MS, type Instant, instant, isoOf } from "../domain/instant.ts";
import type { AccountId, MeterId, OperatorId } from "../domain/reading.ts";
import type { CutWay } from "../domain/supply-command.ts";
import { type ControlAction, POSITION_OF, type SupplyEventKind, type SupplyPosition } from "../domain/supply.ts";
import type { Database } from "../schema/database.ts";
import { arrayText } from "./bulk-insert.ts";
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

/**
 * Before anything is decided about supplies: waits for payments under way and lets others wait. Balances first, as payments lock, so that
 * nobody waits for one who waits for him.
 */
export async function holdSupplies(trx: Trx, accountIds: readonly AccountId[]): Promise<void> {
  await sql`select sanbiao.hold_supplies(${arrayText(accountIds)}::bigint[])`.execute(trx);
}

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

export type DueControl = OpenControl & { readonly operatorId: OperatorId; readonly policyId: string | null };

/** Orders due on the wire, of every operator, connections first, oldest first, at most `most` of each. Not locked: the sender claims each on its own. */
export async function dueControls({ pool }: Pick<Database, "pool">, now: Instant, most: number): Promise<DueControl[]> {
  const { rows } = await pool.query<ControlRow & { operator_id: OperatorId; policy_id: string | null }>({
    name: "due_controls",
    text: "select * from sanbiao.due_controls($1, $2)",
    values: [isoOf(now), most],
  });
  return rows.map((row) => ({ ...openOf(row), operatorId: row.operator_id, policyId: row.policy_id }));
}

/**
 * Claims an order to reconnect for one sending, in a transaction of its own: from now on it may be on the wire. Proof of the first
 * sending is waited for so long, of each further one twice as long as before. `exhausted`: sent `attemptsMax` times already;
 * `gone`: closed, claimed or put off meanwhile.
 */
export async function claimReconnection(
  { pool }: Pick<Database, "pool">,
  { operatorId, id, accountId }: DueControl,
  rules: { readonly attemptsMax: number; readonly proofWithinSeconds: number },
  now: Instant,
): Promise<{ outcome: "claimed" | "exhausted" | "gone"; attempt: number | null }> {
  const { rows } = await pool.query<{ outcome: "claimed" | "exhausted" | "gone"; attempt: number | null }>({
    name: "claim_reconnection",
    text: "select * from sanbiao.claim_reconnection($1, $2, $3, $4, $5, make_interval(secs => $6))",
    values: [operatorId, id, accountId, isoOf(now), rules.attemptsMax, rules.proofWithinSeconds],
  });
  return rows[0] ?? { outcome: "gone", attempt: null };
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

export type ConfirmedControl = { readonly id: bigint; readonly meterId: MeterId; readonly action: ControlAction };

/**
 * Closes the sent orders that positions measured and received after the sending prove: `limited` proves a cut by a trickle alone.
 * Nothing else closes one as done. One position of each meter at most.
 */
export async function confirmControls(
  trx: Trx,
  seen: readonly {
    readonly meterId: MeterId;
    readonly position: SupplyPosition | "limited";
    readonly measuredAt: Instant;
    readonly receivedAt: Instant;
  }[],
  now: Instant,
): Promise<ConfirmedControl[]> {
  if (seen.length === 0) return [];
  const { rows } = await sql<{ id: bigint; meter_id: bigint; action: ControlAction }>`
    update sanbiao.control c set state = 'confirmed', closed_at = ${isoOf(now)}, read_back_at = s.measured_at
      from unnest(${arrayText(seen.map(({ meterId }) => meterId))}::bigint[],
                  ${arrayText(seen.map(({ position }) => position))}::text[],
                  ${arrayText(seen.map(({ measuredAt }) => isoOf(measuredAt)))}::timestamptz[],
                  ${arrayText(seen.map(({ receivedAt }) => isoOf(receivedAt)))}::timestamptz[]) as s (meter_id, position, measured_at, received_at)
     where c.operator_id = sanbiao.operator_id() and c.meter_id = s.meter_id and c.state = 'sent'
       and c.action = case when s.position = ${POSITION_OF.connect} then 'connect' else 'disconnect' end
       and (s.position <> 'limited' or c.reason ->> 'cut' = 'trickle')
       and c.sent_at < least(s.measured_at, s.received_at) returning c.id, c.meter_id, c.action`.execute(trx);
  return rows.map(({ id, meter_id, action }) => ({ id, meterId: meter_id, action }));
}

type SupplyEventRow = {
  readonly accountId: AccountId;
  readonly at: Instant;
  readonly kind: SupplyEventKind;
  readonly detail: Readonly<Record<string, string>>;
};

/** One more line in the story of a supply. @returns its number */
export async function addSupplyEvent(trx: Trx, event: SupplyEventRow): Promise<bigint> {
  return (await addSupplyEvents(trx, [event]))[0] ?? 0n;
}

/** Lines in the stories of supplies. @returns their numbers */
export async function addSupplyEvents(trx: Trx, events: readonly SupplyEventRow[]): Promise<bigint[]> {
  if (events.length === 0) return [];
  const { rows } = await sql<{ id: bigint }>`
    insert into sanbiao.supply_event (operator_id, account_id, at, kind, detail)
    select sanbiao.operator_id(), e.account_id, e.at, e.kind, e.detail
      from unnest(${arrayText(events.map(({ accountId }) => accountId))}::bigint[],
                  ${arrayText(events.map(({ at }) => isoOf(at)))}::timestamptz[],
                  ${arrayText(events.map(({ kind }) => kind))}::text[],
                  ${arrayText(events.map(({ detail }) => JSON.stringify(detail)))}::jsonb[]) as e (account_id, at, kind, detail)
    returning id`.execute(trx);
  return rows.map(({ id }) => id);
}

/**
 * The meter of an order to connect may close now, and waits for its customer's press: the order stays sent until a position proves it,
 * and is sent again at `again`. @returns whether the supply was not waiting for it before; nothing when the order is closed meanwhile
 */
export async function permitClosing(
  trx: Trx,
  { id, accountId }: Pick<OpenControl, "id" | "accountId">,
  again: Instant,
): Promise<boolean> {
  await sql`select 1 from sanbiao.supply where operator_id = sanbiao.operator_id() and account_id = ${accountId} for update`.execute(
    trx,
  );
  const { numAffectedRows } = await sql`
    update sanbiao.control set not_before = ${isoOf(again)}
     where operator_id = sanbiao.operator_id() and id = ${id} and action = 'connect' and state = 'sent'`.execute(trx);
  if ((numAffectedRows ?? 0n) === 0n || accountId === null) return false;
  await sql`update sanbiao.supply set state = 'close_permitted'
             where operator_id = sanbiao.operator_id() and account_id = ${accountId} and state = 'reconnect_sent'`.execute(
    trx,
  );
  const { rows } = await sql`
    select 1 from sanbiao.supply_event where operator_id = sanbiao.operator_id() and account_id = ${accountId}
       and kind = 'close_permitted' and detail ->> 'control' = ${String(id)} limit 1`.execute(trx);
  return rows.length === 0;
}
