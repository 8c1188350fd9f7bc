import type { Charge, Tariff, TariffExample } from "../domain/tariff.ts";

/** Where in a document: `["charges", "energy", "tiers", 1, "price"]`. A charge goes by its id, an example by its title, a row by its place. */
export type DifferencePath = readonly (string | number)[];

/** One thing that two versions do not say alike. `before` null: it is new; `after` null: it is gone. */
export type TariffDifference = { readonly path: DifferencePath; readonly before: unknown; readonly after: unknown };

/** Each version has its own name: that they differ says nothing. */
const NAME_FIELDS: ReadonlySet<string> = new Set(["id", "version"]);

/**
 * What changes from one version to another, field by field in the order of the new one. What is the same in another order of its
 * keys is the same; `"0.50"` and `"0.5"` are the same price. Pure.
 */
export function differencesOf(before: Tariff, after: Tariff): TariffDifference[] {
  const { charges: chargesBefore, examples: examplesBefore = [], ...restBefore } = before;
  const { charges: chargesAfter, examples: examplesAfter = [], ...restAfter } = after;
  return [
    ...objects([], withoutNames(restBefore), withoutNames(restAfter)),
    ...named(["charges"], chargesBefore, chargesAfter, (charge: Charge) => charge.id),
    ...orderOf(chargesBefore, chargesAfter),
    ...named(["examples"], examplesBefore, examplesAfter, (example: TariffExample) => example.title),
  ];
}

/** The same for documents without rows that go by a name. Pure. */
export const fieldDifferencesOf = (before: object, after: object): TariffDifference[] =>
  objects([], withoutNames(before), withoutNames(after));

const withoutNames = (of: object): object =>
  Object.fromEntries(Object.entries(of).filter(([key]) => !NAME_FIELDS.has(key)));

/** Rows that go by a name: those of both are compared, whatever their place. */
function named<T extends object>(
  path: DifferencePath,
  before: readonly T[],
  after: readonly T[],
  nameOf: (row: T) => string,
): TariffDifference[] {
  const old = new Map(before.map((row) => [nameOf(row), row]));
  const kept = new Set(after.map(nameOf));
  return [
    ...after.flatMap((row) => {
      const was = old.get(nameOf(row));
      return was === undefined
        ? [{ path: [...path, nameOf(row)], before: null, after: row }]
        : objects([...path, nameOf(row)], was, row);
    }),
    ...before
      .filter((row) => !kept.has(nameOf(row)))
      .map((row) => ({ path: [...path, nameOf(row)], before: row, after: null })),
  ];
}

/** Charges are in the order of the bill, and a percentage looks back: another order of the same ones is a difference. */
function orderOf(before: readonly Charge[], after: readonly Charge[]): TariffDifference[] {
  const both = (of: readonly Charge[], other: readonly Charge[]): string[] =>
    of.map(({ id }) => id).filter((id) => other.some((one) => one.id === id));
  const [was, is] = [both(before, after), both(after, before)];
  return was.join(" ") === is.join(" ") ? [] : [{ path: ["charges"], before: was, after: is }];
}

function objects(path: DifferencePath, before: object, after: object): TariffDifference[] {
  const was = before as Record<string, unknown>;
  const is = after as Record<string, unknown>;
  const keys = [...new Set([...Object.keys(is), ...Object.keys(was)])];
  return keys.flatMap((key) => values([...path, key], was[key], is[key]));
}

function values(path: DifferencePath, before: unknown, after: unknown): TariffDifference[] {
  if (isSame(before, after)) return [];
  if (isObject(before) && isObject(after)) return objects(path, before, after);
  if (isRows(before) && isRows(after))
    return path.at(-1) === "rules" ? sets(path, before, after) : rows(path, before, after);
  return [{ path, before: before ?? null, after: after ?? null }];
}

/** Tiers and the like: the second is compared with the second. */
function rows(path: DifferencePath, before: readonly object[], after: readonly object[]): TariffDifference[] {
  return Array.from({ length: Math.max(before.length, after.length) }, (_, i) => i).flatMap((i) =>
    values([...path, i], before[i], after[i]),
  );
}

/** Rules of a clock: one more at the beginning does not make all that follow it differ. */
function sets(path: DifferencePath, before: readonly object[], after: readonly object[]): TariffDifference[] {
  const [was, is] = [before.map(canonical), after.map(canonical)];
  const gone = before.filter((_, i) => !is.includes(was[i] ?? ""));
  const come = after.filter((_, i) => !was.includes(is[i] ?? ""));
  if (gone.length + come.length === 0) return [{ path, before, after }]; // the first that fits wins: their order counts
  return [
    ...gone.map((rule) => ({ path, before: rule, after: null })),
    ...come.map((rule) => ({ path, before: null, after: rule })),
  ];
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isRows = (value: unknown): value is readonly object[] =>
  Array.isArray(value) && value.length > 0 && value.every(isObject);
const isSame = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

/** Keys in order, decimals in their shortest form. */
function canonical(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(shortest(value));
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value ?? null);
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(",")}}`;
}

const shortest = (text: string): string =>
  /^-?\d+\.\d+$/.test(text) ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
