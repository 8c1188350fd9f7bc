import modbus from "modbus-serial";
import { BLOCKS, IN_FLIGHT, unitsOf } from "./town.ts";

/** modbus-serial on Modbus TCP, for comparison: the same requests, as many under way. */
export class LibraryClient {
  transactions = 0;
  #running = true;
  readonly #clients: InstanceType<typeof modbus.default>[] = [];
  readonly #loops: Promise<void>[] = [];

  static async start(ports: readonly number[]): Promise<LibraryClient> {
    const all = new LibraryClient();
    for (const [gateway, port] of ports.entries()) {
      const client = new modbus.default();
      await client.connectTCP("127.0.0.1", { port });
      client.setTimeout(1000);
      all.#clients.push(client);
      const idle = unitsOf(gateway);
      for (let i = 0; i < IN_FLIGHT; i++) all.#loops.push(all.#loop(client, idle));
    }
    return all;
  }

  async #loop(client: InstanceType<typeof modbus.default>, idle: number[]): Promise<void> {
    while (this.#running) {
      const unitId = idle.shift() ?? 1;
      for (const { address, count } of BLOCKS) {
        client.setID(unitId);
        await client.readInputRegisters(address, count);
        this.transactions++;
      }
      idle.push(unitId);
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#loops);
    for (const client of this.#clients) client.close(() => {});
  }
}
