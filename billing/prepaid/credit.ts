/** What a credit did, in its own transaction: the books' function `credit_supply` does it, whoever books the credit. */
export type CreditEffect = {
  /** Orders to cut that this credit took back. */
  readonly withdrawn: readonly bigint[];
  /** The order that gives supply back; absent when nothing was cut and nothing had left. */
  readonly reconnect?: bigint;
};

export type CreditRow = { readonly withdrawn: readonly bigint[]; readonly reconnect: bigint | null };

export const effectOf = ({ withdrawn, reconnect }: CreditRow): CreditEffect => ({
  withdrawn,
  ...(reconnect === null ? {} : { reconnect }),
});
