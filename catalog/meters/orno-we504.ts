import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";
import { mbmd } from "./sources.ts";

const tenth = rowsOf("holding", "u16", "ABCD", "0.1");

export const ornoWe504: ModbusProfile = {
  kind: "modbus",
  id: "orno-we504",
  maker: "ORNO",
  model: "WE-504, single phase",
  utilities: ["electricity"],
  sources: [mbmd("ORNO1P504", "the only counter adds both directions: for supply without feed-in")],
  confidence: "third-party",
  registers: [
    rowsOf("holding", "u32", "ABCD", "0.001")("energy_import_kwh", 0x07, "billing"),
    tenth("voltage_l1_v", 0x00, "power"),
    tenth("current_l1_a", 0x01, "power"),
    tenth("frequency_hz", 0x02, "power"),
    rowsOf("holding", "u16", "ABCD", "1")("power_w", 0x03, "power"),
    rowsOf("holding", "u16", "ABCD", "0.001")("power_factor", 0x06, "power"),
  ],
  gapWordsMax: 2,
  samples: [
    {
      title: "whole watt-hours",
      words: [{ table: "holding", address: 0x07, hex: "0012d687" }],
      expect: { readings: { energy_import_kwh: "1234.567" } },
    },
    {
      title: "voltage, current and frequency; all-ones in power and counter",
      words: [{ table: "holding", address: 0x00, hex: "08fe 000f 01f4 ffff 0000 0000 03de ffffffff" }],
      expect: {
        readings: { voltage_l1_v: "230.2", current_l1_a: "1.5", frequency_hz: "50", power_factor: "0.99" },
        refused: { power_w: "all_ones", energy_import_kwh: "all_ones" },
      },
    },
  ],
};
