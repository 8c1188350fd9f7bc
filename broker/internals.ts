import type { Client } from "aedes";

/**
 * The parts of aedes 1.2.0 that it does not document and that this room needs. `openInternals` fails loudly when a later
 * version moved them; nobody else reaches inside.
 */
type Parser = {
  _parseLength(): boolean;
  _emitError(error: Error): boolean;
  packet: { cmd: string; length: number; qos: number };
  _list: { length: number; slice(from: number, to: number): Buffer };
};
type Internals = { _parser: Parser; subscriptions: Record<string, { qos: number }> };

export class OversizedPacket extends Error {
  readonly topic: string;
  readonly head: Uint8Array;
  constructor(length: number, max: number, topic: string, head: Uint8Array) {
    super(`a packet of ${length} bytes; the limit is ${max}`);
    this.name = "OversizedPacket";
    this.topic = topic;
    this.head = head;
  }
}

const HEAD_BYTES = 4_096;

/** Ends a connection at the fixed header of a packet that is too large, before its payload is read. */
export function limitPacketSize(client: Client, max: () => number): void {
  const parser = (client as unknown as Internals)._parser;
  if (typeof parser?._parseLength !== "function") throw new TypeError("aedes: the parser is not where it was");
  const parseLength = parser._parseLength.bind(parser);
  parser._parseLength = () => {
    const parsed = parseLength();
    if (parsed && parser.packet.length > max()) {
      const head = parser._list.slice(0, Math.min(parser._list.length, HEAD_BYTES));
      const { topic, payload } = headOf(parser.packet, head);
      return parser._emitError(new OversizedPacket(parser.packet.length, max(), topic, payload));
    }
    return parsed;
  };
}

/** Topic and first payload bytes, as far as they have arrived. */
function headOf(packet: Parser["packet"], head: Buffer): { topic: string; payload: Uint8Array } {
  if (packet.cmd !== "publish" || head.length < 2) return { topic: `(${packet.cmd})`, payload: head };
  const end = 2 + head.readUInt16BE(0);
  return {
    topic: head.subarray(2, end).toString("utf8"),
    payload: head.subarray(Math.min(head.length, end + (packet.qos > 0 ? 2 : 0))),
  };
}

/** Filters that a connected client is subscribed to, with the granted QoS. */
export const subscriptionsOf = (client: Client): [filter: string, qos: number][] =>
  Object.entries((client as unknown as Internals).subscriptions).map(([filter, sub]) => [filter, sub.qos]);
