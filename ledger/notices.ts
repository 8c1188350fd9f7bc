import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import {
  type ContactChannel,
  type DeliveryState,
  isBillNotice,
  isUrgent,
  maskedAddress,
  type NoticeChannel,
  type NoticeData,
  type NoticeKind,
  type NoticeLanguage,
  noticeProblem,
} from "../domain/notice.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import { contactsOf } from "./contact-points.ts";

type Trx = Transaction<Tables>;

/** What is to be told. `key` makes it the same notice: `cut/<control>/1`, `bill/2026-000017`. */
export type NoticeToQueue<K extends NoticeKind> = {
  readonly accountId: AccountId;
  readonly kind: K;
  readonly key: string;
  readonly data: NoticeData<K>;
  readonly now: Instant;
  /** Not sent before; default `now`. */
  readonly notBefore?: Instant;
  /** Sent in quiet hours, too; default by kind. */
  readonly urgent?: boolean;
  /** These ways alone, of those that the account has. */
  readonly channels?: readonly ContactChannel[];
  /** One contact point alone, in place of all that are in force. */
  readonly contactId?: bigint;
};

/**
 * Writes a notice and one delivery for each of the account's contact points in force now; what changes there later does not
 * change who is told. It leaves after the commit. An account that cannot be reached has a notice without deliveries, never served.
 * @returns `already`: the same under this key; `different`: another one, nothing is written
 */
export async function queueNotice<K extends NoticeKind>(
  trx: Trx,
  notice: NoticeToQueue<K>,
): Promise<{ readonly kind: "queued" | "already" | "different"; readonly id: bigint }> {
  const { accountId, kind, key, data, now, notBefore = now, urgent = isUrgent(kind) } = notice;
  const problem = noticeProblem(kind, data);
  if (problem !== null) throw new TypeError(problem);
  const text = JSON.stringify(data);
  const { rows } = await sql<{ id: bigint }>`
    insert into sanbiao.notice (operator_id, account_id, kind, key, data, created_at, urgent, not_before)
    values (sanbiao.operator_id(), ${accountId}, ${kind}, ${key}, ${text}::jsonb, ${isoOf(now)}, ${urgent}, ${isoOf(notBefore)})
    on conflict (operator_id, key) do nothing returning id`.execute(trx);
  const id = rows[0]?.id;
  if (id !== undefined) {
    await deliverTo(trx, { id, accountId, kind, notBefore }, now, notice);
    return { kind: "queued", id };
  }
  const { rows: before } = await sql<{ id: bigint; same: boolean }>`
    select id, account_id = ${accountId} and kind = ${kind} and data = ${text}::jsonb as same from sanbiao.notice
     where operator_id = sanbiao.operator_id() and key = ${key}`.execute(trx);
  if (before[0] === undefined) throw new Error(`notice ${key} is neither new nor known`);
  return { kind: before[0].same ? "already" : "different", id: before[0].id };
}

/** A delivery for each contact point in force that has none of this notice yet. @returns how many were added */
export async function deliverTo(
  trx: Trx,
  notice: { id: bigint; accountId: AccountId; kind: NoticeKind; notBefore: Instant },
  now: Instant,
  { contactId, channels }: Pick<NoticeToQueue<NoticeKind>, "contactId" | "channels"> = {},
): Promise<number> {
  const contacts = (await contactsOf(trx, notice.accountId, now)).filter(
    ({ id, bills, channel }) =>
      (contactId === undefined || contactId === id) &&
      (channels === undefined || channels.includes(channel)) &&
      (bills || !isBillNotice(notice.kind)),
  );
  let added = 0n;
  for (const { channel, address, language } of contacts) {
    const { numAffectedRows } = await sql`
      insert into sanbiao.notice_delivery (operator_id, notice_id, channel, address, language, not_before, waits_from)
      values (sanbiao.operator_id(), ${notice.id}, ${channel}, ${address}, ${language}, ${isoOf(notice.notBefore)},
              ${isoOf(notice.notBefore)})
      on conflict (operator_id, notice_id, channel, address) do nothing`.execute(trx);
    added += numAffectedRows ?? 0n;
  }
  return Number(added);
}

export type Delivery = {
  readonly id: bigint;
  readonly channel: NoticeChannel;
  /** Masked. */
  readonly address: string;
  readonly language: NoticeLanguage;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** Of what was said last. */
  readonly at: Instant;
  readonly detail: string;
};

