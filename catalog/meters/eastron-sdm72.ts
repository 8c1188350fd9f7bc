import type { ModbusProfile } from "../../domain/profile.ts";
import { EASTRON_BLOCKS, eastronEnergies, eastronFloat } from "./eastron-rows.ts";
import { mbmd } from "./sources.ts";

export const eastronSdm72: ModbusProfile = {
  kind: "modbus",
  id: "eastron-sdm72",
  maker: "Eastron",
  model: "SDM72D-M (first version), three phases",
  utilities: ["electricity"],
  sources: [mbmd("SDM72", "this version answers totals only; the second has phases, see eastron-sdm72-v2")],
  confidence: "third-party",
  registers: [...eastronEnergies, eastronFloat("power_w", 0x34, "power")],
  ...EASTRON_BLOCKS,
  samples: [
    {
      title: "import and export of a heat pump",
      words: [
        { table: "input", address: 0x34, hex: "45106800" },
        { table: "input", address: 0x48, hex: "45800080 00000000" },
      ],
      expect: { readings: { power_w: "2310.5", energy_import_kwh: "4096.0625", energy_export_kwh: "0" } },
    },
    {
      title: "the reply ends within the export counter",
      words: [{ table: "input", address: 0x48, hex: "45800080 0000" }],
      expect: { readings: { energy_import_kwh: "4096.0625" }, refused: { energy_export_kwh: "short_reply" } },
    },
  ],
};
