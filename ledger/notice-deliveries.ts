import { sql, type Transaction } from "kysely";
import { HOUR_MS, type Instant, instant, isoOf } from "../domain/instant.ts";
import {
  type DeliveryState,
  NOTICE_KINDS,
  type NoticeChannel,
  type NoticeKind,
  type NoticeLanguage,
  validHoursOf,
} from "../domain/notice.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import { deliverTo, type Notice, readNotices } from "./notices.ts";

type Trx = Transaction<Tables>;

/** A delivery that this process may send now, and what it is about. */
export type ClaimedDelivery = {
  readonly id: bigint;
  readonly ref: string;
  readonly channel: NoticeChannel;
  readonly address: string;
  readonly language: NoticeLanguage;
  /** This sending's number, from 1. */
  readonly attempt: number;
  /** The same, counted from when a clerk had it sent again. */
  readonly attemptOfRound: number;
  readonly notice: {
    readonly id: bigint;
    readonly kind: NoticeKind;
    readonly key: string;
    readonly data: Readonly<Record<string, string>>;
    readonly createdAt: Instant;
  };
  readonly account: {
    readonly id: AccountId;
    readonly number: string;
    readonly name: string;
    readonly address: string;
  };
};

/** The text that leaves; it is kept with the sending. */
export type MessageKept = { readonly subject: string; readonly body: string };

export type ClaimOptions = {
  readonly channel: NoticeChannel;
  /** Town time: quiet hours and what is due. */
  readonly now: Instant;
  /** The wall's time: by it a sender is taken for dead, and a minute's messages are counted. */
  readonly wall: Instant;
  readonly leaseMs: number;
  /** Only what is told in quiet hours, too. */
  readonly urgentOnly: boolean;
  readonly perMinute: number;
  readonly limit: number;
  readonly messageOf: (delivery: ClaimedDelivery) => MessageKept;
};

type ClaimRow = {
  id: bigint;
  ref: string;
  channel: NoticeChannel;
  address: string;
  language: NoticeLanguage;
  attempts: number;
  attempts_before: number;
  notice_id: bigint;
  kind: NoticeKind;
  key: string;
  data: Record<string, string>;
  created_at: Instant;
  account_id: bigint;
  number: string;
  name: string;
  account_address: string;
  in_force: boolean;
};

/**
 * Takes due deliveries of a channel for one sending each, urgent ones first. Processes take turns in counting a minute's
 * messages and never take the same row; a row whose sender has been silent for its lease is taken again.
 * An address that is not the customer's any more gets nothing.
 */
export async function claimDeliveries(trx: Trx, options: ClaimOptions): Promise<ClaimedDelivery[]> {
  const claimed: ClaimedDelivery[] = [];
  for (const row of await claimRows(trx, options)) {
    const one = claimedOf(row);
    const { now: at, messageOf } = options;
    if (!row.in_force)
      await sayOfDelivery(trx, one.id, { at, state: "failed", detail: "no longer the customer's address" });
    else {
      await sayOfDelivery(trx, one.id, { at, state: "sending", message: messageOf(one) });
      claimed.push(one);
    }
  }
  return claimed;
}

