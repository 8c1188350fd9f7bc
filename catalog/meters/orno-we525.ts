import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";
import { mbmd } from "./sources.ts";

const counter = rowsOf("input", "s32", "ABCD", "0.01");
const milli = rowsOf("input", "s32", "ABCD", "0.001");

export const ornoWe525: ModbusProfile = {
  kind: "modbus",
  id: "orno-we525",
  maker: "ORNO",
  model: "WE-525, WE-526, single phase, both directions",
  utilities: ["electricity"],
  sources: [mbmd("ORNO1p525")],
  confidence: "third-party",
  registers: [
    counter("energy_import_kwh", 0x10e, "billing"),
    counter("energy_import_t1_kwh", 0x110, "billing"),
    counter("energy_import_t2_kwh", 0x112, "billing"),
    counter("energy_export_kwh", 0x118, "billing"),
    counter("energy_export_t1_kwh", 0x11a, "billing"),
    counter("energy_export_t2_kwh", 0x11c, "billing"),
    counter("reactive_import_kvarh", 0x12c, "billing"),
    counter("reactive_export_kvarh", 0x136, "billing"),
    milli("voltage_l1_v", 0x100, "power"),
    milli("current_l1_a", 0x102, "power"),
    rowsOf("input", "s32", "ABCD", "1")("power_w", 0x104, "power"),
    rowsOf("input", "s16", "ABCD", "0.1")("frequency_hz", 0x10a, "power"),
    rowsOf("input", "s16", "ABCD", "0.001")("power_factor", 0x10b, "power"),
  ],
  gapWordsMax: 4,
  samples: [
    {
      title: "the total and two tariffs of each direction",
      words: [
        { table: "input", address: 0x10e, hex: "0001e240 000186a0 00005ba0" },
        { table: "input", address: 0x118, hex: "000002ee 000001f4 000000fa" },
      ],
      expect: {
        readings: {
          energy_import_kwh: "1234.56",
          energy_import_t1_kwh: "1000",
          energy_import_t2_kwh: "234.56",
          energy_export_kwh: "7.5",
          energy_export_t1_kwh: "5",
          energy_export_t2_kwh: "2.5",
        },
      },
    },
    {
      title: "a counter below zero is refused; a power below zero is feed-in",
      words: [
        { table: "input", address: 0x104, hex: "ffffffb0" },
        { table: "input", address: 0x10e, hex: "fffffffe" },
      ],
      expect: { readings: { power_w: "-80" }, refused: { energy_import_kwh: "out_of_range" } },
    },
  ],
};
