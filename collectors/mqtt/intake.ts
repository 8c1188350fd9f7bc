import type { IPublishPacket, MqttClient } from "mqtt";
import type { IncomingMessage, Verdict } from "./ingest.ts";

type Slot = { readonly messageId: number | undefined; done: boolean };

/** The parts of mqtt.js 5.16 that it does not document. */
type Internals = { _sendPacket(packet: { cmd: "puback"; messageId: number; reasonCode: number }): void };

/**
 * Lets one mqtt.js connection hold many messages whose commit is awaited. The library itself handles strictly one message at
 * a time until it is acknowledged (192 a second at 5 ms); so the message is taken out of its hands as it is received, and
 * PUBACKs are sent here: after the commit, in the order of arrival (MQTT 3.1.1, 4.6), never on a later connection. What is
 * not acknowledged is sent again by the broker.
 */
export function intake(
  client: MqttClient,
  take: (message: IncomingMessage, settled: (verdict: Verdict) => void) => void,
  windowMax: number,
): void {
  let order: Slot[] = [];
  let parked: (() => void)[] = [];
  let messageId: number | undefined;

  const acknowledge = (of: Slot[]) => {
    let settled = 0;
    for (const slot of of) {
      if (!slot.done) break;
      settled++;
      if (slot.messageId !== undefined && of === order && client.connected)
        (client as unknown as Internals)._sendPacket({ cmd: "puback", messageId: slot.messageId, reasonCode: 0 });
    }
    of.splice(0, settled);
    if (of === order && order.length < windowMax) release();
  };

  const release = () => {
    const waiting = parked;
    parked = [];
    for (const go of waiting) go();
  };

  // Emitted right before the message is handled: from here on it is a message without acknowledgement for the library.
  client.on("packetreceive", (packet) => {
    if (packet.cmd !== "publish") return;
    messageId = packet.qos > 0 ? packet.messageId : undefined;
    (packet as IPublishPacket).qos = 0;
  });
  client.on("close", () => {
    order = [];
    release();
  });
  client.handleMessage = (packet, callback) => {
    const slot: Slot = { messageId, done: false };
    const of = order;
    of.push(slot);
    const payload = typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
    take({ topic: packet.topic, payload, dup: packet.dup, retained: packet.retain }, (verdict) => {
      if (verdict === "unavailable") {
        if (of === order && client.connected) client.stream.destroy(); // the broker sends it again at the next connection
        return;
      }
      slot.done = true;
      acknowledge(of);
    });
    if (of.length < windowMax) callback();
    else parked.push(() => callback());
  };
}
