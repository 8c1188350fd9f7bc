import mqtt, { type MqttClient } from "mqtt";
import type { Logger } from "pino";

export type SenderOptions = {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly log: Logger;
  /** Messages on the way at once. */
  readonly window?: number;
  /** A device's memory: beyond it the oldest message is lost. */
  readonly keepMax?: number;
  readonly onMessage?: (topic: string, payload: Buffer) => void;
  readonly subscribe?: readonly string[];
};

/**
 * One device's or gateway's connection. Messages go with QoS 1 in their order; what is not acknowledged is kept and sent
 * again after the next connect.
 */
export class Sender {
  readonly #client: MqttClient;
  readonly #waiting: { topic: string; payload: string; done: (() => void) | null }[] = [];
  readonly #options: SenderOptions;
  #onTheWay = 0;
  #dropped = 0;
  #stopped = false;
  #idle: (() => void)[] = [];

  constructor(options: SenderOptions) {
    this.#options = options;
    const { url, username, log } = options;
    this.#client = mqtt.connect(url, {
      clientId: `town-${username}-${Math.random().toString(16).slice(2, 8)}`,
      ...signInOf(options),
      clean: true,
      reconnectPeriod: 1000,
      connectTimeout: 5_000,
      keepalive: 30,
    });
    this.#client.on("connect", () => {
      for (const filter of options.subscribe ?? []) this.#client.subscribe(filter, { qos: 1 });
      this.#pump();
    });
    if (options.onMessage !== undefined) this.#client.on("message", options.onMessage);
    this.#client.on("error", (error) =>
      log.warn({ client: username, reason: error.message }, "a town device cannot connect"),
    );
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Messages kept or on the way. */
  get pending(): number {
    return this.#waiting.length + this.#onTheWay;
  }

  /** @param done called once the broker acknowledged */
  send(topic: string, payload: string, done: (() => void) | null = null): void {
    if (this.#waiting.length >= (this.#options.keepMax ?? 5000)) {
      this.#waiting.shift();
      this.#dropped++;
    }
    this.#waiting.push({ topic, payload, done });
    this.#pump();
  }

  /** Resolves when fewer than `below` messages are pending, or when the sender stops. */
  async room(below = 1): Promise<void> {
    while (this.pending >= below && !this.#stopped) await new Promise<void>((woken) => this.#idle.push(woken));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await this.#client.endAsync(true).catch(() => {});
  }

  /** As a cable that is pulled: the device connects again by itself. */
  drop(): void {
    this.#client.stream.destroy();
  }

  #pump(): void {
    while (!this.#stopped && this.#client.connected && this.#onTheWay < (this.#options.window ?? 8)) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#onTheWay++;
      this.#client.publish(next.topic, next.payload, { qos: 1 }, (error) => {
        this.#onTheWay--;
        if (this.#stopped) return;
        if (error === undefined || error === null) next.done?.();
        else this.#waiting.unshift(next);
        this.#wake();
        this.#pump();
      });
    }
  }

  #wake(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const woken of idle) woken();
  }
}

/** A URL that carries a user serves all devices with it. */
function signInOf({ url, username, password }: SenderOptions): { username: string; password: string } {
  const own = new URL(url);
  if (own.username === "") return { username, password };
  return { username: decodeURIComponent(own.username), password: decodeURIComponent(own.password) };
}
