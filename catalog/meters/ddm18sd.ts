import type { ModbusProfile } from "../../domain/profile.ts";
import { FLOAT_KWH, rowsOf } from "./rows.ts";
import { mbmd } from "./sources.ts";

const float = rowsOf("input", "f32", "ABCD", "1");

export const ddm18sd: ModbusProfile = {
  kind: "modbus",
  id: "ddm18sd",
  maker: "Various",
  model: "DDM18SD, single phase",
  utilities: ["electricity"],
  sources: [mbmd("DDM", "the only counter adds both directions: for supply without feed-in")],
  confidence: "third-party",
  registers: [
    float("energy_import_kwh", 0x100, "billing", FLOAT_KWH),
    float("voltage_l1_v", 0x00, "power"),
    float("current_l1_a", 0x08, "power"),
    float("power_w", 0x12, "power"),
    float("power_factor", 0x2a, "power"),
    float("frequency_hz", 0x36, "power"),
  ],
  gapWordsMax: 0,
  samples: [
    {
      title: "the counter of a flat",
      words: [{ table: "input", address: 0x100, hex: "453cdc00" }],
      expect: { readings: { energy_import_kwh: "3021.75" } },
    },
    {
      title: "the counter is not a number while the meter starts",
      words: [
        { table: "input", address: 0x00, hex: "43668000" },
        { table: "input", address: 0x100, hex: "7fc00000" },
      ],
      expect: { readings: { voltage_l1_v: "230.5" }, refused: { energy_import_kwh: "not_a_number" } },
    },
  ],
};
