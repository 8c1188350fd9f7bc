import type { Capacity, Charge, Tariff } from "../../domain/tariff.ts";

/** What a tariff asks of the books besides the main register and the ladders. */
export type RatingNeeds = {
  /** The register of energy given back. */
  readonly exported: boolean;
  /** The register of reactive energy. */
  readonly reactive: boolean;
  /** What its charges carry from bill to bill. */
  readonly state: boolean;
  /** The meter's own demand registers. */
  readonly demand: boolean;
  readonly contractedKw: boolean;
  readonly contractedKva: boolean;
  readonly lowIncome: boolean;
  /** Energy taken and given back meet interval by interval: hours are told by readings, not by registers for hours. */
  readonly byInterval: boolean;
  /** Each reading counts, not only those at the ends of hours of one price. */
  readonly everyReading: boolean;
};

const KNOWN = new WeakMap<readonly Tariff[], RatingNeeds>();

export function needsOf(versions: readonly Tariff[]): RatingNeeds {
  const known = KNOWN.get(versions);
  if (known !== undefined) return known;
  const charges = versions.flatMap((version) => version.charges);
  const some = (test: (charge: Charge) => boolean) => charges.some(test);
  const nets = versions.some(({ netting }) => netting !== undefined);
  const byInterval = versions.some(({ netting }) => netting?.by === "interval");
  const needs: RatingNeeds = {
    exported: nets || some(({ kind }) => kind === "export"),
    reactive: some(({ kind }) => kind === "power_factor"),
    state: some(carries) || versions.some(({ netting }) => netting?.by === "period" && netting.surplus === "carry"),
    demand: versions[0]?.utility === "electricity" && some((charge) => isByRegister(charge) || isByDemand(charge)),
    contractedKw: some((charge) => isByContract(charge) || isStandingBy(charge, "kW")),
    contractedKva: some((charge) => isStandingBy(charge, "kVA")),
    lowIncome: some(({ when }) => when?.lowIncome !== undefined),
    byInterval,
    everyReading: byInterval || some((charge) => charge.kind === "demand" || isByDemand(charge)),
  };
  KNOWN.set(versions, needs);
  return needs;
}

function carries(charge: Charge): boolean {
  switch (charge.kind) {
    case "carry":
    case "surplus":
      return true;
    case "minimum":
      return charge.per === "year";
    case "demand":
      return charge.ratchet !== undefined;
    default:
      return false;
  }
}

const kwOf = (charge: Charge): "contracted" | "demand" | undefined =>
  (charge.kind === "energy" || charge.kind === "export") && "ladder" in charge ? charge.ladder.kw?.of : undefined;

const isByRegister = (charge: Charge): boolean =>
  charge.kind === "demand" &&
  charge.of !== "contracted" &&
  charge.coincident === undefined &&
  charge.measure !== "intervals";
const isByDemand = (charge: Charge): boolean => kwOf(charge) === "demand";
const isByContract = (charge: Charge): boolean =>
  kwOf(charge) === "contracted" ||
  (charge.kind === "demand" && (charge.of === "contracted" || charge.contracted !== undefined));

const isStandingBy = (charge: Charge, capacity: Capacity): boolean =>
  charge.kind === "standing" && (charge.capacity === capacity || charge.by === capacity);

/** Why the books cannot bill a tariff; empty when they can. */
export function unkeptOf(versions: readonly Tariff[]): string[] {
  const needs = needsOf(versions);
  const utility = versions[0]?.utility ?? "electricity";
  if (utility === "electricity") return [];
  return [
    ...(needs.exported ? [`${utility} has no register of what is given back`] : []),
    ...(needs.reactive ? [`${utility} has no reactive energy`] : []),
  ];
}
