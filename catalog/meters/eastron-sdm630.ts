import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";

const float = rowsOf("input", "f32", "ABCD", "1");
/** Float32 between 524 288 and the dial's end moves in steps of 1/16 kWh; below 65 536 kWh finer than 0.01. */
const COUNTER = { dialMax: "999999.99", step: "0.0625" };

export const eastronSdm630: ModbusProfile = {
  kind: "modbus",
  id: "eastron-sdm630",
  maker: "Eastron",
  model: "SDM630-Modbus, three phases",
  utilities: ["electricity"],
  sources: [
    { title: "Eastron SDM630-Modbus V2 protocol, input registers (function 4)" },
    { title: "volkszaehler/mbmd, SDM", link: "https://github.com/volkszaehler/mbmd", note: "addresses compared" },
  ],
  confidence: "documented",
  registers: [
    float("energy_import_kwh", 0x48, "billing", COUNTER),
    float("energy_export_kwh", 0x4a, "billing", COUNTER),
    float("reactive_import_kvarh", 0x4c, "billing", COUNTER),
    float("reactive_export_kvarh", 0x4e, "billing", COUNTER),
    float("energy_import_l1_kwh", 0x15a, "billing", COUNTER),
    float("energy_import_l2_kwh", 0x15c, "billing", COUNTER),
    float("energy_import_l3_kwh", 0x15e, "billing", COUNTER),
    float("energy_export_l1_kwh", 0x160, "billing", COUNTER),
    float("energy_export_l2_kwh", 0x162, "billing", COUNTER),
    float("energy_export_l3_kwh", 0x164, "billing", COUNTER),
    float("voltage_l1_v", 0x00, "power"),
    float("voltage_l2_v", 0x02, "power"),
    float("voltage_l3_v", 0x04, "power"),
    float("current_l1_a", 0x06, "power"),
    float("current_l2_a", 0x08, "power"),
    float("current_l3_a", 0x0a, "power"),
    float("power_l1_w", 0x0c, "power"),
    float("power_l2_w", 0x0e, "power"),
    float("power_l3_w", 0x10, "power"),
    float("power_w", 0x34, "power"),
    float("power_factor", 0x3e, "power"),
    float("frequency_hz", 0x46, "power"),
  ],
  blockWordsMax: 80,
  gapWordsMax: 6,
  samples: [
    {
      title: "the counters of a building's main meter",
      words: [{ table: "input", address: 0x48, hex: "497423f8 00000000" }],
      expect: { readings: { energy_import_kwh: "999999.5", energy_export_kwh: "0" } },
    },
    {
      title: "three voltages; the third is all-ones because the phase is not connected",
      words: [{ table: "input", address: 0x00, hex: "43663333 4367199a ffffffff" }],
      expect: { readings: { voltage_l1_v: "230.2", voltage_l2_v: "231.1" }, refused: { voltage_l3_v: "all_ones" } },
    },
  ],
};
