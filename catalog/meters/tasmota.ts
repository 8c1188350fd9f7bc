import type { MqttProfile, ValueMap } from "../../domain/profile.ts";

const SWITCHED = { on: "connected", off: "disconnected", "1": "connected", "0": "disconnected" } as const;
const PHASES = [1, 2, 3] as const;

/** The ENERGY object of telemetry. Sums of three phases come as one number, the phases as arrays. */
const energyValues = (prefix: string): ValueMap[] => [
  { register: "energy_import_kwh", path: `${prefix}ENERGY.Total` },
  { register: "energy_export_kwh", path: `${prefix}ENERGY.ExportActive` },
  { register: "reactive_import_kvarh", path: `${prefix}ENERGY.ImportReactive` },
  { register: "reactive_export_kvarh", path: `${prefix}ENERGY.ExportReactive` },
  { register: "energy_import_t1_kwh", path: `${prefix}ENERGY.TotalTariff.0` },
  { register: "energy_import_t2_kwh", path: `${prefix}ENERGY.TotalTariff.1` },
  ...PHASES.flatMap((n): ValueMap[] => [
    { register: `power_l${n}_w`, path: `${prefix}ENERGY.Power.${n - 1}` },
    { register: `voltage_l${n}_v`, path: `${prefix}ENERGY.Voltage.${n - 1}` },
    { register: `current_l${n}_a`, path: `${prefix}ENERGY.Current.${n - 1}` },
  ]),
  { register: "frequency_hz", path: `${prefix}ENERGY.Frequency` },
];

/** Values that are a number for one phase and an array for three. */
const singlePhase = (prefix: string): ValueMap[] => [
  { register: "power_w", path: `${prefix}ENERGY.Power` },
  { register: "voltage_l1_v", path: `${prefix}ENERGY.Voltage` },
  { register: "current_l1_a", path: `${prefix}ENERGY.Current` },
  { register: "power_factor", path: `${prefix}ENERGY.Factor` },
];

const switches: ValueMap[] = [
  { register: "relay_state", path: "POWER", states: SWITCHED },
  { register: "relay_state", path: "POWER1", states: SWITCHED },
  ...[2, 3, 4].map((n): ValueMap => ({ register: "relay_state", path: `POWER${n}`, states: SWITCHED, part: `${n}` })),
];

const TIME = [{ path: "Time", format: "local" }] as const;

/** Both orders of a full topic: `%prefix%/%topic%/` and `%topic%/%prefix%/`. */
const topics = (prefix: string, end: string) => [`${prefix}/{device}/${end}`, `{device}/${prefix}/${end}`];

export const tasmota: MqttProfile = {
  kind: "mqtt",
  id: "tasmota",
  maker: "Tasmota",
  model: "Energy monitoring plugs and meters",
  utilities: ["electricity"],
  sources: [
    {
      title: "Tasmota documentation: MQTT, energy monitoring",
      link: "https://tasmota.github.io/docs/",
      note: "`Time` is local without an offset: it counts only where the zone is known, else the time of receipt",
    },
  ],
  confidence: "documented",
  messages: [
    ...topics("tele", "SENSOR").map((topic) => ({
      topic,
      payload: "json" as const,
      time: TIME,
      values: [...energyValues(""), ...singlePhase("")],
      quiet: true as const,
    })),
    ...["STATUS8", "STATUS10"].flatMap((end) =>
      topics("stat", end).map((topic) => ({
        topic,
        payload: "json" as const,
        time: [{ path: "StatusSNS.Time", format: "local" as const }],
        values: [...energyValues("StatusSNS."), ...singlePhase("StatusSNS.")],
        quiet: true as const,
      })),
    ),
    ...[...topics("tele", "STATE"), ...topics("stat", "RESULT")].map((topic) => ({
      topic,
      payload: "json" as const,
      time: TIME,
      values: switches,
      quiet: true as const,
    })),
    ...topics("stat", "{name}").map((topic) => ({
      topic,
      payload: "text" as const,
      values: [
        { register: "relay_state" as const, states: SWITCHED, name: "^POWER1?$" },
        ...[2, 3, 4].map((n) => ({
          register: "relay_state" as const,
          states: SWITCHED,
          name: `^POWER${n}$`,
          part: `${n}`,
        })),
      ],
    })),
    ...topics("tele", "LWT").map((topic) => ({
      topic,
      payload: "text" as const,
      values: [{ register: "online_state" as const, codes: { online: 1, offline: 0 } }],
    })),
    { topic: "tele/{device}/{any}", payload: "text", values: [], ignore: true },
    { topic: "{device}/tele/{any}", payload: "text", values: [], ignore: true },
    { topic: "cmnd/{device}/{any}", payload: "text", values: [], ignore: true },
    { topic: "{device}/cmnd/{any}", payload: "text", values: [], ignore: true },
  ],
  control: {
    commands: {
      trip: { topic: "cmnd/{device}/POWER", payload: "OFF" },
      direct_close: { topic: "cmnd/{device}/POWER", payload: "ON" },
    },
    // A command without a payload asks; it answers on stat/…/RESULT and stat/…/POWER.
    status: { topic: "cmnd/{device}/POWER", payload: "" },
    readBack: "relay_state",
  },
  samples: [
    {
      title: "telemetry of a plug",
      topic: "tele/plug-7/SENSOR",
      payload:
        '{"Time":"2026-03-01T08:15:00","ENERGY":{"TotalStartTime":"2025-01-01T00:00:00","Total":123.456,"Yesterday":1.2,"Today":0.4,"Power":812,"ApparentPower":830,"ReactivePower":172,"Factor":0.98,"Voltage":231,"Current":3.593}}',
      expect: {
        device: "plug-7",
        readings: {
          energy_import_kwh: "123.456",
          power_w: "812",
          voltage_l1_v: "231",
          current_l1_a: "3.593",
          power_factor: "0.98",
        },
      },
    },
    {
      title: "the relay answers in plain text",
      topic: "stat/plug-7/POWER",
      payload: "OFF",
      expect: { device: "plug-7", readings: { relay_state: "disconnected" } },
    },
    {
      title: "the last will",
      topic: "tele/plug-7/LWT",
      payload: "Offline",
      expect: { device: "plug-7", readings: { online_state: "0" } },
    },
    {
      title: "a total that is text without digits",
      topic: "tele/plug-7/SENSOR",
      payload: '{"Time":"2026-03-01T08:15:00","ENERGY":{"Total":"overflow","Power":1}}',
      expect: { readings: { power_w: "1" }, refused: { energy_import_kwh: "not_a_number" } },
    },
  ],
};
