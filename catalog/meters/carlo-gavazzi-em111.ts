import type { ModbusProfile } from "../../domain/profile.ts";
import { gavazziAmpere, gavazziCounter, gavazziFactor, gavazziHertz, gavazziVolt } from "./carlo-gavazzi-rows.ts";
import { rowsOf, TENTHS } from "./rows.ts";
import { evcc } from "./sources.ts";

const reactive = rowsOf("input", "s32", "CDAB", "0.1");

export const carloGavazziEm111: ModbusProfile = {
  kind: "modbus",
  id: "carlo-gavazzi-em111",
  maker: "Carlo Gavazzi",
  model: "EM111, EM112, ET112, single phase",
  utilities: ["electricity"],
  sources: [
    {
      title: "Carlo Gavazzi EM111/EM112/ET112 communication protocol, version 2 revision 14",
      note: "low word first, at most 50 words in a request; 0x10 is kWh (+) TOT, 0x20 kWh (-) TOT, 0x14 the partial counter",
    },
    evcc("cg-emt1xx", "it reads 0x20, the counter of feed-in, for a generator"),
  ],
  confidence: "documented",
  registers: [
    gavazziCounter("energy_import_kwh", 0x10, "billing"),
    reactive("reactive_import_kvarh", 0x12, "billing", TENTHS),
    gavazziCounter("energy_import_t1_kwh", 0x18, "billing"),
    gavazziCounter("energy_import_t2_kwh", 0x1a, "billing"),
    gavazziCounter("energy_export_kwh", 0x20, "billing"),
    reactive("reactive_export_kvarh", 0x22, "billing", TENTHS),
    gavazziVolt("voltage_l1_v", 0x00, "power"),
    gavazziAmpere("current_l1_a", 0x02, "power"),
    gavazziVolt("power_w", 0x04, "power"),
    gavazziFactor("power_factor", 0x0e, "power"),
    gavazziHertz("frequency_hz", 0x0f, "power"),
  ],
  blockWordsMax: 50,
  gapWordsMax: 0,
  samples: [
    {
      title: "both directions, low word first",
      words: [
        { table: "input", address: 0x10, hex: "d4310000 03660000" },
        { table: "input", address: 0x20, hex: "000c0000 00030000" },
      ],
      expect: {
        readings: {
          energy_import_kwh: "5432.1",
          reactive_import_kvarh: "87",
          energy_export_kwh: "1.2",
          reactive_export_kvarh: "0.3",
        },
      },
    },
    {
      title: "overflow in the current; voltage and power stand",
      words: [{ table: "input", address: 0x00, hex: "08fe0000 ffff7fff 1f720000" }],
      expect: { readings: { voltage_l1_v: "230.2", power_w: "805" }, refused: { current_l1_a: "sentinel" } },
    },
  ],
};
