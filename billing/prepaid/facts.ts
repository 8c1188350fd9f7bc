import { type RawBuilder, sql, type Transaction } from "kysely";
import { HOUR_MS, type Instant, instant, isoOf } from "../../domain/instant.ts";
import { type Money, money } from "../../domain/money.ts";
import type { AccountId, MeterId } from "../../domain/reading.ts";
import type { NoticeKind } from "../../domain/notice.ts";
import type { PrepaidPolicy } from "../../domain/policy.ts";
import type { ControlAction, HoldKind, SupplyPosition, SupplyStage } from "../../domain/supply.ts";
import type { Utility } from "../../domain/unit.ts";
import { arrayText } from "../../ledger/bulk-insert.ts";
import { holdSupplies } from "../../ledger/controls.ts";
import type { Tables } from "../../schema/tables.ts";
import { type OperatorFacts, operatorFacts } from "../operator.ts";
import { type Accrual, type AccrualBasis, type AccrualBooks, accrueOn, readAccrualBasis } from "./accrual.ts";
import type { SupplyFacts } from "./decide.ts";
import type { HeldReason } from "./hold.ts";
import { type PoliciesInForce, policiesInForce, type PolicyBook } from "./policies.ts";

type Trx = Transaction<Tables>;

/** The facts with what is told of them. */
export type KnownSupply = {
  readonly accountId: AccountId;
  readonly meterId: MeterId;
  readonly policyId: string;
  /** In force now; `null` = nobody published one of this id. */
  readonly policy: PrepaidPolicy | null;
  readonly facts: SupplyFacts;
  readonly balance: Money;
  readonly accrual: Accrual;
  /** What the accrual was worked out from; `null` before the first agreement. */
  readonly basis: AccrualBasis | null;
};

/** Everything a decision about one account rests on, with its balance and its supply locked; `null` when it is not prepaid. */
export async function readFacts(
  trx: Trx,
  accountId: AccountId,
  books: AccrualBooks & { readonly policies: PolicyBook },
  now: Instant,
): Promise<KnownSupply | null> {
  const operator = await operatorFacts(trx);
  // The dear part without the lock; then again only when a bill came in between.
  let book = (await readMoney(trx, [accountId], operator)).get(accountId) as AccountMoney;
  const meterId = await meterOf(trx, accountId);
  if (meterId === null) return null;
  let basis = await readAccrualBasis(trx, { accountId, meterId }, book.billedUntil, operator, books, now);
  await holdSupplies(trx, [accountId]);
  // A statement of its own: it sees what the last holder of the lock committed.
  const row = (await readSupplies(trx, [accountId], now))[0];
  if (row === undefined) return null;
  for (let before = book; ; before = book) {
    book = (await readMoney(trx, [accountId], operator)).get(accountId) as AccountMoney;
    if (book.billedUntil === before.billedUntil) break;
    basis = await readAccrualBasis(trx, { accountId, meterId }, book.billedUntil, operator, books, now);
  }
  const accrual = accrueOn(basis, operator.currency);
  const policies = await policiesInForce(trx, books.policies, { zone: operator.zone, now });
  return { ...knownSupply(row, operator, book.balance, accrual, policies), basis };
}

/** What is known of a supply, put together. */
export function knownSupply(
  row: SupplyRow,
  operator: OperatorFacts,
  balance: Money,
  accrual: Accrual,
  policies: PoliciesInForce,
): Omit<KnownSupply, "basis"> {
  const available = accrual.unbilled === null ? null : money(balance.currency, balance.minor - accrual.unbilled.minor);
  return {
    accountId: row.account_id,
    meterId: row.meter_id,
    policyId: row.policy_id,
    policy: policies(row.policy_id),
    balance,
    accrual,
    facts: factsOf(row, operator, available, accrual),
  };
}