async function claimRows(trx: Trx, options: ClaimOptions): Promise<ClaimRow[]> {
  const { channel, now, wall, leaseMs, urgentOnly, perMinute, limit } = options;
  await sql`select pg_advisory_xact_lock(hashtextextended('sanbiao.notices/' || ${channel}, sanbiao.operator_id()))`.execute(
    trx,
  );
  const { rows } = await sql<ClaimRow>`
    with room as (
      select least(${limit}::int, ${perMinute}::int - count(*)::int) as n from sanbiao.notice_delivery
       where operator_id = sanbiao.operator_id() and channel = ${channel} and claimed_at > ${isoOf(instant(wall - 60_000))}
    ), due as (
      select d.id from sanbiao.notice_delivery d
        join sanbiao.notice n on n.operator_id = d.operator_id and n.id = d.notice_id
       where d.operator_id = sanbiao.operator_id() and d.channel = ${channel} and d.not_before <= ${isoOf(now)}
         and (d.state = 'queued' or d.state = 'sending' and d.claimed_until < ${isoOf(wall)})
         and (n.urgent or not ${urgentOnly}::boolean)
       order by n.urgent desc, d.id limit (select greatest(n, 0) from room) for update of d skip locked
    )
    update sanbiao.notice_delivery d
       set attempts = d.attempts + 1, claimed_at = ${isoOf(wall)}, claimed_until = ${isoOf(instant(wall + leaseMs))}
      from due, sanbiao.notice n, sanbiao.account a
     where d.operator_id = sanbiao.operator_id() and d.id = due.id
       and n.operator_id = d.operator_id and n.id = d.notice_id and a.operator_id = n.operator_id and a.id = n.account_id
    returning d.id, d.ref, d.channel, d.address, d.language, d.attempts, d.attempts_before, n.id as notice_id, n.kind, n.key, n.data, n.created_at,
              a.id as account_id, a.number, a.name, a.address as account_address,
              coalesce((select c.active from sanbiao.contact_point c
                         where c.operator_id = d.operator_id and c.account_id = a.id and c.channel = d.channel
                           and c.address = d.address and c.from_day <= (${isoOf(now)}::timestamptz at time zone
                             (select zone from sanbiao.operator where operator_id = d.operator_id))::date
                         order by c.from_day desc, c.id desc limit 1), false) as in_force`.execute(trx);
  return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
}

const claimedOf = (row: ClaimRow): ClaimedDelivery => ({
  id: row.id,
  ref: row.ref,
  channel: row.channel,
  address: row.address,
  language: row.language,
  attempt: row.attempts,
  attemptOfRound: row.attempts - row.attempts_before,
  notice: { id: row.notice_id, kind: row.kind, key: row.key, data: row.data, createdAt: row.created_at },
  account: { id: row.account_id, number: row.number, name: row.name, address: row.account_address },
});

type Said = {
  readonly at: Instant;
  readonly state: DeliveryState;
  readonly detail?: string;
  readonly message?: MessageKept;
  readonly by?: bigint | null;
};

/** One more word on a delivery; its row follows by itself. */
export async function sayOfDelivery(
  trx: Trx,
  id: bigint,
  { at, state, detail = "", message, by }: Said,
): Promise<void> {
  await sql`
    insert into sanbiao.notice_event (operator_id, delivery_id, at, state, detail, subject, body, user_id)
    values (sanbiao.operator_id(), ${id}, ${isoOf(at)}, ${state}, ${detail.slice(0, 500)}, ${message?.subject ?? null},
            ${message?.body ?? null}, ${by ?? null})`.execute(trx);
}

/** State and sendings of a delivery, locked against everybody else's word. */
export async function lockDelivery(
  trx: Trx,
  id: bigint,
): Promise<{ state: DeliveryState; attempts: number; channel: NoticeChannel } | null> {
  const { rows } = await sql<{ state: DeliveryState; attempts: number; channel: NoticeChannel }>`
    select state, attempts, channel from sanbiao.notice_delivery
     where operator_id = sanbiao.operator_id() and id = ${id} for update`.execute(trx);
  return rows[0] ?? null;
}

/**
 * How a sending ended. Nothing is written when somebody else spoke since it began: a bounce that came first, a report of the
 * carrier, another process that took the row after the lease.
 * @param again when to try again, for state `queued`
 */
export async function endSending(
  trx: Trx,
  { id, attempt }: Pick<ClaimedDelivery, "id" | "attempt">,
  said: Said,
  again?: Instant,
): Promise<boolean> {
  const now = await lockDelivery(trx, id);
  if (now === null || now.state !== "sending" || now.attempts !== attempt) return false;
  await sayOfDelivery(trx, id, said);
  if (again !== undefined)
    await sql`update sanbiao.notice_delivery set not_before = ${isoOf(again)}
               where operator_id = sanbiao.operator_id() and id = ${id}`.execute(trx);
  return true;
}

