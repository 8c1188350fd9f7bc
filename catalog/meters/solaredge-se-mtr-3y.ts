import type { ModbusProfile } from "../../domain/profile.ts";
import { FLOAT_KWH, phasesOf, rowsOf } from "./rows.ts";
import { mbmd } from "./sources.ts";

const float = rowsOf("input", "f32", "CDAB", "1");

export const solaredgeSeMtr3y: ModbusProfile = {
  kind: "modbus",
  id: "solaredge-se-mtr-3y",
  maker: "SolarEdge (WattNode of CCS)",
  model: "SE-MTR-3Y-400V-A with current transformers",
  utilities: ["electricity"],
  sources: [
    {
      title: "Continental Control Systems, WattNode for Modbus manual, basic and energy registers",
      note: "1007 EnergyPosSumNR and 1115 EnergyNegSumNR cannot be reset; 1003, 1113 and the phases' counters can, and are not read",
    },
    mbmd("SEMTR", "calls the two ImportT1 and ExportT1; the ratio is set in the meter"),
  ],
  confidence: "third-party",
  registers: [
    float("energy_import_kwh", 0x3ee, "billing", FLOAT_KWH),
    float("energy_export_kwh", 0x45a, "billing", FLOAT_KWH),
    float("power_w", 0x3f0, "power"),
    ...phasesOf(float, "power", 0x3f2),
    ...phasesOf(float, "voltage", 0x3fa),
    float("frequency_hz", 0x408, "power"),
    float("power_factor", 0x472, "power"),
    ...phasesOf(float, "current", 0x48a),
  ],
  gapWordsMax: 2,
  samples: [
    {
      title: "the counter that cannot be reset, low word first; the one before it was",
      words: [{ table: "input", address: 0x3ea, hex: "00004148 00000000 f6004608" }],
      expect: { readings: { energy_import_kwh: "8765.5" } },
    },
    {
      title: "not a number in the export counter",
      words: [
        { table: "input", address: 0x3f0, hex: "4400c583" },
        { table: "input", address: 0x45a, hex: "00007fc0" },
      ],
      expect: { readings: { power_w: "-4200.5" }, refused: { energy_export_kwh: "not_a_number" } },
    },
  ],
};