/** A supply as the books have it, with its open order and what its operator has cut lately. */
export type SupplyRow = {
  account_id: AccountId;
  meter_id: MeterId;
  policy_id: string;
  state: SupplyStage;
  /** As of the last look at this account. */
  unbilled_minor: bigint | null;
  last_reading_at: Instant | null;
  desired: SupplyPosition;
  reported: SupplyFacts["reported"];
  reported_at: Instant | null;
  held: HeldReason | "";
  warned_2_at: Instant | null;
  second_notice_at: Instant | null;
  second_notice_served_at: Instant | null;
  emergency_minor: bigint | null;
  emergency_at: Instant | null;
  last_credit_at: Instant | null;
  protected_reason: string | null;
  utility: Utility;
  open_action: ControlAction | null;
  open_state: "queued" | "sent" | null;
  last_unknown_at: Instant | null;
  cuts_sent: number;
  cuts_queued: number;
  building_sent: number;
  building_queued: number;
  holds: readonly HoldKind[];
  low_c: string | null;
  high_c: string | null;
  notice_served_at: Instant | null;
};

const factsOf = (row: SupplyRow, operator: OperatorFacts, available: Money | null, accrual: Accrual): SupplyFacts => ({
  utility: row.utility,
  zone: operator.zone,
  stage: row.state,
  desired: row.desired,
  reported: row.reported,
  reportedAt: row.reported_at,
  available,
  band: accrual.band,
  lastReadingAt: accrual.lastReadingAt,
  estimated: accrual.estimated,
  useHeld: accrual.held,
  protectedReason: row.protected_reason,
  holds: row.holds,
  temperature: row.low_c === null || row.high_c === null ? null : { lowC: +row.low_c, highC: +row.high_c },
  noticeServedAt: row.notice_served_at,
  emergency:
    row.emergency_minor === null || row.emergency_at === null
      ? null
      : { amount: money(operator.currency, row.emergency_minor), takenAt: row.emergency_at },
  secondNoticeAt: row.second_notice_at,
  secondNoticeServedAt: row.second_notice_served_at,
  warned2At: row.warned_2_at,
  lastCreditAt: row.last_credit_at,
  held: row.held,
  open: row.open_action === null || row.open_state === null ? null : { action: row.open_action, state: row.open_state },
  lastUnknownAt: row.last_unknown_at,
  cutsSentLastHour: row.cuts_sent,
  cutsQueued: row.cuts_queued,
  cutsSentInBuilding: row.building_sent,
  cutsQueuedInBuilding: row.building_queued,
});

/** When a message of a kind that was queued since then first reached the customer of `s`. */
const servedSince = (kind: NoticeKind, since: RawBuilder<unknown>) => sql`(
    select min(f.at) from sanbiao.notice n
      join sanbiao.notice_delivery d on d.operator_id = n.operator_id and d.notice_id = n.id
      join sanbiao.notice_fate f on f.operator_id = d.operator_id and f.delivery_id = d.id and f.state = 'delivered'
     where n.operator_id = s.operator_id and n.account_id = s.account_id and n.kind = ${kind} and n.created_at >= ${since})`;

