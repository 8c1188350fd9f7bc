import type { JsonPath, MqttProfile, PayloadUnit, ValueMap } from "../../domain/profile.ts";
import type { RegisterName } from "../../domain/register.ts";

/**
 * Drivers of wmbusmeters name one thing in several ways. Each list is in the order of trust: the first field that is there wins.
 * Histories (`…_at_set_date_…`, `…_last_month_…`), targets and partial counters never appear here: they are not the dial.
 */
type Names = readonly string[];

const ENERGY: readonly (readonly [suffix: string, unit: PayloadUnit])[] = [
  ["kwh", "kWh"],
  ["mwh", "MWh"],
  ["wh", "Wh"],
  ["gj", "GJ"],
  ["mj", "MJ"],
];
const VOLUME: readonly (readonly [suffix: string, unit: PayloadUnit])[] = [
  ["m3", "m3"],
  ["l", "l"],
];
const POWER: readonly (readonly [suffix: string, unit: PayloadUnit])[] = [
  ["kw", "kW"],
  ["w", "W"],
];

type When = NonNullable<ValueMap["when"]>;

const fields = (
  register: RegisterName,
  names: Names,
  units: readonly (readonly [string, PayloadUnit])[],
  when?: When,
): ValueMap[] =>
  names.flatMap((name) =>
    units.map(([suffix, unit]) => ({
      register,
      path: `${name}_${suffix}` as JsonPath,
      unit,
      ...(when === undefined ? {} : { when }),
    })),
  );

const ELECTRICITY: When = { path: "media", equals: ["electricity"] };
/** Media that wmbusmeters names for thermal meters; a radio converter stands before meters of any kind. */
const THERMAL: When = {
  path: "media",
  equals: [
    "heat",
    "heat/cooling load",
    "heat volume at inlet",
    "heat volume at outlet",
    "heat meter (volume measured at flow temperature)",
    "heat meter (volume measured at return temperature)",
    "heat/cooling meter",
    "cooling load volume at inlet",
    "cooling load volume at outlet",
    "cooling meter",
    "radio converter (meter side)",
    "radio converter (system side)",
    "bus/system component",
    "other",
    "unknown",
  ],
};
const COOLING_ONLY: When = {
  path: "media",
  equals: ["cooling load volume at inlet", "cooling load volume at outlet", "cooling meter"],
};

const electricity: ValueMap[] = [
  ...fields(
    "energy_import_kwh",
    [
      "total_energy_consumption",
      "total_energy",
      "positive_total_active_energy",
      "total_active_positive_3phase",
      "total",
    ],
    ENERGY,
    ELECTRICITY,
  ),
  ...fields("energy_export_kwh", ["total_energy_production", "negative_total_active_energy"], ENERGY, ELECTRICITY),
  ...([1, 2, 3, 4] as const).flatMap((n) =>
    fields(
      `energy_import_t${n}_kwh`,
      [
        `total_energy_consumption_tariff_${n}`,
        `total_energy_consumption_tariff${n}`,
        `positive_tariff${n}_active_energy`,
        `total_tariff_${n}`,
      ],
      ENERGY,
      ELECTRICITY,
    ),
  ),
  ...([1, 2, 3] as const).flatMap((n) => [
    ...fields(`energy_import_l${n}_kwh`, [`total_energy_consumption_l${n}`], ENERGY, ELECTRICITY),
    ...fields(`energy_export_l${n}_kwh`, [`total_energy_production_l${n}`], ENERGY, ELECTRICITY),
    ...fields(
      `power_l${n}_w`,
      [
        `power_l${n}`,
        `current_power_consumption_phase${n}`,
        `current_power_consumption_${n}`,
        `active_power_l${n}`,
        `active_power_at_phase_${n}`,
        `active_consumption_l${n}`,
      ],
      POWER,
    ),
    ...fields(`voltage_l${n}_v`, [`voltage_at_phase_${n}`, `voltage_l${n}_n`, `voltage_${n}_n`], [["v", "V"]]),
    ...fields(`current_l${n}_a`, [`current_l${n}`, `current_at_phase_${n}`, `amperage_at_phase_${n}`], [["a", "A"]]),
  ]),
  ...fields("reactive_import_kvarh", ["total_reactive_energy_consumption"], [["kvarh", "kvarh"]]),
  ...fields("reactive_export_kvarh", ["total_reactive_energy_production"], [["kvarh", "kvarh"]]),
];

const HEAT_NAMES = [
  "total_energy_consumption",
  "total_heat_energy",
  "total_heating",
  "total_energy",
  "forward_energy",
  "heat",
  "total",
];

