import type { DialectProfile } from "../../domain/profile.ts";
import { METRIC_NAMES } from "./metric-names.ts";

/** `Energy/Import` (alias 1, Double, 1234.5, engUnit kWh) at 2026-03-01T08:15:00Z. */
const BIRTH =
  "08a097dcc3ca3312370a0d456e657267792f496d706f7274100118a097dcc3ca33200a4a120a07656e67556e69741207080c42036b57686900000000004a93401801";

export const sparkplugB: DialectProfile = {
  kind: "dialect",
  dialect: "sparkplug-b",
  id: "sparkplug-b",
  maker: "Eclipse Sparkplug",
  model: "Edge nodes and devices, Sparkplug B",
  utilities: ["electricity", "water", "gas", "heat"],
  sources: [
    {
      title: "Eclipse Sparkplug Specification 3.0, chapters 4 to 6; Eclipse Tahu, sparkplug_b.proto",
      link: "https://sparkplug.eclipse.org/specification/",
      note: "Metric names are free: the conventional ones are ours, units come from the birth's properties",
    },
  ],
  confidence: "documented",
  filters: ["spBv1.0/#", "STATE/+"],
  metrics: METRIC_NAMES,
  samples: [
    {
      title: "a device is born with a total",
      messages: [
        { topic: "spBv1.0/G/NBIRTH/E", payload: "1800", hex: true },
        { topic: "spBv1.0/G/DBIRTH/E/m1", payload: BIRTH, hex: true },
      ],
      expect: { device: "g/e/m1", readings: { online_state: "1", energy_import_kwh: "1234.5" } },
    },
    {
      title: "data before the birth",
      messages: [{ topic: "spBv1.0/G/DDATA/E/m1", payload: "1800", hex: true }],
      expect: { readings: {}, refused: { frame: "before_birth" }, asks: "rebirth" },
    },
  ],
};
