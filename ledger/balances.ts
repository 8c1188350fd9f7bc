import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Period } from "../domain/period.ts";
import { decimalText, type Micro } from "../domain/quantity.ts";
import type { AccountId } from "../domain/reading.ts";
import type { UsageBasis } from "../domain/usage.ts";
import type { Utility } from "../domain/unit.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;

/** A balance to publish; quantities in millionths of `unit`. */
export type BalanceToWrite = {
  readonly masterPointId: bigint;
  readonly utility: Utility;
  readonly unit: string;
  readonly period: Period;
  readonly master: Micro;
  readonly sub: Micro;
  readonly common: Micro;
  readonly loss: Micro;
  readonly residue: Micro;
  readonly estimated: Micro;
  readonly basis: UsageBasis;
  readonly provisional: boolean;
  readonly verdicts: readonly { readonly verdict: string; readonly usagePointId?: bigint; readonly detail: string }[];
  readonly ruleId: bigint | null;
  readonly key: "area" | "household" | "usage" | "equal" | null;
  readonly lossAllowancePercent: string;
  readonly apportioned: readonly string[];
  readonly missingAccounts: readonly AccountId[];
  readonly apportionedQuantity: Micro;
  readonly remainder: Micro;
  readonly parts: readonly {
    readonly usagePointId: bigint;
    readonly purpose: "supply" | "common";
    readonly quantity: Micro;
    readonly estimated: Micro;
    readonly basis: UsageBasis;
    readonly doubts: readonly string[];
  }[];
  readonly shares: readonly {
    readonly accountId: AccountId;
    /** Decimal text in the key's measure times days. */
    readonly weight: string;
    readonly quantity: Micro;
  }[];
};

export type ClosedBalance = { readonly balanceId: bigint; readonly closingNo: number; readonly provisional: boolean };

/** Locks a master's period until the transaction ends and gives its latest closing; `null` before the first. */
export async function lockClosing(
  trx: Trx,
  masterPointId: bigint,
  { from, to }: Period,
): Promise<ClosedBalance | null> {
  await sql`select pg_advisory_xact_lock(hashtext(
    format('sanbiao.balance/%s/%s/%s/%s', sanbiao.operator_id(), ${masterPointId}::bigint, ${from}::bigint, ${to}::bigint)))`.execute(
    trx,
  );
  const { rows } = await sql<{ id: bigint; closing_no: number; provisional: boolean }>`
    select id, closing_no, provisional from sanbiao.building_balance
     where operator_id = sanbiao.operator_id() and master_point_id = ${masterPointId}
       and period_from = ${isoOf(from)}::timestamptz and period_to = ${isoOf(to)}::timestamptz
     order by closing_no desc limit 1`.execute(trx);
  const [row] = rows;
  return row === undefined ? null : { balanceId: row.id, closingNo: row.closing_no, provisional: row.provisional };
}

/** Whether a balance that stands says the same as this one would. */
export async function isSameBalance(trx: Trx, balanceId: bigint, balance: BalanceToWrite): Promise<boolean> {
  const before = await sql<{ content: string }>`
    select (to_jsonb(b) - array['operator_id', 'id', 'closing_no', 'supersedes', 'reason', 'closed_at', 'closed_by'])::text
        || coalesce((select jsonb_agg(to_jsonb(p) - 'balance_id' - 'operator_id' order by p.usage_point_id, p.purpose)::text from sanbiao.balance_part p
                      where p.operator_id = b.operator_id and p.balance_id = b.id), '')
        || coalesce((select jsonb_agg(to_jsonb(s) - 'balance_id' - 'operator_id' order by s.account_id)::text from sanbiao.apportioned_share s
                      where s.operator_id = b.operator_id and s.balance_id = b.id), '') as content
      from sanbiao.building_balance b where b.operator_id = sanbiao.operator_id() and b.id = ${balanceId}`.execute(trx);
  const now = await sql<{ content: string }>`
    select (to_jsonb(b) - array['operator_id', 'id', 'closing_no', 'supersedes', 'reason', 'closed_at', 'closed_by'])::text
        || coalesce((select jsonb_agg(to_jsonb(p) - 'balance_id' - 'operator_id' order by p.usage_point_id, p.purpose)::text
                       from json_populate_recordset(null::sanbiao.balance_part, ${documentOf(partRows(balance))}::json) p), '')
        || coalesce((select jsonb_agg(to_jsonb(s) - 'balance_id' - 'operator_id' order by s.account_id)::text
                       from json_populate_recordset(null::sanbiao.apportioned_share, ${documentOf(shareRows(balance))}::json) s), '') as content
      from json_populate_record(null::sanbiao.building_balance, ${documentOf(balanceRow(balance))}::json) b`.execute(
    trx,
  );
  return before.rows[0]?.content === now.rows[0]?.content;
}

