import type { Transaction } from "kysely";
import type { Logger } from "pino";
import { type Clock, HOUR_MS, instant, type Instant, isoIn } from "../../domain/instant.ts";
import { amountText } from "../../domain/money.ts";
import { validHoursOf } from "../../domain/notice.ts";
import { dayOf, type Zone } from "../../domain/period.ts";
import type { OperatorId } from "../../domain/reading.ts";
import { queueNotice } from "../../ledger/notices.ts";
import {
  entryNoticeKey,
  holdCursor,
  moveCursor,
  type UntoldCursor,
  type UntoldEntry,
  untoldEntries,
} from "../../ledger/untold-entries.ts";
import type { Database } from "../../schema/database.ts";
import type { Tables } from "../../schema/tables.ts";
import { operatorFacts } from "../operator.ts";
import type { PolicyBook } from "../prepaid/policies.ts";
import { moneyWays } from "./ways.ts";

type Deps = { readonly db: Database; readonly clock: Clock; readonly policies: PolicyBook; readonly log?: Logger };

/** Entries told in one transaction. Our choice. */
const PAGE = 200;

/**
 * Writes the notices of payments, and of payments that were taken back, that the money book has and nobody was told of: once for
 * each entry, whoever booked it and whichever processes look. What is older than such a message may be is left out.
 * @returns how many were written
 */
export async function tellPayments(deps: Deps): Promise<number> {
  const { rows } = await deps.db.pool.query<{ operator_id: OperatorId }>(
    "select operators_with_untold_entries as operator_id from sanbiao.operators_with_untold_entries()",
  );
  let told = 0;
  for (const { operator_id: operatorId } of rows) {
    try {
      told += await tellOperator(deps, operatorId);
    } catch (error) {
      // One operator's trouble keeps no other's customers waiting.
      deps.log?.error(
        { err: error, operator: String(operatorId) },
        "payments could not be told; the next look tries again",
      );
    }
  }
  return told;
}

async function tellOperator({ db, clock, policies }: Deps, operatorId: OperatorId): Promise<number> {
  let told = 0;
  let walk: Walk | null = { from: null, after: 0n };
  while (walk !== null) {
    const page: Page = await db.as(operatorId, (trx) => tellPage(trx, walk as Walk, { policies, now: clock.now() }));
    told += page.told;
    walk = page.next;
  }
  return told;
}

/** From the cursor as it was at the first page: what is settled later may have come in behind a page. */
type Walk = { readonly from: UntoldCursor | null; readonly after: bigint };
type Page = { readonly told: number; readonly next: Walk | null };

async function tellPage(
  trx: Transaction<Tables>,
  walk: Walk,
  { policies, now }: { policies: PolicyBook; now: Instant },
): Promise<Page> {
  const held = await holdCursor(trx);
  if (held === null) return { told: 0, next: null }; // another process tells
  const from = walk.from ?? held;
  const { zone } = await operatorFacts(trx);
  const ways = await moneyWays(trx, { policies, zone, now });
  const entries = await untoldEntries(trx, {
    after: walk.after > from.doneId ? walk.after : from.doneId,
    since: instant(now - validHoursOf("payment_received") * HOUR_MS),
    today: dayOf(now, zone),
    limit: PAGE,
  });
  let told = 0;
  for (const entry of entries) {
    const by = ways("payment", entry.policyId);
    if (by !== null && (await tell(trx, entry, { zone, now, by }))) told++;
  }
  const last = entries.at(-1);
  if (last !== undefined && entries.length === PAGE) return { told, next: { from, after: last.id } };
  await moveCursor(trx, from);
  return { told, next: null };
}

async function tell(
  trx: Transaction<Tables>,
  entry: UntoldEntry,
  { zone, now, by }: { zone: Zone; now: Instant; by: Pick<Parameters<typeof queueNotice>[1], "channels"> },
): Promise<boolean> {
  const { accountId, currency, amountMinor, availableMinor, receipt } = entry;
  const to = { accountId, key: entryNoticeKey(entry.id), now, ...by };
  const money = {
    amount: amountText({ currency, minor: amountMinor }),
    paidAt: isoIn(entry.paidAt, zone),
    ...(availableMinor === null ? {} : { available: amountText({ currency, minor: availableMinor }) }),
  };
  const { kind } =
    entry.kind === "reversal"
      ? await queueNotice(trx, { ...to, kind: "payment_reversed", data: money })
      : await queueNotice(trx, {
          ...to,
          kind: "payment_received",
          data: { ...money, ...(receipt === null ? {} : { receipt }) },
        });
  return kind === "queued";
}
