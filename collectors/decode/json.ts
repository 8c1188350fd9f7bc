import type { Refusal } from "../../domain/refusal.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

export type Text = { readonly text: string } | Refusal;

/** Payload bytes as text; a byte order mark is dropped. */
export function textOf(payload: Uint8Array): Text {
  try {
    return { text: utf8.decode(payload) };
  } catch {
    return { reason: "malformed_payload", detail: "the payload is not UTF-8 text" };
  }
}

/** 16 digits or more may not survive a binary float: such numbers are kept as the text that they are. */
const LONG_NUMBER = /[\d.]{16}/;

/**
 * JSON text → value. Refused: text that is not JSON, and a key that stands twice in one object, because nobody can say
 * which of the two the meter means. Keys such as `__proto__` stay plain own properties.
 */
export function parseJson(text: string): { readonly value: unknown } | Refusal {
  if (text.trim() === "") return { reason: "malformed_json", detail: "the payload is empty" };
  try {
    const value: unknown = LONG_NUMBER.test(text) ? parseWithSource(text, keepLongNumber) : JSON.parse(text);
    return membersInText(text) === membersInValue(value)
      ? { value }
      : { reason: "malformed_json", detail: "a key stands twice in one object" };
  } catch (error) {
    return { reason: "malformed_json", detail: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** The reviver's third argument is newer than the type of `JSON.parse`. */
const parseWithSource = JSON.parse as (
  text: string,
  reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;

/** With the reviver the language hands over the digits as they stood. */
function keepLongNumber(_key: string, value: unknown, context: { source?: string }): unknown {
  return typeof value === "number" && context.source !== undefined ? context.source : value;
}

/** Strings that a colon follows, in text already known to be JSON. */
function membersInText(text: string): number {
  let members = 0;
  let at = text.indexOf('"');
  while (at !== -1) {
    let end = text.indexOf('"', at + 1);
    while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
    let next = end + 1;
    while (text.charCodeAt(next) <= 32) next++;
    if (text.charCodeAt(next) === 58) members++;
    at = text.indexOf('"', next);
  }
  return members;
}

function isEscaped(text: string, quote: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(quote - 1 - slashes) === 92) slashes++;
  return slashes % 2 === 1;
}

/** An explicit stack: a payload of a million brackets must not end the process. */
function membersInValue(root: unknown): number {
  if (typeof root !== "object" || root === null) return 0;
  let members = 0;
  const open: object[] = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const inner: unknown[] = Array.isArray(value) ? value : Object.values(value);
    if (!Array.isArray(value)) members += inner.length;
    for (const one of inner) if (typeof one === "object" && one !== null) open.push(one);
  }
  return members;
}

/** Keys of a path, split once. */
export const pathOf = (path: string): readonly string[] => path.split(".");

/** What stands at a path of parsed JSON; undefined when nothing does. Own properties only. */
export function valueAt(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
