import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";
import { evcc } from "./sources.ts";

/** Watt-hours. The least signed value means "not available". */
const counter = rowsOf("holding", "s32", "ABCD", "0.001");

export const smaHomeManager2: ModbusProfile = {
  kind: "modbus",
  id: "sma-home-manager-2",
  maker: "SMA",
  model: "Sunny Home Manager 2.0, the meter at the grid connection",
  utilities: ["electricity"],
  sources: [
    evcc(
      "sma-homemanager-modbus",
      "Metering.GridMs.TotWhIn and TotWhOut; power stands in two registers, one for each direction, and is not read",
    ),
  ],
  confidence: "third-party",
  registers: [counter("energy_import_kwh", 30581, "billing"), counter("energy_export_kwh", 30583, "billing")],
  gapWordsMax: 0,
  samples: [
    {
      title: "taken from and given to the grid, in watt-hours",
      words: [{ table: "holding", address: 30581, hex: "00bc614e 0096b43f" }],
      expect: { readings: { energy_import_kwh: "12345.678", energy_export_kwh: "9876.543" } },
    },
    {
      title: "without its meter the device answers the least signed value",
      words: [{ table: "holding", address: 30581, hex: "80000000 80000000" }],
      expect: { readings: {}, refused: { energy_import_kwh: "sentinel", energy_export_kwh: "sentinel" } },
    },
  ],
};
