import type { Client } from "aedes";
import { subscriptionsOf } from "./internals.ts";
import { filterMatches } from "../domain/topic.ts";

/** What became of a command on its way. `sent`: the device subscribed with QoS 0 and cannot say. None of them proves that it acted. */
export type CommandDelivery = "acknowledged" | "sent" | "not_connected" | "timeout";

type Waiting = { readonly topic: string; readonly payload: Buffer; settle(delivery: CommandDelivery): void };

/** One signed-in connection. */
export type Session = {
  readonly username: string;
  readonly client: Client;
  waiting: Waiting | null;
  queue: Promise<unknown>;
};

export const session = (username: string, client: Client): Session => ({
  username,
  client,
  waiting: null,
  queue: Promise.resolve(),
});

/**
 * Commands go to devices that are connected now, one at a time, and are never kept for later: a cut that waits in a queue
 * could come after the payment. A device that was away is asked again by the outbox.
 */
export function deliver(to: Session, topic: string, payload: Buffer, timeoutMs: number): Promise<CommandDelivery> {
  const next = to.queue.then(() => deliverNow(to, topic, payload, timeoutMs));
  to.queue = next;
  return next;
}

function deliverNow(to: Session, topic: string, payload: Buffer, timeoutMs: number): Promise<CommandDelivery> {
  const qos = subscribedQos(to.client, topic);
  if (to.client.closed || qos === null) return Promise.resolve("not_connected");
  return new Promise((resolve) => {
    const timer = setTimeout(() => to.waiting?.settle("timeout"), timeoutMs);
    to.waiting = {
      topic,
      payload,
      settle(delivery) {
        clearTimeout(timer);
        to.waiting = null;
        resolve(delivery);
      },
    };
    const packet = { cmd: "publish", topic, payload, qos: qos === 0 ? 0 : 1, retain: false, dup: false } as const;
    to.client.publish(packet, (error) => {
      if (error) to.waiting?.settle("not_connected");
      else if (qos === 0) to.waiting?.settle("sent");
    });
  });
}

/** The best QoS with which a client hears a topic; null when it does not. */
export function subscribedQos(client: Client, topic: string): number | null {
  let best: number | null = null;
  for (const [filter, qos] of subscriptionsOf(client))
    if (qos < 128 && filterMatches(filter, topic) && (best === null || qos > best)) best = qos;
  return best;
}

/** Whether a packet that aedes is about to send is the command under way: all else is left over from an earlier connection. */
export const isUnderWay = (to: Session, topic: string, payload: Uint8Array | string): boolean =>
  to.waiting !== null && to.waiting.topic === topic && to.waiting.payload.equals(Buffer.from(payload));
