import type { MessageMap, MqttProfile, PayloadUnit, ValueMap } from "../../domain/profile.ts";
import type { RegisterName } from "../../domain/register.ts";

/** Channel 0 is the device, others its parts. */
const channels = (register: RegisterName, unit?: PayloadUnit, more: Partial<ValueMap> = {}): ValueMap[] =>
  [0, 1, 2, 3].map((n) => ({
    register,
    name: `^${n}$`,
    ...(unit === undefined ? {} : { unit }),
    ...(n === 0 ? {} : { part: `${n}` }),
    ...more,
  }));

const text = (end: string, values: ValueMap[]): MessageMap => ({
  topic: `shellies/{device}/${end}`,
  payload: "text",
  values,
});

const SWITCHED = { on: "connected", off: "disconnected", overpower: "fault" } as const;

export const shellyGen1: MqttProfile = {
  kind: "mqtt",
  id: "shelly-gen1",
  maker: "Shelly",
  model: "Gen1: 1PM, plugs, EM, 3EM (one value per topic)",
  utilities: ["electricity"],
  sources: [
    {
      title: "Shelly Gen1 MQTT documentation",
      link: "https://shelly-api-docs.shelly.cloud/gen1/",
      note: "emeter totals are Wh; relay energies are watt-minutes and start at 0 after a restart: not for billing",
    },
  ],
  confidence: "documented",
  messages: [
    text("emeter/{name}/total", channels("energy_import_kwh", "Wh")),
    text("emeter/{name}/total_returned", channels("energy_export_kwh", "Wh")),
    text("emeter/{name}/power", channels("power_w")),
    text("emeter/{name}/voltage", channels("voltage_l1_v")),
    text("emeter/{name}/current", channels("current_l1_a")),
    text("relay/{name}/energy", channels("energy_import_kwh", "Wmin")),
    text("relay/{name}/power", channels("power_w")),
    text("relay/{name}", channels("relay_state", undefined, { states: SWITCHED })),
    text("online", [{ register: "online_state", codes: { true: 1, false: 0 } }]),
    { topic: "shellies/{rest}", payload: "text", values: [], ignore: true },
  ],
  control: {
    commands: {
      trip: { topic: "shellies/{device}/relay/0/command", payload: "off" },
      direct_close: { topic: "shellies/{device}/relay/0/command", payload: "on" },
    },
    status: { topic: "shellies/{device}/command", payload: "update" },
    readBack: "relay_state",
  },
  samples: [
    {
      title: "a total in watt-hours",
      topic: "shellies/shellyem3-ABC/emeter/0/total",
      payload: "1234567.8",
      expect: { device: "shellyem3-abc", readings: { energy_import_kwh: "1234.5678" } },
    },
    {
      title: "a relay in plain text",
      topic: "shellies/shelly1-ABC/relay/0",
      payload: "on",
      expect: { device: "shelly1-abc", readings: { relay_state: "connected" } },
    },
    {
      title: "a total that is not a number",
      topic: "shellies/shellyem3-ABC/emeter/1/total",
      payload: "null",
      expect: { device: "shellyem3-abc:1", readings: {}, refused: { energy_import_kwh: "not_a_number" } },
    },
  ],
};
