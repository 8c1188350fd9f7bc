import { hash } from "node:crypto";

/**
 * One text for one value: JSON without spaces, keys in the order of their code units, nothing that is undefined. An integer
 * that JSON's numbers do not carry is `{"$int":"12"}`, a map `{"$map":[[key,value]]}`.
 * @throws TypeError for what has no such text (a function, a number that is not finite)
 */
export function canonicalText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return stringText(value);
    case "boolean":
      return value ? "true" : "false";
    case "bigint":
      return `{"$int":"${value}"}`;
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`not a number: ${value}`);
      return String(value);
    case "object":
      return value === null ? "null" : objectText(value);
    default:
      throw new TypeError(`a ${typeof value} has no canonical text`);
  }
}

/** What JSON carries without an escape, and nothing that could be half a character. */
const PLAIN = /^[ !#-[\]-~\u00a0-\ud7ff]*$/;
const stringText = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

function objectText(value: object): string {
  if (Array.isArray(value)) {
    let items = "";
    for (const one of value) items += `${items === "" ? "" : ","}${canonicalText(one ?? null)}`;
    return `[${items}]`;
  }
  if (value instanceof Map) return `{"$map":${canonicalText([...value])}}`;
  return textInOrder(value as Record<string, unknown>) ?? textSorted(value as Record<string, unknown>);
}

/** Sorting costs most of a text: what bills are made of by the thousand names its keys in order. `null` where it does not. */
function textInOrder(own: Record<string, unknown>): string | null {
  let [parts, before] = ["", ""];
  for (const key in own) {
    if (key < before) return null;
    before = key;
    const of = own[key];
    if (of !== undefined) parts += `${parts === "" ? "" : ","}${keyText(key)}${canonicalText(of)}`;
  }
  return `{${parts}}`;
}

/** Keys in the order of code units. */
function textSorted(own: Record<string, unknown>): string {
  let parts = "";
  for (const key of Object.keys(own).sort()) {
    const of = own[key];
    if (of !== undefined) parts += `${parts === "" ? "" : ","}${keyText(key)}${canonicalText(of)}`;
  }
  return `{${parts}}`;
}

/** The names of fields are few; those that are data (a charge's id) may be many. */
const KEYS = new Map<string, string>();
const KEYS_MAX = 1_000;

function keyText(key: string): string {
  const known = KEYS.get(key);
  if (known !== undefined) return known;
  const text = `${stringText(key)}:`;
  if (KEYS.size < KEYS_MAX) KEYS.set(key, text);
  return text;
}

/** The value of a canonical text, or of parsed JSON in that form. */
export const valueOfCanonical = (text: string): unknown => valueOf(JSON.parse(text));

export function valueOf(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(valueOf);
  if (json === null || typeof json !== "object") return json;
  const own = json as Record<string, unknown>;
  if (typeof own["$int"] === "string") return BigInt(own["$int"]);
  if (Array.isArray(own["$map"])) return new Map(own["$map"].map((pair) => valueOf(pair) as [unknown, unknown]));
  return Object.fromEntries(Object.entries(own).map(([key, value]) => [key, valueOf(value)]));
}

/** As JSON carries it: the parsed canonical text. */
export const jsonOf = (value: unknown): unknown => JSON.parse(canonicalText(value));

export const sha256Of = (text: string): string => hash("sha256", text);
