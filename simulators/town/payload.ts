import { type Instant, isoOf } from "../../domain/instant.ts";
import { decimalText } from "../../domain/quantity.ts";
import { besideValues } from "./beside.ts";
import { positionOf, valueOf } from "./image.ts";
import type { TownMeter } from "./meter.ts";
import type { TownState } from "./state.ts";
import { toldMicro, toldTime } from "./told.ts";

export type Message = { readonly topic: string; readonly payload: string };

/** What a device of the town says about an instant, in its own dialect. */
export function messageOf(meter: TownMeter, state: TownState, at: Instant): Message {
  switch (meter.mqtt.dialect) {
    case "sanbiao":
      return envelope(meter, state, at);
    case "wmbusmeters":
      return wmbus(meter, state, at);
    case "chirpstack":
      return chirpstack(meter, state, at);
  }
}

/** Topics that a client of the town publishes under, as MQTT filters. */
export function publishFilters(username: string, meters: readonly TownMeter[]): string[] {
  const own = new Set([`sanbiao/v1/${username}/#`]);
  for (const { mqtt, modbus } of meters) {
    if (mqtt.dialect === "wmbusmeters") own.add(`wmbusmeters/${username}/#`);
    else if (mqtt.dialect === "chirpstack") own.add(`application/${APPLICATION_ID}/device/+/event/up`);
    else if (modbus === null) own.add(`sanbiao/v1/${mqtt.deviceKey}/#`);
  }
  return [...own];
}

/** Where a device hears orders; only relays that speak MQTT by themselves have one. */
export const commandTopic = (meter: TownMeter): string | null =>
  meter.hasRelay && meter.modbus === null && meter.mqtt.dialect === "sanbiao"
    ? `sanbiao/v1/${meter.mqtt.deviceKey}/command`
    : null;

const text = (micro: bigint | "sentinel"): string => (micro === "sentinel" ? "nan" : decimalText(micro));
/** JSON has no word for it: a device without a value writes a text. */
const number = (micro: bigint | "sentinel"): number | string =>
  micro === "sentinel" ? "nan" : Number(decimalText(micro));

function envelope(meter: TownMeter, state: TownState, at: Instant): Message {
  return {
    topic: `sanbiao/v1/${meter.mqtt.deviceKey}/readings`,
    payload: JSON.stringify({ t: isoOf(toldTime(meter, state, at)), ...envelopeValues(meter, state, at) }),
  };
}

function envelopeValues(meter: TownMeter, state: TownState, at: Instant): Record<string, string> {
  const values: Record<string, string> = {
    energy_import_kwh: text(toldMicro(meter, state, at)),
    power_w: text(valueOf(meter, state, at, "power_w")),
    ...besideValues(meter, state, at),
  };
  if (meter.hasRelay) values["relay_state"] = positionOf(meter, state, at);
  return values;
}

/** The answer of a relay that did as it was told (or refused): `id` as in the order. */
export function orderAnswer(
  meter: TownMeter,
  state: TownState,
  at: Instant,
  command: { id: string; result?: string; error?: string },
): Message {
  return {
    topic: `sanbiao/v1/${meter.mqtt.deviceKey}/readings`,
    payload: JSON.stringify({ t: isoOf(toldTime(meter, state, at)), ...envelopeValues(meter, state, at), command }),
  };
}

/** As wmbusmeters 1.x publishes an ultrasonic water meter (driver `iperl`). */
function wmbus(meter: TownMeter, state: TownState, at: Instant): Message {
  const payload = {
    _: "telegram",
    media: meter.utility === "gas" ? "gas" : "water",
    meter: "iperl",
    name: `${meter.building}-${meter.room === "" ? "master" : meter.room}`,
    id: meter.serial,
    total_m3: number(toldMicro(meter, state, at)),
    max_flow_m3h: 0,
    timestamp: isoOf(toldTime(meter, state, at)),
  };
  return { topic: `wmbusmeters/${meter.mqtt.client}/${meter.serial}`, payload: JSON.stringify(payload) };
}

export const APPLICATION_ID = "5d1b8a52-4f0e-4c5f-9c57-64aa00640001";

/** A ChirpStack v4 uplink of the demo's gas module: its bytes, with the module's own time in whole seconds. */
function chirpstack(meter: TownMeter, state: TownState, at: Instant): Message {
  const devEui = meter.mqtt.deviceKey;
  const heard = wholeSecond(at);
  const payload = {
    deduplicationId: `00000000-0000-4000-8000-${(at % 0xffff_ffff_ffff).toString(16).padStart(12, "0")}`,
    time: isoOf(at),
    deviceInfo: { applicationId: APPLICATION_ID, applicationName: "gas", deviceName: meter.serial, devEui },
    fCnt: Math.floor(at / 900_000) % 0x1_0000,
    fPort: GAS_PORT,
    confirmed: false,
    data: gasFrame(toldMicro(meter, state, heard as Instant), wholeSecond(toldTime(meter, state, at))).toString(
      "base64",
    ),
  };
  return { topic: `application/${APPLICATION_ID}/device/${devEui}/event/up`, payload: JSON.stringify(payload) };
}

/** Layout `sanbiao-demo-gas` of catalog/meters/lorawan-layouts.ts: seconds, litres, valve open, 3.6 V. */
const GAS_PORT = 10;
const wholeSecond = (at: number): number => Math.floor(at / 1000) * 1000;
function gasFrame(micro: bigint | "sentinel", heard: number): Buffer {
  const bytes = Buffer.alloc(11);
  bytes.writeUInt8(0x53, 0);
  bytes.writeUInt32BE(heard / 1000, 1);
  bytes.writeUInt32BE(micro === "sentinel" ? 0xffff_ffff : Number(micro / 1000n) % 0x1_0000_0000, 5);
  bytes.writeUInt8(1, 9);
  bytes.writeUInt8(36, 10);
  return bytes;
}

/** One reading of the `backlog` envelope. */
export function backlogElement(meter: TownMeter, state: TownState, at: Instant): Record<string, string> {
  const element: Record<string, string> = { device: meter.mqtt.deviceKey, t: isoOf(at) };
  if (meter.utility !== "electricity") return { ...element, volume_m3: text(toldMicro(meter, state, at)) };
  element["energy_import_kwh"] = text(toldMicro(meter, state, at));
  Object.assign(element, besideValues(meter, state, at));
  if (meter.twoRate) {
    element["energy_import_peak_kwh"] = text(toldMicro(meter, state, at, "peak"));
    element["energy_import_valley_kwh"] = text(toldMicro(meter, state, at, "valley"));
  }
  return element;
}

export const backlogMessage = (username: string, readings: readonly Record<string, string>[]): Message => ({
  topic: `sanbiao/v1/${username}/backlog`,
  payload: JSON.stringify({ readings }),
});
