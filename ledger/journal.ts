import { sql, type Transaction } from "kysely";
import { type Currency, type Money, money, zero } from "../domain/money.ts";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import { arrayText } from "./bulk-insert.ts";
import { IntArray } from "./int-array.ts";
import { isOfCustomer, type LedgerAccount, type Posting, RECEIVABLE } from "./chart.ts";

export type JournalKind =
  | "bill"
  | "payment"
  | "reversal"
  | "adjustment"
  | "opening"
  | "refund"
  | "deposit"
  | "transfer"
  | "set_off";

export type Entry = {
  readonly operatorId: OperatorId;
  /** Idempotency key: the same key with the same kind, cause and postings is *already*, with others *different*. */
  readonly key: string;
  readonly kind: JournalKind;
  /** What it follows from, as text: `{ payment: "cash" }`, `{ reverses: "5" }`. Part of what "the same" means. */
  readonly cause: Readonly<Record<string, string>>;
  readonly occurredAt: Instant;
  readonly postedAt: Instant;
  readonly postedBy?: bigint;
  /** Sum zero per currency, at least two, none of them zero: refused by the database otherwise. */
  readonly postings: readonly Posting[];
};

export type PostOutcome = { readonly kind: "posted" | "already" | "different"; readonly journalId: bigint };

/** Posts in one round trip. An entry out of balance is refused. */
export async function postEntry(trx: Transaction<Tables>, entry: Entry): Promise<PostOutcome> {
  const postings = JSON.stringify(entry.postings.map(postingRow));
  const { rows } = await sql<{ outcome: PostOutcome["kind"]; journal_id: bigint }>`
    select outcome, journal_id from sanbiao.post_entry(${entry.operatorId}, ${entry.key}, ${entry.kind},
      ${JSON.stringify(entry.cause)}::jsonb, ${isoOf(entry.occurredAt)}::timestamptz, ${isoOf(entry.postedAt)}::timestamptz,
      ${entry.postedBy ?? null}, ${postings}::jsonb)`.execute(trx);
  const row = rows[0];
  if (row === undefined) throw new Error("post_entry gave no answer");
  return { kind: row.outcome, journalId: row.journal_id };
}

/** Entries of one kind and time, taken down as they are made and posted in one round trip. Their keys differ. */
export class EntrySheet {
  readonly #of: Omit<Entry, "key" | "cause" | "postings">;
  readonly #keys: string[] = [];
  readonly #causes: string[] = [];
  /** Of each posting: its entry's place from 1, account of the ledger, customer, currency, minor units. */
  readonly #postings = {
    of: new IntArray("integer"),
    ledgers: [] as string[],
    accounts: new IntArray("bigint"),
    currencies: [] as string[],
    minors: new IntArray("bigint"),
  };

  constructor(of: Omit<Entry, "key" | "cause" | "postings">) {
    this.#of = of;
  }

  /** @returns the entry's place among the outcomes */
  add({ key, cause, postings }: Pick<Entry, "key" | "cause" | "postings">): number {
    const place = this.#keys.push(key) - 1;
    this.#causes.push(JSON.stringify(cause));
    const { of, ledgers, accounts, currencies, minors } = this.#postings;
    for (const posting of postings) {
      of.push(place + 1);
      ledgers.push(posting.ledgerAccount);
      accounts.push("accountId" in posting ? posting.accountId : null);
      currencies.push(posting.amount.currency);
      minors.push(posting.amount.minor);
    }
    return place;
  }

  /** @returns an outcome for each entry, in their order */
  async post(trx: Transaction<Tables>): Promise<PostOutcome[]> {
    if (this.#keys.length === 0) return [];
    const { operatorId, kind, occurredAt, postedAt, postedBy } = this.#of;
    const { of, ledgers, accounts, currencies, minors } = this.#postings;
    const { rows } = await sql<{ ord: number; outcome: PostOutcome["kind"]; journal_id: bigint }>`
      select ord, outcome, journal_id from sanbiao.post_entries(${operatorId}, ${kind}, ${isoOf(occurredAt)}::timestamptz,
        ${isoOf(postedAt)}::timestamptz, ${postedBy ?? null}, ${arrayText(this.#keys)}::text[],
        ${arrayText(this.#causes)}::jsonb[], ${of.parameter}::integer[], ${arrayText(ledgers)}::text[],
        ${accounts.parameter}::bigint[], ${arrayText(currencies)}::text[], ${minors.parameter}::bigint[])`.execute(trx);
    const byOrd = new Map(rows.map((row) => [row.ord, { kind: row.outcome, journalId: row.journal_id }]));
    return this.#keys.map((key, i) => {
      const outcome = byOrd.get(i + 1);
      if (outcome === undefined) throw new Error(`post_entries gave no answer for ${key}`);
      return outcome;
    });
  }
}

