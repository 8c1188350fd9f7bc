import mqtt, { type MqttClient } from "mqtt";

/** Dialects of single relays that one buys: how each says and hears its switch, as their documentation has it. */
export type RelayDialect = "tasmota" | "shelly-gen1" | "shelly-gen2" | "zigbee2mqtt";

/** What goes wrong with the next orders; the names are those of the fault catalogue where it has them. */
export type RelayFaults = {
  /** Carried out, and neither answer nor state is said by itself. */
  "ack-lost"?: boolean;
  /** The answer comes so many milliseconds late. */
  "ack-late"?: number;
  /** The state is told the wrong way round. */
  "relay-lies"?: boolean;
  /** Acknowledged, and the relay does not move. */
  "relay-stuck"?: boolean;
  /** Says open, and current flows. */
  "relay-welded"?: boolean;
  /** An error in place of the deed, where the dialect has answers. */
  refuses?: string;
};

export type RelayDeviceOptions = {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly dialect: RelayDialect;
  /** Its name in topics. */
  readonly device: string;
};

type Said = { readonly topic: string; readonly payload: string };
type Order =
  | { readonly kind: "set"; readonly on: boolean; readonly rpc?: Rpc }
  | { readonly kind: "ask"; readonly rpc?: Rpc };
type Rpc = { readonly id: unknown; readonly src: string };

type Speech = {
  readonly listens: readonly string[];
  order(topic: string, payload: string): Order | null;
  state(on: boolean): readonly Said[];
  /** The answer to a numbered request, beside the state. */
  readonly answer?: (rpc: Rpc, order: Order, on: boolean, error: string | null) => Said;
};

/** One relay with an energy meter behind it, at a real broker. */
export class RelayDevice {
  readonly faults: RelayFaults = {};
  /** Orders that it carried out or refused. */
  readonly heard: Order[] = [];
  readonly #speech: Speech;
  readonly #client: MqttClient;
  readonly #timers = new Set<NodeJS.Timeout>();
  #closed = true;
  #welded = false;

  constructor({ url, username, password, dialect, device }: RelayDeviceOptions) {
    this.#speech = SPEECHES[dialect](device);
    this.#client = mqtt.connect(url, { username, password, clientId: `relay-${device}`, clean: true });
    this.#client.on("message", (topic, payload) => this.#hear(topic, payload.toString("utf8")));
  }

  /** Resolves when it listens. */
  async ready(): Promise<void> {
    if (!this.#client.connected) await new Promise<void>((resolve) => this.#client.once("connect", () => resolve()));
    await this.#client.subscribeAsync([...this.#speech.listens], { qos: 1 });
  }

  /** Whether the relay's contacts let current through. */
  get flows(): boolean {
    return this.#closed || this.#welded;
  }

  /** Somebody presses the button on it. */
  press(): void {
    this.#move(!this.#closed);
    this.#sayState();
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#client.endAsync(true);
  }

  #hear(topic: string, payload: string): void {
    const order = this.#speech.order(topic, payload);
    if (order === null) return;
    const error = order.kind === "set" ? (this.faults.refuses ?? null) : null;
    if (order.kind === "set") this.heard.push(order);
    if (order.kind === "set" && error === null && this.faults["relay-stuck"] !== true) this.#move(order.on);
    if (order.kind === "set" && this.faults["ack-lost"] === true) return;
    const { answer } = this.#speech;
    const said = order.rpc === undefined || answer === undefined ? [] : [answer(order.rpc, order, this.#told, error)];
    this.#later(() => {
      for (const one of said) this.#say(one);
      if (error === null) this.#sayState();
    });
  }

  #move(on: boolean): void {
    this.#welded = !on && this.faults["relay-welded"] === true;
    this.#closed = on;
  }

  get #told(): boolean {
    return this.faults["relay-lies"] === true ? !this.#closed : this.#closed;
  }

  #sayState(): void {
    for (const said of this.#speech.state(this.#told)) this.#say(said);
  }

  #say({ topic, payload }: Said): void {
    this.#client.publish(topic, payload, { qos: 1 });
  }

  #later(act: () => void): void {
    const ms = this.faults["ack-late"] ?? 0;
    if (ms === 0) return act();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}

const onOff = (on: boolean): "ON" | "OFF" => (on ? "ON" : "OFF");
const switchOf = (text: string): Order | null =>
  /^(on|off)$/i.test(text) ? { kind: "set", on: text.toLowerCase() === "on" } : null;

const SPEECHES: Readonly<Record<RelayDialect, (device: string) => Speech>> = {
  tasmota: (device) => ({
    listens: [`cmnd/${device}/#`],
    order: (topic, payload) =>
      topic !== `cmnd/${device}/POWER` ? null : payload === "" ? { kind: "ask" } : switchOf(payload),
    state: (on) => [
      { topic: `stat/${device}/RESULT`, payload: JSON.stringify({ POWER: onOff(on) }) },
      { topic: `stat/${device}/POWER`, payload: onOff(on) },
    ],
  }),
  "shelly-gen1": (device) => ({
    listens: [`shellies/${device}/relay/0/command`, `shellies/${device}/command`],
    order: (topic, payload) =>
      topic.endsWith("/relay/0/command") ? switchOf(payload) : payload === "update" ? { kind: "ask" } : null,
    state: (on) => [{ topic: `shellies/${device}/relay/0`, payload: on ? "on" : "off" }],
  }),
  "shelly-gen2": (device) => ({
    listens: [`${device}/rpc`],
    order: (_topic, payload) => rpcOrder(payload),
    state: (on) => [
      { topic: `${device}/status/switch:0`, payload: JSON.stringify({ id: 0, source: "MQTT", output: on }) },
    ],
    answer: ({ id, src }, order, on, error) => ({
      topic: `${src}/rpc`,
      payload: JSON.stringify({
        id,
        src: device,
        dst: src,
        ...(error !== null
          ? { error: { code: -105, message: error } }
          : order.kind === "set"
            ? { result: { was_on: !order.on } }
            : { result: { "switch:0": { id: 0, output: on } } }),
      }),
    }),
  }),
  zigbee2mqtt: (device) => ({
    listens: [`zigbee2mqtt/${device}/set`, `zigbee2mqtt/${device}/get`],
    order: (topic, payload) =>
      topic.endsWith("/get") ? { kind: "ask" } : switchOf(textOf(jsonOf(payload)?.["state"])),
    state: (on) => [{ topic: `zigbee2mqtt/${device}`, payload: JSON.stringify({ state: onOff(on) }) }],
  }),
};

function rpcOrder(payload: string): Order | null {
  const request = jsonOf(payload);
  const params = request?.["params"] as { id?: unknown; on?: unknown } | undefined;
  const rpc = { id: request?.["id"], src: textOf(request?.["src"]) };
  if (request?.["method"] === "Shelly.GetStatus") return { kind: "ask", rpc };
  const isSet = request?.["method"] === "Switch.Set" && params?.id === 0 && typeof params.on === "boolean";
  return isSet ? { kind: "set", on: params.on === true, rpc } : null;
}

function jsonOf(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
