import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Day, Period } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import { arrayText } from "./bulk-insert.ts";

type Trx = Transaction<Tables>;

/** Notes that a period is due. Again is the same row. */
export async function ensureRun(trx: Trx, period: Period, dueAt: Instant): Promise<bigint> {
  await sql`insert into sanbiao.due_run (operator_id, kind, period_from, period_to, due_at)
            values (sanbiao.operator_id(), 'bill', ${isoOf(period.from)}, ${isoOf(period.to)}, ${isoOf(dueAt)})
            on conflict (operator_id, kind, period_from, period_to) do nothing`.execute(trx);
  const row = await trx
    .selectFrom("due_run")
    .select("id")
    .where("kind", "=", "bill")
    .where("period_from", "=", isoOf(period.from) as never)
    .where("period_to", "=", isoOf(period.to) as never)
    .executeTakeFirstOrThrow();
  return row.id;
}

/** A run to work on, and how many bills it has issued so far. */
export type DueRun = { readonly id: bigint; readonly period: Period; readonly billed: number };

/** Runs to work on: due and not done, or done with accounts refused that no one has settled. Oldest period first. */
export async function dueRuns(trx: Trx, now: Instant): Promise<DueRun[]> {
  const { rows } = await sql<{ id: bigint; period_from: Instant; period_to: Instant; billed: number }>`
    select r.id, r.period_from, r.period_to,
           (select count(*)::int from sanbiao.bill b where b.operator_id = r.operator_id and b.run_id = r.id) as billed
      from sanbiao.due_run r
     where r.operator_id = sanbiao.operator_id() and r.due_at <= ${isoOf(now)}
       and (r.state <> 'done' or exists (select 1 from sanbiao.run_exception e
             where e.operator_id = r.operator_id and e.run_id = r.id and e.settled_at is null))
     order by r.period_from`.execute(trx);
  return rows.map(({ id, billed, ...row }) => ({ id, billed, period: { from: row.period_from, to: row.period_to } }));
}

/** Which accounts of a period a run is for, besides those that it concerns. */
export type RunScope = {
  /** Accounts of this cycle only. */
  readonly cycle?: string;
  /** Accounts whose cycle lets its bills go out by this day; absent: a person asks, and convention does not bind him. */
  readonly issuesBy?: Day;
};

/**
 * Whether the days are a bill's of the account `a`'s cycle. An operator without cycles bills by whatever period is asked for, and the
 * question whether it has some is asked once per statement.
 */
export const inItsCycle = (from: Day, to: Day, { cycle, issuesBy }: RunScope = {}) => sql`
  case when exists (select from sanbiao.account_cycle where operator_id = sanbiao.operator_id())
       then exists (select from sanbiao.cycle_period(sanbiao.operator_id(), a.id, ${from}::date) c
                     where c.from_day = ${from}::date and c.to_day = ${to}::date)
            ${cycle === undefined ? sql`` : sql`and sanbiao.cycle_code(sanbiao.operator_id(), a.id, ${from}::date) = ${cycle}`}
            ${issuesBy === undefined ? sql`` : sql`and sanbiao.cycle_issues(sanbiao.operator_id(), a.id, ${to}::date) <= ${issuesBy}::date`}
       else ${cycle === undefined} end`;

/** Accounts with an agreement on the days `[from, to)` and no bill that touches the period. */
const unbilled = (period: Period, from: Day, to: Day, scope: RunScope) => sql`
  exists (select 1 from sanbiao.agreement g where g.operator_id = a.operator_id and g.account_id = a.id
             and g.from_day < ${to}::date and (g.to_day is null or g.to_day > ${from}::date))
  and not exists (select 1 from sanbiao.bill b where b.operator_id = a.operator_id and b.account_id = a.id
             and b.period_from < ${isoOf(period.to)}::timestamptz and b.period_to > ${isoOf(period.from)}::timestamptz)
  and ${inItsCycle(from, to, scope)}`;

export type ClaimQuery = {
  readonly period: Period;
  readonly days: { readonly from: Day; readonly to: Day };
  readonly scope?: RunScope;
  /** Accounts that this process could not settle already. */
  readonly except: readonly AccountId[];
  /** The next so many accounts by id after one, or these. */
  readonly among: { readonly after: AccountId; readonly limit: number } | readonly AccountId[];
};

/** `upTo`: how far by id was looked; `null` when there is no further account. */
export type Claim = { readonly accountIds: AccountId[]; readonly upTo: AccountId | null };

/**
 * Locks the next accounts to bill until the transaction ends; those that another process works on are passed over.
 * Accounts are looked at a window of ids at a time, so that a run does not look again and again at what it has billed.
 */
export async function claimAccounts(trx: Trx, query: ClaimQuery): Promise<Claim> {
  const { among, except } = query;
  if (!("after" in among)) return { accountIds: await lockUnbilled(trx, query, among), upTo: null };
  for (let { after } = among; ; ) {
    const { rows } = await sql<{ id: AccountId }>`
      select id from sanbiao.account where operator_id = sanbiao.operator_id() and id > ${after}
       order by id limit ${among.limit}`.execute(trx);
    const last = rows.at(-1);
    if (last === undefined) return { accountIds: [], upTo: null };
    after = last.id;
    const passed = new Set(except);
    const window = rows.map(({ id }) => id).filter((id) => !passed.has(id));
    const accountIds = await lockUnbilled(trx, query, window);
    if (accountIds.length > 0) return { accountIds, upTo: after };
  }
}

