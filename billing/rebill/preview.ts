import { type RawBuilder, sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../../domain/instant.ts";
import type { AccountId } from "../../domain/reading.ts";
import { lastCorrections } from "../../ledger/corrections.ts";
import type { Tables } from "../../schema/tables.ts";
import { isNothing, type Rebill, rebillOf } from "./decide.ts";
import type { RebillBooks } from "./post.ts";
import { type AccountReplay, replayAccounts } from "./replay.ts";

type Trx = Transaction<Tables>;

/** Accounts to look at; every one that has a bill where nothing is said. */
export type Selection = {
  readonly building?: string;
  /** Something that bills rest on was entered since: a value, a decision, an exchange or ratio, a fact of the account, a tariff version. */
  readonly touchedSince?: Instant;
};

export type NamedAccount = { readonly id: AccountId; readonly number: string; readonly name: string };
export type PreviewedAccount = {
  readonly account: NamedAccount;
  readonly replay: AccountReplay;
  readonly rebill: Rebill;
};

export type PreviewPage = {
  /** Where money or lines differ, or somebody has to look. */
  readonly found: readonly PreviewedAccount[];
  readonly looked: number;
  /** Accounts to go on after; `null` at the end. */
  readonly after: AccountId | null;
};

export type PreviewQuery = {
  readonly selection: Selection;
  readonly from: Instant;
  readonly after: AccountId;
  readonly limit: number;
};

/** A page of accounts: what would be posted for each. Nothing is written. */
export async function previewPage(
  trx: Trx,
  { selection, from, after, limit }: PreviewQuery,
  books: RebillBooks,
): Promise<PreviewPage> {
  const accounts = await billedAccounts(trx, from, selection, after, limit);
  const ids = accounts.map(({ id }) => id);
  const replays = await replayAccounts(trx, ids, from, books);
  const last = await lastCorrections(trx, ids);
  const found = accounts.flatMap((account): PreviewedAccount[] => {
    const replay = replays.find(({ accountId }) => accountId === account.id);
    if (replay === undefined) return [];
    const rebill = rebillOf(replay, last.get(account.id) ?? null);
    return isNothing(rebill) && rebill.waits.length === 0 ? [] : [{ account, replay, rebill }];
  });
  return { found, looked: accounts.length, after: accounts.length < limit ? null : (accounts.at(-1)?.id ?? null) };
}

/** Accounts with a bill that ends after `from`, in order, a page at a time. */
async function billedAccounts(
  trx: Trx,
  from: Instant,
  selection: Selection,
  after: AccountId,
  limit: number,
): Promise<NamedAccount[]> {
  const { rows } = await sql<NamedAccount>`
    select a.id, a.number, a.name from sanbiao.account a
     where ${selected(from, selection)} and a.id > ${after} order by a.id limit ${limit}`.execute(trx);
  return rows;
}

/** How many accounts a preview will look at. */
export async function countSelected(trx: Trx, from: Instant, selection: Selection): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::integer as n from sanbiao.account a where ${selected(from, selection)}`.execute(trx);
  return rows[0]?.n ?? 0;
}

function selected(from: Instant, { building, touchedSince }: Selection): RawBuilder<unknown> {
  const billed = sql`a.operator_id = sanbiao.operator_id() and exists (select from sanbiao.bill b
       where b.operator_id = a.operator_id and b.account_id = a.id and b.period_to > ${isoOf(from)}::timestamptz)`;
  const inBuilding =
    building === undefined
      ? sql`true`
      : sql`exists (select from sanbiao.agreement g join sanbiao.usage_point p on p.operator_id = g.operator_id and p.id = g.usage_point_id
             where g.operator_id = a.operator_id and g.account_id = a.id and p.building = ${building})`;
  return sql`${billed} and ${inBuilding} and ${touchedSince === undefined ? sql`true` : touched(isoOf(touchedSince))}`;
}

const touched = (since: string): RawBuilder<unknown> => sql`(
  exists (select from sanbiao.household h where h.operator_id = a.operator_id and h.account_id = a.id and h.noted_at >= ${since}::timestamptz)
  or exists (select from sanbiao.account_fact f where f.operator_id = a.operator_id and f.account_id = a.id and f.stated_at >= ${since}::timestamptz)
  or exists (select from sanbiao.agreement g where g.operator_id = a.operator_id and g.account_id = a.id and (
       exists (select from sanbiao.tariff_version v where v.operator_id = g.operator_id and v.tariff_id = g.tariff_id
                  and v.approved_at >= ${since}::timestamptz)
       or exists (select from sanbiao.installation i where i.operator_id = g.operator_id and i.usage_point_id = g.usage_point_id and (
            exists (select from sanbiao.reading_edit e where e.operator_id = i.operator_id and e.meter_id = i.meter_id and e.made_at >= ${since}::timestamptz)
            or exists (select from sanbiao.verdict_decision d where d.operator_id = i.operator_id and d.meter_id = i.meter_id and d.made_at >= ${since}::timestamptz)
            or exists (select from sanbiao.meter_event m where m.operator_id = i.operator_id and m.meter_id = i.meter_id and m.recorded_at >= ${since}::timestamptz)
            or exists (select from sanbiao.meter_ratio r where r.operator_id = i.operator_id and r.meter_id = i.meter_id and r.recorded_at >= ${since}::timestamptz))))))`;
