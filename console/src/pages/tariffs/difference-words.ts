import type { TariffDifferenceJson } from "../../../../api/schemas/tariff.ts";
import { unitText } from "../../format.ts";
import { type Language, TEXTS, termOf, textOf as filled } from "../../i18n/texts.ts";
import { isList, isObject, type Json, type JsonObject, textOf } from "./editor/document.ts";

/** One difference as a person reads it. `note`: new, gone, in another order. */
export type SpokenDifference = {
  readonly place: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly note: "added" | "removed" | "order" | null;
};

/** Money for each unit of the tariff; the others are plain figures or have the tariff's unit. */
const PRICES: ReadonlySet<string> = new Set(["price", "add"]);
const QUANTITIES: ReadonlySet<string> = new Set(["upTo", "quantity", "ladderUsedBefore"]);
const AMOUNTS: ReadonlySet<string> = new Set(["amount", "total"]);
const ROWS: ReadonlySet<string> = new Set(["tiers", "rules", "seasons", "household", "table", "ratchet"]);

type In = { readonly language: Language; readonly document: JsonObject };

/** Place and figures of a difference in a language: `Energy · tier 2 · Price`, `0.5883 CNY/kWh` → `0.6083 CNY/kWh`. Pure. */
export function spoken(difference: TariffDifferenceJson, of: In): SpokenDifference {
  const { path } = difference;
  const [before, after] = [difference.before, difference.after] as [Json, Json];
  const isOrder = path.length === 1 && path[0] === "charges" && isList(before) && isList(after);
  const name = fieldOf(path);
  return {
    place: placeOf(path, of),
    before: before === null ? null : valueText(before, name, of),
    after: after === null ? null : valueText(after, name, of),
    note: isOrder ? "order" : before === null ? "added" : after === null ? "removed" : null,
  };
}

/** The last name on the way that is a field: of `price.peak` it is the price. */
function fieldOf(path: readonly (string | number)[]): string {
  const names = path.filter((step) => typeof step === "string");
  const price = names.findLastIndex((name) => PRICES.has(name) || name === "quantity");
  return (price >= 0 ? names[price] : names.at(-1)) ?? "";
}

function placeOf(path: readonly (string | number)[], of: In): string {
  const texts = TEXTS[of.language];
  const term = (group: string, word: string): string | null => {
    const text = termOf(texts, group, word);
    return text === word ? null : text;
  };
  const parts: string[] = [];
  for (const [i, step] of path.entries()) {
    const parent = path[i - 1];
    if (typeof step === "number") {
      parts.push(
        parent === "tiers" ? filled(texts, "tier.n", { n: step + 1 }) : `${parts.pop() ?? ""} ${step + 1}`.trim(),
      );
    } else if (parent === "charges") {
      parts.splice(0, parts.length, chargeTitle(step, of));
    } else if (parent === "examples") {
      parts.push(step);
    } else if (step === "tiers" && typeof path[i + 1] === "number") {
      // the tier itself says it
    } else {
      const own = typeof parent === "string" ? term("field", `${parent}.${step}`) : null;
      parts.push(own ?? term("field", step) ?? term("tou", step) ?? step);
    }
  }
  return parts.join(" · ");
}

function chargeTitle(id: string, { document, language }: In): string {
  const charges = isList(document.charges) ? document.charges : [];
  const charge = charges.find((one) => isObject(one) && one.id === id);
  return isObject(charge) && isObject(charge.title) ? textOf(charge.title[language]) : id;
}

function valueText(value: Json, name: string, of: In): string {
  const texts = TEXTS[of.language];
  if (isList(value)) return value.map((one) => valueText(one, name, of)).join(", ");
  if (typeof value === "boolean") return value ? "✓" : "–";
  if (isObject(value)) return objectText(value, name, of);
  const text = textOf(value);
  const [unit, currency] = [unitText(textOf(of.document.unit)), textOf(of.document.currency)];
  if (!/^-?\d+(\.\d+)?$/.test(text)) {
    const own = termOf(texts, "choice", `${name}.${text}`);
    return own === `${name}.${text}` ? termOf(texts, "choice", text) : own;
  }
  if (PRICES.has(name)) return `${text} ${currency}/${unit}`;
  if (QUANTITIES.has(name)) return `${text} ${unit}`;
  return AMOUNTS.has(name) ? `${text} ${currency}` : text;
}

/** A whole thing that came or went: a charge by its kind, a rule by its hours, anything else field by field. */
function objectText(value: JsonObject, name: string, of: In): string {
  const texts = TEXTS[of.language];
  if (typeof value.kind === "string") {
    const kind = [value.kind, value.form].filter((one) => typeof one === "string").join("/");
    return termOf(texts, "chargeKind", kind);
  }
  if (typeof value.period === "string") return ruleText(value, of);
  if (typeof value.zh === "string" && typeof value.en === "string") return textOf(value[of.language]);
  return Object.entries(value)
    .filter(([, one]) => one !== null)
    .map(([key, one]) => {
      const label = termOf(texts, "field", key);
      const plain = label === key ? termOf(texts, "tou", key) : label;
      return `${plain} ${valueText(one, PRICES.has(name) && !ROWS.has(key) && label === key ? name : key, of)}`;
    })
    .join(", ");
}

function ruleText(rule: JsonObject, { language }: In): string {
  const texts = TEXTS[language];
  const weekdays = isList(rule.weekdays)
    ? rule.weekdays.map((n) => texts[`weekday.${textOf(n) as "1"}`]).join(" ")
    : "";
  const months = isList(rule.months)
    ? filled(texts, "clock.season", { months: rule.months.map(textOf).join(", ") })
    : "";
  const days = typeof rule.days === "string" ? termOf(texts, "choice", rule.days) : "";
  const hours = typeof rule.from === "string" ? `${rule.from}–${textOf(rule.to)}` : "";
  return [termOf(texts, "tou", textOf(rule.period)), months, weekdays, days, hours].filter(Boolean).join(" ");
}
