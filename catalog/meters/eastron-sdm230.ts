import type { ModbusProfile } from "../../domain/profile.ts";
import { EASTRON_BLOCKS, eastronEnergies, eastronReactive, eastronSinglePhase } from "./eastron-rows.ts";
import { rowsOf } from "./rows.ts";
import { mbmd } from "./sources.ts";

export const eastronSdm230: ModbusProfile = {
  kind: "modbus",
  id: "eastron-sdm230",
  maker: "Eastron",
  model: "SDM230-Modbus, single phase, 100 A",
  utilities: ["electricity"],
  sources: [
    {
      title: "Eastron SDM230-Modbus protocol, input registers (function 4)",
      link: "https://www.eastroneurope.com/images/uploads/products/protocol/SDM230-MODBUS_Protocol.pdf",
    },
    mbmd("SDM230", "addresses compared"),
  ],
  confidence: "documented",
  registers: [
    ...eastronEnergies,
    ...eastronReactive,
    // 30091, maximum system positive power demand: since it was reset by hand or over the wire, never by the month.
    rowsOf("input", "f32", "ABCD", "0.001")("demand_import_max_kw", 0x5a, "billing"),
    ...eastronSinglePhase,
  ],
  ...EASTRON_BLOCKS,
  samples: [
    {
      title: "active and reactive counters of a workshop",
      words: [{ table: "input", address: 0x48, hex: "46a00040 3f000000 439b6000 41400000" }],
      expect: {
        readings: {
          energy_import_kwh: "20480.125",
          energy_export_kwh: "0.5",
          reactive_import_kvarh: "310.75",
          reactive_export_kvarh: "12",
        },
      },
    },
    {
      title: "the highest demand since it was reset, 7.2505 kW",
      words: [{ table: "input", address: 0x5a, hex: "45e29400" }],
      expect: { readings: { demand_import_max_kw: "7.2505" } },
    },
    {
      title: "a counter below zero is refused, a power below zero is feed-in",
      words: [
        { table: "input", address: 0x0c, hex: "c4bb8000" },
        { table: "input", address: 0x48, hex: "bf800000" },
      ],
      expect: { readings: { power_w: "-1500" }, refused: { energy_import_kwh: "out_of_range" } },
    },
  ],
};
