import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../../domain/instant.ts";
import type { AccountId } from "../../domain/reading.ts";
import type { Tables } from "../../schema/tables.ts";

export type CreditEffect = {
  /** Orders to cut that this credit took back. */
  readonly withdrawn: readonly bigint[];
  /** The order that gives supply back; absent when nothing was cut and nothing had left. */
  readonly reconnect?: bigint;
};

export type CreditRow = { readonly withdrawn: readonly bigint[]; readonly reconnect: bigint | null };

/**
 * What a credit of any kind and size does to a prepaid supply, in the credit's own transaction: orders to cut that wait
 * are withdrawn, and supply is given back when it is off or an order to cut may be on its way. The books' own function
 * `credit_supply` does it, whoever brings the credit.
 */
export async function creditSupply(
  trx: Transaction<Tables>,
  accountId: AccountId,
  cause: Record<string, string>,
  now: Instant,
): Promise<CreditEffect> {
  const { rows } = await sql<CreditRow>`
    select withdrawn, reconnect from sanbiao.credit_supply(${accountId}, ${JSON.stringify(cause)}::jsonb, ${isoOf(now)}::timestamptz)`.execute(
    trx,
  );
  return effectOf(rows[0] ?? { withdrawn: [], reconnect: null });
}

export const effectOf = ({ withdrawn, reconnect }: CreditRow): CreditEffect => ({
  withdrawn,
  ...(reconnect === null ? {} : { reconnect }),
});
