import type { Transaction } from "kysely";
import type { Instant } from "../../domain/instant.ts";
import { day } from "../../domain/period.ts";
import { noteContact } from "../../ledger/contact-points.ts";
import { recordHandedOver } from "../../ledger/notice-deliveries.ts";
import { queueNotice } from "../../ledger/notices.ts";
import type { Tables } from "../../schema/tables.ts";

/** A notice that waits for its mail, and that a clerk handed over. */
export async function serveByHand(trx: Transaction<Tables>, accountId: bigint, at: Instant): Promise<void> {
  const contact = { channel: "email", address: "home@example.org", language: "en", from: day("2026-01-01") } as const;
  const agreed = { active: true, verified: true, bills: true, consent: "contract" };
  await noteContact(trx, accountId, { ...contact, ...agreed }, { at, by: null });
  const data = { available: "1.00", readAt: "2026-11-28T10:00:00+08:00" };
  const { id } = await queueNotice(trx, { accountId, kind: "supply_warning_2", key: "warned", data, now: at });
  await recordHandedOver(trx, id, { evidence: "read out at the door", at, by: 1n });
}

/** What a superuser can do to notices, and the invariant that names it. */
export const NOTICE_DEEDS: [title: string, sql: string, named: string][] = [
  [
    "a mail that never left called delivered",
    "update notice_delivery set state = 'delivered' where channel = 'email'",
    "notices-told",
  ],
  [
    "a proof of service made up",
    "insert into notice_event (operator_id, delivery_id, at, state) select operator_id, id, now(), 'delivered' from notice_delivery where channel = 'email'; update notice_delivery set state = 'delivered'",
    "notices-served",
  ],
  ["the clerk who vouches forgotten", "update notice_event set user_id = null", "notices-served"],
];
