import type { ModbusProfile } from "../../domain/profile.ts";
import { phasesOf, rowsOf } from "./rows.ts";
import { mbmd } from "./sources.ts";

const float = rowsOf("input", "f32", "ABCD", "1");
/** Watt-hours in 64-bit floats: exact to the watt-hour up to 9 × 10¹² kWh. */
const counter = rowsOf("input", "f64", "ABCD", "0.001");

export const siemensPac2200: ModbusProfile = {
  kind: "modbus",
  id: "siemens-pac2200",
  maker: "Siemens",
  model: "SENTRON 7KM PAC2200, three phases",
  utilities: ["electricity"],
  sources: [
    {
      title: "Siemens SENTRON 7KM PAC2200 equipment manual L1V30415167B, appendix A.1, offsets 801 to 816",
      note:
        "offset 801 is tariff 1's import, 805 tariff 2's: where the tariff input is used, bill the two and not the first alone. " +
        "Primary values; the ratio is set in the meter.",
    },
    mbmd("PAC2200", "801 and 809 compared"),
  ],
  confidence: "documented",
  registers: [
    counter("energy_import_kwh", 0x321, "billing"),
    counter("energy_import_t2_kwh", 0x325, "billing"),
    counter("energy_export_kwh", 0x329, "billing"),
    counter("energy_export_t2_kwh", 0x32d, "billing"),
    ...phasesOf(float, "voltage", 0x01),
    ...phasesOf(float, "current", 0x0d),
    ...phasesOf(float, "power", 0x19),
    float("frequency_hz", 0x2e, "power"),
    float("power_w", 0x41, "power"),
    float("power_factor", 0x45, "power"),
  ],
  // Line voltages and apparent powers stand between the phases.
  gapWordsMax: 6,
  samples: [
    {
      title: "watt-hours in double precision; tariff 2 never used",
      words: [{ table: "input", address: 0x321, hex: "41d26580b4c00000 0000000000000000" }],
      expect: { readings: { energy_import_kwh: "1234567.891", energy_import_t2_kwh: "0" } },
    },
    {
      title: "current of a phase without transformer is not a number",
      words: [
        { table: "input", address: 0x0d, hex: "40900000 7fc00000" },
        { table: "input", address: 0x329, hex: "7ff8000000000000" },
      ],
      expect: {
        readings: { current_l1_a: "4.5" },
        refused: { current_l2_a: "not_a_number", energy_export_kwh: "not_a_number" },
      },
    },
  ],
};
