import type { reversePayment, takePayment } from "../billing/payment.ts";
import type { Transaction } from "kysely";
import type { TokenOutcome, TokenWish } from "../billing/tokens/issue.ts";
import type { Buses } from "../domain/bus.ts";
import type { NoticeChannel } from "../domain/notice.ts";
import type { AccountId, MeterId, OperatorId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";

/** What the API asks of billing. The shell gives billing's own functions. */
export type Services = {
  readonly takePayment: typeof takePayment;
  readonly reversePayment: typeof reversePayment;
  /** Makes an offline token under the service's sealing key; absent: none are issued here. */
  readonly issueToken?: (trx: Transaction<Tables>, wish: TokenWish) => Promise<TokenOutcome>;
  /** Told after a payment was posted, so that the prepaid engine need not wait for its next round. */
  onPayment?(operatorId: OperatorId, accountId: AccountId): void;
  /** The Modbus lines of an operator; absent where no collectors run. */
  readonly buses?: Buses;
  /** Told after meters were registered; resolves when the wires know them, with how many readings that waited for them were booked. */
  onRegister?(operatorId: OperatorId): Promise<number>;
  /** Told after a meter was registered, moved or got another ratio: resolves when the wires know it. */
  onMeterLife?(operatorId: OperatorId, meterId: MeterId, what: "registered" | "changed"): Promise<void>;
  /** Told after a person decided about readings: bills that waited for it are tried again. */
  onJudged?(operatorId: OperatorId): void;
  /** Which ways notices can take, the secret of carriers' callbacks, and a nudge after one was queued. */
  readonly notices?: { readonly channels: readonly NoticeChannel[]; readonly secret: string | null; wake(): void };
};
