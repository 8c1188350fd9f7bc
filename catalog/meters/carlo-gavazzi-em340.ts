import type { ModbusProfile } from "../../domain/profile.ts";
import { gavazziEm340 } from "./carlo-gavazzi-rows.ts";
import { mbmd } from "./sources.ts";

export const carloGavazziEm340: ModbusProfile = {
  kind: "modbus",
  id: "carlo-gavazzi-em340",
  maker: "Carlo Gavazzi",
  model: "EM330, EM340, ET330, ET340, three phases",
  utilities: ["electricity"],
  sources: [
    {
      title: "Carlo Gavazzi EM330/EM340/ET330/ET340 communication protocol, instantaneous variables and meters",
      note: "0x3C is the partial counter, which anybody may reset: not used",
    },
    mbmd("CGEX3X0", "addresses compared"),
  ],
  confidence: "documented",
  registers: gavazziEm340,
  gapWordsMax: 6,
  samples: [
    {
      title: "the import counter in tenths, low word first, and its three phases",
      words: [
        { table: "input", address: 0x34, hex: "d6870012" },
        { table: "input", address: 0x40, hex: "47820006 47820006 47830006" },
      ],
      expect: {
        readings: {
          energy_import_kwh: "123456.7",
          energy_import_l1_kwh: "41152.2",
          energy_import_l2_kwh: "41152.2",
          energy_import_l3_kwh: "41152.3",
        },
      },
    },
    {
      title: "power given back is a value; the greatest signed value means overflow",
      words: [
        { table: "input", address: 0x28, hex: "a5bfffff" },
        { table: "input", address: 0x4e, hex: "ffff7fff" },
      ],
      expect: { readings: { power_w: "-2310.5" }, refused: { energy_export_kwh: "sentinel" } },
    },
  ],
};