const postingRow = (p: Posting) => ({
  ledger_account: p.ledgerAccount,
  ...("accountId" in p ? { account_id: p.accountId.toString() } : {}),
  currency: p.amount.currency,
  amount_minor: p.amount.minor.toString(),
});

/** What a customer owes for supply; negative = credit. People are shown it with the sign turned. */
export async function owedOf(trx: Transaction<Tables>, accountId: AccountId, currency: Currency): Promise<Money> {
  const { rows } = await sql<{ owed_minor: bigint }>`
    select owed_minor from sanbiao.customer_balance
     where operator_id = sanbiao.operator_id() and account_id = ${accountId} and currency = ${currency}`.execute(trx);
  const row = rows[0];
  return row === undefined ? zero(currency) : money(currency, row.owed_minor);
}

/** What a customer owes for everything that is not supply; negative = credit. */
export async function propertyOwedOf(
  trx: Transaction<Tables>,
  accountId: AccountId,
  currency: Currency,
): Promise<Money> {
  const { rows } = await sql<{ owed_minor: bigint }>`
    select owed_minor from sanbiao.subledger_balance
     where operator_id = sanbiao.operator_id() and account_id = ${accountId} and ledger_account = ${RECEIVABLE.property}
       and currency = ${currency}`.execute(trx);
  return money(currency, rows[0]?.owed_minor ?? 0n);
}

export type StoredEntry = {
  readonly journalId: bigint;
  readonly kind: JournalKind;
  readonly key: string;
  readonly cause: Readonly<Record<string, string>>;
  readonly occurredAt: Instant;
  readonly postings: readonly Posting[];
};

/** One entry with its postings; `null` when this operator has none of that id. */
export async function readEntry(trx: Transaction<Tables>, journalId: bigint): Promise<StoredEntry | null> {
  const { rows } = await sql<EntryRow>`
    select j.id, j.kind, j.idempotency_key, j.cause, j.occurred_at, p.ledger_account, p.account_id, p.currency, p.amount_minor
      from sanbiao.journal j join sanbiao.posting p on p.operator_id = j.operator_id and p.journal_id = j.id
     where j.operator_id = sanbiao.operator_id() and j.id = ${journalId} order by p.line`.execute(trx);
  const first = rows[0];
  if (first === undefined) return null;
  return {
    journalId: first.id,
    kind: first.kind,
    key: first.idempotency_key,
    cause: first.cause,
    occurredAt: first.occurred_at,
    postings: rows.map(postingOf),
  };
}

type EntryRow = {
  id: bigint;
  kind: JournalKind;
  idempotency_key: string;
  cause: Record<string, string>;
  occurred_at: Instant;
  ledger_account: LedgerAccount;
  account_id: bigint | null;
  currency: Currency;
  amount_minor: bigint;
};

function postingOf(row: EntryRow): Posting {
  const amount = money(row.currency, row.amount_minor);
  if (!isOfCustomer(row.ledger_account)) return { ledgerAccount: row.ledger_account, amount };
  if (row.account_id === null) throw new Error(`journal entry ${row.id}: a customer posting without an account`);
  return { ledgerAccount: row.ledger_account, accountId: row.account_id, amount };
}
