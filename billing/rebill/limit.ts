import type { Transaction } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { addMonths, type Day, day, dayOf, startOfDay, type Zone } from "../../domain/period.ts";
import { type RebillTerms, rebillTermsOn } from "../../ledger/rebill-terms.ts";
import type { Tables } from "../../schema/tables.ts";

/** The first day whose bills may be corrected, and the terms that say so. */
export type RebillLimit = RebillTerms & { readonly since: Day };

export async function rebillLimit(trx: Transaction<Tables>, now: Instant, zone: Zone): Promise<RebillLimit> {
  const today = dayOf(now, zone);
  const terms = await rebillTermsOn(trx, today);
  return { ...terms, since: addMonths(day(`${today.slice(0, 7)}-01`), -terms.monthsBack) };
}

/**
 * Where a replay begins: the month asked for, or the operator's limit.
 * @param month `YYYY-MM`
 * @throws CodedError `rebill.too-far` beyond the limit
 */
export function replayFrom({ since, monthsBack }: RebillLimit, month: string | undefined, zone: Zone): Instant {
  const first = month === undefined ? since : day(`${month}-01`);
  if (first < since) {
    throw new CodedError(
      "rebill.too-far",
      `Bills of ${month} are beyond the ${monthsBack} months that this operator corrects: ${since.slice(0, 7)} is the first.`,
    );
  }
  return startOfDay(first, zone);
}
