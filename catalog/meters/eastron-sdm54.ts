import type { ModbusProfile } from "../../domain/profile.ts";
import {
  EASTRON_BLOCKS,
  eastronEnergies,
  eastronPhaseEnergies,
  eastronTariffs,
  eastronThreePhases,
} from "./eastron-rows.ts";
import { mbmd } from "./sources.ts";

export const eastronSdm54: ModbusProfile = {
  kind: "modbus",
  id: "eastron-sdm54",
  maker: "Eastron",
  model: "SDM54-Modbus, three phases, two tariffs",
  utilities: ["electricity"],
  sources: [mbmd("SDM54")],
  confidence: "third-party",
  registers: [...eastronEnergies, ...eastronPhaseEnergies, ...eastronTariffs, ...eastronThreePhases],
  ...EASTRON_BLOCKS,
  samples: [
    {
      title: "the total and its two tariffs",
      words: [
        { table: "input", address: 0x48, hex: "44bb9000" },
        { table: "input", address: 0x1314, hex: "447a1000 43fa2000" },
      ],
      expect: {
        readings: {
          energy_import_kwh: "1500.5",
          energy_import_t1_kwh: "1000.25",
          energy_import_t2_kwh: "500.25",
        },
      },
    },
    {
      title: "the second tariff is not a number where none is set up",
      words: [{ table: "input", address: 0x1314, hex: "447a1000 7fc00000" }],
      expect: { readings: { energy_import_t1_kwh: "1000.25" }, refused: { energy_import_t2_kwh: "not_a_number" } },
    },
  ],
};
