/**
 * A light MQTT generator in its own process: raw packets made beforehand, a window of unacknowledged messages for each
 * connection. Reads its orders from the command line, tells the parent through IPC.
 *   generator.ts PORT FIRST CLIENTS WINDOW MESSAGES DAY READINGS
 */
import { connect } from "node:net";

const [port = 0, first = 0, clients = 0, window = 0, messages = 0, day = 0, readings = 2] = process.argv
  .slice(2)
  .map(Number);
const STEP_MS = 15 * 60_000;

const packetOf = (client: number, n: number): Buffer => {
  const device = `e-${client}`;
  const topic = Buffer.from(`sanbiao/v1/${device}/readings`);
  const t = new Date(day + n * STEP_MS + (client % 900) * 1000).toISOString().replace(".000Z", "Z");
  const power = readings > 1 ? `,"power_w":${(client % 3000) + (n % 10) / 10}` : "";
  const payload = Buffer.from(
    `{"t":"${t}","energy_import_kwh":"${1000 + client}.${String(n).padStart(4, "0")}"${power}}`,
  );
  const length = 2 + topic.length + 2 + payload.length;
  const id = (n % 65_535) + 1;
  const head = length < 128 ? [0x32, length] : [0x32, (length & 127) | 128, length >> 7];
  return Buffer.concat([
    Buffer.from([...head, topic.length >> 8, topic.length & 255]),
    topic,
    Buffer.from([id >> 8, id & 255]),
    payload,
  ]);
};

function connectPacket(client: number): Buffer {
  const field = (text: string) =>
    Buffer.concat([Buffer.from([text.length >> 8, text.length & 255]), Buffer.from(text)]);
  const body = Buffer.concat([
    field("MQTT"),
    Buffer.from([4, 0xc2, 0, 0]),
    field(`c-${client}`),
    field(`c-${client}`),
    field("bench"),
  ]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

/** Sends the next part of a client's packets whenever the window has room; resolves when all are acknowledged. */
function run(client: number, packets: Buffer, ends: number[], start: Promise<void>, ready: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    let acked = 0;
    let sent = 0;
    let bytes = 0; // PUBACKs are four bytes each
    let welcome = false;
    const fill = () => {
      const to = Math.min(messages, acked + window);
      if (to <= sent) return;
      socket.write(packets.subarray(sent === 0 ? 0 : ends[sent - 1], ends[to - 1]));
      sent = to;
    };
    socket.on("connect", () => socket.write(connectPacket(client)));
    socket.on("data", (chunk) => {
      if (!welcome) {
        if (chunk[0] !== 0x20 || chunk[3] !== 0) return reject(new Error(`not welcome: ${chunk.toString("hex")}`));
        welcome = true;
        ready();
        void start.then(fill);
        return;
      }
      bytes += chunk.length;
      acked = bytes >> 2;
      if (acked >= messages) {
        socket.destroy();
        resolve();
      } else if (sent - acked <= window / 2) fill();
    });
    socket.on("error", reject);
    socket.on("close", () =>
      acked < messages ? reject(new Error(`closed after ${acked} of ${messages}`)) : undefined,
    );
  });
}

const prepared = Array.from({ length: clients }, (_, i) => {
  const list = Array.from({ length: messages }, (_unused, n) => packetOf(first + i, n));
  let end = 0;
  return { client: first + i, packets: Buffer.concat(list), ends: list.map((p) => (end += p.length)) };
});
const go = Promise.withResolvers<void>();
process.once("message", () => go.resolve());
let welcomed = 0;
await Promise.all(
  prepared.map(({ client, packets, ends }) =>
    run(client, packets, ends, go.promise, () => {
      if (++welcomed === clients) process.send?.("ready");
    }),
  ),
);
process.send?.("done");
process.disconnect?.();