async function lockUnbilled(
  trx: Trx,
  { period, days, scope }: ClaimQuery,
  window: readonly AccountId[],
): Promise<AccountId[]> {
  const due = await unbilledOf(trx, { period, days, scope }, window);
  if (due.length === 0) return [];
  const { rows } = await sql<{ id: AccountId }>`
    select a.id from sanbiao.account a
     where a.operator_id = sanbiao.operator_id() and a.id = any(${arrayText(due)}::bigint[])
     order by a.id for no key update skip locked`.execute(trx);
  // Another process may have billed one between the look and the lock: look again, with the lock held.
  const locked = rows.map(({ id }) => id);
  if (locked.length === 0) return [];
  const { rows: bills } = await sql<{ account_id: AccountId }>`${billsIn(period, locked)}`.execute(trx);
  const billed = new Set(bills.map(({ account_id }) => account_id));
  return billed.size === 0 ? locked : locked.filter((id) => !billed.has(id));
}

/** The accounts among these with a bill that touches the period. */
const billsIn = (period: Period, ids: readonly AccountId[]) => sql`
  select account_id from sanbiao.bill
   where operator_id = sanbiao.operator_id() and account_id = any(${arrayText(ids)}::bigint[])
     and period_from < ${isoOf(period.to)}::timestamptz and period_to > ${isoOf(period.from)}::timestamptz`;

async function unbilledOf(
  trx: Trx,
  { period, days, scope }: Pick<ClaimQuery, "period" | "days"> & { readonly scope: RunScope | undefined },
  ids: readonly AccountId[],
): Promise<AccountId[]> {
  const window = arrayText(ids);
  // Each table is asked by its own index: a plan that joins first would walk through all bills that were ever made.
  const { rows } = await sql<{ id: AccountId }>`
    with supplied as materialized (
      select distinct account_id as id from sanbiao.agreement
       where operator_id = sanbiao.operator_id() and account_id = any(${window}::bigint[])
         and from_day < ${days.to}::date and (to_day is null or to_day > ${days.from}::date)
    ), billed as materialized (${billsIn(period, ids)})
    select a.id from supplied a
     where a.id not in (select account_id from billed) and ${inItsCycle(days.from, days.to, scope)}
     order by a.id`.execute(trx);
  return rows.map(({ id }) => id);
}

/** How many accounts have no bill for the period yet, the refused and those under another process's lock included. */
export async function countUnbilled(
  trx: Trx,
  period: Period,
  days: { from: Day; to: Day },
  scope: RunScope = {},
): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from sanbiao.account a
     where a.operator_id = sanbiao.operator_id() and ${unbilled(period, days.from, days.to, scope)}`.execute(trx);
  return rows[0]?.n ?? 0;
}

export type Refusal = { readonly accountId: AccountId; readonly reason: string; readonly detail: string };

/** Keeps accounts that could not be settled for a person; the next try writes over the reason. */
export async function refuseAccounts(trx: Trx, runId: bigint, refused: readonly Refusal[], at: Instant): Promise<void> {
  if (refused.length === 0) return;
  await sql`
    insert into sanbiao.run_exception (operator_id, run_id, account_id, reason, detail, at)
    select sanbiao.operator_id(), ${runId}, u.account_id, u.reason, u.detail, ${isoOf(at)}::timestamptz
      from unnest(${arrayText(refused.map(({ accountId }) => accountId))}::bigint[],
                  ${arrayText(refused.map(({ reason }) => reason))}::text[],
                  ${arrayText(refused.map(({ detail }) => detail))}::text[]) as u (account_id, reason, detail)
    on conflict (operator_id, run_id, account_id) do update
      set reason = excluded.reason, detail = excluded.detail, at = excluded.at, settled_at = null`.execute(trx);
}

export async function settleExceptions(
  trx: Trx,
  runId: bigint,
  accountIds: readonly AccountId[],
  now: Instant,
): Promise<void> {
  await sql`update sanbiao.run_exception set settled_at = ${isoOf(now)}
             where operator_id = sanbiao.operator_id() and run_id = ${runId} and settled_at is null
               and account_id = any(${`{${accountIds.join(",")}}`}::bigint[])`.execute(trx);
}

/** Brings a run's row up to what the books say. */
export async function noteRun(trx: Trx, runId: bigint, state: "running" | "done", now: Instant): Promise<void> {
  await sql`
    update sanbiao.due_run r set state = ${state}, started_at = coalesce(r.started_at, ${isoOf(now)}::timestamptz),
           finished_at = case when ${state} = 'done' then ${isoOf(now)}::timestamptz end,
           done = (select count(*) from sanbiao.bill b where b.operator_id = r.operator_id and b.run_id = r.id),
           refused = (select count(*) from sanbiao.run_exception e
                       where e.operator_id = r.operator_id and e.run_id = r.id and e.settled_at is null)
     where r.operator_id = sanbiao.operator_id() and r.id = ${runId}`.execute(trx);
}

/** The day on which the operator's first agreement began; `null` before there is one. */
export async function firstAgreementDay(trx: Trx): Promise<Day | null> {
  const { rows } = await sql<{ day: Day | null }>`
    select min(from_day) as day from sanbiao.agreement where operator_id = sanbiao.operator_id()`.execute(trx);
  return rows[0]?.day ?? null;
}
