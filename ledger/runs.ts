import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Day, Period } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";

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

/** Accounts with an agreement on the days `[from, to)` and no bill that touches the period. */
const unbilled = (period: Period, from: Day, to: Day) => sql`
  exists (select 1 from sanbiao.agreement g where g.operator_id = a.operator_id and g.account_id = a.id
             and g.from_day < ${to}::date and (g.to_day is null or g.to_day > ${from}::date))
  and not exists (select 1 from sanbiao.bill b where b.operator_id = a.operator_id and b.account_id = a.id
             and b.period_from < ${isoOf(period.to)}::timestamptz and b.period_to > ${isoOf(period.from)}::timestamptz)`;

export type ClaimQuery = {
  readonly period: Period;
  readonly days: { readonly from: Day; readonly to: Day };
  /** Accounts that this process could not settle already. */
  readonly except: readonly AccountId[];
  readonly limit: number;
};

/**
 * Locks the next accounts to bill until the transaction ends; those that another process works on are passed over.
 * `touched` false: there was nothing left to lock.
 */
export async function claimAccounts(
  trx: Trx,
  query: ClaimQuery,
): Promise<{ accountIds: AccountId[]; touched: boolean }> {
  const { period, days, except, limit } = query;
  const claimed = await sql<{ id: bigint }>`
    select a.id from sanbiao.account a
     where a.operator_id = sanbiao.operator_id() and a.id <> all(${`{${except.join(",")}}`}::bigint[])
       and ${unbilled(period, days.from, days.to)}
     order by a.id limit ${limit} for no key update skip locked`.execute(trx);
  const ids = claimed.rows.map((row) => row.id);
  if (ids.length === 0) return { accountIds: [], touched: false };
  // Another process may have billed one between this statement's snapshot and its lock: look again, with the lock held.
  const still = await sql<{ id: bigint }>`
    select a.id from sanbiao.account a where a.operator_id = sanbiao.operator_id()
       and a.id = any(${`{${ids.join(",")}}`}::bigint[]) and ${unbilled(period, days.from, days.to)} order by a.id`.execute(
    trx,
  );
  return { accountIds: still.rows.map((row) => row.id), touched: true };
}

/** How many accounts have no bill for the period yet, the refused and those under another process's lock included. */
export async function countUnbilled(trx: Trx, period: Period, days: { from: Day; to: Day }): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from sanbiao.account a
     where a.operator_id = sanbiao.operator_id() and ${unbilled(period, days.from, days.to)}`.execute(trx);
  return rows[0]?.n ?? 0;
}

/** Keeps an account that could not be settled for a person; the next try writes over the reason. */
export async function refuseAccount(
  trx: Trx,
  refused: { runId: bigint; accountId: AccountId; reason: string; detail: string; at: Instant },
): Promise<void> {
  await sql`
    insert into sanbiao.run_exception (operator_id, run_id, account_id, reason, detail, at)
    values (sanbiao.operator_id(), ${refused.runId}, ${refused.accountId}, ${refused.reason}, ${refused.detail}, ${isoOf(refused.at)})
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
