/** What can hold a computed bill before it is issued. */
export const HOLD_KINDS = ["high", "low", "first", "zero_use", "estimated", "total_above", "negative"] as const;
export type HoldKind = (typeof HOLD_KINDS)[number];

/** `high`, `low`: percent of the last bill; `estimated`: bills in a row; `total_above`: minor units; the others: any. */
export type HoldRule = { readonly kind: HoldKind; readonly threshold: bigint };

/** Why a bill waits: a rule and what it found, or a person's word. Whole numbers as text. */
export type HoldReason =
  | { readonly kind: HoldKind; readonly value: string; readonly threshold: string }
  | { readonly kind: "by_hand"; readonly text: string };

export const HELD_STATES = ["held", "work", "released", "cleared"] as const;
export type HeldState = (typeof HELD_STATES)[number];
