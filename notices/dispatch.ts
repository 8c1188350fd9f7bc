import { sql, type Transaction } from "kysely";
import type { Logger } from "pino";
import { type NoticeMessage, renderNotice } from "../catalog/notices/render.ts";
import { type Clock, type Instant, instant, MINUTE_MS } from "../domain/instant.ts";
import type { Currency } from "../domain/money.ts";
import type { DeliveryState, NoticeChannel } from "../domain/notice.ts";
import type { Zone } from "../domain/period.ts";
import type { OperatorId } from "../domain/reading.ts";
import type { Telemetry } from "../domain/telemetry.ts";
import { type ClaimedDelivery, claimDeliveries, endSending, expireDeliveries } from "../ledger/notice-deliveries.ts";
import { isQuiet, type NoticePolicy, readNoticePolicy } from "../ledger/notice-policy.ts";
import type { Database } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import { type Attachment, type Carried, type Carrier, LEASE_MS } from "./carrier.ts";

/** What goes with a message, as a bill with its notice. */
export type AttachmentsOf = (operatorId: OperatorId, delivery: ClaimedDelivery) => Promise<readonly Attachment[]>;

export type DispatchDeps = {
  readonly db: Database;
  /** The service's time: what is due, quiet hours, when a message was delivered. */
  readonly clock: Clock;
  /** The wall's time: how long a sending may last. */
  readonly wall: Clock;
  readonly telemetry: Telemetry;
  readonly log?: Logger;
  /** A channel that is not here is not set up: its messages wait until they are too old. */
  readonly carriers: ReadonlyMap<NoticeChannel, Carrier>;
  readonly attachmentsOf?: AttachmentsOf;
};

export type NoticeDispatcher = {
  /** Sends what is due, of all operators. @returns how many sendings ended */
  turn(): Promise<number>;
};

/** Messages under way at once on one channel: what a relay or a bridge takes without being told. Our choice. */
const AT_ONCE = 10;
/** Pause before each further sending; after the last one it is given up. Our choice: a relay that is down for a night is survived. */
const PAUSES_MINUTES = [1, 5, 15, 60, 180, 360, 720] as const;

export function noticeDispatcher(deps: DispatchDeps): NoticeDispatcher {
  return {
    async turn() {
      const { rows } = await deps.db.pool.query<{ operator_id: bigint }>(
        "select operators_with_open_notices as operator_id from sanbiao.operators_with_open_notices()",
      );
      let ended = 0;
      for (const { operator_id: operatorId } of rows) {
        const work = await deps.db.as(operatorId, async (trx) => {
          await expireDeliveries(trx, deps.clock.now());
          return { ...(await operatorOf(trx)), policy: await readNoticePolicy(trx) };
        });
        const channels = [...deps.carriers].map(([channel, carrier]) =>
          sendChannel(deps, { operatorId, ...work }, channel, carrier),
        );
        for (const sent of await Promise.all(channels)) ended += sent;
      }
      return ended;
    },
  };
}

type Sender = {
  readonly operatorId: OperatorId;
  readonly code: string;
  readonly name: { readonly zh: string; readonly en: string };
  readonly zone: Zone;
  readonly currency: Currency;
  readonly policy: NoticePolicy;
};

async function operatorOf(trx: Transaction<Tables>): Promise<Omit<Sender, "operatorId" | "policy">> {
  const { rows } = await sql<{ code: string; zh: string; en: string; zone: Zone; currency: Currency }>`
    select code, name_zh as zh, name_en as en, zone, currency from sanbiao.operator
     where operator_id = sanbiao.operator_id()`.execute(trx);
  const row = rows[0];
  if (row === undefined) throw new Error("no such operator");
  return { code: row.code, name: { zh: row.zh, en: row.en }, zone: row.zone, currency: row.currency };
}

/** Takes and sends by handfuls until nothing of the channel is due. */
async function sendChannel(
  deps: DispatchDeps,
  sender: Sender,
  channel: NoticeChannel,
  carrier: Carrier,
): Promise<number> {
  const { db, clock, wall } = deps;
  let ended = 0;
  for (;;) {
    const now = clock.now();
    const claimed = await db.as(sender.operatorId, (trx) =>
      claimDeliveries(trx, {
        channel,
        now,
        wall: wall.now(),
        leaseMs: LEASE_MS,
        urgentOnly: isQuiet(sender.policy, now, sender.zone),
        perMinute: sender.policy.perMinute,
        limit: AT_ONCE,
        messageOf: (one) => keptOf(one, messageOf(sender, one)),
      }),
    );
    if (claimed.length === 0) return ended;
    await Promise.all(claimed.map((one) => sendOne(deps, sender, carrier, one)));
    ended += claimed.length;
  }
}

/** What stands in the book; a code that opens a door stands there covered. */
const keptOf = ({ channel, notice }: ClaimedDelivery, { subject, text, mailText }: NoticeMessage) => {
  const body = channel === "email" ? mailText : text;
  const { code } = notice.data;
  const covered = notice.kind === "sign_in_code" && code !== undefined && channel !== "sandbox";
  return { subject, body: covered ? body.replaceAll(code, "••••••") : body };
};

const messageOf = ({ name, zone, currency }: Sender, { notice, language, account }: ClaimedDelivery): NoticeMessage =>
  renderNotice(notice.kind, language, notice.data, { operator: name, zone, currency, account });

async function sendOne(deps: DispatchDeps, sender: Sender, carrier: Carrier, delivery: ClaimedDelivery): Promise<void> {
  const { operatorId, code, name } = sender;
  const operator = { id: operatorId, code, name: name[delivery.language] };
  const carried = await carry(deps, operator, carrier, delivery, messageOf(sender, delivery));
  const at = deps.clock.now();
  const { state, again } = outcomeOf(carried, delivery.attemptOfRound, at);
  const { detail } = carried;
  await deps.db.as(operatorId, (trx) => endSending(trx, delivery, { at, state, detail }, again));
  deps.telemetry.count("sanbiao_notices_total", { channel: delivery.channel, outcome: carried.kind });
}

/** Whatever fails on our side before the message left may pass, as an attachment that cannot be drawn now. */
async function carry(
  { attachmentsOf, log }: DispatchDeps,
  operator: { id: OperatorId; code: string; name: string },
  carrier: Carrier,
  delivery: ClaimedDelivery,
  message: NoticeMessage,
): Promise<Carried> {
  try {
    const attachments = delivery.channel === "email" ? ((await attachmentsOf?.(operator.id, delivery)) ?? []) : [];
    return await carrier.send({ operator, delivery, message, attachments });
  } catch (error) {
    log?.error({ err: error, delivery: String(delivery.id) }, "a notice could not be sent; it is tried again");
    return { kind: "deferred", detail: error instanceof Error ? error.message : String(error) };
  }
}

function outcomeOf({ kind }: Carried, attempt: number, now: Instant): { state: DeliveryState; again?: Instant } {
  switch (kind) {
    case "delivered":
    case "accepted":
    case "undeliverable":
      return { state: kind };
    case "refused":
      return { state: "failed" };
    case "deferred": {
      const pause = PAUSES_MINUTES[attempt - 1];
      return pause === undefined ? { state: "failed" } : { state: "queued", again: instant(now + pause * MINUTE_MS) };
    }
  }
}
