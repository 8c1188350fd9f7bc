import protobuf from "protobufjs/light.js";
import type { Refusal } from "../../domain/refusal.ts";
import { rawOf } from "../../domain/words.ts";

/**
 * The payload of Sparkplug B as protobuf (Eclipse Sparkplug 3.0, 6.4; the field numbers of Eclipse Tahu's sparkplug_b.proto).
 * Data sets, templates, files and metadata carry no reading: their bytes are left as they are.
 */
const root = protobuf.Root.fromJSON({
  nested: {
    Payload: {
      fields: {
        timestamp: { type: "uint64", id: 1 },
        metrics: { rule: "repeated", type: "Metric", id: 2 },
        seq: { type: "uint64", id: 3 },
      },
    },
    Metric: {
      fields: {
        name: { type: "string", id: 1 },
        alias: { type: "uint64", id: 2 },
        timestamp: { type: "uint64", id: 3 },
        datatype: { type: "uint32", id: 4 },
        isHistorical: { type: "bool", id: 5 },
        isTransient: { type: "bool", id: 6 },
        isNull: { type: "bool", id: 7 },
        properties: { type: "PropertySet", id: 9 },
        intValue: { type: "uint32", id: 10 },
        longValue: { type: "uint64", id: 11 },
        floatValue: { type: "float", id: 12 },
        doubleValue: { type: "double", id: 13 },
        booleanValue: { type: "bool", id: 14 },
        stringValue: { type: "string", id: 15 },
      },
    },
    PropertySet: {
      fields: {
        keys: { rule: "repeated", type: "string", id: 1 },
        values: { rule: "repeated", type: "PropertyValue", id: 2 },
      },
    },
    PropertyValue: {
      fields: {
        type: { type: "uint32", id: 1 },
        isNull: { type: "bool", id: 2 },
        intValue: { type: "uint32", id: 3 },
        longValue: { type: "uint64", id: 4 },
        stringValue: { type: "string", id: 8 },
      },
    },
  },
});
const Payload = root.lookupType("Payload");

/** 64 bits as the library gives them. */
type Long = number | { toString(): string };
type Wire = {
  timestamp?: Long;
  seq?: Long;
  metrics?: WireMetric[];
};
type WireMetric = {
  name?: string;
  alias?: Long;
  timestamp?: Long;
  datatype?: number;
  isHistorical?: boolean;
  isNull?: boolean;
  intValue?: number;
  longValue?: Long;
  floatValue?: number;
  doubleValue?: number;
  booleanValue?: boolean;
  stringValue?: string;
  properties?: {
    keys?: string[];
    values?: { isNull?: boolean; intValue?: number; longValue?: Long; stringValue?: string }[];
  };
};

/** A metric in our words. `value` null: the device says that it has none. */
export type Metric = {
  readonly name: string | null;
  readonly alias: string | null;
  readonly atMs: bigint | null;
  readonly datatype: number | null;
  readonly isHistorical: boolean;
  readonly value: WireValue | null;
  readonly properties: ReadonlyMap<string, string>;
};
export type WireValue =
  | { readonly kind: "int" | "long"; readonly bits: bigint }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "boolean"; readonly on: boolean }
  /** A data set, a template, bytes. */
  | { readonly kind: "other" };

export type SparkplugPayload = {
  readonly atMs: bigint | null;
  readonly seq: number | null;
  readonly metrics: readonly Metric[];
};

export function sparkplugPayloadOf(bytes: Uint8Array): SparkplugPayload | Refusal {
  try {
    const wire = Payload.decode(bytes) as unknown as Wire;
    const seq = bigOf(own(wire, "seq"));
    if (seq !== null && seq > 255n) return malformed(`seq is ${seq} and ends at 255`);
    return {
      atMs: bigOf(own(wire, "timestamp")),
      seq: seq === null ? null : Number(seq),
      metrics: (wire.metrics ?? []).map(metricOf),
    };
  } catch (error) {
    return malformed(error instanceof Error ? error.message : String(error));
  }
}

