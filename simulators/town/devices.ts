import type { Logger } from "pino";
import { type Instant, MINUTE_MS } from "../../domain/instant.ts";
import type { Period } from "../../domain/period.ts";
import { deliveriesOf } from "../faults/uplink.ts";
import { storedTimes } from "./backlog.ts";
import type { TownClock } from "./clock.ts";
import { CommandEar, type DeviceSecrets } from "./command-ear.ts";
import type { RelayOrder } from "./image.ts";
import type { Dialect, TownMeter } from "./meter.ts";
import { backlogElement, backlogMessage, commandTopic, type Message, messageOf } from "./payload.ts";
import { hash32 } from "./random.ts";
import { Sender } from "./sender.ts";
import type { TownState } from "./state.ts";
import type { Town } from "./town.ts";

export type DevicesOptions = {
  readonly town: Town;
  readonly state: TownState;
  readonly clock: TownClock;
  readonly url: string;
  readonly passwordOf: (username: string) => string;
  readonly log: Logger;
  /** Carries an order out and calls back when the relay stands. */
  readonly onOrder: (meter: TownMeter, order: RelayOrder, done: () => void) => void;
  /** Keys of devices that take signed orders only; absent: none. */
  readonly secretsOf?: DeviceSecrets;
  /** How often a device speaks, town time, in place of the usual. */
  readonly everyMs?: Partial<Record<Dialect, number>>;
  /** Told of each message that the broker acknowledged, with what is in it as it was sent. */
  readonly onAcknowledged?: (meter: TownMeter, message: Message) => void;
};

/** How often a live device speaks, town time. */
const EVERY_MS: Readonly<Record<Dialect, number>> = {
  sanbiao: MINUTE_MS,
  wmbusmeters: 5 * MINUTE_MS,
  chirpstack: 15 * MINUTE_MS,
};
const TICK_MS = 200;
/** After a pause of the process at most so many missed moments per device are made up for. */
const MISSED_MAX = 200;
const STORED_PER_MESSAGE = 100;

/** The devices that speak MQTT by themselves, live. A device's moments lie on its own grid: a restart meets the same ones. */
export class Devices {
  readonly #options: DevicesOptions;
  readonly #senders = new Map<string, Sender>();
  readonly #next = new Map<TownMeter, number>();
  readonly #muted = new Set<string>();
  /** Messages that a fault holds back, or that are to come again. */
  readonly #held: { meter: TownMeter; message: Message; due: Instant }[] = [];
  readonly #ear: CommandEar;
  readonly #timer: NodeJS.Timeout;

  constructor(options: DevicesOptions) {
    this.#options = options;
    const { town, state, clock, url, passwordOf, log } = options;
    this.#ear = new CommandEar({
      state,
      clock,
      secretsOf: options.secretsOf ?? (() => null),
      say: (meter, message) => this.#say(meter, message),
      onOrder: options.onOrder,
      onHistory: (meter, stretch) => this.#tellStored(meter, stretch),
    });
    const live = town.meters.filter((meter) => meter.modbus === null);
    const now = clock.now();
    for (const [username, meters] of Map.groupBy(live, (meter) => meter.mqtt.client)) {
      const subscribe = meters.flatMap((meter) => commandTopic(meter) ?? []);
      this.#senders.set(
        username,
        new Sender({
          url,
          username,
          password: passwordOf(username),
          log,
          subscribe,
          onMessage: (topic, payload) => this.#onCommand(topic, payload),
        }),
      );
    }
    for (const meter of live) this.#next.set(meter, firstMoment(meter, this.#every(meter), now));
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Messages that the broker did not take yet. */
  get pending(): number {
    return this.#senders.values().reduce((sum, sender) => sum + sender.pending, this.#held.length);
  }

  get connected(): number {
    return this.#senders.values().reduce((sum, sender) => sum + (sender.connected ? 1 : 0), 0);
  }

  /** A device that fell silent; it keeps nothing meanwhile. */
  mute(serial: string, silent = true): void {
    if (silent) this.#muted.add(serial);
    else this.#muted.delete(serial);
  }

  dropConnections(): void {
    for (const sender of this.#senders.values()) sender.drop();
  }

  /** A device speaks now, out of turn: the relay moved. */
  speak(meter: TownMeter): void {
    if (meter.modbus !== null || this.#muted.has(meter.serial)) return;
    this.#say(meter, messageOf(meter, this.#options.state, this.#options.clock.now()));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#ear.stop();
    await Promise.all(this.#senders.values().map((sender) => sender.stop()));
  }

  /** All that is due by the town's clock leaves, or waits in its sender; when it is all acknowledged, the promise resolves. */
  async step(): Promise<void> {
    this.#tick();
    await Promise.all(this.#senders.values().map((sender) => sender.room()));
  }

  #every(meter: TownMeter): number {
    return this.#options.everyMs?.[meter.mqtt.dialect] ?? EVERY_MS[meter.mqtt.dialect];
  }

  #tick(): void {
    const { clock, state } = this.#options;
    const now = clock.now();
    for (const [meter, due] of this.#next) {
      if (due > now) continue;
      const every = this.#every(meter);
      let at = Math.max(due, due + every * (Math.floor((now - due) / every) - MISSED_MAX));
      for (; at <= now; at += every)
        if (!this.#muted.has(meter.serial)) this.#report(meter, messageOf(meter, state, at as Instant), at as Instant);
      this.#next.set(meter, at);
    }
    this.#sendHeld(now);
  }

  /** A report of the device's own grid may come late, twice, or after the next one; an answer to an order may not. */
  #report(meter: TownMeter, message: Message, at: Instant): void {
    for (const due of deliveriesOf(this.#options.state.faults, meter, at))
      if (due === at) this.#say(meter, message);
      else this.#held.push({ meter, message, due });
  }

  #sendHeld(now: Instant): void {
    const due = this.#held.filter((held) => held.due <= now).sort((a, b) => a.due - b.due);
    if (due.length === 0) return;
    for (const { meter, message } of due) this.#say(meter, message);
    const later = this.#held.filter((held) => held.due > now);
    this.#held.splice(0, this.#held.length, ...later);
  }

  #say(meter: TownMeter, message: Message): void {
    const { onAcknowledged } = this.#options;
    const done = onAcknowledged === undefined ? null : () => onAcknowledged(meter, message);
    this.#senders.get(meter.mqtt.client)?.send(message.topic, message.payload, done);
  }

  /** What it stored by the hour, though it may have been silent meanwhile; nothing of what is still to come. */
  #tellStored(meter: TownMeter, { from, to }: Period): void {
    const { state, clock } = this.#options;
    const until = Math.min(to, clock.now()) as Instant;
    const elements = storedTimes(meter, from, until).map((at) => backlogElement(meter, state, at));
    for (let i = 0; i < elements.length; i += STORED_PER_MESSAGE)
      this.#say(meter, backlogMessage(meter.mqtt.deviceKey, elements.slice(i, i + STORED_PER_MESSAGE)));
  }

  #onCommand(topic: string, payload: Buffer): void {
    const meter = this.#options.town.meters.find((m) => commandTopic(m) === topic);
    if (meter !== undefined) this.#ear.hear(meter, payload);
  }
}

/** Where a device's own grid lies: it speaks whenever the time, divided by `every`, leaves this. */
export const phaseOf = (meter: TownMeter, every: number): number =>
  (hash32(meter.loads[0]?.seed ?? 0, 30) % (every / 1000)) * 1000;
function firstMoment(meter: TownMeter, every: number, now: Instant): number {
  const offset = phaseOf(meter, every);
  return Math.ceil((now - offset) / every) * every + offset;
}
