import { CodedError } from "../../domain/errors.ts";
import type { Clock, Instant } from "../../domain/instant.ts";
import type { AccountId, OperatorId } from "../../domain/reading.ts";
import { postedWith } from "../../ledger/corrections.ts";
import type { Database } from "../../schema/database.ts";
import { batchDigest, isNothing } from "./decide.ts";
import { postRebill, type RebillBooks, type RebillOutcome } from "./post.ts";
import {
  countSelected,
  type PreviewedAccount,
  type PreviewPage,
  previewPage,
  type PreviewQuery,
  type Selection,
} from "./preview.ts";

/** Accounts per transaction of a preview: a second or two of work. */
const PAGE_ACCOUNTS = 50;

export type PreviewProgress = { readonly looked: number; readonly total: number };

/** Walks over every selected account, a transaction per page, and hands out those with something to see. Nothing is written. */
export async function* previewAccounts(
  db: Database,
  operatorId: OperatorId,
  { selection, from }: { readonly selection: Selection; readonly from: Instant },
  books: RebillBooks,
  onProgress: (progress: PreviewProgress) => void = () => {},
): AsyncGenerator<PreviewedAccount> {
  const total = await db.as(operatorId, (trx) => countSelected(trx, from, selection));
  let looked = 0;
  for (let after: AccountId | null = 0n; after !== null; ) {
    const page: PreviewQuery = { selection, from, after, limit: PAGE_ACCOUNTS };
    const {
      found,
      looked: more,
      after: next,
    }: PreviewPage = await db.snapshot(operatorId, (trx) => previewPage(trx, page, books));
    yield* found;
    looked += more;
    onProgress({ looked, total });
    after = next;
  }
}

/** What of a previewed account is posted. */
export type ToPost = { readonly accountId: AccountId; readonly digest: string };

export const toPost = ({ rebill }: PreviewedAccount): ToPost[] =>
  isNothing(rebill) ? [] : [{ accountId: rebill.accountId, digest: rebill.digest }];

/**
 * Whether a preview is the one with this digest, or what is left of it after some of its accounts were posted with it.
 * @throws CodedError `rebill.changed` where something came in since
 */
export async function requireSame(
  db: Database,
  operatorId: OperatorId,
  left: readonly ToPost[],
  digest: string,
): Promise<{ readonly posted: number }> {
  const posted = await db.as(operatorId, (trx) => postedWith(trx, digest));
  // What another process posted since this one looked is both: it counts once.
  const isPosted = new Set(posted.map((one) => `${one.accountId} ${one.digest}`));
  const open = left.filter((one) => !isPosted.has(`${one.accountId} ${one.digest}`));
  if (batchDigest([...open, ...posted]) !== digest) {
    throw new CodedError("rebill.changed", `This is not what was shown as ${digest}; now it is ${batchDigest(left)}.`);
  }
  return { posted: posted.length };
}

/** Posts account by account, each in a transaction of its own: a kill leaves whole accounts, and the same again goes on. */
export async function* postAccounts(
  db: Database,
  clock: Clock,
  batch: {
    readonly operatorId: OperatorId;
    readonly accounts: readonly ToPost[];
    readonly from: Instant;
    readonly digest: string;
    readonly reason: string;
    readonly by: bigint | null;
  },
  books: RebillBooks,
): AsyncGenerator<{ readonly accountId: AccountId; readonly outcome: RebillOutcome }> {
  const { operatorId, from, digest: batchDigest, reason, by } = batch;
  for (const { accountId, digest } of batch.accounts) {
    const scope = { kind: "rebill", from } as const;
    const request = { operatorId, accountId, scope, digest, reason, by, batchDigest, now: clock.now() };
    yield { accountId, outcome: await postRebill(db, request, books) };
  }
}
