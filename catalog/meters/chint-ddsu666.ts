import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";

const float = rowsOf("holding", "f32", "ABCD", "1");
/** The meter keeps kW. */
const kilo = rowsOf("holding", "f32", "ABCD", "1000");
/** Float32 between 524 288 and the dial's end moves in steps of 1/16 kWh; below 65 536 kWh finer than 0.01. */
const COUNTER = { dialMax: "999999.99", step: "0.0625" };

export const chintDdsu666: ModbusProfile = {
  kind: "modbus",
  id: "chint-ddsu666",
  maker: "Chint",
  model: "DDSU666, single phase",
  utilities: ["electricity"],
  sources: [
    {
      title: "Tasmota, Chint DDSU666 Modbus energy meter (xnrg_11_ddsu666)",
      link: "https://github.com/arendst/Tasmota",
      note: "addresses and units; the meter must be set to Modbus, it leaves the works in DL/T 645",
    },
  ],
  confidence: "third-party",
  registers: [
    float("energy_import_kwh", 0x4000, "billing", COUNTER),
    float("energy_export_kwh", 0x400a, "billing", COUNTER),
    float("voltage_l1_v", 0x2000, "power"),
    float("current_l1_a", 0x2002, "power"),
    kilo("power_w", 0x2004, "power"),
    float("power_factor", 0x200a, "power"),
    float("frequency_hz", 0x200e, "power"),
  ],
  gapWordsMax: 4,
  samples: [
    {
      title: "voltage, current and power of a flat: 0.8056 kW is 805.6 W",
      words: [{ table: "holding", address: 0x2000, hex: "43663333 40600000 3f4e3bcd" }],
      expect: { readings: { voltage_l1_v: "230.2", current_l1_a: "3.5", power_w: "805.6" } },
    },
    {
      title: "a counter answered as all-ones is no reading",
      words: [
        { table: "holding", address: 0x4000, hex: "ffffffff" },
        { table: "holding", address: 0x400a, hex: "41440000" },
      ],
      expect: { readings: { energy_export_kwh: "12.25" }, refused: { energy_import_kwh: "all_ones" } },
    },
  ],
};
