import type { MqttProfile } from "../../domain/profile.ts";
import { decodedValues, LORAWAN_LAYOUTS, W1_FRAME } from "./lorawan-layouts.ts";

const TOPIC = "application/17c82e96/device/70b3d5e75e000001/event/up";
const uplink = (rest: string) =>
  `{"time":"2026-09-02T23:10:02.161+00:00","deviceInfo":{"devEui":"70b3d5e75e000001","tags":{}},"fCnt":12,${rest}}`;

export const chirpstackV4: MqttProfile = {
  kind: "mqtt",
  id: "chirpstack-v4",
  maker: "ChirpStack",
  model: "v4 uplink events: bytes of known devices, else the object of the device profile's codec",
  utilities: ["water", "gas", "heat", "electricity"],
  sources: [{ title: "ChirpStack v4, integrations, event types", link: "https://www.chirpstack.io/docs/" }],
  confidence: "documented",
  messages: [
    {
      topic: "application/{any}/device/{device}/event/up",
      payload: "json",
      device: { path: "deviceInfo.devEui" },
      time: [{ path: "time", format: "iso" }],
      values: decodedValues("object."),
      binary: { path: "data", fPortPath: "fPort", layouts: LORAWAN_LAYOUTS },
    },
    { topic: "application/{any}/device/{device}/event/{any}", payload: "json", values: [], ignore: true },
    { topic: "application/{any}/device/{device}/command/{any}", payload: "json", values: [], ignore: true },
  ],
  samples: [
    {
      title: "bytes of an Axioma W1, with the meter's own time",
      topic: TOPIC,
      payload: uplink(`"fPort":100,"data":"${W1_FRAME}"`),
      expect: {
        device: "70b3d5e75e000001",
        measuredAt: "2026-09-02T23:09:34Z",
        readings: { volume_m3: "6.054", alarm_state: "0" },
      },
    },
    {
      title: "an object that the network server decoded",
      topic: TOPIC,
      payload: uplink('"fPort":2,"data":"AAE=","object":{"volume_m3":88.125,"valve_state":"open","battery_v":3.6}'),
      expect: {
        device: "70b3d5e75e000001",
        measuredAt: "2026-09-02T23:10:02.161Z",
        readings: { volume_m3: "88.125", valve_state: "connected", battery_v: "3.6" },
      },
    },
    {
      title: "bytes that no layout reads",
      topic: TOPIC,
      payload: uplink('"fPort":7,"data":"AQIDBA=="'),
      expect: { readings: {}, refused: { frame: "unmapped_payload" } },
    },
  ],
};
