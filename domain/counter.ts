import type { Money } from "./money.ts";
import { type Currency, money, moneyOfText } from "./money.ts";

/** How money changes hands at a counter. `wallet` is WeChat Pay or Alipay, `bank` a transfer. */
export const TENDER_KINDS = ["cash", "card", "wallet", "bank", "cheque"] as const;
export type TenderKind = (typeof TENDER_KINDS)[number];

/** `open` takes money; `counted` waits for somebody to say why it does not come out even; `closed` is over. */
export const SHIFT_STATES = ["open", "counted", "closed"] as const;
export type ShiftState = (typeof SHIFT_STATES)[number];

/** When a cheque counts as paid: as it is handed over, or when the bank has paid it. */
export const CHEQUE_COUNTS = ["received", "cleared"] as const;
export type ChequeCounts = (typeof CHEQUE_COUNTS)[number];

/** How an operator wants his counters run. Limits in minor units; `null` = none. */
export type CounterTerms = {
  /** No cash without an open shift. */
  readonly shiftRequired: boolean;
  /** A larger variance is confirmed by a second person. */
  readonly varianceLimit: bigint | null;
  /** A larger payment is reversed by somebody else than who took it. */
  readonly reversalLimit: bigint | null;
  readonly chequeCounts: ChequeCounts;
};

/** So many notes or coins of a face value (decimal text). */
export type Pieces = { readonly face: string; readonly pieces: number };

/** What notes and coins add up to; `null` when a face value is none of this currency's amounts. */
export function sumOfPieces(currency: Currency, all: readonly Pieces[]): Money | null {
  let minor = 0n;
  for (const { face, pieces } of all) {
    const value = moneyOfText(currency, face);
    if (value === null || value.minor <= 0n || !Number.isSafeInteger(pieces) || pieces < 0) return null;
    minor += value.minor * BigInt(pieces);
  }
  return money(currency, minor);
}

export const isBeyond = (minor: bigint, limit: bigint | null): boolean =>
  limit !== null && (minor < 0n ? -minor : minor) > limit;
