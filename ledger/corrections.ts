import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import { bulkInsert, type Column } from "./bulk-insert.ts";
import { type CorrectionParts, writeCorrectionParts } from "./correction-books.ts";

type Trx = Transaction<Tables>;

export type CorrectionKind = "rebill" | "cancel" | "anew";

export type CorrectionHead = {
  readonly accountId: AccountId;
  readonly kind: CorrectionKind;
  /** The one bill of a cancellation, or of its making anew. */
  readonly billId: bigint | null;
  readonly issuedOn: Day;
  readonly currency: string;
  /** Of supply. */
  readonly totalMinor: bigint;
  /** Of other charges. */
  readonly chargesMinor: bigint;
  /** `null` only when there was nothing to post. */
  readonly journalId: bigint | null;
  readonly reason: string;
  /** SHA-256 of what was shown before. */
  readonly digest: string;
  readonly batchDigest: string | null;
  readonly proposalId: bigint | null;
  readonly postedAt: Instant;
  readonly postedBy: bigint | null;
};

export type CorrectionLine = {
  readonly billId: bigint;
  /** With the usage point, as on the bill. */
  readonly key: string;
  readonly usagePointId: bigint;
  readonly utility: string;
  readonly tariffId: string;
  readonly tariffVersion: string;
  readonly charge: string;
  readonly kind: string;
  readonly tier: number | null;
  readonly tou: string | null;
  readonly from: Instant;
  readonly to: Instant;
  readonly unit: string | null;
  readonly price: string | null;
  readonly billedMinor: bigint;
  readonly dueMinor: bigint;
  /** Differences. */
  readonly quantity: bigint | null;
  readonly includedMinor: bigint | null;
  readonly title: { readonly zh: string; readonly en: string };
};

export type CorrectionUsage = {
  readonly billId: bigint;
  readonly usagePointId: bigint;
  readonly from: Instant;
  readonly to: Instant;
  readonly utility: string;
  readonly unit: string;
  readonly quantity: bigint;
  readonly registers: readonly object[];
};

const EFFECTS = { rebill: "corrects", cancel: "cancels", anew: "anew" } as const satisfies Record<
  CorrectionKind,
  string
>;

/** Writes a correction with its lines, use and other parts, under the next number of its year: the counter is everybody's and is taken last. */
export async function writeCorrection(
  trx: Trx,
  head: CorrectionHead,
  lines: readonly CorrectionLine[],
  usages: readonly CorrectionUsage[],
  parts: CorrectionParts,
): Promise<{ readonly id: bigint; readonly number: string }> {
  const { rows } = await sql<{ id: bigint }>`select nextval('sanbiao.correction_id_seq') as id`.execute(trx);
  const id = rows[0]?.id ?? 0n;
  await bulkInsert(
    trx,
    "correction_line",
    { columns: lineColumns },
    lines.map((line, i) => ({ id, no: i + 1, line })),
  );
  await bulkInsert(
    trx,
    "correction_usage",
    { columns: usageColumns },
    usages.map((usage) => ({ id, effect: EFFECTS[head.kind], usage })),
  );
  await writeCorrectionParts(trx, id, EFFECTS[head.kind], parts);
  const year = Number(head.issuedOn.slice(0, 4));
  const { rows: counted } = await sql<{ last: number }>`
    insert into sanbiao.correction_sequence as s (operator_id, year, last) values (sanbiao.operator_id(), ${year}, 1)
    on conflict (operator_id, year) do update set last = s.last + 1 returning last`.execute(trx);
  const number = `C${year}-${String(counted[0]?.last ?? 0).padStart(6, "0")}`;
  await bulkInsert(trx, "correction", { columns: headColumns }, [{ id, number, head }]);
  return { id, number };
}

type HeadRow = { readonly id: bigint; readonly number: string; readonly head: CorrectionHead };
const headColumns: readonly Column<HeadRow>[] = [
  ["id", "bigint", ({ id }) => id],
  ["account_id", "bigint", ({ head }) => head.accountId],
  ["number", "text", ({ number }) => number],
  ["kind", "text", ({ head }) => head.kind],
  ["bill_id", "bigint", ({ head }) => head.billId],
  ["issued_on", "date", ({ head }) => head.issuedOn],
  ["currency", "text", ({ head }) => head.currency],
  ["total_minor", "bigint", ({ head }) => head.totalMinor],
  ["charges_minor", "bigint", ({ head }) => head.chargesMinor],
  ["journal_id", "bigint", ({ head }) => head.journalId],
  ["reason", "text", ({ head }) => head.reason],
  ["digest", "text", ({ head }) => head.digest],
  ["batch_digest", "text", ({ head }) => head.batchDigest],
  ["proposal_id", "bigint", ({ head }) => head.proposalId],
  ["posted_at", "timestamptz", ({ head }) => isoOf(head.postedAt)],
  ["posted_by", "bigint", ({ head }) => head.postedBy],
];

