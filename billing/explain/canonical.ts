import { hash } from "node:crypto";

/**
 * One text for one value: JSON without spaces, keys in the order of their code units, nothing that is undefined. An integer
 * that JSON's numbers do not carry is `{"$int":"12"}`, a map `{"$map":[[key,value]]}`.
 * @throws TypeError for what has no such text (a function, a number that is not finite)
 */
export function canonicalText(value: unknown): string {
  const writer = new Writer();
  writer.write(value);
  return writer.text;
}

/** What JSON carries without an escape, and nothing that could be half a character. */
const PLAIN = /^[ !#-[\]-~\u00a0-\ud7ff]*$/;
const stringText = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

/** Adds piece after piece to one text: to make a text of each part, and then one of them, would cost as much again. */
class Writer {
  text = "";

  write(value: unknown): void {
    switch (typeof value) {
      case "string":
        this.text += stringText(value);
        return;
      case "boolean":
        this.text += value ? "true" : "false";
        return;
      case "bigint":
        this.text += `{"$int":"${value}"}`;
        return;
      case "number":
        if (!Number.isFinite(value)) throw new TypeError(`not a number: ${value}`);
        this.text += value;
        return;
      case "object":
        if (value === null) this.text += "null";
        else if (Array.isArray(value)) this.#array(value);
        else if (value instanceof Map) this.#map(value);
        else this.#object(value as Record<string, unknown>);
        return;
      default:
        throw new TypeError(`a ${typeof value} has no canonical text`);
    }
  }

  #array(items: readonly unknown[]): void {
    this.text += "[";
    for (let i = 0; i < items.length; i++) {
      if (i > 0) this.text += ",";
      this.write(items[i] ?? null);
    }
    this.text += "]";
  }

  #map(map: ReadonlyMap<unknown, unknown>): void {
    this.text += '{"$map":';
    this.#array([...map]);
    this.text += "}";
  }

  #object(own: Record<string, unknown>): void {
    this.text += "{";
    let isFirst = true;
    for (const key of keysInOrder(own)) {
      const of = own[key];
      if (of === undefined) continue;
      this.text += isFirst ? keyText(key).first : keyText(key).next;
      isFirst = false;
      this.write(of);
    }
    this.text += "}";
  }
}

/** Sorting costs most of a text: what bills are made of by the thousand names its keys in order. */
function keysInOrder(own: Record<string, unknown>): readonly string[] {
  const keys = Object.keys(own);
  for (let i = 1; i < keys.length; i++) if ((keys[i] as string) < (keys[i - 1] as string)) return keys.sort();
  return keys;
}

/** `"key":`, and the same after another one. The names of fields are few; those that are data (a charge's id) may be many. */
type KeyText = { readonly first: string; readonly next: string };
const KEYS = new Map<string, KeyText>();
const KEYS_MAX = 1_000;

function keyText(key: string): KeyText {
  const known = KEYS.get(key);
  if (known !== undefined) return known;
  const first = `${stringText(key)}:`;
  const text = { first, next: `,${first}` };
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
