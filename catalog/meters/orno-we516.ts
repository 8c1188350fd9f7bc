import type { ModbusProfile } from "../../domain/profile.ts";
import { FLOAT_KWH, phasesOf, type Row, rowsOf } from "./rows.ts";
import { mbmd } from "./sources.ts";

const float = rowsOf("holding", "f32", "ABCD", "1");
/** The meter keeps kW. */
const kilo = rowsOf("holding", "f32", "ABCD", "1000");
const counter: Row = (register, address, group) => float(register, address, group, FLOAT_KWH);

export const ornoWe516: ModbusProfile = {
  kind: "modbus",
  id: "orno-we516",
  maker: "ORNO",
  model: "WE-516, WE-517, three phases, two tariffs",
  utilities: ["electricity"],
  sources: [mbmd("ORNO3p")],
  confidence: "third-party",
  registers: [
    counter("energy_import_kwh", 0x108, "billing"),
    ...phasesOf(counter, "import", 0x10a),
    counter("energy_export_kwh", 0x110, "billing"),
    ...phasesOf(counter, "export", 0x112),
    counter("reactive_import_kvarh", 0x120, "billing"),
    counter("reactive_export_kvarh", 0x128, "billing"),
    counter("energy_import_t1_kwh", 0x132, "billing"),
    counter("energy_export_t1_kwh", 0x134, "billing"),
    counter("energy_import_t2_kwh", 0x13e, "billing"),
    counter("energy_export_t2_kwh", 0x140, "billing"),
    ...phasesOf(float, "voltage", 0x0e),
    float("frequency_hz", 0x14, "power"),
    ...phasesOf(float, "current", 0x16),
    kilo("power_w", 0x1c, "power"),
    ...phasesOf(kilo, "power", 0x1e),
    float("power_factor", 0x34, "power"),
  ],
  // The words between two counters are counters too: the map from 0x100 to 0x147 has no hole.
  gapWordsMax: 8,
  samples: [
    {
      title: "the total, its phases and its tariffs",
      words: [
        { table: "holding", address: 0x108, hex: "43966000 42c80000 42c88000 42c90000" },
        { table: "holding", address: 0x132, hex: "43488000" },
        { table: "holding", address: 0x13e, hex: "42c88000" },
      ],
      expect: {
        readings: {
          energy_import_kwh: "300.75",
          energy_import_l1_kwh: "100",
          energy_import_l2_kwh: "100.25",
          energy_import_l3_kwh: "100.5",
          energy_import_t1_kwh: "200.5",
          energy_import_t2_kwh: "100.25",
        },
      },
    },
    {
      title: "power in kW becomes W; the export counter is not a number",
      words: [
        { table: "holding", address: 0x1c, hex: "3fa00000" },
        { table: "holding", address: 0x110, hex: "7fc00000" },
      ],
      expect: { readings: { power_w: "1250" }, refused: { energy_export_kwh: "not_a_number" } },
    },
  ],
};
