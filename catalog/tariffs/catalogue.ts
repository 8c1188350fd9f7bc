import type { Day } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { beijingElectricity, beijingWater } from "./beijing.ts";
import { demoCommercialElectricity } from "./demo.ts";
import { guangzhouElectricity, shenzhenElectricity } from "./guangdong.ts";
import { jiangsuElectricityTou } from "./jiangsu.ts";
import { ningboGas, ningboWater } from "./ningbo.ts";
import { OTHER_RATES } from "./other-rates.ts";
import { zhejiangElectricity, zhejiangElectricityTou } from "./zhejiang.ts";

/** Every version of every tariff that comes with the project. */
export const TARIFFS: readonly Tariff[] = [
  zhejiangElectricity,
  zhejiangElectricityTou,
  ningboWater,
  ningboGas,
  jiangsuElectricityTou,
  guangzhouElectricity,
  shenzhenElectricity,
  beijingElectricity,
  beijingWater,
  demoCommercialElectricity,
  ...OTHER_RATES,
];

/** All versions of one tariff, oldest first; empty when there is none of that id. */
export const versionsOf = (id: string): Tariff[] =>
  TARIFFS.filter((tariff) => tariff.id === id).sort((a, b) => (a.effectiveFrom < b.effectiveFrom ? -1 : 1));

/** The version in force on a day, without a day the newest; `null` when there is none. */
export function tariffOf(id: string, on?: Day): Tariff | null {
  const versions = versionsOf(id);
  if (on === undefined) return versions.at(-1) ?? null;
  const inForce = versions.findLast((tariff) => tariff.effectiveFrom <= on);
  return inForce === undefined || (inForce.effectiveTo !== undefined && inForce.effectiveTo <= on) ? null : inForce;
}
