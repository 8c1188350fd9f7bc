import { roundDivide } from "../domain/quantity.ts";
import type { RegisterName } from "../domain/register.ts";
import type { Utility } from "../domain/unit.ts";

/** Codes of NAESB REQ.21 ESPI 4.0 (espi.xsd, December 2023): UnitSymbolKind, ServiceKind, AccumulationKind, FlowDirectionKind, QualityOfReading. */

/** What a unit measures and its size as `numerator / denominator` millionths of kWh, kvarh or m³. */
export type Uom = {
  readonly symbol: string;
  readonly measures: "energy" | "reactive" | "volume";
  readonly numerator: bigint;
  readonly denominator: bigint;
};

const uom = (symbol: string, measures: Uom["measures"], numerator: bigint, denominator = 1n): Uom => ({
  symbol,
  measures,
  numerator,
  denominator,
});
// 1 Btu (International Table) = 1055.05585262 J; therm = 100 000 Btu; 1 J = 5/18 µkWh. 1 ft³ = 28316.846592 cm³; US gallon
// = 3785.411784 cm³, imperial gallon = 4546.09 cm³ (all exact by definition; NIST SP 811, appendix B).
const CUBIC_FOOT = [28_316_846_592n, 1_000_000n] as const;
export const UOMS: ReadonlyMap<number, Uom> = new Map([
  [72, uom("Wh", "energy", 1_000n)],
  [31, uom("J", "energy", 5n, 18n)],
  [132, uom("Btu", "energy", 105_505_585_262n * 5n, 100_000_000n * 18n)],
  [169, uom("therm", "energy", 105_505_585_262n * 5n, 1_000n * 18n)],
  [73, uom("VArh", "reactive", 1_000n)],
  [42, uom("m3", "volume", 1_000_000n)],
  [166, uom("m3 uncompensated", "volume", 1_000_000n)],
  [167, uom("m3 compensated", "volume", 1_000_000n)],
  [119, uom("ft3", "volume", ...CUBIC_FOOT)],
  [120, uom("ft3 compensated", "volume", ...CUBIC_FOOT)],
  [121, uom("ft3 uncompensated", "volume", ...CUBIC_FOOT)],
  [134, uom("L", "volume", 1_000n)],
  [156, uom("L uncompensated", "volume", 1_000n)],
  [157, uom("L compensated", "volume", 1_000n)],
  [128, uom("US gallon", "volume", 3_785_411_784n, 1_000_000n)],
  [130, uom("imperial gallon", "volume", 454_609n, 100n)],
]);
/** Known, and no quantity that a register of use could hold. */
export const OTHER_UOMS: Readonly<Record<number, string>> = {
  38: "W, power and not energy",
  61: "VA, power and not energy",
  63: "VAr, power and not energy",
  71: "VAh, apparent energy, for which there is no register",
  80: "money",
};

export const SERVICE_KINDS: Readonly<Record<Utility, number>> = { electricity: 0, gas: 1, water: 2, heat: 4 };
/** CommodityKind: 1 electricity, 7 natural gas, 9 drinkable water, 12 heating fluid. */
export const COMMODITIES: Readonly<Record<Utility, number>> = { electricity: 1, gas: 7, water: 9, heat: 12 };

export function utilityOf(serviceKind: number | null, commodity: number | null): Utility | null {
  const of = (codes: Readonly<Record<Utility, number>>, code: number | null) =>
    (Object.keys(codes) as Utility[]).find((utility) => codes[utility] === code) ?? null;
  return of(SERVICE_KINDS, serviceKind) ?? (commodity === 2 ? "electricity" : of(COMMODITIES, commodity));
}

export const DELTA_DATA = 4;
export const BULK_QUANTITY = 1;
/** How a value accumulates: `delta` is the use of an interval, `register` what a counter showed at its end; null: neither. */
export function accumulationOf(code: number | null): "delta" | "register" | null {
  if (code === null || code === 0 || code === DELTA_DATA) return "delta";
  return code === BULK_QUANTITY || code === 3 || code === 9 ? "register" : null;
}

export const FORWARD = 1;
export const REVERSE = 19;

/** Qualities by which the sender says that nobody measured this: the reading is booked as an estimate. */
const ESTIMATED = new Set([8, 9, 10, 13]);
const NOT_METERED: Readonly<Record<number, string>> = { 12: "projected", 15: "normalised for weather" };
export const QUALITY = { raw: 14, estimated: 8, manual: 7 } as const;

export function sourceOf(qualities: readonly number[]): { source: "import" | "estimate" } | { refused: string } {
  const strange = qualities.find((code) => NOT_METERED[code] !== undefined);
  if (strange !== undefined) return { refused: `quality ${strange}: ${NOT_METERED[strange]}, not metered` };
  return { source: qualities.some((code) => ESTIMATED.has(code)) ? "estimate" : "import" };
}

/** Millionths of the register's unit from a count of `uom` × 10^multiplier: exact, rounded half away from zero at the end. */
export function microOfUom(count: bigint, multiplier: number, { numerator, denominator }: Uom): bigint {
  const up = multiplier >= 0 ? 10n ** BigInt(multiplier) : 1n;
  const down = multiplier < 0 ? 10n ** BigInt(-multiplier) : 1n;
  return roundDivide(count * numerator * up, denominator * down);
}

/** The register that a series fills, or why none. @param tou ReadingType's time-of-use bucket, 0 for none */
export function registerOf(
  utility: Utility,
  measures: Uom["measures"],
  flow: number | null,
  tou: number,
): { register: RegisterName } | { refused: string } {
  const reverse = flow === REVERSE;
  if (flow !== null && flow !== 0 && flow !== FORWARD && !reverse)
    return {
      refused: `flowDirection ${flow} is neither delivered (1) nor received (19): a net or total has no register`,
    };
  if (tou !== 0 && (utility !== "electricity" || measures !== "energy" || reverse || tou < 0 || tou > 4))
    return { refused: `time-of-use bucket ${tou}: only buckets 1 to 4 of delivered electricity have registers` };
  switch (measures) {
    case "reactive":
      if (utility !== "electricity") break;
      return { register: reverse ? "reactive_export_kvarh" : "reactive_import_kvarh" };
    case "energy":
      if (utility === "electricity" && tou !== 0) return { register: TOU_REGISTERS[tou - 1] ?? "energy_import_t1_kwh" };
      if (utility === "electricity") return { register: reverse ? "energy_export_kwh" : "energy_import_kwh" };
      if (utility === "heat" && !reverse) return { register: "heat_kwh" };
      if (utility === "gas")
        return { refused: "gas as energy: the books keep gas in m3, and the feed does not say how many m3 this was" };
      break;
    case "volume":
      if (utility === "gas" || utility === "water") return { register: reverse ? "volume_reverse_m3" : "volume_m3" };
      break;
  }
  return { refused: `${utility} is not counted as ${measures}${reverse ? " received" : ""}` };
}
const TOU_REGISTERS = [
  "energy_import_t1_kwh",
  "energy_import_t2_kwh",
  "energy_import_t3_kwh",
  "energy_import_t4_kwh",
] as const;
