import type { RegisterName } from "../domain/register.ts";
import type { TouPeriod } from "../domain/usage.ts";
import type { Utility } from "../domain/unit.ts";

/** The register whose growth is the whole use of a utility. */
export const MAIN_REGISTER = {
  electricity: "energy_import_kwh",
  gas: "volume_m3",
  water: "volume_m3",
  heat: "heat_kwh",
} as const satisfies Record<Utility, RegisterName>;

/** Registers that count one time of use. What `t1` … `t4` mean is the meter's setting: its series must say. */
const TOU_OF_REGISTER: { readonly [name in RegisterName]?: TouPeriod } = {
  energy_import_sharp_kwh: "sharp",
  energy_import_peak_kwh: "peak",
  energy_import_flat_kwh: "flat",
  energy_import_valley_kwh: "valley",
  energy_import_deep_valley_kwh: "deep_valley",
};

export const touOfRegister = (register: RegisterName): TouPeriod | null => TOU_OF_REGISTER[register] ?? null;

export const TOU_REGISTERS = Object.keys(TOU_OF_REGISTER) as readonly RegisterName[];

/** What else a tariff may price besides the use itself. */
export const BESIDE_REGISTER = {
  export: "energy_export_kwh",
  reactive: "reactive_import_kvarh",
} as const satisfies Record<string, RegisterName>;
export type Beside = keyof typeof BESIDE_REGISTER;

/** The meter's own highest mean power: since its reset, and what it showed at its reset. */
export const DEMAND_REGISTER = {
  running: "demand_import_max_kw",
  frozen: "demand_import_last_kw",
} as const satisfies Record<string, RegisterName>;

/** Which registers are added up: the utility's main one, those of a time of use, or one beside them. */
export type CountedBy = "total" | "tou" | Beside;

export function isCounted(register: RegisterName, utility: Utility, by: CountedBy): boolean {
  if (by === "tou") return touOfRegister(register) !== null;
  return register === (by === "total" ? MAIN_REGISTER[utility] : BESIDE_REGISTER[by]);
}
