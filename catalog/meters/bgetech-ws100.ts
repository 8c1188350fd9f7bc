import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";
import { evcc, mbmd } from "./sources.ts";

const counter = rowsOf("holding", "u32", "ABCD", "0.01");

export const bgetechWs100: ModbusProfile = {
  kind: "modbus",
  id: "bgetech-ws100",
  maker: "B+G e-tech",
  model: "WS100, single phase",
  utilities: ["electricity"],
  sources: [mbmd("WS100"), evcc("bgetech-ws100", "0x10E forward, 0x118 reversed")],
  confidence: "third-party",
  registers: [
    counter("energy_import_kwh", 0x10e, "billing"),
    counter("energy_export_kwh", 0x118, "billing"),
    rowsOf("holding", "u32", "ABCD", "0.001")("voltage_l1_v", 0x100, "power"),
    rowsOf("holding", "s32", "ABCD", "0.001")("current_l1_a", 0x102, "power"),
    rowsOf("holding", "s32", "ABCD", "1")("power_w", 0x104, "power"),
    rowsOf("holding", "u16", "ABCD", "0.1")("frequency_hz", 0x10a, "power"),
    rowsOf("holding", "s16", "ABCD", "0.001")("power_factor", 0x10b, "power"),
  ],
  gapWordsMax: 4,
  samples: [
    {
      title: "the counters of a charging point",
      words: [
        { table: "holding", address: 0x10e, hex: "000181cd" },
        { table: "holding", address: 0x118, hex: "00000004" },
      ],
      expect: { readings: { energy_import_kwh: "987.65", energy_export_kwh: "0.04" } },
    },
    {
      title: "voltage and current; the import counter is all-ones",
      words: [
        { table: "holding", address: 0x100, hex: "00038306 00003e80" },
        { table: "holding", address: 0x10e, hex: "ffffffff" },
      ],
      expect: {
        readings: { voltage_l1_v: "230.15", current_l1_a: "16" },
        refused: { energy_import_kwh: "all_ones" },
      },
    },
  ],
};
