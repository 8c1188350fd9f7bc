import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";

const energy = rowsOf("holding", "u32", "ABCD", "0.01");

/**
 * A single-phase meter of the demo that keeps the values of the last midnights. Invented: none of the register maps that we know
 * tells where its freezes stand. The form follows DL/T 645-2007, annex A (freeze of the n-th last day, with its own BCD time).
 */
export const demoFreezeMeter: ModbusProfile = {
  kind: "modbus",
  id: "sanbiao-demo-freeze",
  maker: "Sanbiao",
  model: "Demo meter with daily freezes",
  utilities: ["electricity"],
  sources: [{ title: "Invented for the demo", note: "The form of a freeze follows DL/T 645-2007, annex A." }],
  confidence: "invented for the demo",
  registers: [
    energy("energy_import_kwh", 0x00, "billing", { dialMax: "999999.99" }),
    rowsOf("holding", "u32", "ABCD", "0.1")("power_w", 0x10, "power"),
  ],
  history: {
    every: "day",
    count: 31,
    table: "holding",
    address: 0x100,
    stride: 5,
    timeOffset: 0,
    registers: [{ register: "energy_import_kwh", address: 3, type: "u32", order: "ABCD", scale: "0.01" }],
    samples: [
      {
        hex: "2603 1000 0000 0001e240",
        frozenAt: "2026-03-10T00:00:00+08:00",
        readings: { energy_import_kwh: "1234.56" },
      },
      { hex: "0000 0000 0000 00000000", readings: {} },
      { hex: "ffff ffff ffff ffffffff", readings: {} },
    ],
  },
  gapWordsMax: 0,
  samples: [
    {
      title: "1234.56 kWh at 230.5 W",
      words: [
        { table: "holding", address: 0x00, hex: "0001e240" },
        { table: "holding", address: 0x10, hex: "00000901" },
      ],
      expect: { readings: { energy_import_kwh: "1234.56", power_w: "230.5" } },
    },
    {
      title: "a counter of ones",
      words: [{ table: "holding", address: 0x00, hex: "ffffffff" }],
      expect: { readings: {}, refused: { energy_import_kwh: "all_ones" } },
    },
  ],
};
