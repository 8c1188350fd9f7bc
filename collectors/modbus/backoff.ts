/** A number from 0 to below 1: chance comes from the shell. */
export type Random = () => number;

export type Backoff = { readonly minMs: number; readonly maxMs: number };

/** A slave that does not answer: after 1, 2, 4 … s, at last every 5 min. */
export const SLAVE_BACKOFF: Backoff = { minMs: 1000, maxMs: 300_000 };
/** A link that cannot be opened: for ever, at least every 30 s. */
export const LINK_BACKOFF: Backoff = { minMs: 250, maxMs: 30_000 };

/** Doubled with each failure and spread by ±25 %, so that a hundred gateways that restart together are not met together. */
export function pauseMs(backoff: Backoff, failures: number, random: Random): number {
  if (failures <= 0) return 0;
  const full = Math.min(backoff.maxMs, backoff.minMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full * (0.75 + random() / 2));
}
