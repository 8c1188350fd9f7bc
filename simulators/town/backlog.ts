import { setImmediate } from "node:timers/promises";
import type { Logger } from "pino";
import { DAY_MS, HOUR_MS, type Instant } from "../../domain/instant.ts";
import type { TownMeter } from "./meter.ts";
import { backlogElement, backlogMessage, type Message, messageOf } from "./payload.ts";
import { Sender } from "./sender.ts";
import type { TownState } from "./state.ts";
import type { Town } from "./town.ts";

export type BacklogProgress = { readonly readings: number; readonly of: number };

export type BacklogOptions = {
  readonly town: Town;
  readonly state: TownState;
  /** Readings measured in `[from, to]`, on each device's own grid and at the end. */
  readonly from: Instant;
  readonly to: Instant;
  readonly mqttUrl: string;
  readonly passwordOf: (username: string) => string;
  readonly log: Logger;
  readonly onProgress?: (progress: BacklogProgress) => void;
  readonly signal?: AbortSignal;
};

/** How often a device stores a reading: whole steps of Zhejiang's local day. */
export const STEP_MS = { electricity: HOUR_MS, water: 6 * HOUR_MS, gas: DAY_MS, heat: HOUR_MS } as const;
const OFFSET_MS = 8 * HOUR_MS;
const READINGS_PER_MESSAGE = 200;
const MESSAGES_ON_THE_WAY = 8;
/** A network server sends one uplink per message. */
const UPLINKS_ON_THE_WAY = 64;

/**
 * What the devices kept while nobody listened goes to the broker, as when a gateway comes back: many readings in a
 * message, one connection per client, QoS 1. Sent twice, the readings book answers `already`.
 * Resolves when the broker acknowledged all. @returns how many register values were sent
 */
export async function uploadBacklog(options: BacklogOptions): Promise<number> {
  const { town, from, to } = options;
  const byClient = Map.groupBy(town.meters, (meter) => meter.mqtt.client);
  const of = town.meters.reduce((sum, meter) => sum + timesOf(meter, from, to).length * valuesPer(meter), 0);
  let readings = 0;
  const acknowledged = (count: number): void => {
    readings += count;
    options.onProgress?.({ readings, of });
  };
  await Promise.all([...byClient].map(([client, meters]) => uploadOf(options, client, meters, acknowledged)));
  options.signal?.throwIfAborted();
  options.state.keepUploaded(to);
  return readings;
}

const valuesPer = (meter: TownMeter): number =>
  (meter.twoRate ? 3 : 1) + (meter.gives === undefined ? 0 : 1) + (meter.reactiveShare === undefined ? 0 : 2);

/** When a device stored something between two instants. */
export function storedTimes(meter: TownMeter, from: Instant, to: Instant): Instant[] {
  const step = STEP_MS[meter.utility];
  const times: Instant[] = [];
  for (let at = Math.ceil((from + OFFSET_MS) / step) * step - OFFSET_MS; at <= to; at += step)
    times.push(at as Instant);
  return times;
}

/** The grid, and the moment of the upload itself: what is known then is not a day old. */
function timesOf(meter: TownMeter, from: Instant, to: Instant): Instant[] {
  const times = storedTimes(meter, from, to);
  const last = Math.floor(to / 1000) * 1000; // some devices tell whole seconds
  if (last >= from && last > (times.at(-1) ?? Number.NEGATIVE_INFINITY)) times.push(last as Instant);
  return times;
}

async function uploadOf(
  options: BacklogOptions,
  username: string,
  meters: readonly TownMeter[],
  acknowledged: (readings: number) => void,
): Promise<void> {
  const { mqttUrl: url, passwordOf, log, signal } = options;
  const password = passwordOf(username);
  const window = meters.some((m) => m.mqtt.dialect === "chirpstack") ? UPLINKS_ON_THE_WAY : MESSAGES_ON_THE_WAY;
  const sender = new Sender({ url, username, password, log, window, keepMax: Number.POSITIVE_INFINITY });
  const stop = (): void => void sender.stop();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    for (const { message, readings } of messagesOf(options, username, meters)) {
      if (signal?.aborted === true) return;
      sender.send(message.topic, message.payload, () => acknowledged(readings));
      if (sender.pending >= 2 * window) await sender.room(window + 1);
      else await setImmediate(); // the broker may live in this very process
    }
    await sender.room();
  } finally {
    signal?.removeEventListener("abort", stop);
    await sender.stop();
  }
}

/** In order of time, all meters of the client together: so that an interrupted upload leaves no holes behind it. */
function* messagesOf(
  { state, from, to }: BacklogOptions,
  username: string,
  meters: readonly TownMeter[],
): Generator<{ message: Message; readings: number }> {
  const due = meters.flatMap((meter) => timesOf(meter, from, to).map((at) => ({ meter, at })));
  due.sort((a, b) => a.at - b.at);
  let elements: Record<string, string>[] = [];
  let readings = 0;
  for (const { meter, at } of due) {
    if (meter.mqtt.dialect === "chirpstack") {
      yield { message: messageOf(meter, state, at), readings: 1 };
      continue;
    }
    elements.push(backlogElement(meter, state, at));
    readings += valuesPer(meter);
    if (readings < READINGS_PER_MESSAGE) continue;
    yield { message: backlogMessage(username, elements), readings };
    elements = [];
    readings = 0;
  }
  if (elements.length > 0) yield { message: backlogMessage(username, elements), readings };
}
