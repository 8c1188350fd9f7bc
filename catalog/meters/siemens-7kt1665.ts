import type { ModbusProfile } from "../../domain/profile.ts";
import { phasesOf, rowsOf } from "./rows.ts";
import { evcc } from "./sources.ts";

export const siemens7kt1665: ModbusProfile = {
  kind: "modbus",
  id: "siemens-7kt1665",
  maker: "Siemens",
  model: "7KT PAC1600: 7KT1665, 7KT1666 (MID), three phases",
  utilities: ["electricity"],
  sources: [evcc("siemens-7kt1665")],
  confidence: "third-party",
  registers: [
    rowsOf("input", "u32", "ABCD", "0.001")("energy_import_kwh", 0x1a1f, "billing"),
    ...phasesOf(rowsOf("input", "u32", "ABCD", "0.01"), "voltage", 0x01),
    ...phasesOf(rowsOf("input", "u32", "ABCD", "0.0001"), "current", 0x07),
    rowsOf("input", "s32", "ABCD", "0.01")("power_w", 0x39, "power"),
  ],
  gapWordsMax: 0,
  samples: [
    {
      title: "the counter in whole watt-hours, and the phases",
      words: [
        { table: "input", address: 0x01, hex: "000059e7 00005a50 000059ce 0000c822 00000000 00002710" },
        { table: "input", address: 0x1a1f, hex: "0012d687" },
      ],
      expect: {
        readings: {
          voltage_l1_v: "230.15",
          voltage_l2_v: "231.2",
          voltage_l3_v: "229.9",
          current_l1_a: "5.1234",
          current_l2_a: "0",
          current_l3_a: "1",
          energy_import_kwh: "1234.567",
        },
      },
    },
    {
      title: "power is the least signed value, the counter all-ones",
      words: [
        { table: "input", address: 0x39, hex: "80000000" },
        { table: "input", address: 0x1a1f, hex: "ffffffff" },
      ],
      expect: { readings: {}, refused: { power_w: "sentinel", energy_import_kwh: "all_ones" } },
    },
  ],
};