/** Prepaid supplies of these accounts, in no order; not locked. A closed account has none: its meter is the next customer's. */
export async function readSupplies(trx: Trx, accountIds: readonly AccountId[], now: Instant): Promise<SupplyRow[]> {
  const hourAgo = isoOf(instant(now - HOUR_MS));
  const { rows } = await sql<SupplyRow>`
    select s.account_id, s.meter_id, s.state, s.unbilled_minor, s.last_reading_at,
           sanbiao.policy_of_supply(s.operator_id, s.account_id, s.policy_id, y.today) as policy_id, s.desired, s.reported, s.reported_at, s.held, s.warned_2_at, s.second_notice_at, e.amount_minor as emergency_minor, e.taken_at as emergency_at,
           greatest(s.last_credit_at, paid.credited_at) as last_credit_at, a.protected_reason, m.utility, o.action as open_action, o.state as open_state,
           (select max(c.closed_at) from sanbiao.control c where c.operator_id = s.operator_id
               and c.account_id = s.account_id and c.state = 'unknown') as last_unknown_at,
           (select count(*)::int from sanbiao.control c where c.operator_id = s.operator_id and c.action = 'disconnect'
               and c.sent_at > ${hourAgo}::timestamptz and c.account_id is distinct from s.account_id) as cuts_sent,
           (select count(*)::int from sanbiao.control c where c.operator_id = s.operator_id and c.action = 'disconnect'
               and c.state = 'queued' and c.account_id is distinct from s.account_id) as cuts_queued,
           (select count(*)::int from sanbiao.control c
              join sanbiao.installation i on i.operator_id = c.operator_id and i.meter_id = c.meter_id and i.removed_at is null
              join sanbiao.usage_point q on q.operator_id = i.operator_id and q.id = i.usage_point_id and q.building = b.building
             where c.operator_id = s.operator_id and c.action = 'disconnect' and c.account_id is distinct from s.account_id
               and c.sent_at > ${hourAgo}::timestamptz) as building_sent,
           (select count(*)::int from sanbiao.control c
              join sanbiao.installation i on i.operator_id = c.operator_id and i.meter_id = c.meter_id and i.removed_at is null
              join sanbiao.usage_point q on q.operator_id = i.operator_id and q.id = i.usage_point_id and q.building = b.building
             where c.operator_id = s.operator_id and c.action = 'disconnect' and c.account_id is distinct from s.account_id
               and c.state = 'queued') as building_queued,
           array(select distinct h.kind from sanbiao.supply_hold h
             where h.operator_id = s.operator_id and (h.account_id = s.account_id or h.account_id is null) and h.ended_at is null
               and (h.kind <> 'protection' or h.approved_by is not null)
               and h.from_at <= ${isoOf(now)}::timestamptz and coalesce(h.until_at, 'infinity') > ${isoOf(now)}::timestamptz) as holds,
           t.low_c::text, t.high_c::text,
           ${servedSince("supply_warning_2", sql`s.warned_2_at`)} as notice_served_at,
           ${servedSince("supply_cut_second_notice", sql`s.second_notice_at`)} as second_notice_served_at
      from sanbiao.supply s
      join sanbiao.account a on a.operator_id = s.operator_id and a.id = s.account_id and a.closed_on is null
      cross join (select (${isoOf(now)}::timestamptz at time zone z.zone)::date as today, z.currency from sanbiao.operator z
                   where z.operator_id = sanbiao.operator_id()) y
      join sanbiao.meter m on m.operator_id = s.operator_id and m.id = s.meter_id
      left join sanbiao.customer_balance paid on paid.operator_id = s.operator_id and paid.account_id = s.account_id
       and paid.currency = y.currency
      left join sanbiao.emergency_credit e on e.operator_id = s.operator_id and e.account_id = s.account_id and e.repaid_at is null
      left join sanbiao.control o on o.operator_id = s.operator_id and o.meter_id = s.meter_id and o.state in ('queued', 'sent')
      left join lateral (select q.building from sanbiao.installation i
             join sanbiao.usage_point q on q.operator_id = i.operator_id and q.id = i.usage_point_id
            where i.operator_id = s.operator_id and i.meter_id = s.meter_id and i.removed_at is null limit 1) b on true
      left join lateral (select w.low_c, w.high_c from sanbiao.day_temperature w
            where w.operator_id = s.operator_id and w.day = y.today
            order by w.id desc limit 1) t on true
     where s.operator_id = sanbiao.operator_id() and s.account_id = any(${arrayText(accountIds)}::bigint[])`.execute(
    trx,
  );
  return rows;
}

export type AccountMoney = { readonly balance: Money; readonly billedUntil: Instant | null };

/** Balance and end of the last bill of these accounts, of one and the same snapshot. */
export async function readMoney(
  trx: Trx,
  accountIds: readonly AccountId[],
  { currency }: OperatorFacts,
): Promise<Map<AccountId, AccountMoney>> {
  const { rows } = await sql<{ account_id: AccountId; owed_minor: bigint; billed_until: Instant | null }>`
    select a.id as account_id, coalesce(b.owed_minor, 0) as owed_minor,
           (select max(i.period_to) from sanbiao.bill i where i.operator_id = sanbiao.operator_id()
              and i.account_id = a.id) as billed_until
      from unnest(${arrayText(accountIds)}::bigint[]) as a (id)
      left join sanbiao.customer_balance b on b.operator_id = sanbiao.operator_id() and b.account_id = a.id
       and b.currency = ${currency}`.execute(trx);
  return new Map(
    rows.map((row) => [row.account_id, { balance: money(currency, -row.owed_minor), billedUntil: row.billed_until }]),
  );
}

async function meterOf(trx: Trx, accountId: AccountId): Promise<MeterId | null> {
  const { rows } = await sql<{ meter_id: bigint }>`
    select meter_id from sanbiao.supply where operator_id = sanbiao.operator_id() and account_id = ${accountId}`.execute(
    trx,
  );
  return rows[0]?.meter_id ?? null;
}
