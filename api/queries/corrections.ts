import { sql } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Day } from "../../domain/period.ts";
import { decimalText } from "../../domain/quantity.ts";
import { type NotedState, notedCharges, notedStates } from "../../ledger/correction-books.ts";
import { carriedChanges, carriedUnit } from "../../billing/rebill/carried.ts";
import { atText, dayText, type Desk, moneyOf, offsetOf, totalOf } from "../desk.ts";
import type { CorrectionJson, CorrectionsJson } from "../schemas/correction.ts";

type HeadRow = {
  id: bigint;
  number: string;
  kind: "rebill" | "cancel" | "anew";
  account_id: bigint;
  account_number: string;
  account_name: string;
  bill: string | null;
  issued_on: Day;
  total_minor: bigint;
  charges_minor: bigint;
  reason: string;
  by_name: string | null;
  proposed_name: string | null;
  posted_at: Instant;
  digest: string;
  journal_id: bigint | null;
  total: bigint;
};

const heads = sql`select c.*, a.number as account_number, a.name as account_name, b.number as bill, u.name as by_name, v.name as proposed_name,
         count(*) over () as total
    from sanbiao.correction c
    join sanbiao.account a on a.operator_id = c.operator_id and a.id = c.account_id
    left join sanbiao.bill b on b.operator_id = c.operator_id and b.id = c.bill_id
    left join sanbiao.app_user u on u.operator_id = c.operator_id and u.id = c.posted_by
    left join sanbiao.correction_proposal p on p.operator_id = c.operator_id and p.id = c.proposal_id
    left join sanbiao.app_user v on v.operator_id = p.operator_id and v.id = p.proposed_by
   where c.operator_id = sanbiao.operator_id()`;

const headJson = (desk: Desk, row: HeadRow): CorrectionsJson["items"][number] => ({
  id: String(row.id),
  number: row.number,
  kind: row.kind,
  accountId: String(row.account_id),
  accountNumber: row.account_number,
  accountName: row.account_name,
  bill: row.bill,
  issuedOn: row.issued_on,
  total: moneyOf(desk, row.total_minor + row.charges_minor),
  reason: row.reason,
  by: row.by_name,
  proposedBy: row.proposed_name,
  postedAt: atText(desk, row.posted_at),
});

/** Correction notes, the newest first. */
export async function correctionsList(
  desk: Desk,
  asked: { accountId?: string | undefined; page: number; pageSize: number },
): Promise<CorrectionsJson> {
  const of = asked.accountId === undefined ? sql`` : sql`and c.account_id = ${BigInt(asked.accountId)}`;
  const page = (limit: number, offset: number) =>
    sql<HeadRow>`${heads} ${of} order by c.id desc limit ${limit} offset ${offset}`.execute(desk.trx);
  const { rows } = await page(asked.pageSize, offsetOf(asked));
  const total = await totalOf(rows, asked.page, () => page(1, 0));
  return { items: rows.map((row) => headJson(desk, row)), page: asked.page, pageSize: asked.pageSize, total };
}

type LineRow = {
  bill: string;
  bill_id: bigint;
  key: string;
  title_zh: string;
  title_en: string;
  tier: number | null;
  tou: string | null;
  period_from: Instant;
  period_to: Instant;
  tariff_version: string;
  quantity: bigint | null;
  unit: string | null;
  billed_minor: bigint;
  due_minor: bigint;
  amount_minor: bigint;
};

/** One note with every line. @throws CodedError `request.not-found` */
export async function correctionJson(desk: Desk, id: bigint): Promise<CorrectionJson> {
  const { rows } = await sql<HeadRow>`${heads} and c.id = ${id}`.execute(desk.trx);
  const [head] = rows;
  if (head === undefined) throw new CodedError("request.not-found", `There is no correction ${id}.`);
  const { rows: lines } = await sql<LineRow>`
    select l.*, b.number as bill from sanbiao.correction_line l join sanbiao.bill b on b.operator_id = l.operator_id and b.id = l.bill_id
     where l.operator_id = sanbiao.operator_id() and l.correction_id = ${id} order by l.line`.execute(desk.trx);
  return {
    ...headJson(desk, head),
    digest: head.digest,
    journalId: head.journal_id === null ? null : String(head.journal_id),
    charges: (await notedCharges(desk.trx, id)).map(({ billedMinor, dueMinor, ...one }) => ({
      bill: one.bill,
      billId: String(one.billId),
      titleZh: one.titleZh,
      titleEn: one.titleEn,
      billed: moneyOf(desk, billedMinor),
      shouldBe: moneyOf(desk, dueMinor),
      difference: moneyOf(desk, dueMinor - billedMinor),
    })),
    carried: (await notedStates(desk.trx, id)).flatMap((state) => carriedJson(desk, state)),
    lines: lines.map((line) => ({
      bill: line.bill,
      billId: String(line.bill_id),
      key: line.key,
      titleZh: line.title_zh,
      titleEn: line.title_en,
      tier: line.tier,
      tou: line.tou,
      from: dayText(desk, line.period_from),
      to: dayText(desk, line.period_to),
      tariffVersion: line.tariff_version,
      quantity: line.quantity === null ? null : decimalText(line.quantity),
      unit: line.unit,
      billed: moneyOf(desk, line.billed_minor),
      shouldBe: moneyOf(desk, line.due_minor),
      difference: moneyOf(desk, line.amount_minor),
    })),
  };
}

const carriedJson = (desk: Desk, { usagePointId, bill, to, before, after }: NotedState): CorrectionJson["carried"] =>
  carriedChanges(before, after).map(({ what, name, was, now }) => {
    const unit = carriedUnit(what);
    const text = (value: bigint | null) =>
      value === null ? null : unit === "money" ? moneyOf(desk, value).amount : decimalText(value);
    return {
      usagePointId: String(usagePointId),
      bill,
      to: dayText(desk, to),
      what,
      name,
      was: text(was),
      now: text(now),
      unit,
    };
  });
