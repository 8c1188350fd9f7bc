import type { ModbusProfile } from "../../domain/profile.ts";
import { EASTRON_BLOCKS, eastronEnergies, eastronReactive, eastronSinglePhase } from "./eastron-rows.ts";
import { mbmd } from "./sources.ts";

export const eastronSdm220: ModbusProfile = {
  kind: "modbus",
  id: "eastron-sdm220",
  maker: "Eastron",
  model: "SDM220-Modbus, single phase",
  utilities: ["electricity"],
  sources: [
    { title: "Eastron SDM220-Modbus protocol, input registers (function 4)" },
    mbmd("SDM220", "addresses compared"),
  ],
  confidence: "documented",
  registers: [...eastronEnergies, ...eastronReactive, ...eastronSinglePhase],
  ...EASTRON_BLOCKS,
  samples: [
    {
      title: "a flat's import, nothing given back",
      words: [{ table: "input", address: 0x48, hex: "45fdda00 00000000" }],
      expect: { readings: { energy_import_kwh: "8123.25", energy_export_kwh: "0" } },
    },
    {
      title: "all-ones in the import counter is no reading; its neighbour is one",
      words: [{ table: "input", address: 0x48, hex: "ffffffff 40600000" }],
      expect: { readings: { energy_export_kwh: "3.5" }, refused: { energy_import_kwh: "all_ones" } },
    },
  ],
};
