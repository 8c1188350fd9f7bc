import type { Clock } from "../../domain/instant.ts";
import type { Money } from "../../domain/money.ts";
import type { AccountId, OperatorId } from "../../domain/reading.ts";
import type { Database } from "../../schema/database.ts";
import type { AccrualBooks } from "./accrual.ts";
import { readFacts } from "./facts.ts";

/** Ledger balance less unbilled use, as the engine sees it now; `null` when it cannot be told or the account is not prepaid. Decides nothing. */
export async function availableOf(
  deps: AccrualBooks & { readonly db: Database; readonly clock: Clock },
  operatorId: OperatorId,
  accountId: AccountId,
): Promise<Money | null> {
  const known = await deps.db.as(operatorId, (trx) =>
    readFacts(trx, accountId, { ...deps, policies: () => [] }, deps.clock.now()),
  );
  return known?.facts.available ?? null;
}
