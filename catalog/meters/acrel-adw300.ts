import type { ModbusProfile } from "../../domain/profile.ts";
import { phasesOf, rowsOf } from "./rows.ts";
import { evcc } from "./sources.ts";

const counter = rowsOf("holding", "s32", "ABCD", "0.01");
const watt = rowsOf("holding", "s32", "ABCD", "1");

export const acrelAdw300: ModbusProfile = {
  kind: "modbus",
  id: "acrel-adw300",
  maker: "Acrel",
  model: "ADW300 with current transformers",
  utilities: ["electricity"],
  sources: [
    evcc(
      "acrel-adw300",
      "62 forward, 64 reversed (the latter for a generator); state a ratio of 1 where the meter shows primary values",
    ),
  ],
  confidence: "third-party",
  asks: ["ct_ratio", "vt_ratio"],
  registers: [
    counter("energy_import_kwh", 62, "billing"),
    counter("energy_export_kwh", 64, "billing"),
    ...phasesOf(rowsOf("holding", "u16", "ABCD", "0.1"), "voltage", 20, 1),
    ...phasesOf(rowsOf("holding", "u16", "ABCD", "0.01"), "current", 26, 1),
    ...phasesOf(watt, "power", 30),
    watt("power_w", 36, "power"),
  ],
  gapWordsMax: 0,
  samples: [
    {
      title: "forward and reversed energy",
      words: [{ table: "holding", address: 62, hex: "0001e240 000000fa" }],
      expect: { readings: { energy_import_kwh: "1234.56", energy_export_kwh: "2.5" } },
    },
    {
      title: "two phases of three: the third voltage is all-ones; so is the reversed counter",
      words: [
        { table: "holding", address: 20, hex: "08fd 08fe ffff" },
        { table: "holding", address: 64, hex: "ffffffff" },
      ],
      expect: {
        readings: { voltage_l1_v: "230.1", voltage_l2_v: "230.2" },
        refused: { voltage_l3_v: "all_ones", energy_export_kwh: "all_ones" },
      },
    },
  ],
};
