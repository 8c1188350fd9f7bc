import type { MqttProfile, ValueMap } from "../../domain/profile.ts";

/** 0xAAAAAA: the receiver's bit pattern of a frame that it did not really hear. */
const notAvailable = ["11184810"];
const endpoint = (register: ValueMap["register"], types: readonly string[]): ValueMap => ({
  register,
  path: "Message.Consumption",
  notAvailable,
  when: { path: "Message.Type", equals: types },
});

export const rtlamr: MqttProfile = {
  kind: "mqtt",
  id: "rtlamr",
  maker: "rtlamr",
  model: "North American radio meters: R900 water, SCM electricity, gas and water",
  utilities: ["water", "gas", "electricity"],
  sources: [
    {
      title: "bemasher/rtlamr wiki: protocol, compatible meters",
      link: "https://github.com/bemasher/rtlamr",
      note: "counts have no unit on the wire: the weight of one count is stated with the meter",
    },
  ],
  confidence: "third-party",
  asks: ["pulse_weight"],
  messages: [
    {
      topic: "rtlamr",
      payload: "json",
      device: { path: "Message.ID" },
      time: [{ path: "Time", format: "iso" }],
      values: [
        {
          register: "volume_m3",
          path: "Message.Consumption",
          notAvailable,
          when: { path: "Type", equals: ["r900", "r900bcd"] },
        },
        endpoint("energy_import_kwh", ["4", "5", "7", "8"]),
        endpoint("volume_m3", ["0", "1", "2", "3", "6", "9", "11", "12", "13"]),
      ],
    },
  ],
  samples: [
    {
      title: "a water meter's counts",
      topic: "rtlamr",
      payload:
        '{"Time":"2026-03-01T08:15:00.5-08:00","Type":"R900","Message":{"ID":1578876706,"Consumption":118481,"Leak":0}}',
      expect: { device: "1578876706", measuredAt: "2026-03-01T16:15:00.5Z", readings: { volume_m3: "118481" } },
    },
    {
      title: "the receiver's empty pattern is not 11 million counts",
      topic: "rtlamr",
      payload: '{"Time":"2026-03-01T08:15:00-08:00","Type":"R900","Message":{"ID":1578876706,"Consumption":11184810}}',
      expect: { device: "1578876706", readings: {}, refused: { volume_m3: "sentinel" } },
    },
  ],
};