const lineColumns: readonly Column<{ id: bigint; no: number; line: CorrectionLine }>[] = [
  ["correction_id", "bigint", ({ id }) => id],
  ["line", "smallint", ({ no }) => no],
  ["bill_id", "bigint", ({ line }) => line.billId],
  ["key", "text", ({ line }) => line.key],
  ["usage_point_id", "bigint", ({ line }) => line.usagePointId],
  ["utility", "text", ({ line }) => line.utility],
  ["tariff_id", "text", ({ line }) => line.tariffId],
  ["tariff_version", "text", ({ line }) => line.tariffVersion],
  ["charge", "text", ({ line }) => line.charge],
  ["kind", "text", ({ line }) => line.kind],
  ["tier", "smallint", ({ line }) => line.tier],
  ["tou", "text", ({ line }) => line.tou],
  ["period_from", "timestamptz", ({ line }) => isoOf(line.from)],
  ["period_to", "timestamptz", ({ line }) => isoOf(line.to)],
  ["unit", "text", ({ line }) => line.unit],
  ["price", "text", ({ line }) => line.price],
  ["billed_minor", "bigint", ({ line }) => line.billedMinor],
  ["due_minor", "bigint", ({ line }) => line.dueMinor],
  ["amount_minor", "bigint", ({ line }) => line.dueMinor - line.billedMinor],
  ["quantity", "bigint", ({ line }) => line.quantity],
  ["included_minor", "bigint", ({ line }) => line.includedMinor],
  ["title_zh", "text", ({ line }) => line.title.zh],
  ["title_en", "text", ({ line }) => line.title.en],
];

const usageColumns: readonly Column<{ id: bigint; effect: string; usage: CorrectionUsage }>[] = [
  ["correction_id", "bigint", ({ id }) => id],
  ["bill_id", "bigint", ({ usage }) => usage.billId],
  ["usage_point_id", "bigint", ({ usage }) => usage.usagePointId],
  ["period_from", "timestamptz", ({ usage }) => isoOf(usage.from)],
  ["period_to", "timestamptz", ({ usage }) => isoOf(usage.to)],
  ["utility", "text", ({ usage }) => usage.utility],
  ["unit", "text", ({ usage }) => usage.unit],
  ["quantity", "bigint", ({ usage }) => usage.quantity],
  ["registers", "jsonb", ({ usage }) => JSON.stringify(usage.registers)],
  ["effect", "text", ({ effect }) => effect],
];

/** Of these bills those that a correction cancelled and none made anew since. */
export async function cancelledBills(trx: Trx, billIds: readonly bigint[]): Promise<Set<bigint>> {
  const { rows } = await sql<{ bill_id: bigint; kind: CorrectionKind }>`
    select distinct on (bill_id) bill_id, kind from sanbiao.correction
     where operator_id = sanbiao.operator_id() and bill_id = any(${`{${billIds.join(",")}}`}::bigint[])
     order by bill_id, id desc`.execute(trx);
  return new Set(rows.filter(({ kind }) => kind === "cancel").map((row) => row.bill_id));
}

/** The account's last correction; accounts without one are left out. */
export async function lastCorrections(trx: Trx, accountIds: readonly AccountId[]): Promise<Map<AccountId, bigint>> {
  const { rows } = await sql<{ account_id: bigint; id: bigint }>`
    select account_id, max(id) as id from sanbiao.correction
     where operator_id = sanbiao.operator_id() and account_id = any(${`{${accountIds.join(",")}}`}::bigint[])
     group by account_id`.execute(trx);
  return new Map(rows.map((row) => [row.account_id, row.id]));
}

export type PostedCorrection = {
  readonly id: bigint;
  readonly number: string;
  /** Of supply and other charges together. */
  readonly totalMinor: bigint;
};

/** The correction that was posted with this digest before. */
export async function correctionOfDigest(
  trx: Trx,
  accountId: AccountId,
  digest: string,
): Promise<PostedCorrection | null> {
  const row = await trx
    .selectFrom("correction")
    .select(["id", "number", "total_minor", "charges_minor"])
    .where("account_id", "=", accountId)
    .where("digest", "=", digest)
    .executeTakeFirst();
  return row === undefined ? null : { id: row.id, number: row.number, totalMinor: row.total_minor + row.charges_minor };
}

/** What was posted with a preview of many accounts already. */
export async function postedWith(
  trx: Trx,
  batchDigest: string,
): Promise<{ readonly accountId: AccountId; readonly digest: string }[]> {
  const rows = await trx
    .selectFrom("correction")
    .select(["account_id", "digest"])
    .where("batch_digest", "=", batchDigest)
    .execute();
  return rows.map((row) => ({ accountId: row.account_id, digest: row.digest }));
}

export type Proposal = { readonly id: bigint; readonly proposedBy: bigint | null; readonly reason: string };

export async function proposalOf(trx: Trx, accountId: AccountId, digest: string): Promise<Proposal | null> {
  const row = await trx
    .selectFrom("correction_proposal")
    .select(["id", "proposed_by", "reason"])
    .where("account_id", "=", accountId)
    .where("digest", "=", digest)
    .executeTakeFirst();
  return row === undefined ? null : { id: row.id, proposedBy: row.proposed_by, reason: row.reason };
}

/** Asks for a correction that another person posts. The same again is `already`, whoever asks. */
export async function writeProposal(
  trx: Trx,
  proposal: Pick<CorrectionHead, "accountId" | "digest" | "currency" | "totalMinor" | "reason"> & {
    readonly at: Instant;
    readonly by: bigint | null;
  },
): Promise<"proposed" | "already"> {
  const { accountId, digest, currency, totalMinor, reason, at, by } = proposal;
  const { rows } = await sql<{ id: bigint }>`
    insert into sanbiao.correction_proposal (operator_id, account_id, digest, currency, amount_minor, reason, proposed_at, proposed_by)
    values (sanbiao.operator_id(), ${accountId}, ${digest}, ${currency}, ${totalMinor}, ${reason}, ${isoOf(at)}::timestamptz, ${by})
    on conflict (operator_id, account_id, digest) do nothing returning id`.execute(trx);
  return rows.length === 1 ? "proposed" : "already";
}
