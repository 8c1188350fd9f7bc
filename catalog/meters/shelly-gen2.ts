import type { MqttProfile, ValueMap } from "../../domain/profile.ts";

const OUTPUT = { true: "connected", false: "disconnected", on: "connected", off: "disconnected" } as const;

/** A component of a device: its name in topics and RPC, and what stands in it. Channel 0 is the device, others its parts. */
type Component = { readonly name: string; readonly channel: number; readonly values: readonly ValueMap[] };

const metered: readonly ValueMap[] = [
  { register: "energy_import_kwh", path: "aenergy.total", unit: "Wh" },
  { register: "energy_export_kwh", path: "ret_aenergy.total", unit: "Wh" },
  { register: "power_w", path: "apower" },
  { register: "voltage_l1_v", path: "voltage" },
  { register: "current_l1_a", path: "current" },
  { register: "power_factor", path: "pf" },
  { register: "frequency_hz", path: "freq" },
];
const switched: readonly ValueMap[] = [...metered, { register: "relay_state", path: "output", states: OUTPUT }];

const threePhase: readonly ValueMap[] = [
  { register: "power_w", path: "total_act_power" },
  ...(
    [
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ] as const
  ).flatMap(([letter, n]): ValueMap[] => [
    { register: `power_l${n}_w`, path: `${letter}_act_power` },
    { register: `voltage_l${n}_v`, path: `${letter}_voltage` },
    { register: `current_l${n}_a`, path: `${letter}_current` },
  ]),
];
const threePhaseData: readonly ValueMap[] = [
  { register: "energy_import_kwh", path: "total_act", unit: "Wh" },
  { register: "energy_export_kwh", path: "total_act_ret", unit: "Wh" },
  ...(
    [
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ] as const
  ).flatMap(([letter, n]): ValueMap[] => [
    { register: `energy_import_l${n}_kwh`, path: `${letter}_total_act_energy`, unit: "Wh" },
    { register: `energy_export_l${n}_kwh`, path: `${letter}_total_act_ret_energy`, unit: "Wh" },
  ]),
];
const onePhase: readonly ValueMap[] = [
  { register: "power_w", path: "act_power" },
  { register: "voltage_l1_v", path: "voltage" },
  { register: "current_l1_a", path: "current" },
  { register: "power_factor", path: "pf" },
];
const onePhaseData: readonly ValueMap[] = [
  { register: "energy_import_kwh", path: "total_act_energy", unit: "Wh" },
  { register: "energy_export_kwh", path: "total_act_ret_energy", unit: "Wh" },
];

const CHANNELS = [0, 1, 2, 3] as const;
const components: readonly Component[] = CHANNELS.flatMap((channel) => [
  { name: `switch:${channel}`, channel, values: switched },
  { name: `pm1:${channel}`, channel, values: metered },
  { name: `em:${channel}`, channel, values: threePhase },
  { name: `emdata:${channel}`, channel, values: threePhaseData },
  { name: `em1:${channel}`, channel, values: onePhase },
  { name: `em1data:${channel}`, channel, values: onePhaseData },
]);

const partOf = ({ channel }: Component) => (channel === 0 ? {} : { part: `${channel}` });

/** On its own topic the component is the payload. */
const onStatusTopic: ValueMap[] = components.flatMap((component) =>
  component.values.map((value) => ({ ...value, name: `^${component.name}$`, ...partOf(component) })),
);

/** Inside RPC the component stands below `params` (notifications) or `result` (Shelly.GetStatus). */
const inRpc = (prefix: string): ValueMap[] =>
  components.flatMap((component) =>
    component.values.map((value) => ({
      ...value,
      path: `${prefix}.${component.name}.${value.path}`,
      ...partOf(component),
    })),
  );

const switchSet = (on: boolean) => ({
  topic: "{device}/rpc",
  payload: `{"id":"{id}","src":"sanbiao","method":"Switch.Set","params":{"id":0,"on":${on}}}`,
});

export const shellyGen2: MqttProfile = {
  kind: "mqtt",
  id: "shelly-gen2",
  maker: "Shelly",
  model: "Gen2, Gen3 and later: switches, PM, EM, 3EM",
  utilities: ["electricity"],
  sources: [
    {
      title:
        "Shelly technical documentation: MQTT, RPC notifications, components Switch, PM1, EM, EMData, EM1, EM1Data",
      link: "https://shelly-api-docs.shelly.cloud/gen2/",
      note: "energies are Wh",
    },
  ],
  confidence: "documented",
  messages: [
    { topic: "{device}/status/{name}", payload: "json", values: onStatusTopic, quiet: true },
    {
      topic: "{device}/events/rpc",
      payload: "json",
      time: [{ path: "params.ts", format: "unix_s" }],
      values: inRpc("params"),
      quiet: true,
    },
    {
      topic: "{device}/rpc",
      payload: "json",
      device: { path: "src" },
      values: inRpc("result"),
      answer: { id: "id", result: "result", error: "error" },
      quiet: true,
    },
    { topic: "{device}/online", payload: "text", values: [{ register: "online_state", codes: { true: 1, false: 0 } }] },
    { topic: "{device}/command/{rest}", payload: "text", values: [], ignore: true },
    { topic: "{device}/command", payload: "text", values: [], ignore: true },
  ],
  control: {
    commands: { trip: switchSet(false), direct_close: switchSet(true) },
    status: { topic: "{device}/rpc", payload: '{"id":"{id}","src":"sanbiao","method":"Shelly.GetStatus"}' },
    answers: true,
    readBack: "relay_state",
  },
  samples: [
    {
      title: "status of a plug: watt-hours become kilowatt-hours",
      topic: "shellyplugsg3-a8032ab/status/switch:0",
      payload:
        '{"id":0,"source":"init","output":true,"apower":812.5,"voltage":231.2,"current":3.593,"aenergy":{"total":123456.789,"by_minute":[0,0,0],"minute_ts":1772352900},"temperature":{"tC":41.2}}',
      expect: {
        device: "shellyplugsg3-a8032ab",
        readings: {
          energy_import_kwh: "123.456789",
          power_w: "812.5",
          voltage_l1_v: "231.2",
          current_l1_a: "3.593",
          relay_state: "connected",
        },
      },
    },
    {
      title: "a notification of the second channel names a part of the device",
      topic: "shellypro4pm-x/events/rpc",
      payload:
        '{"src":"shellypro4pm-x","dst":"shellypro4pm-x/events","method":"NotifyStatus","params":{"ts":1772352900.25,"switch:1":{"id":1,"aenergy":{"total":5000}}}}',
      expect: {
        device: "shellypro4pm-x:1",
        measuredAt: "2026-03-01T08:15:00.25Z",
        readings: { energy_import_kwh: "5" },
      },
    },
    {
      title: "a trailing comma",
      topic: "shellypro3em-x/status/emdata:0",
      payload: '{"id":0,"total_act":95884.11,"total_act_ret":5123.04,}',
      expect: { readings: {}, refused: { frame: "malformed_json" } },
    },
  ],
};
