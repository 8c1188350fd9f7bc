import type { MqttProfile } from "../../domain/profile.ts";
import { decodedValues, LORAWAN_LAYOUTS, W1_FRAME } from "./lorawan-layouts.ts";

const TOPIC = "v3/water@ttn/devices/w1-0001/up";
const uplink = (rest: string) =>
  `{"end_device_ids":{"device_id":"w1-0001","dev_eui":"70B3D5E75E000001"},"received_at":"2026-09-02T23:10:02.161234567Z","uplink_message":{${rest},"received_at":"2026-09-02T23:10:01.95Z"}}`;

export const ttsV3: MqttProfile = {
  kind: "mqtt",
  id: "tts-v3",
  maker: "The Things Industries",
  model: "The Things Stack v3 uplink: bytes of known devices, else the decoded payload",
  utilities: ["water", "gas", "heat", "electricity"],
  sources: [
    {
      title: "The Things Stack, MQTT integration and data formats",
      link: "https://www.thethingsindustries.com/docs/",
      note: "nanosecond times; fields that are zero, false or empty are left out",
    },
  ],
  confidence: "documented",
  messages: [
    {
      topic: "v3/{any}/devices/{device}/up",
      payload: "json",
      device: { path: "end_device_ids.dev_eui" },
      time: [
        { path: "uplink_message.received_at", format: "iso" },
        { path: "received_at", format: "iso" },
      ],
      values: [
        ...decodedValues("uplink_message.decoded_payload."),
        ...decodedValues("uplink_message.normalized_payload.0."),
      ],
      binary: { path: "uplink_message.frm_payload", fPortPath: "uplink_message.f_port", layouts: LORAWAN_LAYOUTS },
    },
    { topic: "v3/{any}/devices/{device}/{rest}", payload: "json", values: [], ignore: true },
  ],
  samples: [
    {
      title: "bytes of an Axioma W1",
      topic: TOPIC,
      payload: uplink(`"f_port":100,"frm_payload":"${W1_FRAME}"`),
      expect: {
        device: "70b3d5e75e000001",
        measuredAt: "2026-09-02T23:09:34Z",
        readings: { volume_m3: "6.054", alarm_state: "0" },
      },
    },
    {
      title: "a decoded payload, with the network server's time",
      topic: TOPIC,
      payload: uplink('"f_port":2,"frm_payload":"AAE=","decoded_payload":{"total_l":88125}'),
      expect: { measuredAt: "2026-09-02T23:10:01.95Z", readings: { volume_m3: "88.125" } },
    },
    {
      title: "a frame without port and bytes",
      topic: TOPIC,
      payload: uplink('"f_cnt":1'),
      expect: { readings: {}, refused: { frame: "unmapped_payload" } },
    },
  ],
};
