import { isList, isObject, type Json, type JsonObject, textOf } from "./document.ts";

/** Words by which a kind of charge is chosen and known: `energy/flat`, `standing`. */
export const kindName = (charge: JsonObject): string =>
  [charge.kind, charge.form].filter((one) => typeof one === "string").join("/");

const tiers = [
  { upTo: "200", price: "0.5" },
  { upTo: null, price: "0.6" },
];
const ladder = { basis: "month" };

/** What each kind begins with beside id and title: as little as the language asks, in figures that are meant to be changed. */
const BEGINNINGS: Readonly<Record<string, JsonObject>> = {
  "energy/flat": { price: "0.5" },
  "energy/graduated": { ladder, tiers },
  "energy/surcharged": {
    price: "0.5",
    ladder,
    tiers: [
      { upTo: "200", add: "0" },
      { upTo: null, add: "0.05" },
    ],
  },
  "energy/slab": { ladder, tiers },
  "export/flat": { price: "0.4" },
  "export/graduated": { ladder, tiers },
  "export/slab": { ladder, tiers },
  standing: { per: "month", price: "10" },
  volume: { price: "0.02" },
  percentage: { rate: "0.05" },
  tax: { rate: "0.13", mode: "inclusive" },
  demand: { price: "30" },
  minimum: { amount: "10", per: "month" },
  credit: { amount: "10", per: "month" },
  allowance: { quantity: "15", per: "month" },
  power_factor: { standard: "0.9" },
  carry: {},
  surplus: { month: 12, price: "0.4" },
};

/** Kinds that look back at charges before them: all of them, the bill's energy, or one. */
const NEEDS_OF: Readonly<Record<string, "all" | "one">> = {
  percentage: "all",
  power_factor: "all",
  carry: "all",
  allowance: "one",
};

/** A further charge at the end of a bill, with an id that no other has. */
export function newCharge(
  name: string,
  charges: readonly Json[],
  titles: { readonly zh: string; readonly en: string },
  today: string,
): JsonObject {
  const [kind = "", form] = name.split("/");
  const ids = charges.map((one) => (isObject(one) ? textOf(one.id) : ""));
  const energy = charges.flatMap((one) => (isObject(one) && one.kind === "energy" ? [textOf(one.id)] : []));
  const earlier = energy.length > 0 ? energy : ids.slice(0, 1);
  const needs = NEEDS_OF[kind];
  const series = form === "series" ? { series: { from: today, minutes: 60, values: ["0.5"] } } : {};
  return {
    kind,
    ...(form === undefined ? {} : { form }),
    id: freeId(kind, ids),
    title: { ...titles },
    ...BEGINNINGS[name],
    ...series,
    ...(needs === undefined ? {} : { of: needs === "one" ? (earlier[0] ?? "") : earlier }),
  };
}

function freeId(kind: string, ids: readonly string[]): string {
  if (!ids.includes(kind)) return kind;
  for (let n = 2; ; n++) if (!ids.includes(`${kind}_${n}`)) return `${kind}_${n}`;
}

/** Times of use that a document names anywhere: on its clock first, then in its prices. */
export function touNamesOf(document: JsonObject): string[] {
  const names = new Set<string>();
  const look = (value: Json | undefined, key: string): void => {
    if (isList(value)) for (const one of value) look(one, key);
    else if (isObject(value)) {
      if (key === "price") for (const name of Object.keys(value)) names.add(name);
      for (const [inner, one] of Object.entries(value)) look(one, inner);
    } else if (key === "period" || key === "otherwise") names.add(textOf(value));
  };
  look(document.tou, "tou");
  look(document.charges, "charges");
  names.delete("");
  return [...names];
}
