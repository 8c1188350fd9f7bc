import type { PowerFactorCharge } from "../../domain/tariff.ts";

/**
 * 功率因数调整电费办法 (Ministry of Water Resources and Electric Power and State Price Bureau, 水电财字[1983]215号): share of
 * the bill that is taken off or added, by standard. 0.90: above 160 kVA; 0.85: other industry from 100 kVA (kW), and
 * non-industry; 0.80: farming, and wholesale. To confirm with the supplier before a real bill.
 */
export type PowerFactorTable = Required<Pick<PowerFactorCharge, "table" | "below">>;

/** Rewards at and above the standard; below it half a percent for each 0.01 over twenty steps, then one, then two percent. */
function tableOf(standard: number, rewards: readonly (readonly [number, string])[]): PowerFactorTable {
  const row = (hundredths: number, rate: string) => ({ from: `0.${`${hundredths}`.padStart(2, "0")}`, rate });
  const added = Array.from({ length: 25 }, (_, i) => {
    const step = i + 1;
    const thousandths = step <= 20 ? step * 5 : 100 + (step - 20) * 10;
    return row(standard - step, `0.${`${thousandths}`.padStart(3, "0")}`);
  });
  return { table: [...rewards.map(([from, rate]) => row(from, rate)), row(standard, "0"), ...added], below: "0.02" };
}

export const POWER_FACTOR_90 = tableOf(90, [
  [95, "-0.0075"],
  [94, "-0.0060"],
  [93, "-0.0045"],
  [92, "-0.0030"],
  [91, "-0.0015"],
]);
export const POWER_FACTOR_85 = tableOf(85, [
  [94, "-0.0110"],
  [93, "-0.0095"],
  [92, "-0.0080"],
  [91, "-0.0065"],
  [90, "-0.0050"],
  [89, "-0.0040"],
  [88, "-0.0030"],
  [87, "-0.0020"],
  [86, "-0.0010"],
]);
export const POWER_FACTOR_80 = tableOf(80, [
  [92, "-0.0130"],
  [91, "-0.0115"],
  [90, "-0.0100"],
  [89, "-0.0090"],
  [88, "-0.0080"],
  [87, "-0.0070"],
  [86, "-0.0060"],
  [85, "-0.0050"],
  [84, "-0.0040"],
  [83, "-0.0030"],
  [82, "-0.0020"],
  [81, "-0.0010"],
]);
