/** A tariff document as JSON: the console does not judge it, and what it does not know it leaves as it is. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };
export type Path = readonly (string | number)[];

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
export const textOf = (value: Json | undefined): string =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : "";

/** `charges[0].tiers[1].upTo`, as the service names a place. */
export const pathText = (path: Path): string =>
  path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : `${text}${text === "" ? "" : "."}${step}`),
    "",
  );

export function getIn(value: Json, path: Path): Json | undefined {
  let at: Json | undefined = value;
  for (const step of path) {
    if (typeof step === "number" ? !isList(at) : !isObject(at)) return undefined;
    at = (at as Record<string | number, Json>)[step];
  }
  return at;
}

/** A copy with another value at one place, everything else as it was and keys in their order; `undefined` takes it out. */
export function setIn(value: Json, path: Path, to: Json | undefined): Json {
  const [step, ...rest] = path;
  if (step === undefined) return to ?? null;
  if (typeof step === "number") {
    const list = isList(value) ? [...value] : [];
    if (rest.length === 0 && to === undefined) return list.toSpliced(step, 1);
    list[step] = setIn(list[step] ?? null, rest, to);
    return list;
  }
  const object = isObject(value) ? value : {};
  if (rest.length === 0 && to === undefined) {
    const { [step]: _, ...others } = object;
    return others;
  }
  return { ...object, [step]: setIn(object[step] ?? null, rest, to) };
}
