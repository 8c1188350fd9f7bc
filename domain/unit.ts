/** Units that a book quantity may have. `state` is a coded position (see `register.ts`), not a measure. */
export const UNITS = [
  "kWh",
  "kvarh",
  "m3",
  "GJ",
  "therm",
  "kW",
  "W",
  "kvar",
  "V",
  "A",
  "Hz",
  "m3/h",
  "degC",
  "MPa",
  "1",
  "state",
] as const;
export type Unit = (typeof UNITS)[number];

export const UTILITIES = ["electricity", "gas", "water", "heat"] as const;
export type Utility = (typeof UTILITIES)[number];

/** What a utility is billed in. Heat is kept in kWh (1 GJ = 277.777… kWh, converted at the door). */
export const BILLED_UNIT: Record<Utility, Unit> = { electricity: "kWh", gas: "m3", water: "m3", heat: "kWh" };