const malformed = (why: string): Refusal => ({
  reason: "malformed_payload",
  detail: `not a Sparkplug B payload: ${why}`,
});

/** What stood on the wire, not the default of its type. */
const own = <T extends object, K extends keyof T>(message: T, key: K): T[K] | undefined =>
  Object.hasOwn(message, key) ? message[key] : undefined;
const bigOf = (long: Long | undefined): bigint | null => (long === undefined ? null : BigInt(long.toString()));

const metricOf = (wire: WireMetric): Metric => ({
  name: own(wire, "name") ?? null,
  alias: bigOf(own(wire, "alias"))?.toString() ?? null,
  atMs: bigOf(own(wire, "timestamp")),
  datatype: own(wire, "datatype") ?? null,
  isHistorical: own(wire, "isHistorical") === true,
  value: own(wire, "isNull") === true ? null : valueOf(wire),
  properties: propertiesOf(own(wire, "properties")),
});

function valueOf(wire: WireMetric): WireValue {
  const { intValue, longValue, floatValue, doubleValue, booleanValue, stringValue } = { ...wire };
  if (intValue !== undefined) return { kind: "int", bits: BigInt(intValue) };
  if (longValue !== undefined) return { kind: "long", bits: BigInt(longValue.toString()) };
  if (floatValue !== undefined) return { kind: "text", text: textOfFloat(floatValue) };
  if (doubleValue !== undefined) return { kind: "text", text: String(doubleValue) };
  if (booleanValue !== undefined) return { kind: "boolean", on: booleanValue };
  return stringValue === undefined ? { kind: "other" } : { kind: "text", text: stringValue };
}

/** The shortest decimal that gives the same float32: 230.2, not 230.1999969482422. */
function textOfFloat(value: number): string {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value);
  const raw = rawOf("f32", "ABCD", bytes);
  return raw.kind === "number" ? `${raw.digits}e${-raw.places}` : "NaN";
}

function propertiesOf(set: WireMetric["properties"]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [i, key] of (set?.keys ?? []).entries()) {
    const { isNull, stringValue, intValue, longValue } = { ...set?.values?.[i] };
    const value = stringValue ?? intValue ?? longValue;
    if (isNull !== true && value !== undefined) found.set(key.toLowerCase().replaceAll(/[^a-z]/g, ""), String(value));
  }
  return found;
}

/** Tahu's numbers of the integer types; signed ones are written as two's complement. */
const SIGNED_BITS: Readonly<Record<number, number>> = { 1: 8, 2: 16, 3: 32, 4: 64 };
const UNSIGNED = new Set([5, 6, 7, 8]);

/** The value by its type as text or boolean. An integer whose type nobody stated may be signed or not: refused. */
export function plainValueOf(value: WireValue, datatype: number | null): string | boolean | Refusal {
  if (value.kind === "text") return value.text;
  if (value.kind === "boolean") return value.on;
  if (value.kind === "other") return { reason: "malformed_payload", detail: "the metric holds no single value" };
  const signed = datatype === null ? undefined : SIGNED_BITS[datatype];
  if (signed !== undefined) return BigInt.asIntN(signed, value.bits).toString();
  if (datatype !== null && UNSIGNED.has(datatype)) return value.bits.toString();
  return { reason: "malformed_payload", detail: `an integer of data type ${datatype ?? "unknown"} is no number` };
}

/** The payload that asks an edge node for all its births (Eclipse Sparkplug 3.0, 6.4.23 and 5.9). */
export function rebirthCommand(atMs: number): Uint8Array {
  const metric = { name: "Node Control/Rebirth", timestamp: atMs, datatype: 11, booleanValue: true };
  return Payload.encode(Payload.fromObject({ timestamp: atMs, metrics: [metric] })).finish();
}
