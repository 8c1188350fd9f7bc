import type { ModbusProfile } from "../../domain/profile.ts";
import { gavazziEm340 } from "./carlo-gavazzi-rows.ts";
import { mbmd } from "./sources.ts";

export const carloGavazziEm24E1: ModbusProfile = {
  kind: "modbus",
  id: "carlo-gavazzi-em24-e1",
  maker: "Carlo Gavazzi",
  model: "EM24 series E1 (Ethernet), three phases",
  utilities: ["electricity"],
  sources: [
    mbmd("CGEM24_E1", "the map of EM340, not that of the EM24 with RS-485: see carlo-gavazzi-em24"),
    {
      title: "victronenergy/dbus-modbus-client, carlo_gavazzi.py",
      link: "https://github.com/victronenergy/dbus-modbus-client",
      note: "identification codes 1648 to 1653 at 0x000b",
    },
  ],
  confidence: "third-party",
  probe: {
    title: "identification code",
    table: "holding",
    address: 0x0b,
    anyOf: ["0670", "0671", "0672", "0673", "0674", "0675"],
  },
  registers: gavazziEm340,
  gapWordsMax: 6,
  samples: [
    {
      title: "import and export of a building with a roof",
      words: [
        { table: "input", address: 0x34, hex: "0958000f" },
        { table: "input", address: 0x4e, hex: "11710001" },
      ],
      expect: { readings: { energy_import_kwh: "98543.2", energy_export_kwh: "7000.1" } },
    },
    {
      title: "voltages; the second phase answers overflow",
      words: [{ table: "input", address: 0x00, hex: "08fd0000 ffff7fff 08fb0000" }],
      expect: {
        readings: { voltage_l1_v: "230.1", voltage_l3_v: "229.9" },
        refused: { voltage_l2_v: "sentinel" },
      },
    },
  ],
};
