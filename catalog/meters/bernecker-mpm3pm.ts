import type { ModbusProfile } from "../../domain/profile.ts";
import { phasesOf, rowsOf } from "./rows.ts";
import { mbmd } from "./sources.ts";

const counter = rowsOf("holding", "u32", "ABCD", "0.01");
const watt = rowsOf("holding", "s32", "ABCD", "0.01");

export const berneckerMpm3pm: ModbusProfile = {
  kind: "modbus",
  id: "bernecker-mpm3pm",
  maker: "Bernecker Engineering",
  model: "MPM3PM, three phases",
  utilities: ["electricity"],
  sources: [mbmd("MPM")],
  confidence: "third-party",
  registers: [
    counter("energy_import_kwh", 0x02, "billing"),
    counter("energy_export_kwh", 0x04, "billing"),
    ...phasesOf(rowsOf("holding", "u32", "ABCD", "0.1"), "voltage", 0x08),
    ...phasesOf(counter, "current", 0x0e),
    ...phasesOf(watt, "power", 0x14),
    watt("power_w", 0x26, "power"),
    rowsOf("holding", "u32", "ABCD", "0.001")("power_factor", 0x2a, "power"),
    counter("frequency_hz", 0x2c, "power"),
  ],
  // The map has no hole: reactive power and the phases' factors stand between.
  gapWordsMax: 12,
  samples: [
    {
      title: "import and export; the sum before them, which may fall, is not read",
      words: [{ table: "holding", address: 0x00, hex: "0001df2a 0001e240 00000316" }],
      expect: { readings: { energy_import_kwh: "1234.56", energy_export_kwh: "7.9" } },
    },
    {
      title: "voltages; all-ones where a phase is not connected",
      words: [{ table: "holding", address: 0x08, hex: "000008fd 00000901 ffffffff" }],
      expect: { readings: { voltage_l1_v: "230.1", voltage_l2_v: "230.5" }, refused: { voltage_l3_v: "all_ones" } },
    },
  ],
};
