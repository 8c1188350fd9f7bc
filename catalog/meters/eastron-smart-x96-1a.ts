import type { ModbusProfile } from "../../domain/profile.ts";
import {
  EASTRON_BLOCKS,
  eastronEnergies,
  eastronPhaseEnergies,
  eastronReactive,
  eastronThreePhases,
} from "./eastron-rows.ts";
import { mbmd } from "./sources.ts";

export const eastronSmartX961a: ModbusProfile = {
  kind: "modbus",
  id: "eastron-smart-x96-1a",
  maker: "Eastron",
  model: "SMART X96-1A panel meter for current transformers",
  utilities: ["electricity"],
  sources: [mbmd("X961A", "primary values: the ratio is set in the meter, so none is stated with it")],
  confidence: "third-party",
  registers: [...eastronEnergies, ...eastronReactive, ...eastronPhaseEnergies, ...eastronThreePhases],
  ...EASTRON_BLOCKS,
  samples: [
    {
      title: "a main panel: total and phases",
      words: [
        { table: "input", address: 0x48, hex: "49000008 00000000" },
        { table: "input", address: 0x15a, hex: "482aaaa0 482aaac0 482aaac0" },
      ],
      expect: {
        readings: {
          energy_import_kwh: "524288.5",
          energy_export_kwh: "0",
          energy_import_l1_kwh: "174762.5",
          energy_import_l2_kwh: "174763",
          energy_import_l3_kwh: "174763",
        },
      },
    },
    {
      title: "the third phase is all-ones because its transformer is not connected",
      words: [{ table: "input", address: 0x0a, hex: "ffffffff" }],
      expect: { readings: {}, refused: { current_l3_a: "all_ones" } },
    },
  ],
};
