import type { Socket } from "node:net";
import type { Client } from "aedes";
import type { Logger } from "pino";
import type { Clock } from "../domain/instant.ts";
import type { RefusalReason } from "../domain/refusal.ts";
import type { BrokerClient, Refusals } from "./client.ts";

export type Complaint = {
  readonly reason: RefusalReason;
  readonly detail: string;
  readonly address: string;
  readonly payload?: Uint8Array;
};

/** Writes down what the broker itself refuses: a row one can look at, the metric (by the refusals book), a line of log. */
export type Complain = (client: Client, known: BrokerClient | undefined, complaint: Complaint) => Promise<void>;

const PAYLOAD_MAX = 4_096;
const ADDRESS_MAX = 500;

/** Strangers stand under their network address, so that invented user names do not make a row each. */
export function complaints(settings: { refusals: Refusals; clock: Clock; log: Logger }): Complain {
  const { refusals, clock, log } = settings;
  return (client, known, { reason, detail, address, payload }) => {
    const remote = remoteOf(client);
    log.warn({ reason, detail, address, username: known?.username, remote, clientId: client.id }, "mqtt refused");
    return refusals.keep({
      operatorId: known?.operatorId ?? null,
      receivedAt: clock.now(),
      origin: known === undefined ? `mqtt:@${remote}` : `mqtt:${known.username}`,
      address: address.slice(0, ADDRESS_MAX),
      reason,
      detail,
      payload: (payload ?? new Uint8Array()).slice(0, PAYLOAD_MAX),
    });
  };
}

export const remoteOf = (client: Client): string => (client.conn as Socket).remoteAddress ?? "unknown";
