import type { ModbusProfile } from "../../domain/profile.ts";
import { ineproThreePhases } from "./inepro-rows.ts";
import { mbmd } from "./sources.ts";

export const wago87930xx: ModbusProfile = {
  kind: "modbus",
  id: "wago-879-30xx",
  maker: "WAGO",
  model: "879-3000, 879-3020, 879-3040, three phases",
  utilities: ["electricity"],
  sources: [mbmd("WAGO87930")],
  confidence: "third-party",
  registers: ineproThreePhases,
  gapWordsMax: 2,
  samples: [
    {
      title: "import with its phases",
      words: [
        { table: "holding", address: 0x600c, hex: "42c78000" },
        { table: "holding", address: 0x6012, hex: "42050000 42050000 42050000 3f000000" },
      ],
      expect: {
        readings: {
          energy_import_kwh: "99.75",
          energy_import_l1_kwh: "33.25",
          energy_import_l2_kwh: "33.25",
          energy_import_l3_kwh: "33.25",
          energy_export_kwh: "0.5",
        },
      },
    },
    {
      title: "the reply ends within the second phase's export",
      words: [{ table: "holding", address: 0x601e, hex: "3e800000 3e80" }],
      expect: { readings: { energy_export_l1_kwh: "0.25" }, refused: { energy_export_l2_kwh: "short_reply" } },
    },
  ],
};
