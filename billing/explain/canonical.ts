import { createHash } from "node:crypto";

/**
 * One text for one value: JSON without spaces, keys in the order of their code units, nothing that is undefined. An integer
 * that JSON's numbers do not carry is `{"$int":"12"}`, a map `{"$map":[[key,value]]}`.
 * @throws TypeError for what has no such text (a function, a number that is not finite)
 */
export function canonicalText(value: unknown): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
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

function objectText(value: object): string {
  if (Array.isArray(value)) return `[${value.map((one) => canonicalText(one ?? null)).join(",")}]`;
  if (value instanceof Map) return `{"$map":${canonicalText([...value])}}`;
  const own = value as Record<string, unknown>;
  const parts: string[] = [];
  for (const key of Object.keys(own).toSorted()) {
    if (own[key] !== undefined) parts.push(`${JSON.stringify(key)}:${canonicalText(own[key])}`);
  }
  return `{${parts.join(",")}}`;
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

export const sha256Of = (text: string): string => createHash("sha256").update(text).digest("hex");
