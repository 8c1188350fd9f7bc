import type { Pool } from "pg";

/** Every order for an account, the oldest first. */
export const controlsOf = async (owner: Pool, account: bigint) =>
  (
    await owner.query<{ action: string; state: string }>(
      "select action, state from control where account_id = $1 order by id",
      [account],
    )
  ).rows;

/** Where its supply stands, and what is wanted of it. */
export const supplyOf = async (owner: Pool, account: bigint) =>
  (
    await owner.query<{ state: string; desired: string }>("select state, desired from supply where account_id = $1", [
      account,
    ])
  ).rows[0];
