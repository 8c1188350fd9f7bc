import { sql, type Transaction } from "kysely";
import type { HeldState, HoldKind, HoldReason, HoldRule } from "../domain/hold.ts";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import { arrayText } from "./bulk-insert.ts";
import type { Noted } from "./topology.ts";

type Trx = Transaction<Tables>;

export type HoldRuleRow = HoldRule & { readonly reason: string };

/** The rules that are on: of each kind the last word. */
export async function readHoldRules(trx: Trx): Promise<HoldRuleRow[]> {
  const { rows } = await sql<{ kind: HoldKind; threshold: bigint | null; reason: string }>`
    select distinct on (kind) kind, threshold, reason from sanbiao.hold_rule
     where operator_id = sanbiao.operator_id() order by kind, id desc`.execute(trx);
  return rows.flatMap(({ threshold, ...row }) => (threshold === null ? [] : [{ ...row, threshold }]));
}

/** Two people at once wait for each other, so that the second sees what the first said. */
const lockHolds = (trx: Trx) =>
  sql`select pg_advisory_xact_lock(hashtext('sanbiao.holds/' || sanbiao.operator_id()))`.execute(trx);

/** Says what holds a bill from now on; `threshold: null` switches the rule off. The same again is `already`. */
export async function noteHoldRule(
  trx: Trx,
  rule: { readonly kind: HoldKind; readonly threshold: bigint | null; readonly reason: string },
  { at, by }: Noted,
): Promise<"noted" | "already"> {
  await lockHolds(trx);
  const before = (await readHoldRules(trx)).find(({ kind }) => kind === rule.kind);
  if ((before?.threshold ?? null) === rule.threshold && (before === undefined || before.reason === rule.reason))
    return "already";
  await sql`
    insert into sanbiao.hold_rule (operator_id, kind, threshold, reason, noted_at, noted_by)
    values (sanbiao.operator_id(), ${rule.kind}, ${rule.threshold}, ${rule.reason}, ${isoOf(at)}::timestamptz, ${by})`.execute(
    trx,
  );
  return "noted";
}

export type AccountHold = { readonly held: boolean; readonly reason: string; readonly untilDay: Day | null };

/** Why persons hold the bills of these accounts on a day. */
export async function accountHolds(trx: Trx, ids: readonly AccountId[], on: Day): Promise<Map<AccountId, string>> {
  const { rows } = await sql<{ account: bigint; reason: string }>`
    select account_id as account, reason from (
      select distinct on (account_id) account_id, held, reason, until_day from sanbiao.account_hold
       where operator_id = sanbiao.operator_id() and account_id = any(${arrayText(ids)}::bigint[])
       order by account_id, id desc) h
     where held and (until_day is null or until_day > ${on}::date)`.execute(trx);
  return new Map(rows.map(({ account, reason }) => [account, reason]));
}

/** Every word about holding an account, the last one first. */
export async function readAccountHolds(trx: Trx, accountId: AccountId): Promise<(AccountHold & { at: Instant })[]> {
  const { rows } = await sql<AccountHold & { at: Instant }>`
    select held, reason, until_day as "untilDay", noted_at as at from sanbiao.account_hold
     where operator_id = sanbiao.operator_id() and account_id = ${accountId} order by id desc`.execute(trx);
  return rows;
}

/** Holds an account's bills, or lets them go again. The same again is `already`. */
export async function noteAccountHold(
  trx: Trx,
  accountId: AccountId,
  { held, reason, untilDay }: AccountHold,
  { at, by }: Noted,
): Promise<"noted" | "already" | "no_such_account"> {
  await lockHolds(trx);
  const { rows } = await sql<{ n: number }>`select 1 as n from sanbiao.account
     where operator_id = sanbiao.operator_id() and id = ${accountId}`.execute(trx);
  if (rows.length === 0) return "no_such_account";
  const [before] = await readAccountHolds(trx, accountId);
  if (before === undefined ? !held : before.held === held && before.reason === reason && before.untilDay === untilDay)
    return "already";
  await sql`
    insert into sanbiao.account_hold (operator_id, account_id, held, reason, until_day, noted_at, noted_by)
    values (sanbiao.operator_id(), ${accountId}, ${held}, ${reason}, ${untilDay}::date, ${isoOf(at)}::timestamptz, ${by})`.execute(
    trx,
  );
  return "noted";
}

/** Those of these accounts whose bill of the run a person has released. */
export async function releasedOf(trx: Trx, runId: bigint, ids: readonly AccountId[]): Promise<Set<AccountId>> {
  const { rows } = await sql<{ account: bigint }>`
    select account_id as account from sanbiao.held_bill
     where operator_id = sanbiao.operator_id() and run_id = ${runId} and state = 'released'
       and account_id = any(${arrayText(ids)}::bigint[])`.execute(trx);
  return new Set(rows.map(({ account }) => account));
}

