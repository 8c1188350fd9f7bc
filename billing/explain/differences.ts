import { canonicalText } from "./canonical.ts";

/** A part of the bundle that is not what it was when it was written. */
export type ChangedPart = { readonly part: string; readonly what: string };

/** A figure of the bill that its inputs do not give. */
export type Difference = {
  /** `line 3`, `usage 1`, `total`, `posting 2`, `dueOn`. */
  readonly where: string;
  readonly key: string;
  readonly field: string;
  /** What the inputs give. */
  readonly expected: string;
  /** What the bundle says. */
  readonly found: string;
  /** The changed parts that this figure rests on; empty when every input is as it was written: then the figure itself was changed. */
  readonly because: readonly string[];
};

/** Row by row, by key: what is missing, what is too much, and of what is there the first field that differs. */
export function rows<T extends object>(
  noun: string,
  expected: readonly T[],
  found: readonly T[],
  keyOf: (row: T) => string,
  because: readonly string[],
): Difference[] {
  const there = new Map(found.map((row) => [keyOf(row), row]));
  const due = new Map(expected.map((row) => [keyOf(row), row]));
  const differences = [...due].flatMap(([key, row], i): Difference[] => {
    const own = there.get(key);
    const where = `${noun} ${i + 1}`;
    if (own === undefined) return figure(where, key, noun, "there", "missing", because);
    const fields = Object.keys(row) as (keyof T & string)[];
    const field = fields.find((name) => canonicalText(row[name]) !== canonicalText(own[name]));
    return field === undefined ? [] : figure(where, key, field, textOf(row[field]), textOf(own[field]), because);
  });
  const extra = found.flatMap((row, i) =>
    due.has(keyOf(row)) ? [] : figure(`${noun} ${i + 1}`, keyOf(row), noun, "none", "there", because),
  );
  const twice = found.length - there.size;
  return [
    ...differences,
    ...extra,
    ...(twice > 0 ? figure(noun, "", "keys", "each once", `${twice} twice`, because) : []),
  ];
}

export const textOf = (value: unknown): string => (typeof value === "string" ? value : canonicalText(value));

export const figure = (
  where: string,
  key: string,
  field: string,
  expected: string,
  found: string,
  because: readonly string[],
): Difference[] => (expected === found ? [] : [{ where, key, field, expected, found, because }]);
