import { type Micro, microOf } from "../../domain/quantity.ts";
import type {
  AddedTier,
  Charge,
  DemandCharge,
  EnergyCharge,
  PricedTier,
  SeriesCharge,
  StandingCharge,
  Tariff,
} from "../../domain/tariff.ts";
import { touNames } from "./energy.ts";
import { momentOf } from "./moment.ts";
import type { LadderCharge } from "./ladder.ts";

export type PathProblem = { readonly path: PropertyKey[]; readonly message: string };
type AnyTier = { readonly upTo: string | null; readonly upToPerKw?: string };
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
    chargeProblems(charge, tariff, (path, message) => report(at(...path), message));
    for (const name of namedBy(charge)) {
      if (!earlier.has(name)) report(at("of"), `${name} is not a charge before this one`);
    }
    if (charge.kind === "energy") energyProblems(charge, tariff, (path, message) => report(at(...path), message));
    earlier.add(charge.id);
  }
  clockProblems(tariff, report);
  return problems;
}

function namedBy(charge: Charge): readonly string[] {
  switch (charge.kind) {
    case "percentage":
    case "tax":
    case "minimum":
    case "credit":
    case "power_factor":
    case "carry":
      return charge.of ?? [];
    case "allowance":
      return [charge.of];
    default:
      return [];
  }
}

