import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";

const float = rowsOf("input", "f32", "ABCD", "1");
/** Float32 between 524 288 and the dial's end moves in steps of 1/16 kWh; below 65 536 kWh finer than 0.01. */
const COUNTER = { dialMax: "999999.99", step: "0.0625" };

export const eastronSdm120: ModbusProfile = {
  kind: "modbus",
  id: "eastron-sdm120",
  maker: "Eastron",
  model: "SDM120-Modbus, single phase",
  utilities: ["electricity"],
  sources: [
    { title: "Eastron SDM120-Modbus protocol, input registers (function 4)" },
    { title: "volkszaehler/mbmd, SDM120", link: "https://github.com/volkszaehler/mbmd", note: "addresses compared" },
  ],
  confidence: "documented",
  registers: [
    float("energy_import_kwh", 0x48, "billing", COUNTER),
    float("energy_export_kwh", 0x4a, "billing", COUNTER),
    float("reactive_import_kvarh", 0x4c, "billing", COUNTER),
    float("reactive_export_kvarh", 0x4e, "billing", COUNTER),
    float("voltage_l1_v", 0x00, "power"),
    float("current_l1_a", 0x06, "power"),
    float("power_w", 0x0c, "power"),
    float("power_factor", 0x1e, "power"),
    float("frequency_hz", 0x46, "power"),
  ],
  blockWordsMax: 80,
  gapWordsMax: 6,
  samples: [
    {
      title: "import and export of a house with a small roof",
      words: [{ table: "input", address: 0x48, hex: "449a51ec 41440000" }],
      expect: { readings: { energy_import_kwh: "1234.56", energy_export_kwh: "12.25" } },
    },
    {
      title: "voltage and current; power is not a number while the meter starts",
      words: [
        { table: "input", address: 0x00, hex: "43663333" },
        { table: "input", address: 0x06, hex: "40600000" },
        { table: "input", address: 0x0c, hex: "7fc00000" },
      ],
      expect: { readings: { voltage_l1_v: "230.2", current_l1_a: "3.5" }, refused: { power_w: "not_a_number" } },
    },
  ],
};
