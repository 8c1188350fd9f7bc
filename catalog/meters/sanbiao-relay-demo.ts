import type { ModbusCommand, ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";

/** A command register that takes the control codes of DL/T 645-2007 as they are. */
const COMMAND = 0x0200;
const dlt645 = (code: number): ModbusCommand => ({ functionCode: 6, address: COMMAND, words: [code] });

/** How a profile says the whole command set of a prepaid relay meter. No maker builds this one. */
export const sanbiaoRelayDemo: ModbusProfile = {
  kind: "modbus",
  id: "sanbiao-relay-demo",
  maker: "Sanbiao",
  model: "invented prepaid meter with a button to close it",
  utilities: ["electricity"],
  sources: [
    {
      title: "Invented by this project",
      note: "the codes are those of DL/T 645-2007, control code 1C; the register is ours, and no meter has this map",
    },
  ],
  confidence: "invented for the demo",
  registers: [
    rowsOf("holding", "u32", "ABCD", "0.01")("energy_import_kwh", 0x00, "billing", { dialMax: "999999.99" }),
    rowsOf("holding", "u32", "ABCD", "0.1")("power_w", 0x10, "power"),
    rowsOf("holding", "u16", "ABCD", "1")("relay_state", 0x0201, "state", {
      states: [
        { mask: 0b1000, equals: 0b1000, state: "fault" },
        { mask: 0b0001, equals: 0b0001, state: "connected" },
        { mask: 0b0001, equals: 0b0000, state: "disconnected" },
      ],
    }),
  ],
  control: {
    commands: {
      trip: dlt645(0x1a),
      close_permitted: dlt645(0x1b),
      direct_close: dlt645(0x1c),
      alarm_on: dlt645(0x2a),
      alarm_off: dlt645(0x2b),
      protect_on: dlt645(0x3a),
      protect_off: dlt645(0x3b),
    },
    customerPresses: true,
    readBack: "relay_state",
  },
  gapWordsMax: 0,
  samples: [
    {
      title: "1234.56 kWh, closed",
      words: [
        { table: "holding", address: 0x00, hex: "0001e240" },
        { table: "holding", address: 0x0201, hex: "0001" },
      ],
      expect: { readings: { energy_import_kwh: "1234.56", relay_state: "connected" } },
    },
    {
      title: "open and permitted: the button was not pressed yet",
      words: [{ table: "holding", address: 0x0201, hex: "0002" }],
      expect: { readings: { relay_state: "disconnected" } },
    },
    {
      title: "the contacts are reported faulty; all-ones is no counter",
      words: [
        { table: "holding", address: 0x00, hex: "ffffffff" },
        { table: "holding", address: 0x0201, hex: "0009" },
      ],
      expect: { readings: { relay_state: "fault" }, refused: { energy_import_kwh: "all_ones" } },
    },
  ],
};
