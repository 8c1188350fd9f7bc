import type { ModbusProfile } from "../../domain/profile.ts";
import { finderEnergies, finderFloat, finderTotals } from "./finder-rows.ts";
import { phasesOf } from "./rows.ts";
import { mbmd } from "./sources.ts";

export const finder7m38: ModbusProfile = {
  kind: "modbus",
  id: "finder-7m38",
  maker: "Finder",
  model: "7M.38, three phases",
  utilities: ["electricity"],
  sources: [mbmd("FIND7M38")],
  confidence: "third-party",
  registers: [
    ...finderEnergies,
    ...phasesOf(finderFloat, "voltage", 0x9c4),
    ...phasesOf(finderFloat, "current", 0x9d4),
    ...phasesOf(finderFloat, "power", 0x9e2),
    ...finderTotals,
  ],
  gapWordsMax: 0,
  samples: [
    {
      title: "a large counter: 600 000 kWh in steps of 64 Wh",
      words: [{ table: "input", address: 0xac0, hex: "4e0f0d19" }],
      expect: { readings: { energy_import_kwh: "600000.06" } },
    },
    {
      title: "all-ones in the counter is no reading; power of the phases is",
      words: [
        { table: "input", address: 0x9e2, hex: "43fa0000 437a8000 c1200000 44392000" },
        { table: "input", address: 0xac0, hex: "ffffffff" },
      ],
      expect: {
        readings: { power_l1_w: "500", power_l2_w: "250.5", power_l3_w: "-10", power_w: "740.5" },
        refused: { energy_import_kwh: "all_ones" },
      },
    },
  ],
};
