import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DepositMove, moveDeposit } from "../../billing/deposit.ts";
import { classesOwed } from "../../billing/payment.ts";
import { type Instant, instantOfIso } from "../../domain/instant.ts";
import { money } from "../../domain/money.ts";
import { customerPosting } from "../../ledger/chart.ts";
import { depositOf } from "../../ledger/deposits.ts";
import { postEntry } from "../../ledger/journal.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

const now = instantOfIso("2026-10-01T04:00:00Z") as Instant;
const cny = (minor: bigint) => money("CNY", minor);
let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let account: bigint;
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner);
  account = await town.account("1");
  await town.supply({ account, tariff: "power", from: "2026-01-01" });
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});
const move = (key: string, what: DepositMove["move"], of = account) =>
  moveDeposit(fresh.db, { operatorId: town.operatorId, accountId: of, key, at: now, move: what });
const cash = { channel: "cash" } as const;
const owed = () => fresh.db.as(town.operatorId, (trx) => classesOwed(trx, account, "CNY"));

test("a deposit is held apart from what is owed, taken once per key, paid to debts after move-out, and given back", async () => {
  const taken = await Promise.all([1, 2].map(() => move("a", { kind: "take", amount: cny(50000n), ...cash })));
  expect(taken.map(({ kind }) => kind).toSorted()).toEqual(["already", "posted"]);
  expect(taken.map(({ held }) => held)).toEqual([cny(50000n), cny(50000n)]);
  expect((await move("a", { kind: "take", amount: cny(40000n), ...cash })).kind).toBe("different");
  expect(await owed()).toEqual({ supply: cny(0n), property: cny(0n) });
  await expect(move("b", { kind: "apply" })).rejects.toThrow("still has an agreement");
  await owner.query("update agreement set to_day = '2026-10-01' where operator_id = $1", [town.operatorId]);
  await expect(move("b", { kind: "apply" })).rejects.toThrow("Nothing is owed");
  await fresh.db.as(town.operatorId, (trx) =>
    postEntry(trx, {
      operatorId: town.operatorId,
      key: "debts",
      kind: "opening",
      cause: {},
      occurredAt: now,
      postedAt: now,
      postings: [
        customerPosting(account, cny(10000n)),
        customerPosting(account, cny(5000n), "property"),
        { ledgerAccount: "opening", amount: cny(-15000n) },
      ],
    }),
  );
  const applied = await Promise.all([move("c", { kind: "apply" }), move("c", { kind: "apply" })]);
  expect(applied.map(({ kind }) => kind).toSorted()).toEqual(["already", "posted"]);
  expect(await owed()).toEqual({ supply: cny(0n), property: cny(0n) });
  await expect(move("d", { kind: "refund", amount: cny(35001n), ...cash })).rejects.toThrow("more than the deposit");
  const both = await Promise.allSettled(
    ["e", "f"].map((key) => move(key, { kind: "refund", amount: cny(35000n), ...cash })),
  );
  expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(await fresh.db.as(town.operatorId, (trx) => depositOf(trx, account, "CNY"))).toEqual(cny(0n));
  await expect(move("g", { kind: "take", amount: cny(1n), ...cash }, 99n)).rejects.toThrow("no account");
  await expect(move("g", { kind: "take", amount: cny(0n), ...cash })).rejects.toThrow("more than zero");
  expect((await verify(owner)).filter((check) => !check.ok)).toEqual([]);
});
