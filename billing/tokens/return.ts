import type { Transaction } from "kysely";
import type { Instant } from "../../domain/instant.ts";
import { negate } from "../../domain/money.ts";
import type { AccountId, OperatorId } from "../../domain/reading.ts";
import { REGISTERS } from "../../domain/register.ts";
import { customerPosting } from "../../ledger/chart.ts";
import { postEntry } from "../../ledger/journal.ts";
import { tokensToReturn, writeTokenReturn } from "../../ledger/tokens.ts";
import { MAIN_REGISTER } from "../../metering/register.ts";
import type { Tables } from "../../schema/tables.ts";
import { tokenMoney } from "./issue.ts";

const MAIN_CODES = Object.values(MAIN_REGISTER).map((register) => REGISTERS[register].code);
/** Per operator and turn. */
const TURN_MAX = 200;

/**
 * The line of a meter is back: its readings tell all that was used, the use under a token included, and bills ask for it. What its tokens took
 * returns to the account, once each, as a credit like any other: it withdraws orders to cut. Answers the accounts concerned.
 */
export async function returnTokens(
  trx: Transaction<Tables>,
  operatorId: OperatorId,
  now: Instant,
): Promise<AccountId[]> {
  const accounts = new Set<AccountId>();
  for (const { token, measuredAt } of await tokensToReturn(trx, MAIN_CODES, TURN_MAX)) {
    const amount = tokenMoney(token);
    const posted = await postEntry(trx, {
      operatorId,
      key: `token-return/${token.id}`,
      kind: "adjustment",
      cause: { token_return: String(token.id), account: String(token.accountId) },
      occurredAt: measuredAt,
      postedAt: now,
      postings: [{ ledgerAccount: "token_credit", amount }, customerPosting(token.accountId, negate(amount))],
    });
    if (posted.kind !== "posted") continue; // another process was first, and writes the row
    await writeTokenReturn(trx, { tokenId: token.id, journalId: posted.journalId, measuredAt, at: now });
    accounts.add(token.accountId);
  }
  return [...accounts];
}
