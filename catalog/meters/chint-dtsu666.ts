import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";

const energy = rowsOf("holding", "f32", "ABCD", "1");
const tenth = rowsOf("holding", "f32", "ABCD", "0.1");
const hundredth = rowsOf("holding", "f32", "ABCD", "0.01");
const thousandth = rowsOf("holding", "f32", "ABCD", "0.001");
/** Float32 between 524 288 and the dial's end moves in steps of 1/16 kWh; below 65 536 kWh finer than 0.01. */
const COUNTER = { dialMax: "999999.99", step: "0.0625" };

export const chintDtsu666: ModbusProfile = {
  kind: "modbus",
  id: "chint-dtsu666",
  maker: "Chint",
  model: "DTSU666, three phases",
  utilities: ["electricity"],
  sources: [
    {
      title: "volkszaehler/mbmd, DTSU666",
      link: "https://github.com/volkszaehler/mbmd",
      note: "some builds keep the counters at 0x401E instead of 0x101E: read both once on site",
    },
  ],
  confidence: "third-party",
  asks: ["ct_ratio", "vt_ratio"],
  registers: [
    energy("energy_import_kwh", 0x101e, "billing", COUNTER),
    energy("energy_import_l1_kwh", 0x1020, "billing", COUNTER),
    energy("energy_import_l2_kwh", 0x1022, "billing", COUNTER),
    energy("energy_import_l3_kwh", 0x1024, "billing", COUNTER),
    energy("energy_export_kwh", 0x1028, "billing", COUNTER),
    energy("energy_export_l1_kwh", 0x102a, "billing", COUNTER),
    energy("energy_export_l2_kwh", 0x102c, "billing", COUNTER),
    energy("energy_export_l3_kwh", 0x102e, "billing", COUNTER),
    tenth("voltage_l1_v", 0x2006, "power"),
    tenth("voltage_l2_v", 0x2008, "power"),
    tenth("voltage_l3_v", 0x200a, "power"),
    thousandth("current_l1_a", 0x200c, "power"),
    thousandth("current_l2_a", 0x200e, "power"),
    thousandth("current_l3_a", 0x2010, "power"),
    tenth("power_w", 0x2012, "power"),
    tenth("power_l1_w", 0x2014, "power"),
    tenth("power_l2_w", 0x2016, "power"),
    tenth("power_l3_w", 0x2018, "power"),
    thousandth("power_factor", 0x202a, "power"),
    hundredth("frequency_hz", 0x2044, "power"),
  ],
  gapWordsMax: 2,
  samples: [
    {
      title: "the counters, with the word between import and export left alone",
      words: [
        { table: "holding", address: 0x101e, hex: "449a51ec" },
        { table: "holding", address: 0x1028, hex: "41440000" },
      ],
      expect: { readings: { energy_import_kwh: "1234.56", energy_export_kwh: "12.25" } },
    },
    {
      title: "voltage in tenths, current in thousandths; the reply ends within the second current",
      words: [
        { table: "holding", address: 0x2006, hex: "450fd000" },
        { table: "holding", address: 0x200c, hex: "455ac000 455a" },
      ],
      expect: { readings: { voltage_l1_v: "230.1", current_l1_a: "3.5" }, refused: { current_l2_a: "short_reply" } },
    },
  ],
};
