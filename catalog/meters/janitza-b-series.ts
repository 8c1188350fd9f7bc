import type { ModbusProfile } from "../../domain/profile.ts";
import { FLOAT_WH, phasesOf, rowsOf } from "./rows.ts";
import { mbmd } from "./sources.ts";

const float = rowsOf("holding", "f32", "ABCD", "1");
/** Watt-hours. */
const counter = rowsOf("holding", "f32", "ABCD", "0.001");

export const janitzaBSeries: ModbusProfile = {
  kind: "modbus",
  id: "janitza-b-series",
  maker: "Janitza",
  model: "B-Series (B21, B23, B24) in Janitza's own map",
  utilities: ["electricity"],
  sources: [
    mbmd("JANITZA", "floats only in this map; where the meter also answers ABB's map, abb-b23 has 64-bit integers"),
  ],
  confidence: "third-party",
  registers: [
    counter("energy_import_kwh", 0x4a7c, "billing", FLOAT_WH),
    ...phasesOf(counter, "import", 0x4a76, 2, FLOAT_WH),
    counter("energy_export_kwh", 0x4a84, "billing", FLOAT_WH),
    ...phasesOf(counter, "export", 0x4a7e, 2, FLOAT_WH),
    ...phasesOf(float, "voltage", 0x4a38),
    ...phasesOf(float, "current", 0x4a44),
    ...phasesOf(float, "power", 0x4a4c),
    float("power_w", 0x4a52, "power"),
    float("frequency_hz", 0x4a6a, "power"),
  ],
  gapWordsMax: 2,
  samples: [
    {
      title: "three phases and their sum in watt-hours",
      words: [{ table: "holding", address: 0x4a76, hex: "48c35000 48c38e80 48d3f180 4996b400" }],
      expect: {
        readings: {
          energy_import_l1_kwh: "400",
          energy_import_l2_kwh: "400.5",
          energy_import_l3_kwh: "434.06",
          energy_import_kwh: "1234.56",
        },
      },
    },
    {
      title: "a single-phase model answers not-a-number for the second voltage",
      words: [{ table: "holding", address: 0x4a38, hex: "43663333 7fc00000" }],
      expect: { readings: { voltage_l1_v: "230.2" }, refused: { voltage_l2_v: "not_a_number" } },
    },
  ],
};
