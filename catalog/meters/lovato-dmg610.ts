import type { ModbusProfile } from "../../domain/profile.ts";
import { phasesOf, rowsOf } from "./rows.ts";
import { mbmd } from "./sources.ts";

const counter = rowsOf("input", "u64", "ABCD", "0.01");
const watt = rowsOf("input", "s32", "ABCD", "0.01");

export const lovatoDmg610: ModbusProfile = {
  kind: "modbus",
  id: "lovato-dmg610",
  maker: "Lovato",
  model: "DMG610, three phases with current transformers",
  utilities: ["electricity"],
  sources: [mbmd("DMG610", "primary values: the ratio is set in the meter. 64-bit integers, exact to 0.01 kWh")],
  confidence: "third-party",
  registers: [
    counter("energy_import_kwh", 0x1b1f, "billing"),
    counter("energy_export_kwh", 0x1b23, "billing"),
    counter("reactive_import_kvarh", 0x1b27, "billing"),
    counter("reactive_export_kvarh", 0x1b2b, "billing"),
    ...phasesOf(counter, "import", 0x1e1f, 0x28),
    ...phasesOf(counter, "export", 0x1e23, 0x28),
    ...phasesOf(rowsOf("input", "u32", "ABCD", "0.01"), "voltage", 0x01),
    ...phasesOf(rowsOf("input", "u32", "ABCD", "0.0001"), "current", 0x07),
    ...phasesOf(watt, "power", 0x13),
    rowsOf("input", "u32", "ABCD", "0.001")("frequency_hz", 0x31, "power"),
    watt("power_w", 0x39, "power"),
  ],
  gapWordsMax: 0,
  samples: [
    {
      title: "a transformer station: 12 345 678.90 kWh",
      words: [{ table: "input", address: 0x1b1f, hex: "00000000499602d2 0000000000000000" }],
      expect: { readings: { energy_import_kwh: "12345678.9", energy_export_kwh: "0" } },
    },
    {
      title: "all-ones in reactive import is no reading",
      words: [{ table: "input", address: 0x1b27, hex: "ffffffffffffffff 00000000000000fa" }],
      expect: { readings: { reactive_export_kvarh: "2.5" }, refused: { reactive_import_kvarh: "all_ones" } },
    },
  ],
};
