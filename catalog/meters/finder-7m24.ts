import type { ModbusProfile } from "../../domain/profile.ts";
import { finderEnergies, finderFloat, finderTotals } from "./finder-rows.ts";
import { mbmd } from "./sources.ts";

export const finder7m24: ModbusProfile = {
  kind: "modbus",
  id: "finder-7m24",
  maker: "Finder",
  model: "7M.24, single phase",
  utilities: ["electricity"],
  sources: [mbmd("FIND7M24")],
  confidence: "third-party",
  registers: [
    ...finderEnergies,
    finderFloat("voltage_l1_v", 0x9c4, "power"),
    finderFloat("current_l1_a", 0x9d4, "power"),
    ...finderTotals,
  ],
  gapWordsMax: 0,
  samples: [
    {
      title: "watt-hours become kilowatt-hours: active, reactive, both directions",
      words: [{ table: "input", address: 0xac0, hex: "4996b400 45dac000 42fa0000 00000000" }],
      expect: {
        readings: {
          energy_import_kwh: "1234.56",
          reactive_import_kvarh: "7",
          energy_export_kwh: "0.125",
          reactive_export_kvarh: "0",
        },
      },
    },
    {
      title: "voltage stands, current is not a number",
      words: [
        { table: "input", address: 0x9c4, hex: "43663333" },
        { table: "input", address: 0x9d4, hex: "7fc00000" },
      ],
      expect: { readings: { voltage_l1_v: "230.2" }, refused: { current_l1_a: "not_a_number" } },
    },
  ],
};
