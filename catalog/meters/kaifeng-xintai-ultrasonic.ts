import type { ModbusProfile } from "../../domain/profile.ts";
import { rowsOf } from "./rows.ts";

const float = rowsOf("holding", "f32", "DCBA", "1");
/** Float32 below 100 000 m³ moves in steps of at most 1/128 m³. */
const COUNTER = { step: "0.0078125" };

export const kaifengXintaiUltrasonic: ModbusProfile = {
  kind: "modbus",
  id: "kaifeng-xintai-ultrasonic",
  maker: "Kaifeng Xintai 开封新泰",
  model: "Ultrasonic water meter with valve and prepaid balance",
  utilities: ["water"],
  sources: [{ title: "Running pou_con system", note: "9600 8N1; little-endian floats; confirm with the manual" }],
  confidence: "third-party",
  registers: [
    float("volume_m3", 1, "billing", COUNTER),
    float("volume_reverse_m3", 3, "billing", COUNTER),
    float("flow_m3_per_h", 5, "power"),
    float("prepaid_remaining_m3", 8, "slow"),
    float("pressure_mpa", 10, "slow"),
    float("temperature_degc", 12, "slow"),
    float("battery_v", 26, "slow"),
    rowsOf("holding", "u16", "ABCD", "1")("valve_state", 28, "state", {
      states: [
        { mask: 0b0100, equals: 0b0100, state: "fault" },
        { mask: 0b0011, equals: 0b0001, state: "connected" },
        { mask: 0b0011, equals: 0b0010, state: "disconnected" },
        { mask: 0b0011, equals: 0b0000, state: "moving" },
      ],
    }),
  ],
  control: {
    commands: {
      valve_close: { functionCode: 6, address: 28, words: [2] },
      valve_open: { functionCode: 6, address: 28, words: [1] },
    },
    readBack: "valve_state",
  },
  gapWordsMax: 0,
  samples: [
    {
      title: "0.545 m³ as the source shows it, none backwards",
      words: [{ table: "holding", address: 1, hex: "1e850b3f 00000000" }],
      expect: { readings: { volume_m3: "0.545", volume_reverse_m3: "0" } },
    },
    {
      title: "closed with a low battery (bits 2 and 8)",
      words: [{ table: "holding", address: 28, hex: "000a" }],
      expect: { readings: { valve_state: "disconnected" } },
    },
    {
      title: "the valve reports itself abnormal; the volume is not a number",
      words: [
        { table: "holding", address: 1, hex: "0000c07f" },
        { table: "holding", address: 28, hex: "0005" },
      ],
      expect: { readings: { valve_state: "fault" }, refused: { volume_m3: "not_a_number" } },
    },
  ],
};
