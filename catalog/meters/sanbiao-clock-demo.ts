import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";

/** How a profile says where a meter's clock stands and how a scan knows the meter. No maker builds this one. */
export const sanbiaoClockDemo: ModbusProfile = {
  kind: "modbus",
  id: "sanbiao-clock-demo",
  maker: "Sanbiao",
  model: "invented meter with a clock that can be set",
  utilities: ["electricity"],
  sources: [{ title: "Invented by this project", note: "for trials of clocks and scans; no meter has this map" }],
  confidence: "invented for the demo",
  probe: { title: "make and model code", table: "holding", address: 0x0f00, anyOf: ["53420001"] },
  clock: { table: "holding", address: 0x0f10, format: "ymdhms_bcd", zone: "local", writable: true },
  registers: [
    rowsOf("holding", "u32", "ABCD", "0.01")("energy_import_kwh", 0x00, "billing", { dialMax: "999999.99" }),
    rowsOf("holding", "u16", "ABCD", "0.1")("voltage_l1_v", 0x10, "power"),
    rowsOf("holding", "u16", "ABCD", "0.01")("frequency_hz", 0x11, "power"),
  ],
  gapWordsMax: 0,
  samples: [
    {
      title: "total 1234.56 kWh at 230.1 V and 50 Hz",
      words: [
        { table: "holding", address: 0x00, hex: "0001e240" },
        { table: "holding", address: 0x10, hex: "08fd 1388" },
      ],
      expect: { readings: { energy_import_kwh: "1234.56", voltage_l1_v: "230.1", frequency_hz: "50" } },
    },
    {
      title: "all-ones is no counter",
      words: [{ table: "holding", address: 0x00, hex: "ffffffff" }],
      expect: { readings: {}, refused: { energy_import_kwh: "all_ones" } },
    },
  ],
};
