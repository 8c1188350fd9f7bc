import type { NoticeMessage } from "../catalog/notices/render.ts";
import type { ClaimedDelivery } from "../ledger/notice-deliveries.ts";
import type { OperatorId } from "../domain/reading.ts";

/** One message to one address. */
export type Outgoing = {
  readonly operator: { readonly id: OperatorId; readonly code: string; readonly name: string };
  readonly delivery: ClaimedDelivery;
  readonly message: NoticeMessage;
  readonly attachments: readonly Attachment[];
};
export type Attachment = { readonly filename: string; readonly type: string; readonly content: Uint8Array };

/**
 * How a sending ended. `delivered`: the receiving side has it. `accepted`: taken over, a report follows. `deferred`: trying again may
 * help. `undeliverable`: this address takes nothing. `refused`: this message is not taken, by any address.
 */
export type Carried = {
  readonly kind: "delivered" | "accepted" | "deferred" | "undeliverable" | "refused";
  /** What the other side said, in its words. */
  readonly detail: string;
};

/** A way out. `send` never throws for what the other side does; it ends within `LEASE_MS`. */
export type Carrier = {
  send(message: Outgoing): Promise<Carried>;
  close(): void;
};

/** So long a sending belongs to its process; every time-out below it is shorter, or a second process would send beside it. */
export const LEASE_MS = 5 * 60_000;