/** One of these fields and no other. */
function oneOf(charge: object, fields: readonly string[], report: Report): void {
  const given = fields.filter((field) => Object.hasOwn(charge, field));
  if (given.length !== 1)
    report(
      [given[1] ?? fields[0] ?? ""],
      `give one of ${fields.map((field) => `\`${field}\``).join(", ")}${given.length === 0 ? "" : ", not several"}`,
    );
}

/** What each kind of charge asks besides its form. */
function chargeProblems(charge: Charge, tariff: Tariff, report: Report): void {
  switch (charge.kind) {
    case "percentage":
      oneOf(charge, ["rate", "rates"], report);
      if (charge.rates !== undefined) tierProblems(charge.rates.tiers, ["rates", "tiers"], report);
      break;
    case "credit":
      oneOf(charge, ["amount", "price", "rate"], report);
      if (charge.rate !== undefined && charge.of === undefined)
        report(["of"], "a share needs the charges that it is of");
      break;
    case "power_factor":
      oneOf(charge, ["table", "standard"], report);
      break;
    case "demand":
      demandProblems(charge, tariff, report);
      break;
    case "standing":
      standingProblems(charge, report);
      break;
    case "export":
      energyProblems({ ...charge, kind: "energy" } as EnergyCharge, tariff, report);
      break;
    case "surplus":
      if (tariff.netting?.by !== "period" || tariff.netting.surplus !== "carry")
        report([], "pays kWh that netting carries: the tariff needs `netting` by `period` with surplus `carry`");
      break;
    default:
      break;
  }
  if (charge.roundTo !== undefined && !/[1-9]/.test(charge.roundTo)) report(["roundTo"], "is not above zero");
}

function standingProblems({ price, tiers, by, part, capacity }: StandingCharge, report: Report): void {
  oneOf(defined({ price, tiers }), ["price", "tiers"], report);
  if (tiers !== undefined) tierProblems(tiers, ["tiers"], report);
  if (tiers === undefined && by !== undefined) report(["by"], "only brackets (`tiers`) go by something");
  if (part !== undefined && (tiers === undefined || (by ?? "use") !== "use"))
    report(["part"], "only brackets by use have it");
  if (by === capacity && capacity !== undefined) report(["capacity"], "brackets by capacity already price it whole");
}

function coincidentProblems(charge: DemandCharge, tariff: Tariff, report: Report): void {
  for (const [i, { from, to }] of (charge.coincident?.hours ?? []).entries()) {
    const ends = [momentOf(from, tariff.zone), momentOf(to, tariff.zone)];
    for (const [end, name] of [
      [ends[0], "from"],
      [ends[1], "to"],
    ] as const)
      if (end === null) report(["coincident", "hours", i, name], notMoment(name === "from" ? from : to, tariff.zone));
    const [begin, end] = ends;
    if (begin != null && end != null && end <= begin)
      report(["coincident", "hours", i, "to"], "is not after `from` (an hour ends with the first moment outside it)");
  }
  const others = ["window", "sliding", "tou", "in", "of", "measure"] as const;
  const also = others.filter((name) => charge[name] !== undefined);
  for (const name of also) report([name], "the hours of `coincident` say what counts: leave this out");
}

const notMoment = (text: string, zone: string): string =>
  `${text} is not a day, an instant with an offset, or a local time that ${zone} has exactly once`;

const defined = (all: object): object =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));

function demandProblems(charge: DemandCharge, tariff: Tariff, report: Report): void {
  oneOf(charge, ["price", "tiers"], report);
  const clock = charge.tou ?? tariff.tou;
  if (charge.tiers !== undefined) tierProblems(charge.tiers, ["tiers"], report);
  if (charge.sliding === true && charge.window === undefined) report(["window"], "a sliding window needs its minutes");
  const names = touNames(charge.tiers?.map((tier) => tier.price) ?? (charge.price === undefined ? [] : [charge.price]));
  const known = clock === undefined ? null : new Set([...clock.rules.map((rule) => rule.period), clock.otherwise]);
  for (const name of known === null ? [] : [...names, ...(charge.in ?? [])])
    if (!known?.has(name)) report([charge.in?.includes(name) ? "in" : "price"], `the clock has no hours of ${name}`);
  if (names.length > 0 && charge.in !== undefined) report(["in"], "prices by time of use name their hours themselves");
  const { over, factor } = charge.contracted ?? {};
  if ((over === undefined) !== (factor === undefined)) report(["contracted"], "give both `over` and `factor`, or none");
  if (charge.tou !== undefined) clockProblems({ ...tariff, tou: charge.tou }, report);
  if (charge.coincident === undefined) return;
  coincidentProblems(charge, tariff, report);
  if (names.length > 0)
    report([charge.tiers === undefined ? "price" : "tiers"], "the hours of `coincident` have one price");
}

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
  if (charge.form === "series") return seriesProblems(charge, tariff, report);
  const lists: { path: PropertyKey[]; tiers: readonly (PricedTier | AddedTier)[] }[] = [
    { path: ["tiers"], tiers: charge.tiers },
    ...(charge.seasons ?? []).map((season, i) => ({ path: ["seasons", i, "tiers"], tiers: season.tiers })),
  ];
  for (const { path, tiers } of lists) {
    tierProblems(tiers, path, report);
    if (charge.form !== "surcharged") {
      const prices = (tiers as readonly PricedTier[]).map((tier) => tier.price);
      priceProblems(prices, path, tariff, report);
    }
  }
  if (charge.form === "surcharged") priceProblems([charge.price], ["price"], tariff, report);
  ladderProblems(charge, report);
}

function seriesProblems({ series }: SeriesCharge, tariff: Tariff, report: Report): void {
  if (momentOf(series.from, tariff.zone) === null) report(["series", "from"], notMoment(series.from, tariff.zone));
}

function ladderProblems(charge: LadderCharge, report: Report): void {
  const { ladder, seasons } = charge;
  const perKw = [...charge.tiers, ...(seasons ?? []).flatMap((season) => [...season.tiers])].some(
    (tier) => "upToPerKw" in tier,
  );
  if (perKw && ladder.kw === undefined)
    report(["ladder", "kw"], 'tiers per kW need to say which kW: `{ "of": "contracted" }` or `{ "of": "demand" }`');
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

function tierProblems(tiers: readonly AnyTier[], path: PropertyKey[], report: Report): void {
  let end: Micro = 0n;
  for (const [i, { upTo, upToPerKw }] of tiers.entries()) {
    const last = i === tiers.length - 1;
    if (last) {
      if (upTo !== null || upToPerKw !== undefined)
        report([...path, i, "upTo"], "the last tier has no end: write null");
    } else if (upTo === null) {
      if (upToPerKw === undefined) report([...path, i, "upTo"], "only the last tier has no end");
    } else {
      const micro = microOf(upTo) ?? 0n;
      if (micro <= end) report([...path, i, "upTo"], i === 0 ? "is not above zero" : "is not above the tier before it");
      end = micro;
    }
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