const thermal: ValueMap[] = [
  ...fields(
    "cooling_kwh",
    ["total_cooling_energy", "total_cooling_consumption", "total_energy_cooling", "total_cooling"],
    ENERGY,
    THERMAL,
  ),
  ...fields("cooling_kwh", ["total_energy_consumption", "total_energy", "total"], ENERGY, COOLING_ONLY),
  ...fields("heat_kwh", HEAT_NAMES, ENERGY, {
    path: "media",
    equals: THERMAL.equals.filter((media) => !COOLING_ONLY.equals.includes(media)),
  }),
];

const volumes: ValueMap[] = [
  ...fields(
    "volume_m3",
    ["total", "total_volume", "total_water", "total_forward", "total_heating", "volume", "total_cooling_volume"],
    VOLUME,
  ),
  ...fields("volume_reverse_m3", ["total_backward", "total_backwards", "total_backward_flow", "backflow"], VOLUME),
  ...fields(
    "flow_m3_per_h",
    ["volume_flow", "flow", "current_flow", "current_volume_flow", "flow_water"],
    [["m3h", "m3/h"]],
  ),
];

const others: ValueMap[] = [
  ...fields(
    "power_w",
    [
      "current_power_consumption",
      "power",
      "current_power",
      "active_consumption",
      "active_power_overall",
      "three_phase_total_active_power",
    ],
    POWER,
  ),
  ...fields("flow_temperature_degc", ["flow_temperature", "supply_temperature", "flow"], [["c", "degC"]]),
  ...fields("return_temperature_degc", ["return_temperature", "return"], [["c", "degC"]]),
  ...fields("battery_v", ["battery"], [["v", "V"]]),
  { register: "power_factor", path: "power_factor" },
  { register: "frequency_hz", path: "frequency_hz" },
  { register: "alarm_state", path: "status", codes: { ok: 0, "": 0, "*": 1 } },
];

export const wmbusmeters: MqttProfile = {
  kind: "mqtt",
  id: "wmbusmeters",
  maker: "wmbusmeters",
  model: "JSON of any water, gas, heat or electricity telegram (wireless M-Bus, M-Bus)",
  utilities: ["water", "gas", "heat", "electricity"],
  sources: [
    {
      title: "wmbusmeters README and drivers: JSON output and field names",
      link: "https://github.com/wmbusmeters/wmbusmeters",
      note: "`timestamp` is when the telegram was heard. The meter's own clock has no zone and is not used.",
    },
  ],
  confidence: "documented",
  messages: [
    {
      topic: "wmbusmeters/{rest}",
      payload: "json",
      device: { path: "id" },
      time: [{ path: "timestamp", format: "iso" }],
      values: [...electricity, ...thermal, ...volumes, ...others],
    },
  ],
  samples: [
    {
      title: "a cold-water meter",
      topic: "wmbusmeters/MyWater",
      payload:
        '{"_":"telegram","media":"cold water","meter":"multical21","name":"MyWater","id":"76348799","status":"DRY","total_m3":6.408,"target_m3":6.408,"timestamp":"2026-03-01T08:15:00Z"}',
      expect: {
        device: "76348799",
        measuredAt: "2026-03-01T08:15:00Z",
        readings: { volume_m3: "6.408", alarm_state: "1" },
      },
    },
    {
      title: "a heat meter set to GJ: 3.6 GJ are 1000 kWh",
      topic: "wmbusmeters/heat",
      payload:
        '{"media":"heat","meter":"kamheat","name":"heat","id":"67676767","total_energy_consumption_gj":3.6,"total_volume_m3":54.2,"timestamp":"2026-03-01T08:15:00Z"}',
      expect: { device: "67676767", readings: { heat_kwh: "1000", volume_m3: "54.2" } },
    },
    {
      title: "both directions of an electricity meter",
      topic: "wmbusmeters/e",
      payload:
        '{"media":"electricity","meter":"amiplus","id":"00254358","total_energy_consumption_kwh":9652.22,"total_energy_production_kwh":7.48,"current_power_consumption_kw":1.055,"timestamp":"2026-03-01T08:15:00Z"}',
      expect: {
        device: "00254358",
        readings: { energy_import_kwh: "9652.22", energy_export_kwh: "7.48", power_w: "1055" },
      },
    },
    {
      title: "a smoke detector has nothing to bill",
      topic: "wmbusmeters/smoke",
      payload: '{"media":"smoke detector","meter":"ei6500","id":"00012811","timestamp":"2026-03-01T08:15:00Z"}',
      expect: { readings: {}, refused: { frame: "unmapped_payload" } },
    },
  ],
};
