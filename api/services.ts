import type { Instant } from "../domain/instant.ts";
import type { Money } from "../domain/money.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import type { Database } from "../schema/database.ts";

/** What the API asks of billing. The shell gives billing's own functions. */
export type Services = {
  takePayment(
    db: Database,
    payment: {
      readonly operatorId: OperatorId;
      readonly accountId: AccountId;
      readonly amount: Money;
      readonly channel: string;
      readonly key: string;
      readonly at: Instant;
      readonly by: bigint;
    },
  ): Promise<PaymentOutcome>;
  reversePayment(
    db: Database,
    reversal: {
      readonly operatorId: OperatorId;
      readonly journalId: bigint;
      readonly reason: string;
      readonly at: Instant;
      readonly by: bigint;
    },
  ): Promise<ReversalOutcome>;
};

/** `different`: the key stands for another payment. `controlId`: the reconnection that it queued. */
export type PaymentOutcome = {
  readonly kind: "posted" | "already" | "different";
  readonly journalId: bigint;
  readonly controlId?: bigint | null;
};

export type ReversalOutcome =
  | { readonly kind: "posted" | "already"; readonly journalId: bigint }
  | { readonly kind: "not_found" | "not_a_payment" };
