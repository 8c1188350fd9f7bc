import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";
import { mbmd } from "./sources.ts";

const hundredth = rowsOf("holding", "u16", "ABCD", "0.01");

export const ornoWe514: ModbusProfile = {
  kind: "modbus",
  id: "orno-we514",
  maker: "ORNO",
  model: "WE-514, WE-515, single phase",
  utilities: ["electricity"],
  sources: [mbmd("ORNO1p", "the only counter adds both directions: for supply without feed-in")],
  confidence: "third-party",
  registers: [
    rowsOf("holding", "u32", "ABCD", "0.01")("energy_import_kwh", 0xa000, "billing"),
    hundredth("frequency_hz", 0x130, "power"),
    hundredth("voltage_l1_v", 0x131, "power"),
    rowsOf("holding", "u32", "ABCD", "0.001")("current_l1_a", 0x139, "power"),
    rowsOf("holding", "u32", "ABCD", "1")("power_w", 0x140, "power"),
    rowsOf("holding", "u16", "ABCD", "0.001")("power_factor", 0x158, "power"),
  ],
  gapWordsMax: 0,
  samples: [
    {
      title: "the counter and the voltage",
      words: [
        { table: "holding", address: 0x130, hex: "1389 59e7" },
        { table: "holding", address: 0xa000, hex: "0000ff98" },
      ],
      expect: { readings: { frequency_hz: "50.01", voltage_l1_v: "230.15", energy_import_kwh: "654.32" } },
    },
    {
      title: "all-ones in the counter is no reading",
      words: [{ table: "holding", address: 0xa000, hex: "ffffffff" }],
      expect: { readings: {}, refused: { energy_import_kwh: "all_ones" } },
    },
  ],
};
