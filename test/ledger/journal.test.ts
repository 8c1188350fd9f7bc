import { sql } from "kysely";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instant } from "../../domain/instant.ts";
import { money } from "../../domain/money.ts";
import { customerPosting, type Posting } from "../../ledger/chart.ts";
import { type Entry, owedOf, postEntry, readEntry } from "../../ledger/journal.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let other: SmallTown;
let anna: bigint;
let bo: bigint;
const at = instant(Date.UTC(2026, 9, 1));
const cny = (minor: bigint) => money("CNY", minor);

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner);
  other = await SmallTown.found(owner, "other");
  anna = await town.account("A");
  bo = await town.account("B");
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

const entry = (key: string, postings: readonly Posting[]): Entry => ({
  operatorId: town.operatorId,
  key,
  kind: "payment",
  cause: { payment: "cash" },
  occurredAt: at,
  postedAt: at,
  postings,
});
const paid = (who: bigint, minor: bigint): Posting[] => [
  { ledgerAccount: "cash", amount: cny(minor) },
  customerPosting(who, cny(-minor)),
];
const post = (e: Entry) => fresh.db.as(town.operatorId, (trx) => postEntry(trx, e));
const owed = (who: bigint) => fresh.db.as(town.operatorId, (trx) => owedOf(trx, who, "CNY"));

describe("an entry", () => {
  test("is posted once; the same again is already there, another content under its key is different", async () => {
    const first = await post(entry("k1", paid(anna, 500n)));
    expect(first.kind).toBe("posted");
    expect(await post(entry("k1", paid(anna, 500n)))).toEqual({ kind: "already", journalId: first.journalId });
    expect((await post(entry("k1", paid(anna, 501n)))).kind).toBe("different");
    expect((await post({ ...entry("k1", paid(anna, 500n)), cause: { payment: "card" } })).kind).toBe("different");
    expect(await owed(anna)).toEqual(cny(-500n));
    const stored = await fresh.db.as(town.operatorId, (trx) => readEntry(trx, first.journalId));
    expect(stored?.postings).toEqual(paid(anna, 500n));
  });

  test("posted at once by ten clerks under one key is posted once", async () => {
    const before = await owed(bo);
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => post(entry("k2", paid(bo, 300n)))));
    expect(outcomes.map((o) => o.kind).sort()).toEqual([...Array<string>(9).fill("already"), "posted"]);
    expect(await owed(bo)).toEqual(cny(before.minor - 300n));
  });

  test.each([
    [
      "out of balance",
      [
        { ledgerAccount: "cash", amount: cny(100n) },
        { ledgerAccount: "bank", amount: cny(-99n) },
      ],
    ],
    [
      "in balance only over two currencies",
      [
        { ledgerAccount: "cash", amount: cny(100n) },
        { ledgerAccount: "bank", amount: money("EUR", -100n) },
      ],
    ],
    ["with one posting", [{ ledgerAccount: "cash", amount: cny(100n) }]],
    ["with none", []],
  ] as [string, Posting[]][])("%s is refused by the database at commit", async (title, postings) => {
    await expect(post(entry(title, postings))).rejects.toThrow(/does not balance/);
    const { rows } = await owner.query("select 1 from journal where idempotency_key = $1", [title]);
    expect(rows).toEqual([]);
  });

  test("with a posting of nothing is refused", async () => {
    await expect(
      post(entry("zero", [...paid(anna, 1n), { ledgerAccount: "rounding", amount: cny(0n) }])),
    ).rejects.toThrow(/amount_minor/);
  });

  test("of another operator is refused even when the call names it", async () => {
    await expect(post({ ...entry("k3", paid(anna, 1n)), operatorId: other.operatorId })).rejects.toThrow(
      /not the one of this transaction/,
    );
  });
});