export type Notice = {
  readonly id: bigint;
  readonly accountId: AccountId;
  readonly kind: NoticeKind;
  readonly key: string;
  readonly data: Readonly<Record<string, string>>;
  readonly createdAt: Instant;
  readonly urgent: boolean;
  /**
   * When it first reached the customer by a way that was not taken back since; `null`: it counts as not served. Made of the
   * events alone: a bounce, a failed delivery report or a clerk's withdrawal of his word takes it away again.
   */
  readonly servedAt: Instant | null;
  readonly deliveries: readonly Delivery[];
};

type NoticeRow = {
  id: bigint;
  account_id: bigint;
  kind: NoticeKind;
  key: string;
  data: Record<string, string>;
  created_at: Instant;
  urgent: boolean;
  served_at: Instant | null;
};
type DeliveryRow = {
  id: bigint;
  notice_id: bigint;
  channel: NoticeChannel;
  address: string;
  language: NoticeLanguage;
  state: DeliveryState;
  attempts: number;
  at: Instant | null;
  detail: string | null;
};

/** What an account was told, newest first. */
export async function noticesOf(
  trx: Trx,
  accountId: AccountId,
  { kinds, since }: { readonly kinds?: readonly NoticeKind[]; readonly since?: Instant } = {},
): Promise<Notice[]> {
  const { rows } = await sql<{ id: bigint }>`
    select id from sanbiao.notice where operator_id = sanbiao.operator_id() and account_id = ${accountId}
       and (${kinds === undefined} or kind = any(${kinds ?? []}::text[]))
       and (${since === undefined} or created_at >= ${isoOf(since ?? (0 as Instant))})
     order by id desc`.execute(trx);
  return readNotices(
    trx,
    rows.map(({ id }) => id),
  );
}

/** These notices with their deliveries, newest first. */
export async function readNotices(trx: Trx, ids: readonly bigint[]): Promise<Notice[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<NoticeRow>`
    select n.id, n.account_id, n.kind, n.key, n.data, n.created_at, n.urgent,
           (select min(f.at) from sanbiao.notice_delivery d
              join sanbiao.notice_fate f on f.operator_id = d.operator_id and f.delivery_id = d.id
             where d.operator_id = n.operator_id and d.notice_id = n.id and f.state = 'delivered') as served_at
      from sanbiao.notice n where n.operator_id = sanbiao.operator_id() and n.id = any(${ids})
     order by n.id desc`.execute(trx);
  const deliveries = await sql<DeliveryRow>`
    select d.id, d.notice_id, d.channel, d.address, d.language, d.state, d.attempts, e.at, e.detail
      from sanbiao.notice_delivery d
      left join lateral (select at, detail from sanbiao.notice_event e
                          where e.operator_id = d.operator_id and e.delivery_id = d.id order by e.id desc limit 1) e on true
     where d.operator_id = sanbiao.operator_id() and d.notice_id = any(${ids}) order by d.id`.execute(trx);
  const byNotice = Map.groupBy(deliveries.rows, (row) => row.notice_id);
  return rows.map((row) => ({
    id: row.id,
    accountId: row.account_id,
    kind: row.kind,
    key: row.key,
    data: row.data,
    createdAt: row.created_at,
    urgent: row.urgent,
    servedAt: row.served_at,
    deliveries: (byNotice.get(row.id) ?? []).map(({ channel, address, ...one }) => ({
      id: one.id,
      channel,
      address: maskedAddress(channel, address),
      language: one.language,
      state: one.state,
      attempts: one.attempts,
      at: one.at ?? row.created_at,
      detail: one.detail ?? "",
    })),
  }));
}

/** Takes notices of these kinds back that have not left yet: what they say is no longer so. @returns how many deliveries */
export async function withdrawNotices(
  trx: Trx,
  accountId: AccountId,
  kinds: readonly NoticeKind[],
  now: Instant,
  why: string,
): Promise<number> {
  const { numAffectedRows } = await sql`
    insert into sanbiao.notice_event (operator_id, delivery_id, at, state, detail)
    select d.operator_id, d.id, ${isoOf(now)}::timestamptz, 'failed', ${why} from sanbiao.notice_delivery d
      join sanbiao.notice n on n.operator_id = d.operator_id and n.id = d.notice_id
     where n.operator_id = sanbiao.operator_id() and n.account_id = ${accountId} and n.kind = any(${kinds}::text[])
       and d.state = 'queued' for update of d`.execute(trx);
  return Number(numAffectedRows ?? 0n);
}
