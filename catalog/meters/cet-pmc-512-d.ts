import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";

const float = rowsOf("holding", "f32", "ABCD", "1");
/** Watts in float32: 1/128 W at 100 kW. */
const demand = rowsOf("holding", "f32", "ABCD", "0.001");

export const cetPmc512D: ModbusProfile = {
  kind: "modbus",
  id: "cet-pmc-512-d",
  maker: "CET Electric Technology",
  model: "PMC-512-D, mains of a single-phase board, with the month's highest demand",
  utilities: ["electricity"],
  sources: [
    {
      title:
        "CET PMC-512-D user manual, tables 5-15 (real time), 5-16 (energy), 5-19 and 5-20 (peak demand of this and of last month)",
      link: "https://manualshive.com/ru/manual/cet/pmc-512-d/2584647",
      note:
        "The mains' demand is printed in A there, those of the branches beside it in W: confirm W on site. Both are resets of the " +
        "meter's own clock (self-read time 0: the month's first midnight). Nothing of it holds where its mains current type is residual.",
    },
  ],
  confidence: "documented",
  registers: [
    rowsOf("holding", "s32", "ABCD", "0.01")("energy_import_kwh", 2000, "billing"),
    demand("demand_import_max_kw", 4052, "billing"),
    demand("demand_import_last_kw", 4156, "billing"),
    float("voltage_l1_v", 504, "power"),
    float("current_l1_a", 506, "power"),
    float("power_w", 540, "power"),
  ],
  gapWordsMax: 0,
  samples: [
    {
      title: "1234.56 kWh, 12.3455 kW this month and 9.87625 kW last month",
      words: [
        { table: "holding", address: 2000, hex: "0001e240" },
        { table: "holding", address: 4052, hex: "4640e600" },
        { table: "holding", address: 4156, hex: "461a5100" },
      ],
      expect: {
        readings: { energy_import_kwh: "1234.56", demand_import_max_kw: "12.3455", demand_import_last_kw: "9.87625" },
      },
    },
    {
      title: "a demand that is no number, and a counter of ones",
      words: [
        { table: "holding", address: 2000, hex: "ffffffff" },
        { table: "holding", address: 4052, hex: "7fc00000" },
      ],
      expect: { readings: {}, refused: { energy_import_kwh: "all_ones", demand_import_max_kw: "not_a_number" } },
    },
  ],
};
