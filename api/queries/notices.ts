import { sql } from "kysely";
import type { DeliveryState } from "../../domain/notice.ts";
import type { Instant } from "../../domain/instant.ts";
import { contactsOf } from "../../ledger/contact-points.ts";
import { type Notice, readNotices } from "../../ledger/notices.ts";
import { atText, atTextOrNull, type Desk, offsetOf, totalOf } from "../desk.ts";
import { accountNames } from "./accounts.ts";
import type { ContactsJson, NoticeJson, NoticesJson, NoticeTextJson } from "../schemas/notice.ts";

type Asked = {
  page: number;
  pageSize: number;
  accountId?: string | undefined;
  kind?: string | undefined;
  state?: string | undefined;
  channel?: string | undefined;
};

/** Newest first. */
export async function notices(desk: Desk, asked: Asked): Promise<Omit<NoticesJson, "channels">> {
  const pageOf = (limit: number, offset: number) =>
    sql<{ id: bigint; total: bigint }>`
      select n.id, count(*) over () as total from sanbiao.notice n
       where n.operator_id = ${desk.operatorId} and ${whereOf(asked)}
       order by n.id desc limit ${limit} offset ${offset}`.execute(desk.trx);
  const { rows } = await pageOf(asked.pageSize, offsetOf(asked));
  const total = await totalOf(rows, asked.page, () => pageOf(1, 0));
  const items = await readNotices(
    desk.trx,
    rows.map(({ id }) => id),
  );
  return { items: await noticesJson(desk, items), total };
}

function whereOf({ accountId, kind, state, channel }: Asked) {
  const delivery = sql`select from sanbiao.notice_delivery d where d.operator_id = n.operator_id and d.notice_id = n.id`;
  const served = sql`exists (select from sanbiao.notice_delivery d
      join sanbiao.notice_fate f on f.operator_id = d.operator_id and f.delivery_id = d.id
     where d.operator_id = n.operator_id and d.notice_id = n.id and f.state = 'delivered')`;
  const parts = [
    ...(accountId === undefined ? [] : [sql`n.account_id = ${accountId}::bigint`]),
    ...(kind === undefined ? [] : [sql`n.kind = ${kind}`]),
    ...(channel === undefined ? [] : [sql`exists (${delivery} and d.channel = ${channel})`]),
    ...(state === "served" ? [served] : []),
    ...(state === "unserved" ? [sql`not ${served}`] : []),
    ...(state === undefined || state === "served" || state === "unserved"
      ? []
      : [sql`exists (${delivery} and d.state = ${state})`]),
  ];
  return parts.length === 0 ? sql`true` : sql.join(parts, sql` and `);
}

async function noticesJson(desk: Desk, items: readonly Notice[]): Promise<NoticeJson[]> {
  const ids = items.map(({ accountId }) => accountId);
  const byId = await accountNames(desk, ids);
  return items.map((notice) => ({
    id: String(notice.id),
    accountId: String(notice.accountId),
    accountNumber: byId.get(notice.accountId)?.number ?? "",
    accountName: byId.get(notice.accountId)?.name ?? "",
    kind: notice.kind,
    createdAt: atText(desk, notice.createdAt),
    urgent: notice.urgent,
    servedAt: atTextOrNull(desk, notice.servedAt),
    deliveries: notice.deliveries.map((one) => ({ ...one, id: String(one.id), at: atText(desk, one.at) })),
  }));
}

type EventRow = {
  at: Instant;
  delivery_id: bigint;
  state: DeliveryState;
  detail: string;
  subject: string | null;
  body: string | null;
  by: string | null;
};

/** One notice with all that was said of it and its words as they left, or `null`. */
export async function noticeText(desk: Desk, id: bigint): Promise<NoticeTextJson | null> {
  const found = await readNotices(desk.trx, [id]);
  const [notice] = await noticesJson(desk, found);
  if (notice === undefined) return null;
  const { rows } = await sql<EventRow>`
    select e.at, e.delivery_id, e.state, e.detail, e.subject, e.body, u.name as by from sanbiao.notice_event e
      join sanbiao.notice_delivery d on d.operator_id = e.operator_id and d.id = e.delivery_id
      left join sanbiao.app_user u on u.operator_id = e.operator_id and u.id = e.user_id
     where e.operator_id = ${desk.operatorId} and d.notice_id = ${id} order by e.id`.execute(desk.trx);
  return {
    notice,
    events: rows.map(({ at, delivery_id, ...event }) => ({
      ...event,
      at: atText(desk, at),
      deliveryId: String(delivery_id),
    })),
  };
}

export async function contacts(desk: Desk, accountId: bigint): Promise<ContactsJson> {
  const items = await contactsOf(desk.trx, accountId, desk.now);
  return { items: items.map(({ id, from, ...contact }) => ({ ...contact, id: String(id), fromDay: from })) };
}
