import type { Charge, Tariff } from "../../domain/tariff.ts";

/**
 * Why the books cannot bill a tariff yet: what it asks of earlier periods, of the account or of a second register is not kept
 * there, and without it the amount would be wrong. Empty when they can. `sanbiao rate` is given these things in files.
 */
export function unkeptOf(tariffs: readonly Tariff[]): readonly string[] {
  let reasons = KNOWN.get(tariffs);
  if (reasons === undefined) {
    reasons = reasonsOfAll(tariffs);
    KNOWN.set(tariffs, reasons);
  }
  return reasons;
}

/** Versions do not change, and thousands of accounts of a run have the same. */
const KNOWN = new WeakMap<readonly Tariff[], readonly string[]>();

function reasonsOfAll(tariffs: readonly Tariff[]): readonly string[] {
  const reasons = tariffs.flatMap((tariff) => [
    ...(tariff.netting === undefined ? [] : ["netting: energy given back is not settled from the readings"]),
    ...tariff.charges.flatMap((charge) => reasonsOf(charge).map((reason) => `${charge.id}: ${reason}`)),
  ]);
  return [...new Set(reasons)];
}

function reasonsOf(charge: Charge): string[] {
  const reasons = charge.when?.lowIncome === undefined ? [] : ["accounts do not say whether they are of low income"];
  switch (charge.kind) {
    case "export":
      return [...reasons, "energy given back is not settled from the readings"];
    case "carry":
    case "surplus":
      return [...reasons, "credits are not kept from bill to bill"];
    case "minimum":
      return charge.per === "year" ? [...reasons, "a year's bills so far are not counted"] : reasons;
    case "power_factor":
      return [...reasons, "reactive energy is not settled from the readings"];
    case "demand":
      if (charge.ratchet !== undefined) reasons.push("demands of past months are not kept");
      if (charge.of === "contracted" || charge.contracted !== undefined) reasons.push("accounts have no contracted kW");
      return reasons;
    case "energy":
      if ("ladder" in charge && charge.ladder.kw?.of === "contracted") reasons.push("accounts have no contracted kW");
      return reasons;
    default:
      return reasons;
  }
}
