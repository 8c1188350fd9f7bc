import type { DialectProfile, DialectSample } from "../../domain/profile.ts";
import { METRIC_NAMES } from "./metric-names.ts";

const base = {
  kind: "dialect",
  maker: "Homie convention",
  utilities: ["electricity", "water", "gas", "heat"],
  confidence: "documented",
  metrics: METRIC_NAMES,
} as const;

const early = (topic: string): DialectSample => ({
  title: "a total before its unit",
  messages: [{ topic, payload: "1234.5" }],
  expect: { readings: {}, refused: { frame: "before_birth" } },
});

export const homie4: DialectProfile = {
  ...base,
  dialect: "homie-4",
  id: "homie-4",
  model: "Homie 3 and 4 devices",
  sources: [
    {
      title: "Homie convention 4.0.0",
      link: "https://homieiot.github.io/specification/spec-core-v4_0_0",
      note: "Names of nodes and properties are free: the conventional ones are ours",
    },
  ],
  filters: ["homie/#"],
  control: {
    commands: {
      trip: { topic: "homie/{device}/relay/power/set", payload: "false" },
      direct_close: { topic: "homie/{device}/relay/power/set", payload: "true" },
    },
    readBack: "relay_state",
  },
  samples: [
    {
      title: "a unit, then a total",
      messages: [
        { topic: "homie/meter-1/energy/total/$unit", payload: "kWh" },
        { topic: "homie/meter-1/energy/total", payload: "1234.5" },
      ],
      expect: { device: "meter-1", readings: { energy_import_kwh: "1234.5" } },
    },
    early("homie/meter-1/energy/total"),
  ],
};

export const homie5: DialectProfile = {
  ...base,
  dialect: "homie-5",
  id: "homie-5",
  model: "Homie 5 devices",
  sources: [{ title: "Homie convention 5.0.0", link: "https://homieiot.github.io/specification/spec-core-v5_0_0" }],
  filters: ["homie/5/#"],
  control: {
    commands: {
      trip: { topic: "homie/5/{device}/relay/power/set", payload: "false" },
      direct_close: { topic: "homie/5/{device}/relay/power/set", payload: "true" },
    },
    readBack: "relay_state",
  },
  samples: [
    {
      title: "a description, then a volume in litres",
      messages: [
        {
          topic: "homie/5/w-1/$description",
          payload:
            '{"homie":"5.0","version":1,"nodes":{"water":{"properties":{"volume":{"datatype":"float","unit":"L"}}}}}',
        },
        { topic: "homie/5/w-1/water/volume", payload: "17043" },
      ],
      expect: { device: "w-1", readings: { volume_m3: "17.043" } },
    },
    early("homie/5/w-1/water/volume"),
  ],
};
