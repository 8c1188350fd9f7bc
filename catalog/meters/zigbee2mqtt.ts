import type { MessageMap, MqttProfile, ValueMap } from "../../domain/profile.ts";

const SWITCHED = {
  on: "connected",
  off: "disconnected",
  open: "connected",
  close: "disconnected",
  closed: "disconnected",
} as const;
const ONLINE = { online: 1, offline: 0 };

const phases = (
  [
    ["", 1],
    ["_phase_a", 1],
    ["_phase_b", 2],
    ["_phase_c", 3],
    ["_a", 1],
    ["_b", 2],
    ["_c", 3],
  ] as const
).flatMap(([end, n]): ValueMap[] => [
  { register: `voltage_l${n}_v`, path: `voltage${end}` },
  { register: `current_l${n}_a`, path: `current${end}` },
  ...(end === "" ? [] : [{ register: `power_l${n}_w`, path: `power${end}` } as const]),
]);

/** Two sockets or clamps in one device: `energy_l2` belongs to its part. */
const endpoints = [1, 2, 3, 4].flatMap((n): ValueMap[] => {
  const part = n === 1 ? {} : { part: `l${n}` };
  return [
    { register: "energy_import_kwh", path: `energy_l${n}`, ...part },
    { register: "energy_export_kwh", path: `produced_energy_l${n}`, ...part },
    { register: "power_w", path: `power_l${n}`, ...part },
    { register: "relay_state", path: `state_l${n}`, states: SWITCHED, ...part },
  ];
});

const values: ValueMap[] = [
  { register: "energy_import_kwh", path: "energy" },
  { register: "energy_export_kwh", path: "produced_energy" },
  { register: "energy_import_t1_kwh", path: "energy_tier_1" },
  { register: "energy_import_t2_kwh", path: "energy_tier_2" },
  { register: "volume_m3", path: "water_consumed" },
  { register: "volume_m3", path: "gas" },
  { register: "power_w", path: "power" },
  ...phases,
  { register: "power_factor", path: "power_factor" },
  { register: "frequency_hz", path: "ac_frequency" },
  { register: "relay_state", path: "state", states: SWITCHED },
  ...endpoints,
];

const quietIgnore = (topic: string): MessageMap => ({ topic, payload: "text", values: [], ignore: true });

export const zigbee2mqtt: MqttProfile = {
  kind: "mqtt",
  id: "zigbee2mqtt",
  maker: "zigbee2mqtt",
  model: "Plugs, clamps, relays and valves that expose energy (kWh), water_consumed or gas (m³)",
  utilities: ["electricity", "water", "gas"],
  sources: [
    { title: "zigbee2mqtt, MQTT topics and messages; exposes", link: "https://www.zigbee2mqtt.io/guide/usage/" },
  ],
  confidence: "documented",
  messages: [
    {
      topic: "zigbee2mqtt/bridge/response/{rest}",
      payload: "json",
      values: [],
      answer: { id: "transaction", result: "status", error: "error" },
      quiet: true,
    },
    {
      topic: "zigbee2mqtt/{device}/availability",
      payload: "json",
      values: [{ register: "online_state", path: "state", codes: ONLINE }],
    },
    {
      topic: "zigbee2mqtt/{device}/availability",
      payload: "text",
      values: [{ register: "online_state", codes: ONLINE }],
    },
    {
      topic: "zigbee2mqtt/{device}/state",
      payload: "json",
      values: [{ register: "online_state", path: "state", codes: ONLINE }],
    },
    { topic: "zigbee2mqtt/{device}/state", payload: "text", values: [{ register: "online_state", codes: ONLINE }] },
    quietIgnore("zigbee2mqtt/bridge/{rest}"),
    quietIgnore("zigbee2mqtt/{device}/set"),
    quietIgnore("zigbee2mqtt/{device}/get"),
    quietIgnore("zigbee2mqtt/{device}/set/{any}"),
    quietIgnore("zigbee2mqtt/{device}/get/{any}"),
    {
      topic: "zigbee2mqtt/{device*}",
      payload: "json",
      time: [{ path: "last_seen", format: "any" }],
      values,
      quiet: true,
    },
  ],
  control: {
    commands: {
      trip: { topic: "zigbee2mqtt/{device}/set", payload: '{"state":"OFF"}' },
      direct_close: { topic: "zigbee2mqtt/{device}/set", payload: '{"state":"ON"}' },
    },
    status: { topic: "zigbee2mqtt/{device}/get", payload: '{"state":""}' },
    readBack: "relay_state",
  },
  samples: [
    {
      title: "a plug with last_seen in milliseconds",
      topic: "zigbee2mqtt/0x7cb03eaa00ac34e2",
      payload:
        '{"current":3.59,"energy":123.45,"last_seen":1772352900250,"linkquality":120,"power":812,"state":"ON","voltage":231}',
      expect: {
        device: "0x7cb03eaa00ac34e2",
        measuredAt: "2026-03-01T08:15:00.25Z",
        readings: {
          energy_import_kwh: "123.45",
          power_w: "812",
          voltage_l1_v: "231",
          current_l1_a: "3.59",
          relay_state: "connected",
        },
      },
    },
    {
      title: "the bridge is gone",
      topic: "zigbee2mqtt/bridge/state",
      payload: "offline",
      expect: { device: "bridge", readings: { online_state: "0" } },
    },
    {
      title: "two readings of one name",
      topic: "zigbee2mqtt/plug",
      payload: '{"energy":123.45,"energy":0}',
      expect: { readings: {}, refused: { frame: "malformed_json" } },
    },
  ],
};
