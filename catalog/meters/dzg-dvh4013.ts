import type { ModbusProfile } from "../../domain/profile.ts";
import { phasesOf, rowsOf } from "./rows.ts";
import { mbmd } from "./sources.ts";

/** Whole watt-hours: rolls over beyond 4 294 967.295 kWh only. */
const counter = rowsOf("holding", "u32", "ABCD", "0.001");
const milli = rowsOf("holding", "u32", "ABCD", "0.001");

export const dzgDvh4013: ModbusProfile = {
  kind: "modbus",
  id: "dzg-dvh4013",
  maker: "DZG Metering",
  model: "DVH4013, three phases, both directions",
  utilities: ["electricity"],
  sources: [
    mbmd(
      "DZG",
      "power stands in two registers, one for each direction, and is not read; the phases' counters lie 32 words apart",
    ),
  ],
  confidence: "third-party",
  registers: [
    counter("energy_import_kwh", 0x4000, "billing"),
    counter("energy_export_kwh", 0x4100, "billing"),
    ...phasesOf(rowsOf("holding", "u32", "ABCD", "0.01"), "voltage", 0x04),
    ...phasesOf(milli, "current", 0x0a),
    milli("power_factor", 0x10, "power"),
    milli("frequency_hz", 0x12, "power"),
  ],
  gapWordsMax: 0,
  samples: [
    {
      title: "both directions in whole watt-hours",
      words: [
        { table: "holding", address: 0x4000, hex: "075bcd15" },
        { table: "holding", address: 0x4100, hex: "000003e9" },
      ],
      expect: { readings: { energy_import_kwh: "123456.789", energy_export_kwh: "1.001" } },
    },
    {
      title: "all-ones in a voltage means that the phase is not there",
      words: [{ table: "holding", address: 0x04, hex: "000059e4 ffffffff" }],
      expect: { readings: { voltage_l1_v: "230.12" }, refused: { voltage_l2_v: "all_ones" } },
    },
  ],
};
