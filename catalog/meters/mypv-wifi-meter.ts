import type { ModbusProfile } from "../../domain/profile.ts";
import { phasesOf, rowsOf } from "./rows.ts";
import { evcc } from "./sources.ts";

const watt = rowsOf("holding", "s32", "ABCD", "1");

export const mypvWifiMeter: ModbusProfile = {
  kind: "modbus",
  id: "mypv-wifi-meter",
  maker: "my-PV",
  model: "WiFi Meter with current transformers, three phases",
  utilities: ["electricity"],
  sources: [evcc("mypv-wifi-meter", "the counter has 800 counts for each kilowatt-hour")],
  confidence: "third-party",
  registers: [
    rowsOf("holding", "u32", "ABCD", "0.00125")("energy_import_kwh", 0x22, "billing"),
    ...phasesOf(rowsOf("holding", "u16", "ABCD", "0.01"), "current", 0x01, 10),
    ...phasesOf(watt, "power", 0x02, 10),
    watt("power_w", 0x20, "power"),
  ],
  gapWordsMax: 0,
  samples: [
    {
      title: "800 counts are one kilowatt-hour",
      words: [{ table: "holding", address: 0x20, hex: "fffffa24 000f1206" }],
      expect: { readings: { power_w: "-1500", energy_import_kwh: "1234.5675" } },
    },
    {
      title: "all-ones in the counter is no reading",
      words: [
        { table: "holding", address: 0x01, hex: "0200 00000499" },
        { table: "holding", address: 0x22, hex: "ffffffff" },
      ],
      expect: {
        readings: { current_l1_a: "5.12", power_l1_w: "1177" },
        refused: { energy_import_kwh: "all_ones" },
      },
    },
  ],
};
