import type { Pool } from "pg";
import { type Instant, isoOf, MINUTE_MS, SECOND_MS } from "../domain/instant.ts";
import type { PrepaidPolicy } from "../domain/policy.ts";
import type { Home } from "./home.ts";

/** A promise that was not kept: at which time, which, and to whom. */
export type Broken = { readonly at: Instant; readonly promise: string; readonly detail: string };

/**
 * How long a home that should have power may be without once nothing is wrong with its meter: the longest pause before an order is
 * sent again, the pause after one ended unknown, and five minutes for the station's own steps.
 */
export const darkMsMax = ({ order }: PrepaidPolicy): number =>
  order.proofWithinSeconds * SECOND_MS * 2 ** (order.attemptsMax - 1) + (order.unknownRetryMinutes + 5) * MINUTE_MS;

/** An order ends, one way or the other, within all its pauses, and an hour more in which the service may be down. */
const orderMsMax = ({ order }: PrepaidPolicy): number =>
  order.proofWithinSeconds * SECOND_MS * 2 ** order.attemptsMax + 60 * MINUTE_MS;

/** Nobody above the limit is off for longer than the bound. */
export function darkTooLong(home: Home, policy: PrepaidPolicy, availableMinor: bigint, now: Instant): Broken[] {
  if (home.isOn || availableMinor <= 0n) {
    home.entitledSince = null;
    return [];
  }
  home.entitledSince ??= now;
  if (home.trouble !== null) return [];
  const since = Math.max(home.entitledSince, home.healthySince);
  if (now - since <= darkMsMax(policy)) return [];
  const minutes = Math.round((now - since) / MINUTE_MS);
  return [
    {
      at: now,
      promise: "nobody above the limit is off for longer than the bound",
      detail: `${home.account}: ${minutes} min`,
    },
  ];
}

/** Every sen that was taken is posted, once, and nothing else is. */
export async function moneyPosted(owner: Pool, homes: readonly Home[], now: Instant): Promise<Broken[]> {
  const { rows } = await owner.query<{ account_id: bigint; paid: bigint }>(
    `select p.account_id, -sum(p.amount_minor)::bigint as paid from posting p
       join journal j on j.operator_id = p.operator_id and j.id = p.journal_id and j.kind in ('payment', 'reversal')
      where p.ledger_account = 'customer' group by 1`,
  );
  const posted = new Map(rows.map(({ account_id, paid }) => [account_id, paid]));
  return homes
    .filter((home) => (posted.get(home.account) ?? 0n) !== home.paidMinor)
    .map((home) => ({
      at: now,
      promise: "no money without posting",
      detail: `${home.account}: taken ${home.paidMinor}, posted ${posted.get(home.account) ?? 0n}`,
    }));
}

/** Every order ends proven, taken back or in a work order, and none stays open for ever. */
export async function ordersEnd(owner: Pool, policyOf: (id: string) => PrepaidPolicy, now: Instant): Promise<Broken[]> {
  const { rows } = await owner.query<{
    id: bigint;
    action: string;
    state: string;
    since: Instant;
    policy_id: string;
    has_order: boolean;
  }>(
    `select c.id, c.action, c.state, coalesce(c.sent_at, c.created_at) as since, s.policy_id,
            exists (select from work_order w where w.operator_id = c.operator_id and w.meter_id = c.meter_id
                      and w.opened_at <= c.closed_at and (w.closed_at is null or w.closed_at >= c.closed_at)) as has_order
       from control c join supply s on s.operator_id = c.operator_id and s.account_id = c.account_id
      where c.state in ('queued', 'sent') or (c.state = 'unknown' and c.closed_at >= $1)`,
    [isoOf(now)],
  );
  return rows
    .filter((row) => (row.state === "unknown" ? !row.has_order : now - row.since > orderMsMax(policyOf(row.policy_id))))
    .map(({ id, action, state }) => ({
      at: now,
      promise: "every order ends proven or in a work order",
      detail: `${action} ${id} ${state}`,
    }));
}

/** The order that is on its way to a meter now rests on a certificate of this very sending. */
export async function isCertified(owner: Pool, home: Home): Promise<boolean> {
  const { rows } = await owner.query(
    `select 1 from control c join cut_certificate z on z.operator_id = c.operator_id and z.control_id = c.id and z.attempt = c.attempts
      where c.operator_id = $1 and c.meter_id = $2 and c.action = 'disconnect' and c.attempts > 0
        and c.id = (select max(id) from control d where d.operator_id = $1 and d.meter_id = $2 and d.action = 'disconnect')`,
    [home.operatorId, home.meter],
  );
  return rows.length > 0;
}
