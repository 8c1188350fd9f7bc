import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";

/** Wh (varh) in 64 bits: exact to the dial's last digit, where a float would not be. */
const counter = rowsOf("holding", "s64", "ABCD", "0.001");
const float = rowsOf("holding", "f32", "ABCD", "1");
/** The meter keeps kW. */
const kilo = rowsOf("holding", "f32", "ABCD", "1000");

export const schneiderIem3155: ModbusProfile = {
  kind: "modbus",
  id: "schneider-iem3155",
  maker: "Schneider Electric",
  model: "iEM3155 (iEM3000 series), three phases",
  utilities: ["electricity"],
  sources: [
    { title: "Schneider Electric iEM3100/iEM3200 series user manual, Modbus register list", note: "0-based addresses" },
    { title: "volkszaehler/mbmd, IEM3000", link: "https://github.com/volkszaehler/mbmd", note: "addresses compared" },
  ],
  confidence: "documented",
  registers: [
    counter("energy_import_kwh", 0x0c83, "billing"),
    counter("energy_export_kwh", 0x0c87, "billing"),
    counter("reactive_import_kvarh", 0x0c93, "billing"),
    counter("reactive_export_kvarh", 0x0c97, "billing"),
    counter("energy_import_l1_kwh", 0x0dbd, "billing"),
    counter("energy_import_l2_kwh", 0x0dc1, "billing"),
    counter("energy_import_l3_kwh", 0x0dc5, "billing"),
    float("current_l1_a", 0x0bb7, "power"),
    float("current_l2_a", 0x0bb9, "power"),
    float("current_l3_a", 0x0bbb, "power"),
    float("voltage_l1_v", 0x0bd3, "power"),
    float("voltage_l2_v", 0x0bd5, "power"),
    float("voltage_l3_v", 0x0bd7, "power"),
    kilo("power_l1_w", 0x0bed, "power"),
    kilo("power_l2_w", 0x0bef, "power"),
    kilo("power_l3_w", 0x0bf1, "power"),
    kilo("power_w", 0x0bf3, "power"),
    float("frequency_hz", 0x0c25, "power"),
  ],
  gapWordsMax: 0,
  samples: [
    {
      title: "123.456 kWh in whole watt-hours",
      words: [{ table: "holding", address: 0x0c83, hex: "000000000001e240 0000000000000000" }],
      expect: { readings: { energy_import_kwh: "123.456", energy_export_kwh: "0" } },
    },
    {
      title: "the least value of the type means that the counter does not exist in this model",
      words: [{ table: "holding", address: 0x0c83, hex: "000000000001e240 8000000000000000" }],
      expect: { readings: { energy_import_kwh: "123.456" }, refused: { energy_export_kwh: "sentinel" } },
    },
  ],
};
