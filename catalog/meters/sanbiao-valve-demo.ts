import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";

const OPENING = 0x0100;

/** How a profile says a valve that can also let a trickle through. No maker builds this one. */
export const sanbiaoValveDemo: ModbusProfile = {
  kind: "modbus",
  id: "sanbiao-valve-demo",
  maker: "Sanbiao",
  model: "invented water meter whose valve opens to a percentage",
  utilities: ["water"],
  sources: [{ title: "Invented by this project", note: "for trials of a trickle; no meter has this map" }],
  confidence: "invented for the demo",
  registers: [
    rowsOf("holding", "u32", "ABCD", "0.001")("volume_m3", 0x00, "billing", { dialMax: "999999.999" }),
    rowsOf("holding", "u32", "ABCD", "0.001")("flow_m3_per_h", 0x10, "power"),
    rowsOf("holding", "u16", "ABCD", "1")("valve_state", 0x0101, "state", {
      states: [
        { mask: 0xffff, equals: 1, state: "connected" },
        { mask: 0xffff, equals: 2, state: "disconnected" },
        { mask: 0xffff, equals: 3, state: "limited" },
        { mask: 0xffff, equals: 4, state: "moving" },
      ],
    }),
  ],
  control: {
    commands: {
      valve_open: { functionCode: 6, address: OPENING, words: [100] },
      valve_close: { functionCode: 6, address: OPENING, words: [0] },
      valve_trickle: { functionCode: 6, address: OPENING, words: [5], percentAt: 0 },
    },
    readBack: "valve_state",
  },
  gapWordsMax: 0,
  samples: [
    {
      title: "17.043 m³ through a trickle",
      words: [
        { table: "holding", address: 0x00, hex: "00004293" },
        { table: "holding", address: 0x0101, hex: "0003" },
      ],
      expect: { readings: { volume_m3: "17.043", valve_state: "limited" } },
    },
    {
      title: "a position that nobody wrote down is a fault; all-ones is no volume",
      words: [
        { table: "holding", address: 0x00, hex: "ffffffff" },
        { table: "holding", address: 0x0101, hex: "0007" },
      ],
      expect: { readings: { valve_state: "fault" }, refused: { volume_m3: "all_ones" } },
    },
  ],
};