/** What a carrier reports later, or a clerk saw. A failure stands: `delivered` after it is refused as out of order. */
export async function reportDelivery(
  trx: Trx,
  id: bigint,
  said: Said & { readonly state: "accepted" | "delivered" | "failed" | "undeliverable" },
): Promise<"noted" | "already" | "out_of_order" | "unknown"> {
  const now = await lockDelivery(trx, id);
  if (now === null || now.attempts === 0) return "unknown";
  if (now.state === said.state) return "already";
  const failed = now.state === "failed" || now.state === "undeliverable";
  if (failed || (said.state === "accepted" && now.state === "delivered")) return failed ? "out_of_order" : "already";
  await sayOfDelivery(trx, id, said);
  return "noted";
}

/** A clerk vouches that the customer has it: by hand, by post, read out; `evidence` says how. It counts as served. */
export async function recordHandedOver(
  trx: Trx,
  noticeId: bigint,
  { evidence, at, by }: { readonly evidence: string; readonly at: Instant; readonly by: bigint },
): Promise<"noted" | "already" | "unknown"> {
  const [notice] = await readNotices(trx, [noticeId]);
  if (notice === undefined) return "unknown";
  const { rows } = await sql<{ id: bigint }>`
    insert into sanbiao.notice_delivery (operator_id, notice_id, channel, address, language, not_before, waits_from, attempts)
    values (sanbiao.operator_id(), ${noticeId}, 'hand', ${evidence}, 'zh', ${isoOf(at)}, ${isoOf(at)}, 1)
    on conflict (operator_id, notice_id, channel, address) do nothing returning id`.execute(trx);
  const id = rows[0]?.id;
  if (id === undefined) return "already";
  await sayOfDelivery(trx, id, { at, state: "delivered", detail: evidence, by });
  return "noted";
}

/** The customer has opened a message of the built-in inbox: now it is delivered. */
export async function markOpened(trx: Trx, accountId: AccountId, noticeId: bigint, at: Instant): Promise<boolean> {
  const { rows } = await sql<{ id: bigint }>`
    select d.id from sanbiao.notice_delivery d join sanbiao.notice n on n.operator_id = d.operator_id and n.id = d.notice_id
     where n.operator_id = sanbiao.operator_id() and n.id = ${noticeId} and n.account_id = ${accountId}
       and d.channel = 'inbox' and d.state = 'accepted' for update of d`.execute(trx);
  for (const { id } of rows) await sayOfDelivery(trx, id, { at, state: "delivered", detail: "opened" });
  return rows.length > 0;
}

/** Sends again what failed, and to contact points that are new since. @returns how many deliveries wait now because of it */
export async function retryNotice(trx: Trx, notice: Notice, at: Instant, by: bigint): Promise<number> {
  const failed = notice.deliveries.filter(
    ({ state, channel }) => channel !== "hand" && (state === "failed" || state === "undeliverable"),
  );
  for (const { id } of failed) {
    await sayOfDelivery(trx, id, { at, state: "queued", detail: "to be sent again", by });
    await sql`update sanbiao.notice_delivery set not_before = ${isoOf(at)}, waits_from = ${isoOf(at)}, attempts_before = attempts
               where operator_id = sanbiao.operator_id() and id = ${id}`.execute(trx);
  }
  return failed.length + (await deliverTo(trx, { ...notice, notBefore: at }, at));
}

/** Gives up what has waited so long that it would mislead. @returns how many */
export async function expireDeliveries(trx: Trx, now: Instant): Promise<number> {
  const ends = NOTICE_KINDS.map((kind) => isoOf(instant(now - validHoursOf(kind) * HOUR_MS)));
  const { numAffectedRows } = await sql`
    insert into sanbiao.notice_event (operator_id, delivery_id, at, state, detail)
    select d.operator_id, d.id, ${isoOf(now)}::timestamptz, 'failed', 'too old to be sent' from sanbiao.notice_delivery d
      join sanbiao.notice n on n.operator_id = d.operator_id and n.id = d.notice_id
      join unnest(${NOTICE_KINDS}::text[], ${ends}::timestamptz[]) as e (kind, waits_from) on e.kind = n.kind
     where d.operator_id = sanbiao.operator_id() and d.state = 'queued' and d.waits_from < e.waits_from
       for update of d skip locked`.execute(trx);
  return Number(numAffectedRows ?? 0n);
}
