import type { MqttProfile, ValueMap } from "../../domain/profile.ts";

const SWITCHED = { on: "connected", off: "disconnected" } as const;
/** What the component publishes before it knows anything. */
const skip = ["nan", "", "unknown", "unavailable"];

/** Object ids are chosen in the node's configuration; these are the usual words for a running total. Daily sums start anew and are left out. */
const sensors: ValueMap[] = (
  [
    ["energy_export_kwh", "(^|_)(export|exported|returned|production|produced)(_|$)(?!.*(daily|power|today))"],
    ["energy_import_kwh", "^(?!.*(daily|today|power|cost|month|week|export|return|produc)).*(^|_)energy(_|$)"],
    [
      "volume_m3",
      "^(?!.*(daily|today|flow|rate|cost|month|week|temp|leak|level|pressure|reverse)).*(^|_)(water|gas|volume)(_|$)",
    ],
    ["volume_reverse_m3", "(^|_)reverse_volume(_|$)"],
    ["flow_m3_per_h", "(^|_)flow_m3_?h$"],
    ["power_w", "^(?!.*(factor|daily|apparent|reactive|max|min)).*(^|_)power$"],
    ["power_factor", "(^|_)power_factor$"],
    ["voltage_l1_v", "^(?!.*battery).*(^|_)voltage$"],
    ["battery_v", "(^|_)battery_voltage$"],
    ["current_l1_a", "(^|_)current$"],
    ["frequency_hz", "(^|_)frequency$"],
  ] as const
).map(([register, name]) => ({ register, name, skip }));

export const esphome: MqttProfile = {
  kind: "mqtt",
  id: "esphome",
  maker: "ESPHome",
  model: "Pulse counters, meter readers and relays (one value per topic)",
  utilities: ["electricity", "water", "gas"],
  sources: [
    {
      title: "ESPHome, MQTT client component",
      link: "https://esphome.io/components/mqtt.html",
      note:
        "A unit is not on the wire: totals must be set to kWh or m³ in the node (pulse meters: filters, multiply). " +
        "Names of totals that hold the word energy, water, gas or volume are read.",
    },
  ],
  confidence: "documented",
  messages: [
    { topic: "{device}/sensor/{name}/state", payload: "text", values: sensors },
    {
      topic: "{device}/switch/{name}/state",
      payload: "text",
      values: [
        { register: "valve_state", states: SWITCHED, name: "valve" },
        { register: "relay_state", states: SWITCHED, name: "^(?!.*valve)" },
      ],
    },
    {
      topic: "{device}/valve/{name}/state",
      payload: "text",
      values: [
        {
          register: "valve_state",
          states: { open: "connected", closed: "disconnected", opening: "moving", closing: "moving" },
        },
      ],
    },
    {
      topic: "{device}/status",
      payload: "text",
      values: [{ register: "online_state", codes: { online: 1, offline: 0 } }],
    },
    { topic: "{device}/{any}/{any}/{any}", payload: "text", values: [], ignore: true },
    { topic: "{device}/debug", payload: "text", values: [], ignore: true },
  ],
  control: {
    commands: {
      trip: { topic: "{device}/switch/relay/command", payload: "OFF" },
      direct_close: { topic: "{device}/switch/relay/command", payload: "ON" },
    },
    readBack: "relay_state",
  },
  samples: [
    {
      title: "a pulse counter set to cubic metres",
      topic: "cellar/sensor/water_total/state",
      payload: "1234.560",
      expect: { device: "cellar", readings: { volume_m3: "1234.56" } },
    },
    {
      title: "the node goes",
      topic: "cellar/status",
      payload: "offline",
      expect: { device: "cellar", readings: { online_state: "0" } },
    },
    {
      title: "text where a total should be",
      topic: "cellar/sensor/total_energy/state",
      payload: "12,5",
      expect: { device: "cellar", readings: {}, refused: { energy_import_kwh: "not_a_number" } },
    },
  ],
};
