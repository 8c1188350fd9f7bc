import type { ModbusProfile } from "../../domain/profile.ts";
import { eltakoThreePhases } from "./eltako-rows.ts";
import { mbmd } from "./sources.ts";

export const eltakoDsz15dzmod: ModbusProfile = {
  kind: "modbus",
  id: "eltako-dsz15dzmod",
  maker: "Eltako",
  model: "DSZ15DZMOD, three phases",
  utilities: ["electricity"],
  sources: [mbmd("ELTAKODSZ15")],
  confidence: "third-party",
  registers: eltakoThreePhases,
  gapWordsMax: 0,
  samples: [
    {
      title: "import and export in hundredths",
      words: [{ table: "input", address: 0x48, hex: "0001e240 0000000c" }],
      expect: { readings: { energy_import_kwh: "1234.56", energy_export_kwh: "0.12" } },
    },
    {
      title: "power given back is a value; all-ones in the export counter is none",
      words: [
        { table: "input", address: 0x34, hex: "fffffea2" },
        { table: "input", address: 0x4a, hex: "ffffffff" },
      ],
      expect: { readings: { power_w: "-350" }, refused: { energy_export_kwh: "all_ones" } },
    },
  ],
};
