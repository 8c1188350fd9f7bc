import type { ModbusProfile } from "../../domain/profile.ts";
import { gavazziCounter, gavazziFactor, gavazziHertz, gavazziThreePhases } from "./carlo-gavazzi-rows.ts";
import { phasesOf } from "./rows.ts";
import { mbmd } from "./sources.ts";

export const carloGavazziEm24: ModbusProfile = {
  kind: "modbus",
  id: "carlo-gavazzi-em24",
  maker: "Carlo Gavazzi",
  model: "EM24-DIN with RS-485, three phases",
  utilities: ["electricity"],
  sources: [
    {
      title: "Carlo Gavazzi EM24-DIN communication protocol, instantaneous variables and meters",
      link: "https://www.ccontrols.com/support/dp/CarloGavazziEM24.pdf",
      note: "kWh (+) TOT is 300063 (0x3E), kWh (-) TOT 300093 (0x5C); so reads OpenEMS too",
    },
    mbmd(
      "CGEM24",
      "it takes import from 0x42, the partial counter that anybody may reset: not followed here; the rest compared",
    ),
  ],
  confidence: "documented",
  registers: [
    gavazziCounter("energy_import_kwh", 0x3e, "billing"),
    ...phasesOf(gavazziCounter, "import", 0x46),
    gavazziCounter("energy_export_kwh", 0x5c, "billing"),
    ...gavazziThreePhases,
    gavazziFactor("power_factor", 0x35, "power"),
    gavazziHertz("frequency_hz", 0x37, "power"),
  ],
  gapWordsMax: 6,
  samples: [
    {
      title: "the total counter; the partial one beside it was reset and is not read",
      words: [{ table: "input", address: 0x3e, hex: "d6870012 005a0000 00780000" }],
      expect: { readings: { energy_import_kwh: "123456.7" } },
    },
    {
      title: "all-ones is no counter; frequency and power factor are",
      words: [
        { table: "input", address: 0x35, hex: "fc2c 0000 01f4" },
        { table: "input", address: 0x5c, hex: "ffffffff" },
      ],
      expect: {
        readings: { power_factor: "-0.98", frequency_hz: "50" },
        refused: { energy_export_kwh: "all_ones" },
      },
    },
  ],
};
