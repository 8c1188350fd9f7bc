import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";

/**
 * The register holds pulses, not cubic metres: the pulse weight printed on the gas meter (0.01 m³ for most G4) is stated with the
 * meter and multiplied in when the reading is normalised.
 */
export const advantechAdam6050GasPulse: ModbusProfile = {
  kind: "modbus",
  id: "advantech-adam6050-gas-pulse",
  maker: "Advantech",
  model: "ADAM-6050 / 6051 pulse counter at a gas meter's reed contact, input 0",
  utilities: ["gas"],
  sources: [
    {
      title: "Advantech ADAM-6000 user's manual, Modbus mapping table",
      note: "counter = (40002) × 65536 + (40001): low word first. Input 0 set to counter mode, kept through power failure.",
    },
  ],
  confidence: "documented",
  asks: ["pulse_weight"],
  registers: [rowsOf("holding", "u32", "CDAB", "1")("volume_m3", 0, "billing", { dialMax: "4294967295" })],
  gapWordsMax: 0,
  samples: [
    {
      title: "70 000 pulses: low word first (700 m³ at 0.01 m³ a pulse)",
      words: [{ table: "holding", address: 0, hex: "1170 0001" }],
      expect: { readings: { volume_m3: "70000" } },
    },
    {
      title: "a module without counter mode answers all-ones",
      words: [{ table: "holding", address: 0, hex: "ffff ffff" }],
      expect: { readings: {}, refused: { volume_m3: "all_ones" } },
    },
  ],
};
