import type { ModbusProfile } from "../../domain/profile.ts";
import { phasesOf, rowsOf } from "./rows.ts";
import { evcc, mbmd } from "./sources.ts";

const counter = rowsOf("holding", "u32", "ABCD", "0.01");
const watt = rowsOf("holding", "s32", "ABCD", "1");

export const bgetechDs100: ModbusProfile = {
  kind: "modbus",
  id: "bgetech-ds100",
  maker: "B+G e-tech",
  model: "DS100, three phases",
  utilities: ["electricity"],
  sources: [
    mbmd(
      "DS100",
      "its export at 0x118A is a slip for 0x118, where every phase and the WS100 have it: not followed here",
    ),
    evcc("bgetech-ds100", "export at 0x118, read for a generator"),
  ],
  confidence: "third-party",
  registers: [
    counter("energy_import_kwh", 0x10e, "billing"),
    counter("energy_export_kwh", 0x118, "billing"),
    ...phasesOf(counter, "import", 0x50a, 100),
    ...phasesOf(counter, "export", 0x514, 100),
    ...phasesOf(rowsOf("holding", "u32", "ABCD", "0.001"), "voltage", 0x400),
    ...phasesOf(rowsOf("holding", "s32", "ABCD", "0.001"), "current", 0x410),
    ...phasesOf(watt, "power", 0x41a),
    watt("power_w", 0x420, "power"),
    rowsOf("holding", "u16", "ABCD", "0.1")("frequency_hz", 0x435, "power"),
    rowsOf("holding", "s16", "ABCD", "0.001")("power_factor", 0x439, "power"),
  ],
  gapWordsMax: 8,
  samples: [
    {
      title: "import and export, with the four tariffs between them left alone",
      words: [{ table: "holding", address: 0x10e, hex: "0001e240 000186a0 00005ba0 00000000 00000000 00000315" }],
      expect: { readings: { energy_import_kwh: "1234.56", energy_export_kwh: "7.89" } },
    },
    {
      title: "power of each phase; the third answers the least signed value",
      words: [{ table: "holding", address: 0x41a, hex: "00000096 ffffffec 80000000 00000082" }],
      expect: {
        readings: { power_l1_w: "150", power_l2_w: "-20", power_w: "130" },
        refused: { power_l3_w: "sentinel" },
      },
    },
  ],
};
