import type { ModbusProfile } from "../../domain/profile.ts";
import { ineproCounter, ineproThreePhases } from "./inepro-rows.ts";
import { mbmd } from "./sources.ts";

export const ineproPro380: ModbusProfile = {
  kind: "modbus",
  id: "inepro-pro380",
  maker: "Inepro Metering",
  model: "PRO380, three phases, two tariffs",
  utilities: ["electricity"],
  sources: [mbmd("INEPRO")],
  confidence: "third-party",
  registers: [
    ...ineproThreePhases,
    ineproCounter("energy_import_t1_kwh", 0x600e, "billing"),
    ineproCounter("energy_import_t2_kwh", 0x6010, "billing"),
    ineproCounter("energy_export_t1_kwh", 0x601a, "billing"),
    ineproCounter("energy_export_t2_kwh", 0x601c, "billing"),
    ineproCounter("reactive_import_kvarh", 0x6030, "billing"),
    ineproCounter("reactive_export_kvarh", 0x603c, "billing"),
  ],
  // The words between two counters are counters too: tariffs and phases of the reactive energy.
  gapWordsMax: 12,
  samples: [
    {
      title: "the total, its tariffs and its phases in one block",
      words: [{ table: "holding", address: 0x600c, hex: "449a5000 447a0000 436a8000 43c80000 43c82000 43d92000" }],
      expect: {
        readings: {
          energy_import_kwh: "1234.5",
          energy_import_t1_kwh: "1000",
          energy_import_t2_kwh: "234.5",
          energy_import_l1_kwh: "400",
          energy_import_l2_kwh: "400.25",
          energy_import_l3_kwh: "434.25",
        },
      },
    },
    {
      title: "power in kW becomes W; the first phase is not a number",
      words: [{ table: "holding", address: 0x5012, hex: "40200000 7fc00000" }],
      expect: { readings: { power_w: "2500" }, refused: { power_l1_w: "not_a_number" } },
    },
  ],
};
