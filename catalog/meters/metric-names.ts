import type { MetricMap } from "../../domain/profile.ts";

/** A meter behind a device may stand in a folder of its own: `meter-2/energy/import`. */
const name = (pattern: string) => `(?:(?<part>(?:meter|channel)[-_ ]?\\d+)/)?${pattern}`;
const SWITCHED = {
  true: "connected",
  on: "connected",
  closed: "connected",
  false: "disconnected",
  off: "disconnected",
} as const;

/** Conventional names; both dialects leave them free, so a site whose names are others writes a profile of its own. */
export const METRIC_NAMES: readonly MetricMap[] = [
  {
    register: "energy_import_kwh",
    name: name("(?:energy[/_ -]?(?:import|total)|total[/_ -]?energy|import[/_ -]?energy)"),
  },
  { register: "energy_export_kwh", name: name("(?:energy[/_ -]?export|export[/_ -]?energy)") },
  { register: "heat_kwh", name: name("(?:heat[/_ -]?(?:energy|total)|total[/_ -]?heat)") },
  { register: "cooling_kwh", name: name("(?:cooling[/_ -]?(?:energy|total)|total[/_ -]?cooling)") },
  { register: "volume_m3", name: name("(?:(?:water|gas)[/_ -])?(?:volume(?:[/_ -]?total)?|total[/_ -]?volume)") },
  { register: "volume_m3", name: name("(?:water|gas)[/_ -]total") },
  { register: "power_w", name: name("(?:power[/_ -]?active|active[/_ -]?power|(?:energy/)?power)") },
  { register: "voltage_l1_v", name: name("voltage(?:[/_ -]?l1)?") },
  { register: "current_l1_a", name: name("current(?:[/_ -]?l1)?") },
  { register: "frequency_hz", name: name("frequency") },
  { register: "relay_state", name: name("relay(?:/(?:state|power|on))?"), states: SWITCHED },
  {
    register: "valve_state",
    name: name("valve(?:/(?:state|open))?"),
    states: { true: "connected", open: "connected", false: "disconnected", closed: "disconnected" },
  },
];
