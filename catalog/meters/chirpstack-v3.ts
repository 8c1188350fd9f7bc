import type { MessageMap, MqttProfile } from "../../domain/profile.ts";
import { decodedValues, LORAWAN_LAYOUTS, W1_FRAME } from "./lorawan-layouts.ts";

const TOPIC = "application/1/device/70b3d5e75e000001/event/up";
const uplink = (rest: string) =>
  `{"applicationID":"1","deviceName":"W1-0001","devEUI":"cLPV514AAAE=","fCnt":12,${rest}}`;

const UPLINK = {
  payload: "json",
  device: { path: "devEUI", encoding: "base64-hex" },
  time: [
    { path: "publishedAt", format: "iso" },
    { path: "rxInfo.0.time", format: "iso" },
  ],
  values: [...decodedValues("objectJSON."), ...decodedValues("object.")],
  binary: { path: "data", fPortPath: "fPort", layouts: LORAWAN_LAYOUTS },
} satisfies Omit<MessageMap, "topic">;

export const chirpstackV3: MqttProfile = {
  kind: "mqtt",
  id: "chirpstack-v3",
  maker: "ChirpStack",
  model: "v3 uplink events: bytes of known devices, else the codec's object",
  utilities: ["water", "gas", "heat", "electricity"],
  sources: [
    {
      title: "ChirpStack v3 application server, event types and marshalers",
      note: "protobuf JSON gives devEUI in base64 and the object as text (objectJSON); JSON v3 gives hex and an object",
    },
  ],
  confidence: "documented",
  messages: [
    { topic: "application/{any}/device/{device}/event/up", ...UPLINK },
    { topic: "application/{any}/device/{device}/rx", ...UPLINK },
    { topic: "application/{any}/device/{device}/{rest}", payload: "json", values: [], ignore: true },
  ],
  samples: [
    {
      title: "bytes of an Axioma W1; the device key is base64",
      topic: TOPIC,
      payload: uplink(`"fPort":100,"data":"${W1_FRAME}","objectJSON":""`),
      expect: {
        device: "70b3d5e75e000001",
        measuredAt: "2026-09-02T23:09:34Z",
        readings: { volume_m3: "6.054", alarm_state: "0" },
      },
    },
    {
      title: "the codec's object as text",
      topic: TOPIC,
      payload: uplink('"fPort":2,"data":"","objectJSON":"{\\"volume_m3\\":88.125,\\"battery_v\\":3.6}"'),
      expect: { device: "70b3d5e75e000001", readings: { volume_m3: "88.125", battery_v: "3.6" } },
    },
    {
      title: "data that is not base64",
      topic: TOPIC,
      payload: uplink('"fPort":100,"data":"***"'),
      expect: { readings: {}, refused: { frame: "malformed_payload" } },
    },
  ],
};
