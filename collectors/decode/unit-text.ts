import type { PayloadUnit } from "../../domain/profile.ts";
import type { Unit } from "../../domain/unit.ts";
import type { Scale } from "../../domain/words.ts";
import { factorOf } from "./value.ts";

/** Units as devices write them, without spaces and marks: `m³`, `M3` and `m^3` are one. */
const UNIT_TEXTS: Readonly<Record<string, PayloadUnit>> = {
  kwh: "kWh",
  "kw.h": "kWh",
  wh: "Wh",
  kvarh: "kvarh",
  varh: "varh",
  gj: "GJ",
  m3: "m3",
  cbm: "m3",
  l: "l",
  liter: "l",
  liters: "l",
  litre: "l",
  litres: "l",
  kw: "kW",
  w: "W",
  v: "V",
  volt: "V",
  volts: "V",
  a: "A",
  amp: "A",
  amps: "A",
  hz: "Hz",
  "m3/h": "m3/h",
  degc: "degC",
  "1": "1",
};

/** Letters whose size changes the unit: milli- is no mega-. */
const EXACT_TEXTS: Readonly<Record<string, PayloadUnit>> = { MWh: "MWh", MJ: "MJ", mV: "mV", mA: "mA", MPa: "MPa" };

/** The unit that a device states in its own words; null when nobody can say which it is. */
export function unitOfText(text: string): PayloadUnit | null {
  const plain = text
    .trim()
    .replaceAll("³", "3")
    .replaceAll("°", "deg")
    .replaceAll(/[\s^·*]/g, "");
  if (Object.hasOwn(EXACT_TEXTS, plain)) return EXACT_TEXTS[plain] ?? null;
  const lower = plain.toLowerCase();
  return Object.hasOwn(UNIT_TEXTS, lower) ? (UNIT_TEXTS[lower] ?? null) : null;
}

/** @returns "none" when the one does not convert to the other */
export function factorBetween(from: PayloadUnit, to: Unit): Scale | null | "none" {
  try {
    return factorOf(from, to);
  } catch {
    return "none";
  }
}
