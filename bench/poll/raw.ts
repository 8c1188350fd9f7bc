import { connect, type Socket } from "node:net";
import { BLOCKS, IN_FLIGHT, unitsOf } from "./town.ts";

/**
 * The reference: the least that a correct reader of healthy gateways can do. The same requests, as many under way on each connection,
 * the requests that follow one chunk of replies in one write; replies are matched by transaction id and taken into words.
 */
export class RawClient {
  transactions = 0;
  checksum = 0;
  readonly #sockets: Socket[] = [];
  #running = true;

  static async start(ports: readonly number[]): Promise<RawClient> {
    const client = new RawClient();
    await Promise.all(ports.map((port, gateway) => client.#open(port, gateway)));
    return client;
  }

  async #open(port: number, gateway: number): Promise<void> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    await new Promise<void>((done, fail) => socket.once("connect", done).once("error", fail));
    this.#sockets.push(socket);
    const units = unitsOf(gateway);
    const pending = new Map<number, { unit: number; block: number }>();
    let next = 0;
    let id = 0;
    const idle = [...units.keys()];
    const write = (out: number[][]): void => {
      if (out.length > 0) socket.write(Buffer.from(out.flat()));
    };
    const request = (unit: number, block: number): number[] => {
      const at = BLOCKS[block];
      if (at === undefined) throw new Error("no block");
      id = (id + 1) & 0xffff;
      pending.set(id, { unit, block });
      return [id >> 8, id & 255, 0, 0, 0, 6, units[unit] ?? 0, 4, at.address >> 8, at.address & 255, 0, at.count];
    };
    let rest: Buffer | null = null;
    socket.on("data", (chunk: Buffer) => {
      const bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
      const out: number[][] = [];
      let at = 0;
      while (bytes.length - at >= 9) {
        const end = at + 6 + bytes.readUInt16BE(at + 4);
        if (end > bytes.length) break;
        const tid = bytes.readUInt16BE(at);
        const { unit, block } = pending.get(tid) ?? { unit: 0, block: 0 };
        pending.delete(tid);
        const words = new Uint16Array((end - at - 9) / 2);
        for (let i = 0, from = at + 9; i < words.length; i++, from += 2) words[i] = bytes.readUInt16BE(from);
        this.checksum = (this.checksum + (words[1] ?? 0)) | 0;
        this.transactions++;
        at = end;
        if (!this.#running) continue;
        if (block + 1 < BLOCKS.length) out.push(request(unit, block + 1));
        else {
          idle.push(unit);
          out.push(request(idle[next++] ?? 0, 0));
          if (next > 1024) {
            idle.splice(0, next);
            next = 0;
          }
        }
      }
      rest = at === bytes.length ? null : Buffer.from(bytes.subarray(at));
      write(out);
    });
    write(Array.from({ length: IN_FLIGHT }, () => request(idle[next++] ?? 0, 0)));
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#sockets.map((socket) => new Promise((done) => socket.once("close", done).destroy())));
  }
}
