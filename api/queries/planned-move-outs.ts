import type { z } from "zod";
import { dayOf } from "../../domain/period.ts";
import { readClosing } from "../../ledger/account-closings.ts";
import { countPlansDue, type PlanWord, readPlans, readPlanWords } from "../../ledger/planned-move-outs.ts";
import { atText, type Desk, offsetOf, totalOf } from "../desk.ts";
import type { PlannedMoveOutJson, PlannedMoveOutsJson, PlannedMoveOutsQuery } from "../schemas/planned-move-out.ts";

const wordJson = (desk: Desk, { id, onDay, contact, forwardingAddress, note, notedAt, notedBy }: PlanWord) => ({
  id: String(id),
  onDay,
  contact,
  forwardingAddress,
  note,
  notedAt: atText(desk, notedAt),
  notedBy,
});

/** What an account's customer said of moving out. */
export async function plannedMoveOut(desk: Desk, accountId: bigint): Promise<PlannedMoveOutJson> {
  const words = (await readPlanWords(desk.trx, accountId)).map((word) => wordJson(desk, word));
  const last = words[0] ?? null;
  const current = last?.onDay == null ? null : last;
  const isClosed = current !== null && (await readClosing(desk.trx, accountId)) !== null;
  const isDue = !isClosed && current?.onDay != null && current.onDay <= dayOf(desk.now, desk.zone);
  return { current, isDue, last: last?.id ?? null, words };
}

/** Planned move-outs of accounts that are not closed, by their day. */
export async function plannedMoveOuts(
  desk: Desk,
  query: z.output<typeof PlannedMoveOutsQuery>,
): Promise<PlannedMoveOutsJson> {
  const today = dayOf(desk.now, desk.zone);
  const { state, page, pageSize } = query;
  const pageOf = (offset: number, limit: number) => readPlans(desk.trx, { state, today, limit, offset });
  const rows = await pageOf(offsetOf(query), pageSize);
  const items = rows.map((row) => ({
    ...wordJson(desk, row),
    onDay: row.onDay,
    accountId: String(row.accountId),
    number: row.number,
    name: row.name,
    building: row.building ?? "",
    room: row.room ?? "",
    isDue: row.onDay <= today,
  }));
  const total = await totalOf(rows, page, async () => ({ rows: await pageOf(0, 1) }));
  return { items, due: await countPlansDue(desk.trx, today), page, pageSize, total };
}