/** A computed bill that waits, minor units. */
export type HeldBill = {
  readonly accountId: AccountId;
  readonly reasons: readonly HoldReason[];
  readonly supply: bigint;
  readonly property: bigint;
  readonly last: bigint | null;
};

/** Keeps what waits with its figures; again writes over the figures, never over what a person decided. */
export async function holdBills(trx: Trx, runId: bigint, held: readonly HeldBill[], at: Instant): Promise<void> {
  if (held.length === 0) return;
  await sql`
    insert into sanbiao.held_bill as h (operator_id, run_id, account_id, reasons, supply_minor, property_minor, last_minor, held_at)
    select sanbiao.operator_id(), ${runId}, u.account_id, u.reasons, u.supply, u.property, u.last, ${isoOf(at)}::timestamptz
      from unnest(${arrayText(held.map((one) => one.accountId))}::bigint[],
                  ${arrayText(held.map((one) => JSON.stringify(one.reasons)))}::jsonb[],
                  ${arrayText(held.map((one) => one.supply))}::bigint[], ${arrayText(held.map((one) => one.property))}::bigint[],
                  ${arrayText(held.map((one) => one.last))}::bigint[]) as u (account_id, reasons, supply, property, last)
    on conflict (operator_id, run_id, account_id) do update
      set reasons = excluded.reasons, supply_minor = excluded.supply_minor, property_minor = excluded.property_minor,
          last_minor = excluded.last_minor, held_at = excluded.held_at,
          state = case h.state when 'cleared' then 'held' else h.state end
      where h.state <> 'released'`.execute(trx);
}

export type WaitingBill = {
  readonly number: string;
  readonly name: string;
  readonly from: Instant;
  readonly reason: string;
  readonly detail: string;
  /** What the bill would ask for and the one before asked for, minor units; `null` where no bill can be made. */
  readonly now: bigint | null;
  readonly last: bigint | null;
  readonly state: HeldState | null;
};

/** What waits before it is issued, held bills first, by account number. */
export async function readWaiting(trx: Trx): Promise<WaitingBill[]> {
  const { rows } = await sql<WaitingBill>`
    select a.number, a.name, r.period_from as from, e.reason, e.detail, h.supply_minor + h.property_minor as now,
           h.last_minor as last, h.state
      from sanbiao.run_exception e
      join sanbiao.due_run r on r.operator_id = e.operator_id and r.id = e.run_id
      join sanbiao.account a on a.operator_id = e.operator_id and a.id = e.account_id
      left join sanbiao.held_bill h on h.operator_id = e.operator_id and h.run_id = e.run_id and h.account_id = e.account_id
     where e.operator_id = sanbiao.operator_id() and e.settled_at is null
     order by e.reason <> 'held', e.run_id, a.number`.execute(trx);
  return rows;
}

/** Bills that were issued because nothing held them any more. */
export async function clearHeld(trx: Trx, runId: bigint, issued: readonly AccountId[]): Promise<void> {
  if (issued.length === 0) return;
  await sql`update sanbiao.held_bill set state = 'cleared', decided_at = null, decided_by = null
             where operator_id = sanbiao.operator_id() and run_id = ${runId} and state in ('held', 'work')
               and account_id = any(${arrayText(issued)}::bigint[])`.execute(trx);
}

export type HeldDecision = { readonly state: Extract<HeldState, "released" | "work">; readonly note: string };

/** Releases a bill that waits, or sends it to somebody. `gone`: nothing of that run waits for this account any more. */
export async function decideHeld(
  trx: Trx,
  { runId, accountId }: { readonly runId: bigint; readonly accountId: AccountId },
  { state, note }: HeldDecision,
  { at, by }: Noted,
): Promise<"decided" | "already" | "gone"> {
  const { rows } = await sql<{ before: HeldState; note: string }>`
    select state as before, note from sanbiao.held_bill
     where operator_id = sanbiao.operator_id() and run_id = ${runId} and account_id = ${accountId} for update`.execute(
    trx,
  );
  const held = rows[0];
  if (held === undefined || held.before === "cleared") return "gone";
  if (held.before === state && (state === "released" || held.note === note)) return "already";
  if (held.before === "released") return "gone";
  await sql`update sanbiao.held_bill set state = ${state}, note = ${note}, decided_at = ${isoOf(at)}::timestamptz, decided_by = ${by}
             where operator_id = sanbiao.operator_id() and run_id = ${runId} and account_id = ${accountId}`.execute(
    trx,
  );
  return "decided";
}
