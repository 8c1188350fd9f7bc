import { sql } from "kysely";
import { renderNotice } from "../../catalog/notices/render.ts";
import { policyVersionsOf } from "../../catalog/policies/catalogue.ts";
import { outlookOf } from "../../billing/prepaid/outlook.ts";
import { SECOND_MS } from "../../domain/instant.ts";
import { moneyJson, moneyOfText } from "../../domain/money.ts";
import type { NoticeLanguage } from "../../domain/notice.ts";
import { noticesOf } from "../../ledger/notices.ts";
import type { PaymentChannelRow } from "../../ledger/payment-orders.ts";
import { billBooks } from "../bill-books.ts";
import { atText, atTextOrNull, type Desk, moneyOf } from "../desk.ts";
import type { ResidentHistoryJson, ResidentHomeJson, ResidentNoticesJson } from "../schemas/resident.ts";
import { account } from "./account.ts";
import { timeline } from "./timeline.ts";

/** What the page shows first: of the books, worked out now. */
export async function residentHome(desk: Desk, accountId: bigint): Promise<ResidentHomeJson> {
  const own = await account(desk, accountId);
  return {
    ...(await residentOperator(desk)),
    accountNumber: own.number,
    name: own.name,
    place: { building: own.building, room: own.room },
    balance: own.balance,
    propertyBalance: own.propertyBalance,
    prepaid: await prepaidOf(desk, accountId, own.prepaid),
    unread: await unreadOf(desk, accountId),
    payable: (await payableChannel(desk)) !== null,
    now: atText(desk, desk.now),
  };
}

async function residentOperator(desk: Desk): Promise<Pick<ResidentHomeJson, "operator">> {
  const { rows } = await sql<{ code: string; kind: "estate" | "supply_station"; name_zh: string; name_en: string }>`
    select code, kind, name_zh, name_en from operator where operator_id = ${desk.operatorId}`.execute(desk.trx);
  const operator = rows[0];
  if (operator === undefined) throw new Error("no such operator");
  const { code, kind, name_zh: nameZh, name_en: nameEn } = operator;
  return { operator: { code, kind, nameZh, nameEn, zone: desk.zone, currency: desk.currency } };
}

async function prepaidOf(
  desk: Desk,
  accountId: bigint,
  known: Awaited<ReturnType<typeof account>>["prepaid"],
): Promise<ResidentHomeJson["prepaid"]> {
  const outlook = await outlookOf(desk.trx, accountId, { ...billBooks, policies: policyVersionsOf }, desk.now);
  if (outlook === null || known === null) return null;
  const { available, unbilled, lastReadingAt, daysLeft } = outlook;
  return {
    state: known.state,
    relay: known.reported,
    available: available === null ? null : moneyJson(available),
    unbilled: unbilled === null ? null : moneyJson(unbilled),
    lastReadingAt: atTextOrNull(desk, lastReadingAt),
    readingAgeSeconds: lastReadingAt === null ? null : Math.max(0, Math.round((desk.now - lastReadingAt) / SECOND_MS)),
    daysLeft,
    held: known.held,
  };
}

/** The channel that residents of this operator pay by: the first that is open. */
export async function payableChannel(desk: Desk): Promise<PaymentChannelRow | null> {
  const { rows } = await sql<PaymentChannelRow>`select * from payment_channel
     where operator_id = ${desk.operatorId} and disabled_at is null order by kind, code limit 1`.execute(desk.trx);
  return rows[0] ?? null;
}

async function unreadOf(desk: Desk, accountId: bigint): Promise<number> {
  const { rows } = await sql<{ unread: bigint }>`
    select count(*) as unread from notice_delivery d join notice n on n.operator_id = d.operator_id and n.id = d.notice_id
     where n.operator_id = ${desk.operatorId} and n.account_id = ${accountId} and d.channel = 'inbox' and d.state = 'accepted'`.execute(
    desk.trx,
  );
  return Number(rows[0]?.unread ?? 0n);
}

const NOTICES_MAX = 50;

/** What the account was told, newest first; codes that opened this page are not shown in it. */
export async function residentNotices(
  desk: Desk,
  accountId: bigint,
  language: NoticeLanguage,
): Promise<ResidentNoticesJson> {
  const { number, name, address } = await account(desk, accountId);
  const { operator } = await residentOperator(desk);
  const about = {
    operator: { zh: operator.nameZh, en: operator.nameEn },
    zone: desk.zone,
    currency: desk.currency,
    account: { number, name, address },
  };
  const told = (await noticesOf(desk.trx, accountId)).filter(({ kind }) => kind !== "sign_in_code");
  return {
    items: told.slice(0, NOTICES_MAX).map((notice) => {
      const { subject, text } = renderNotice(notice.kind, language, notice.data, about);
      const unread = notice.deliveries.some(({ channel, state }) => channel === "inbox" && state === "accepted");
      return { id: String(notice.id), at: atText(desk, notice.createdAt), kind: notice.kind, subject, text, unread };
    }),
  };
}

const HISTORY_MAX = 60;

export async function residentHistory(desk: Desk, accountId: bigint): Promise<ResidentHistoryJson> {
  const { entries } = await timeline(desk, accountId, { limit: HISTORY_MAX, kinds: "payment,supply" });
  const taken = await takenCredits(desk, accountId);
  return {
    items: entries.flatMap((entry): ResidentHistoryJson["items"] => {
      const { id, at } = entry;
      if (entry.kind === "payment")
        return [{ id, at, kind: "payment", what: entry.entry, amount: entry.amount, channel: entry.channel }];
      if (entry.kind !== "supply") return [];
      const of = { id, at, kind: "supply" as const, channel: null };
      const { event, detail } = entry;
      const lent = taken.get(String(detail["emergency"]));
      if (event === "credit" && lent !== undefined)
        return [{ ...of, what: "emergency_taken", amount: moneyOf(desk, lent) }];
      const repaid = event === "emergency_repaid" ? moneyOfText(desk.currency, String(detail["emergency"])) : null;
      if (repaid !== null && repaid.minor > 0n) return [{ ...of, what: event, amount: moneyJson(repaid) }];
      // Inner turns of the engine are not the resident's.
      return TOLD.has(event) ? [{ ...of, what: event, amount: null }] : [];
    }),
  };
}

/** Emergency credits by number, minor units. */
async function takenCredits(desk: Desk, accountId: bigint): Promise<Map<string, bigint>> {
  const { rows } = await sql<{ id: bigint; amount: bigint }>`
    select id, amount_minor as amount from emergency_credit
     where operator_id = ${desk.operatorId} and account_id = ${accountId} order by id desc limit ${HISTORY_MAX}`.execute(
    desk.trx,
  );
  return new Map(rows.map(({ id, amount }) => [String(id), amount]));
}

const TOLD: ReadonlySet<string> = new Set(["warned_1", "warned_2", "cut_confirmed", "reconnect_due", "restored"]);