/** Appends a closing; what it supersedes stays. The database enters its energy in the same statement. */
export async function writeBalance(
  trx: Trx,
  balance: BalanceToWrite,
  closing: {
    readonly before: ClosedBalance | null;
    readonly reason: string;
    readonly at: Instant;
    readonly by: bigint | null;
  },
): Promise<ClosedBalance> {
  const { before, reason, at, by } = closing;
  const closingNo = (before?.closingNo ?? 0) + 1;
  const row = {
    ...balanceRow(balance),
    closing_no: closingNo,
    supersedes: before?.balanceId ?? null,
    reason,
    closed_at: isoOf(at),
    closed_by: by,
  };
  const columns = sql.join(Object.keys(row).map((name) => sql.ref(name)));
  const { rows } = await sql<{ id: bigint }>`
    insert into sanbiao.building_balance (operator_id, ${columns})
    select sanbiao.operator_id(), ${columns}
      from json_populate_record(null::sanbiao.building_balance, ${documentOf(row)}::json) returning id`.execute(trx);
  const balanceId = rows[0]?.id;
  if (balanceId === undefined) throw new Error("a balance was not written");
  await sql`insert into sanbiao.balance_part (operator_id, balance_id, usage_point_id, purpose, quantity, estimated_quantity, basis, doubts)
    select sanbiao.operator_id(), ${balanceId}, usage_point_id, purpose, quantity, estimated_quantity, basis, doubts
      from json_populate_recordset(null::sanbiao.balance_part, ${documentOf(partRows(balance))}::json)`.execute(trx);
  await sql`insert into sanbiao.apportioned_share (operator_id, balance_id, account_id, weight, quantity)
    select sanbiao.operator_id(), ${balanceId}, account_id, weight, quantity
      from json_populate_recordset(null::sanbiao.apportioned_share, ${documentOf(shareRows(balance))}::json)`.execute(
    trx,
  );
  return { balanceId, closingNo, provisional: balance.provisional };
}

const balanceRow = (balance: BalanceToWrite) => ({
  master_point_id: balance.masterPointId,
  utility: balance.utility,
  unit: balance.unit,
  period_from: isoOf(balance.period.from),
  period_to: isoOf(balance.period.to),
  master_quantity: balance.master,
  sub_quantity: balance.sub,
  common_quantity: balance.common,
  loss_quantity: balance.loss,
  residue_quantity: balance.residue,
  estimated_quantity: balance.estimated,
  basis: balance.basis,
  provisional: balance.provisional,
  verdicts: balance.verdicts,
  rule_id: balance.ruleId,
  apportion_key: balance.key,
  loss_allowance_percent: balance.lossAllowancePercent,
  apportioned: balance.apportioned,
  missing_accounts: balance.missingAccounts,
  apportioned_quantity: balance.apportionedQuantity,
  remainder_quantity: balance.remainder,
});

const partRows = ({ parts }: BalanceToWrite) =>
  parts.map((part) => ({
    usage_point_id: part.usagePointId,
    purpose: part.purpose,
    quantity: part.quantity,
    estimated_quantity: part.estimated,
    basis: part.basis,
    doubts: part.doubts,
  }));

const shareRows = ({ shares }: BalanceToWrite) =>
  shares.map(({ accountId, weight, quantity }) => ({ account_id: accountId, weight, quantity }));

/** bigint as text: json_populate reads it back whole. */
const documentOf = (rows: object): string =>
  JSON.stringify(rows, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));

/**
 * Masters and bill periods that wait for a balance: none yet, or one that is provisional or rests on estimates. Only bill runs that are due and
 * ended after `since`: what is older is a person's question.
 */
export async function openClosings(
  trx: Trx,
  now: Instant,
  since: Instant,
): Promise<{ masterPointId: bigint; period: Period }[]> {
  const { rows } = await sql<{ master_point_id: bigint; period_from: Instant; period_to: Instant }>`
    select p.id as master_point_id, r.period_from, r.period_to
      from sanbiao.due_run r
      join sanbiao.usage_point p on p.operator_id = r.operator_id and p.role = 'master'
      left join lateral (select b.provisional or b.basis = 'estimated' as open from sanbiao.building_balance b where b.operator_id = p.operator_id
             and b.master_point_id = p.id and b.period_from = r.period_from and b.period_to = r.period_to
             order by b.closing_no desc limit 1) latest on true
     where r.operator_id = sanbiao.operator_id() and r.kind = 'bill' and r.due_at <= ${isoOf(now)}::timestamptz
       and r.period_to > ${isoOf(since)}::timestamptz and coalesce(latest.open, true)
       and exists (select 1 from sanbiao.installation i where i.operator_id = p.operator_id and i.usage_point_id = p.id
             and i.installed_at < r.period_to and (i.removed_at is null or i.removed_at > r.period_from))
     order by r.period_from, p.id`.execute(trx);
  return rows.map((row) => ({
    masterPointId: row.master_point_id,
    period: { from: row.period_from, to: row.period_to },
  }));
}

export type WriteOff = {
  readonly usagePointId: bigint;
  readonly of: "unbilled" | "residue";
  readonly quantity: Micro;
  readonly reason: string;
  readonly key: string;
  readonly by: bigint | null;
};

/** Gives up units that were counted and will not be billed. `beyond`: there are not so many. */
export async function writeOffEnergy(trx: Trx, off: WriteOff): Promise<"posted" | "already" | "different" | "beyond"> {
  const { rows } = await sql<{ outcome: "posted" | "already" | "different" | "beyond" }>`
    select sanbiao.write_off_energy(sanbiao.operator_id(), ${off.usagePointId}, ${off.of}, ${off.quantity.toString()}::bigint,
      ${off.reason}, ${off.key}, ${off.by}) as outcome`.execute(trx);
  const outcome = rows[0]?.outcome;
  if (outcome === undefined) throw new Error("write_off_energy gave no answer");
  return outcome;
}

/** What the energy book holds of a usage point, per energy account, decimal text. */
export async function energyOf(trx: Trx, usagePointId: bigint): Promise<Map<string, string>> {
  const { rows } = await sql<{ energy_account: string; quantity: bigint }>`
    select p.energy_account, sum(p.quantity)::bigint as quantity
      from sanbiao.energy_entry e join sanbiao.energy_posting p on p.operator_id = e.operator_id and p.entry_id = e.id
     where e.operator_id = sanbiao.operator_id() and e.usage_point_id = ${usagePointId} group by 1 order by 1`.execute(
    trx,
  );
  return new Map(rows.map((row) => [row.energy_account, decimalText(row.quantity)]));
}
