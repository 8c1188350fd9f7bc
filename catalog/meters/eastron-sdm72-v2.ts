import type { ModbusProfile } from "../../domain/profile.ts";
import { EASTRON_BLOCKS, eastronEnergies, eastronThreePhases } from "./eastron-rows.ts";
import { mbmd } from "./sources.ts";

export const eastronSdm72V2: ModbusProfile = {
  kind: "modbus",
  id: "eastron-sdm72-v2",
  maker: "Eastron",
  model: "SDM72D-M-2, three phases",
  utilities: ["electricity"],
  sources: [
    { title: "Eastron SDM72D-M-2 protocol, input registers (function 4)" },
    mbmd("SDM72V2", "addresses compared"),
  ],
  confidence: "documented",
  registers: [...eastronEnergies, ...eastronThreePhases],
  ...EASTRON_BLOCKS,
  samples: [
    {
      title: "three voltages and the import counter",
      words: [
        { table: "input", address: 0x00, hex: "43663333 4367199a 4365e666" },
        { table: "input", address: 0x48, hex: "44427000" },
      ],
      expect: {
        readings: { energy_import_kwh: "777.75", voltage_l1_v: "230.2", voltage_l2_v: "231.1", voltage_l3_v: "229.9" },
      },
    },
    {
      title: "an infinite current is no value",
      words: [{ table: "input", address: 0x06, hex: "3fc00000 7f800000" }],
      expect: { readings: { current_l1_a: "1.5" }, refused: { current_l2_a: "not_a_number" } },
    },
  ],
};