describe("the books", () => {
  const attempts: [string, string][] = [
    ["update of an entry", "update sanbiao.journal set kind = 'refund'"],
    ["delete of an entry", "delete from sanbiao.journal"],
    ["update of a posting", "update sanbiao.posting set amount_minor = 1"],
    ["delete of a posting", "delete from sanbiao.posting"],
    ["truncate of postings", "truncate sanbiao.posting"],
    ["truncate of the journal", "truncate sanbiao.journal"],
    ["update of a bill", "update sanbiao.bill set total_minor = 0"],
    ["truncate of bills", "truncate sanbiao.bill"],
    ["update of bill lines", "update sanbiao.bill_line set amount_minor = 0"],
    ["truncate of readings", "truncate sanbiao.reading"],
  ];
  test.each(attempts)("refuse the service's %s", async (_title, text) => {
    await expect(fresh.db.as(town.operatorId, (trx) => sql.raw(text).execute(trx))).rejects.toThrow(
      /permission denied/,
    );
  });

  test.each(attempts.filter(([title]) => !/bill|readings/.test(title)))(
    "refuse their owner's %s",
    async (_title, text) => {
      await expect(owner.query(text)).rejects.toThrow(/append-only/);
    },
  );

  test("take no posting for an entry of an earlier transaction, not even from their owner", async () => {
    const { journalId } = await post(entry("k4", paid(anna, 7n)));
    const late = owner.query(
      `insert into posting (operator_id, journal_id, line, ledger_account, currency, amount_minor)
       values ($1, $2, 8, 'cash', 'CNY', 5), ($1, $2, 9, 'bank', 'CNY', -5)`,
      [town.operatorId, journalId],
    );
    await expect(late).rejects.toThrow(/is closed/);
  });

  test.each([
    ["an entry of no known kind", "gift", "('cash', null, 5), ('bank', null, -5)", /journal_kind_check/],
    ["a posting of nothing", "refund", "('cash', null, 5), ('bank', null, -5), ('rounding', null, 0)", /amount_minor/],
    ["an account at the bank", "refund", "('cash', null, 5), ('bank', ANNA, -5)", /names a customer/],
    ["a customer without an account", "refund", "('cash', null, 5), ('customer', null, -5)", /names a customer/],
    ["two kinds of wrong in one", "refund", "('cash', ANNA, 5), ('customer', null, -5)", /names a customer/],
  ])("take no %s, not even from their owner", async (title, kind, lines, refusal) => {
    const written = owner.query(
      `with entry as (
         insert into journal (operator_id, idempotency_key, kind, cause, occurred_at, posted_at)
           values ($1, $2, $3, '{}', now(), now()) returning id)
       insert into posting (operator_id, journal_id, line, ledger_account, account_id, currency, amount_minor)
         select $1, entry.id, row_number() over (), v.ledger_account, v.account_id::bigint, 'CNY', v.minor
           from entry, (values ${lines.replaceAll("ANNA", String(anna))}) as v (ledger_account, account_id, minor)`,
      [town.operatorId, title, kind],
    );
    await expect(written).rejects.toMatchObject({ code: "23514", message: expect.stringMatching(refusal) });
  });

  test("let the service write an entry through the one door only", async () => {
    const direct = fresh.db.as(town.operatorId, (trx) =>
      sql`insert into sanbiao.posting (operator_id, journal_id, line, ledger_account, currency, amount_minor)
          values (${town.operatorId}, 1, 9, 'cash', 'CNY', 5)`.execute(trx),
    );
    await expect(direct).rejects.toThrow(/permission denied/);
    await expect(
      fresh.db.as(town.operatorId, (trx) => sql`update sanbiao.customer_balance set owed_minor = 0`.execute(trx)),
    ).rejects.toThrow(/permission denied/);
  });

  test("are not taken out of balance from one who says that he is the door of payments", async () => {
    const posted = (postings: Posting[]) =>
      fresh.db.as(town.operatorId, async (trx) => {
        await sql`select set_config('sanbiao.door', 'payment', true)`.execute(trx);
        await postEntry(trx, entry("door", postings));
      });
    await expect(posted([customerPosting(bo, cny(-5n))])).rejects.toThrow(/does not balance/);
    await expect(posted([])).rejects.toThrow(/has no postings/);
    const before = (await owed(bo)).minor;
    await posted(paid(bo, 5n));
    expect(await owed(bo)).toEqual(cny(before - 5n));
  });

  test("show another operator nothing of entries, postings and balances, without any where", async () => {
    await post(entry("k5", paid(anna, 9n)));
    for (const table of ["journal", "posting", "customer_balance"] as const) {
      const rows = await fresh.db.as(other.operatorId, (trx) => trx.selectFrom(table).selectAll().execute());
      expect(rows).toEqual([]);
    }
  });
});

test("entries that name two customers in opposite order never wait for each other", async () => {
  const [cleo, dan] = [await town.account("C"), await town.account("D")];
  const transfer = (key: string, from: bigint, to: bigint) =>
    entry(key, [customerPosting(from, cny(1n)), customerPosting(to, cny(-1n))]);
  const outcomes = await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      post(i % 2 === 0 ? transfer(`x${i}`, cleo, dan) : transfer(`x${i}`, dan, cleo)),
    ),
  );
  expect(new Set(outcomes.map((o) => o.kind))).toEqual(new Set(["posted"]));
  expect(await owed(cleo)).toEqual(cny(0n));
});
