import { sql, type Transaction } from "kysely";
import { type Instant, isoIn, isoOf } from "../../domain/instant.ts";
import { amountText } from "../../domain/money.ts";
import type { AccountId, MeterId, Reading } from "../../domain/reading.ts";
import { REGISTERS, SUPPLY_STATES, type SupplyState } from "../../domain/register.ts";
import { arrayText } from "../../ledger/bulk-insert.ts";
import { addSupplyEvents, type ConfirmedControl, confirmControls, holdSupplies } from "../../ledger/controls.ts";
import { queueNotice } from "../../ledger/notices.ts";
import { closeByProof } from "../../ledger/work-orders.ts";
import type { Tables } from "../../schema/tables.ts";
import { addEvidence } from "./certificate.ts";
import type { KnownPolicies } from "./policies.ts";
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

/** What became of one account's position. */
export type TakenPosition = {
  readonly accountId: AccountId;
  readonly told: readonly Told[];
  readonly confirmed: "connect" | "disconnect" | null;
};

/** What the transaction's operator decides by; asked only where an order was proven. */
export type KnownPoliciesIn = () => Promise<KnownPolicies>;

/**
 * Takes reported positions into the books, one of each account at most: the supply's reported side, and the order that it proves.
 * An older report than the one known changes nothing. Few statements, however many positions there are.
 */
export async function takePositions(
  trx: Transaction<Tables>,
  seen: readonly (SeenPosition & { readonly accountId: AccountId })[],
  { policies, now }: { readonly policies: KnownPoliciesIn; readonly now: Instant },
): Promise<TakenPosition[]> {
  await holdSupplies(
    trx,
    seen.map(({ accountId }) => accountId),
  );
  const before = await report(trx, seen);
  const news = seen.filter(({ accountId }) => before.has(accountId));
  const ended = news.filter(isEnd);
  const closed = new Map((await confirmControls(trx, ended, now)).map((one) => [one.meterId, one]));
  await closeByProof(trx, ended, now);
  for (const one of ended) {
    const order = closed.get(one.meterId);
    if (order?.action === "disconnect") await addEvidence(trx, { ...one, controlId: order.id }, now);
  }
  await settleStages(trx, news, closed);
  const taken = news.map(({ accountId, meterId, position, measuredAt }): TakenPosition => {
    const order = closed.get(meterId);
    const same = before.get(accountId) === position;
    if (order === undefined)
      return {
        accountId,
        confirmed: null,
        told: same ? [] : [{ kind: "position_seen", detail: { position } }],
      };
    const detail = { control: String(order.id), position, measured_at: isoOf(measuredAt) };
    const kind = order.action === "connect" ? "restored" : "cut_confirmed";
    return { accountId, confirmed: order.action, told: [{ kind, detail }] };
  });
  await addSupplyEvents(
    trx,
    taken.flatMap(({ accountId, told }) => told.map((one) => ({ accountId, at: now, ...one }))),
  );
  await tellCustomers(trx, news, { closed, policies, now });
  return taken;
}

/** A customer hears that supply went off, or is back, once for each order that was proven, by every way that reaches him. */
async function tellCustomers(
  trx: Transaction<Tables>,
  news: readonly (SeenPosition & { readonly accountId: AccountId })[],
  {
    closed,
    policies,
    now,
  }: { closed: ReadonlyMap<MeterId, ConfirmedControl>; policies: KnownPoliciesIn; now: Instant },
): Promise<void> {
  const proven = news.filter(({ meterId }) => closed.has(meterId));
  if (proven.length === 0) return;
  const { inForce, zone, currency, today } = await policies();
  const { rows } = await sql<{ account_id: AccountId; policy_id: string; available: bigint | null }>`
    select p.account_id, p.available_minor as available,
           sanbiao.policy_of_supply(p.operator_id, p.account_id, p.policy_id, ${today}::date) as policy_id from sanbiao.supply p
     where p.operator_id = sanbiao.operator_id() and p.account_id = any(${arrayText(proven.map(({ accountId }) => accountId))}::bigint[])`.execute(
    trx,
  );
  const known = new Map(rows.map((row) => [row.account_id, row]));
  for (const { accountId, meterId, measuredAt } of proven) {
    const [order, supply] = [closed.get(meterId), known.get(accountId)];
    if (order === undefined || supply === undefined) continue;
    const at = isoIn(measuredAt, zone);
    const channels = inForce(supply.policy_id)?.channels?.[order.action === "connect" ? "restored" : "cut"];
    const ways = channels === undefined ? {} : { channels };
    const to = { accountId, key: `control/${order.id}/${order.action}`, now, ...ways };
    if (order.action === "connect")
      await queueNotice(trx, { ...to, kind: "supply_restored", data: { restoredAt: at } });
    else if (supply.available !== null) {
      const available = amountText({ currency, minor: supply.available });
      await queueNotice(trx, { ...to, kind: "supply_cut_done", data: { available, cutAt: at } });
    }
  }
}

const isEnd = <P extends SeenPosition>(
  seen: P,
): seen is P & { readonly position: "connected" | "disconnected" | "limited" } =>
  seen.position === "connected" || seen.position === "disconnected" || seen.position === "limited";

/** Writes the younger ones down, in the order of accounts. @returns what was known before */
async function report(
  trx: Transaction<Tables>,
  seen: readonly (SeenPosition & { readonly accountId: AccountId })[],
): Promise<Map<AccountId, string>> {
  const { rows } = await sql<{ account_id: AccountId; reported: string }>`
    with seen as (
      select * from unnest(${arrayText(seen.map(({ accountId }) => accountId))}::bigint[],
        ${arrayText(seen.map(({ meterId }) => meterId))}::bigint[], ${arrayText(seen.map(({ position }) => position))}::text[],
        ${arrayText(seen.map(({ measuredAt }) => isoOf(measuredAt)))}::timestamptz[]) as s (account_id, meter_id, position, measured_at)
    ), before as (
      select p.account_id, p.reported, s.position, s.measured_at
        from seen s join sanbiao.supply p on p.operator_id = sanbiao.operator_id() and p.account_id = s.account_id
         and p.meter_id = s.meter_id and (p.reported_at is null or p.reported_at < s.measured_at)
       order by p.account_id for update of p
    )
    update sanbiao.supply p set reported = b.position, reported_at = b.measured_at
      from before b where p.operator_id = sanbiao.operator_id() and p.account_id = b.account_id
    returning p.account_id, b.reported`.execute(trx);
  return new Map(rows.map((row) => [row.account_id, row.reported]));
}

/** Supply flows again: the walk begins anew, and a new notice precedes a new cut. */
async function settleStages(
  trx: Transaction<Tables>,
  seen: readonly { readonly accountId: AccountId; readonly meterId: MeterId }[],
  closed: ReadonlyMap<MeterId, ConfirmedControl>,
): Promise<void> {
  const proven = seen.filter(({ meterId }) => closed.has(meterId));
  if (proven.length === 0) return;
  const stages = proven.map(({ meterId }) => (closed.get(meterId)?.action === "connect" ? "normal" : "cut"));
  await sql`
    update sanbiao.supply p set state = s.stage, warned_2_at = case when s.stage = 'cut' then p.warned_2_at end
      from unnest(${arrayText(proven.map(({ accountId }) => accountId))}::bigint[], ${arrayText(stages)}::text[]) as s (account_id, stage)
     where p.operator_id = sanbiao.operator_id() and p.account_id = s.account_id`.execute(trx);
}
