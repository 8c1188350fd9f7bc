import type { MqttProfile, ValueMap } from "../../domain/profile.ts";

/** An empty payload clears a retained value and says nothing. */
const skip = ["", "none", "null"];
const value = (register: ValueMap["register"], name: string, more: Partial<ValueMap> = {}): ValueMap => ({
  register,
  name: `^${name}$`,
  skip,
  ...more,
});

export const dsmrReader: MqttProfile = {
  kind: "mqtt",
  id: "dsmr-reader",
  maker: "DSMR-reader",
  model: "Dutch and Belgian smart meters at the P1 port (one value per topic)",
  utilities: ["electricity", "gas"],
  sources: [
    {
      title: "DSMR-reader, MQTT: split topic",
      link: "https://dsmr-reader.readthedocs.io/",
      note: "tariff 1 is low in the Netherlands and day in Belgium; the gas meter is the part `gas` of the device",
    },
  ],
  confidence: "documented",
  messages: [
    {
      topic: "{device}/reading/{name}",
      payload: "text",
      values: [
        value("energy_import_t1_kwh", "electricity_delivered_1"),
        value("energy_import_t2_kwh", "electricity_delivered_2"),
        value("energy_export_t1_kwh", "electricity_returned_1"),
        value("energy_export_t2_kwh", "electricity_returned_2"),
        value("power_w", "electricity_currently_delivered", { unit: "kW" }),
        value("voltage_l1_v", "phase_voltage_l1"),
        value("voltage_l2_v", "phase_voltage_l2"),
        value("voltage_l3_v", "phase_voltage_l3"),
        value("volume_m3", "extra_device_delivered", { part: "gas" }),
      ],
    },
    { topic: "{device}/{any}/{any}", payload: "text", values: [], ignore: true },
  ],
  samples: [
    {
      title: "tariff 1",
      topic: "dsmr/reading/electricity_delivered_1",
      payload: "1050.39",
      expect: { device: "dsmr", readings: { energy_import_t1_kwh: "1050.39" } },
    },
    {
      title: "the gas meter behind it",
      topic: "dsmr/reading/extra_device_delivered",
      payload: "956.212",
      expect: { device: "dsmr:gas", readings: { volume_m3: "956.212" } },
    },
    {
      title: "a counter below zero",
      topic: "dsmr/reading/electricity_delivered_2",
      payload: "-1",
      expect: { device: "dsmr", readings: {}, refused: { energy_import_t2_kwh: "out_of_range" } },
    },
  ],
};
