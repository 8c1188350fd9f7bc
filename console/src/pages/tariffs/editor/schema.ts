import { isObject, type Json, type JsonObject } from "./document.ts";

/** A node of the JSON Schema that the service gives of its tariff language. Only what a form needs of it. */
export type Schema = {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
  readonly const?: Json;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
};

/** Alternatives, those within alternatives included; a schema without any is its only one. */
export function variantsOf(schema: Schema): readonly Schema[] {
  const inner = schema.oneOf ?? schema.anyOf;
  return inner === undefined ? [schema] : inner.flatMap(variantsOf);
}

/** `kind` and `form` of a charge: the fields with one value only. */
export const marksOf = (schema: Schema): JsonObject =>
  Object.fromEntries(
    Object.entries(schema.properties ?? {}).flatMap(([name, one]) =>
      one.const === undefined ? [] : [[name, one.const] as const],
    ),
  );

/** The alternative whose marks a value carries; the first when it carries none. */
export function variantFor(schema: Schema, value: Json | undefined): Schema | null {
  const all = variantsOf(schema);
  const fits = (one: Schema) =>
    Object.entries(marksOf(one)).every(([name, mark]) => isObject(value) && value[name] === mark);
  return all.find(fits) ?? null;
}

export type FieldKind =
  | "decimal"
  | "text"
  | "choice"
  | "whole"
  | "yesno"
  | "object"
  | "list"
  | "variants"
  | "table"
  | "other";

/** How a field is filled in. */
export function kindOf(schema: Schema): FieldKind {
  if (schema.enum !== undefined) return "choice";
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  if (types.includes("string") && types.includes("number")) return "decimal";
  if (schema.type === "string") return "text";
  if (schema.type === "integer" || schema.type === "number") return "whole";
  if (schema.type === "boolean") return "yesno";
  if (schema.type === "array") return "list";
  if (schema.type === "object") return schema.properties === undefined ? "table" : "object";
  const all = variantsOf(schema);
  if (all.length > 1 && all.every((one) => one.type === "object" && Object.keys(marksOf(one)).length > 0))
    return "variants";
  if (all.some((one) => kindOf(one) === "decimal") && all.some((one) => one.type === "null")) return "decimal";
  return "other";
}

/** A first value that has the field's form; what it should be is for the person to say. */
export function emptyOf(schema: Schema): Json {
  const [first = schema] = variantsOf(schema);
  if (first !== schema) return emptyOf(first);
  if (schema.const !== undefined) return schema.const;
  switch (kindOf(schema)) {
    case "choice":
      return schema.enum?.[0] ?? "";
    case "decimal":
      return "0";
    case "whole":
      return schema.minimum ?? 0;
    case "yesno":
      return true;
    case "list":
      return (schema.minItems ?? 0) > 0 && schema.items !== undefined ? [emptyOf(schema.items)] : [];
    case "object":
      return Object.fromEntries(
        (schema.required ?? []).map((name) => [name, emptyOf(schema.properties?.[name] ?? {})]),
      );
    case "table":
      return {};
    default:
      return "";
  }
}
