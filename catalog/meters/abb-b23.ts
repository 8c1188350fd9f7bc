import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";

const counter = rowsOf("holding", "u64", "ABCD", "0.01");
const volt = rowsOf("holding", "u32", "ABCD", "0.1");
const ampere = rowsOf("holding", "u32", "ABCD", "0.01");
const watt = rowsOf("holding", "s32", "ABCD", "0.01");

export const abbB23: ModbusProfile = {
  kind: "modbus",
  id: "abb-b23",
  maker: "ABB",
  model: "B23 (B-Series), three phases",
  utilities: ["electricity"],
  sources: [
    {
      title: "ABB B23/B24 user manual, mapping tables",
      note: "all-ones in unsigned and the greatest value in signed registers mean 'not available'",
    },
    { title: "volkszaehler/mbmd, ABB", link: "https://github.com/volkszaehler/mbmd", note: "addresses compared" },
    {
      title: "victronenergy/dbus-modbus-client, abb.py",
      link: "https://github.com/victronenergy/dbus-modbus-client",
      note: "the type designation at 0x8960",
    },
  ],
  confidence: "documented",
  // The first two words of the type designation: "B23 ".
  probe: { title: "type designation", table: "holding", address: 0x8960, anyOf: ["42323320"] },
  registers: [
    counter("energy_import_kwh", 0x5000, "billing"),
    counter("energy_export_kwh", 0x5004, "billing"),
    counter("energy_import_l1_kwh", 0x5460, "billing"),
    counter("energy_import_l2_kwh", 0x5464, "billing"),
    counter("energy_import_l3_kwh", 0x5468, "billing"),
    counter("energy_export_l1_kwh", 0x546c, "billing"),
    counter("energy_export_l2_kwh", 0x5470, "billing"),
    counter("energy_export_l3_kwh", 0x5474, "billing"),
    volt("voltage_l1_v", 0x5b00, "power"),
    volt("voltage_l2_v", 0x5b02, "power"),
    volt("voltage_l3_v", 0x5b04, "power"),
    ampere("current_l1_a", 0x5b0c, "power"),
    ampere("current_l2_a", 0x5b0e, "power"),
    ampere("current_l3_a", 0x5b10, "power"),
    watt("power_w", 0x5b14, "power"),
    watt("power_l1_w", 0x5b16, "power"),
    watt("power_l2_w", 0x5b18, "power"),
    watt("power_l3_w", 0x5b1a, "power"),
    rowsOf("holding", "u16", "ABCD", "0.01")("frequency_hz", 0x5b2c, "power"),
    rowsOf("holding", "s16", "ABCD", "0.001")("power_factor", 0x5b3a, "power"),
  ],
  gapWordsMax: 8,
  samples: [
    {
      title: "import counted, export not fitted in the steel version",
      words: [{ table: "holding", address: 0x5000, hex: "000000000001e240 ffffffffffffffff" }],
      expect: { readings: { energy_import_kwh: "1234.56" }, refused: { energy_export_kwh: "all_ones" } },
    },
    {
      title: "power given back, −0.01 W, is a value; the greatest signed value is none",
      words: [{ table: "holding", address: 0x5b14, hex: "ffffffff 7fffffff" }],
      expect: { readings: { power_w: "-0.01" }, refused: { power_l1_w: "sentinel" } },
    },
  ],
};
