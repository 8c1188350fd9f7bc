import { type Micro, microOf } from "../../domain/quantity.ts";
import type { AddedTier, Charge, EnergyCharge, PricedTier, Tariff } from "../../domain/tariff.ts";
import { touNames } from "./energy.ts";
import type { LadderCharge } from "./ladder.ts";

export type PathProblem = { readonly path: PropertyKey[]; readonly message: string };
type Report = (path: PropertyKey[], message: string) => void;

/** What the form of a tariff cannot say: tiers that rise, names that exist, hours that have a price. */
export function tariffProblems(tariff: Tariff): PathProblem[] {
  const problems: PathProblem[] = [];
  const report: Report = (path, message) => void problems.push({ path, message });
  if (tariff.effectiveTo !== undefined && tariff.effectiveTo <= tariff.effectiveFrom) {
    report(["effectiveTo"], "is not after effectiveFrom (the day itself is no longer in the version)");
  }
  const earlier = new Set<string>();
  for (const [i, charge] of tariff.charges.entries()) {
    const at = (...path: PropertyKey[]) => ["charges", i, ...path];
    if (earlier.has(charge.id)) report(at("id"), `a second charge named ${charge.id}`);
    for (const name of namedBy(charge)) {
      if (!earlier.has(name)) report(at("of"), `${name} is not a charge before this one`);
    }
    if (charge.kind === "energy") energyProblems(charge, tariff, (path, message) => report(at(...path), message));
    earlier.add(charge.id);
  }
  clockProblems(tariff, report);
  return problems;
}

const namedBy = (charge: Charge): readonly string[] =>
  charge.kind === "percentage" || charge.kind === "tax" ? (charge.of ?? []) : [];

function clockProblems({ tou }: Tariff, report: Report): void {
  for (const [i, rule] of (tou?.rules ?? []).entries()) {
    if ((rule.from === undefined) !== (rule.to === undefined))
      report(["tou", "rules", i], "give both `from` and `to`, or none");
    else if (rule.from !== undefined && rule.from === rule.to)
      report(["tou", "rules", i, "to"], "is the same time as `from`");
    if (rule.from === "24:00") report(["tou", "rules", i, "from"], "begins at the day's end: write 00:00");
  }
}

function energyProblems(charge: EnergyCharge, tariff: Tariff, report: Report): void {
  if (charge.form === "flat") return priceProblems([charge.price], ["price"], tariff, report);
  const lists: { path: PropertyKey[]; tiers: readonly (PricedTier | AddedTier)[] }[] = [
    { path: ["tiers"], tiers: charge.tiers },
    ...(charge.seasons ?? []).map((season, i) => ({ path: ["seasons", i, "tiers"], tiers: season.tiers })),
  ];
  for (const { path, tiers } of lists) {
    tierProblems(tiers, path, report);
    if (charge.form === "graduated") {
      const prices = (tiers as readonly PricedTier[]).map((tier) => tier.price);
      priceProblems(prices, path, tariff, report);
    }
  }
  if (charge.form === "surcharged") priceProblems([charge.price], ["price"], tariff, report);
  ladderProblems(charge, report);
}

function ladderProblems({ ladder, seasons }: LadderCharge, report: Report): void {
  if (seasons !== undefined && ladder.basis !== "month") report(["seasons"], "seasons need a ladder by month");
  if (ladder.yearStart !== undefined && ladder.basis !== "year")
    report(["ladder", "yearStart"], "only a ladder by year has it");
  for (const [i, rule] of (ladder.household ?? []).entries()) {
    if (rule.per === "year" && ladder.basis !== "year") {
      report(["ladder", "household", i, "per"], "`year` needs a ladder by year");
    }
  }
  const seen = new Set<number>();
  for (const [i, season] of (seasons ?? []).entries()) {
    for (const month of season.months) {
      if (seen.has(month)) report(["seasons", i, "months"], `month ${month} is in two seasons`);
      seen.add(month);
    }
  }
}

function tierProblems(tiers: readonly (PricedTier | AddedTier)[], path: PropertyKey[], report: Report): void {
  let end: Micro = 0n;
  for (const [i, { upTo }] of tiers.entries()) {
    const last = i === tiers.length - 1;
    if (upTo === null) {
      if (!last) report([...path, i, "upTo"], "only the last tier has no end");
      continue;
    }
    if (last) report([...path, i, "upTo"], "the last tier has no end: write null");
    const micro = microOf(upTo) ?? 0n;
    if (micro <= end) report([...path, i, "upTo"], i === 0 ? "is not above zero" : "is not above the tier before it");
    end = micro;
  }
}

/** Every time of use that the clock can give has a price, in every tier that prices by time of use. */
function priceProblems(
  prices: readonly PricedTier["price"][],
  path: PropertyKey[],
  tariff: Tariff,
  report: Report,
): void {
  const names = new Set(touNames(prices));
  if (names.size === 0) return;
  for (const name of clockNames(tariff)) {
    if (!names.has(name)) report(path, `the clock has hours of ${name}, which has no price`);
  }
  for (const [i, price] of prices.entries()) {
    if (typeof price === "string") continue;
    for (const name of names) {
      if (!Object.hasOwn(price, name))
        report(prices.length === 1 ? path : [...path, i, "price"], `has no price for ${name}`);
    }
  }
}

const clockNames = ({ tou }: Tariff): string[] =>
  tou === undefined ? [] : [...new Set([...tou.rules.map((rule) => rule.period), tou.otherwise])];
