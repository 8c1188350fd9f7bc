import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";

const counter = rowsOf("holding", "u32", "ABCD", "0.01");
const COUNTER = { dialMax: "999999.99" };
/** Forced control: [1, 1] opens the relay, [1, 0] closes it. The second word is read back. */
const CONTROL = 0x57;

export const acrelDdsy1352: ModbusProfile = {
  kind: "modbus",
  id: "acrel-ddsy1352",
  maker: "Acrel",
  model: "DDSY1352 / DTSY1352, prepaid with relay",
  utilities: ["electricity"],
  sources: [
    {
      title: "Third-party integrations of Acrel DDSY1352 (package info.zhihui.ems)",
      note:
        "Scale 0.01 kWh from other Acrel manuals. No status register is known: the control word is read back. " +
        "Confirm all of it with the manual of the batch, and watch that power falls to 0 after a cut.",
    },
  ],
  confidence: "third-party",
  asks: ["ct_ratio"],
  registers: [
    counter("energy_import_kwh", 0x00, "billing", COUNTER),
    counter("energy_import_sharp_kwh", 0x02, "billing", COUNTER),
    counter("energy_import_peak_kwh", 0x04, "billing", COUNTER),
    counter("energy_import_flat_kwh", 0x06, "billing", COUNTER),
    counter("energy_import_valley_kwh", 0x08, "billing", COUNTER),
    counter("energy_import_deep_valley_kwh", 0x5030, "billing", COUNTER),
    rowsOf("holding", "u16", "ABCD", "1")("ct_ratio", 0x38, "slow"),
    rowsOf("holding", "u16", "ABCD", "1")("relay_state", CONTROL + 1, "state", {
      states: [
        { mask: 0xffff, equals: 0, state: "connected" },
        { mask: 0xffff, equals: 1, state: "disconnected" },
      ],
    }),
  ],
  control: {
    commands: {
      trip: { functionCode: 16, address: CONTROL, words: [1, 1] },
      direct_close: { functionCode: 16, address: CONTROL, words: [1, 0] },
    },
    readBack: "relay_state",
  },
  gapWordsMax: 0,
  samples: [
    {
      title: "total 1234.56 kWh and its five parts",
      words: [{ table: "holding", address: 0x00, hex: "0001e240 00000000 00009c40 00013880 00000d80" }],
      expect: {
        readings: {
          energy_import_kwh: "1234.56",
          energy_import_sharp_kwh: "0",
          energy_import_peak_kwh: "400",
          energy_import_flat_kwh: "800",
          energy_import_valley_kwh: "34.56",
        },
      },
    },
    {
      title: "the relay is open",
      words: [{ table: "holding", address: CONTROL, hex: "0001 0001" }],
      expect: { readings: { relay_state: "disconnected" } },
    },
    {
      title: "a position that nobody wrote down is a fault, and all-ones is no counter",
      words: [
        { table: "holding", address: 0x00, hex: "ffffffff" },
        { table: "holding", address: CONTROL, hex: "0001 0007" },
      ],
      expect: { readings: { relay_state: "fault" }, refused: { energy_import_kwh: "all_ones" } },
    },
  ],
};
