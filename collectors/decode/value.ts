import type { PayloadUnit, ValueMap } from "../../domain/profile.ts";
import { microOf } from "../../domain/quantity.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { REGISTERS, SUPPLY_STATES } from "../../domain/register.ts";
import type { Unit } from "../../domain/unit.ts";
import { microOfRaw, type Scale, scaleOf } from "../../domain/words.ts";
import { checkedMicro } from "./words.ts";

/** A value map made ready: what would otherwise be looked up for every message. */
export type CompiledValue = {
  readonly map: ValueMap;
  readonly order: number;
  /** null: the payload's unit is the register's. */
  readonly factor: Scale | null;
  readonly name: RegExp | null;
  readonly when: { readonly path: readonly string[]; readonly equals: ReadonlySet<string> } | null;
};

const FACTORS: Readonly<Record<string, Scale>> = {
  "MWh kWh": scaleOf("1000"),
  "Wh kWh": scaleOf("0.001"),
  "Wmin kWh": { up: 1n, down: 60_000n },
  "MJ kWh": { up: 10n, down: 36n },
  "GJ kWh": { up: 10_000n, down: 36n },
  "varh kvarh": scaleOf("0.001"),
  "l m3": scaleOf("0.001"),
  "kW W": scaleOf("1000"),
  "mV V": scaleOf("0.001"),
  "mA A": scaleOf("0.001"),
};

/** @throws RangeError when a profile asks for a conversion that does not exist: a catalogue test compiles all of them */
export function factorOf(from: PayloadUnit | undefined, to: Unit): Scale | null {
  if (from === undefined || from === to) return null;
  const factor = FACTORS[`${from} ${to}`];
  if (factor === undefined) throw new RangeError(`${from} does not convert to ${to}`);
  return factor;
}

/** Longer digits than any meter has; they would only cost time. */
const TEXT_MAX = 60;
const NUMBER = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** One JSON or text value → millionths (or a state's code); `undefined` when there is nothing to say. */
export function valueOfPayload(compiled: CompiledValue, value: unknown): bigint | Refusal | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "object")
    return {
      reason: "malformed_payload",
      detail: `${compiled.map.register}: a number was expected, not ${Array.isArray(value) ? "an array" : "an object"}`,
    };
  if (
    typeof value === "number" &&
    compiled.map.notAvailable === undefined &&
    REGISTERS[compiled.map.register].kind !== "state"
  )
    return compiled.factor === null ? microOfNumber(compiled, value) : microOfText(compiled, String(value));
  return valueOfText(compiled, String(value as string | number | boolean).trim(), typeof value === "boolean");
}

function valueOfText(compiled: CompiledValue, text: string, isBoolean: boolean): bigint | Refusal | undefined {
  const { map } = compiled;
  const lower = text.toLowerCase();
  if (map.skip?.includes(lower) === true) return undefined;
  if (map.notAvailable?.includes(lower) === true)
    return { reason: "sentinel", detail: `${map.register}: "${text}" means "not available"` };
  if (REGISTERS[map.register].kind === "state") return stateOfText(map, lower);
  if (isBoolean) return { reason: "not_a_number", detail: `${map.register}: ${text} is not a number` };
  return microOfText(compiled, text);
}

function stateOfText(map: ValueMap, lower: string): bigint | Refusal {
  if (map.states !== undefined && Object.hasOwn(map.states, lower)) return SUPPLY_STATES[map.states[lower] ?? "fault"];
  const code =
    map.codes === undefined ? undefined : Object.hasOwn(map.codes, lower) ? map.codes[lower] : map.codes["*"];
  if (code !== undefined) return BigInt(code);
  return {
    reason: "unmapped_payload",
    detail: `${map.register}: "${lower.slice(0, TEXT_MAX)}" is not a position that this profile knows`,
  };
}

/** Six places or fewer are read back exactly from the binary number; all else goes by its text. */
function microOfNumber(compiled: CompiledValue, value: number): bigint | Refusal {
  const micro = Math.round(value * 1_000_000);
  if (Number.isSafeInteger(micro) && micro / 1_000_000 === value)
    return checkedMicro(compiled.map.register, BigInt(micro));
  return microOfText(compiled, String(value));
}

function microOfText(compiled: CompiledValue, text: string): bigint | Refusal {
  const { register } = compiled.map;
  if (text === "Infinity" || text === "-Infinity" || text.length > TEXT_MAX)
    return { reason: "out_of_range", detail: `${register}: the number is too large or too long` };
  if (compiled.factor === null) {
    const micro = microOf(text);
    return micro === null ? notANumber(register, text) : checkedMicro(register, micro);
  }
  const m = NUMBER.exec(text);
  if (m === null) return notANumber(register, text);
  const fraction = m[3] ?? "";
  const digits = BigInt((m[2] ?? "") + fraction);
  const micro = microOfRaw(m[1] === "-" ? -digits : digits, fraction.length - +(m[4] ?? 0), compiled.factor);
  return checkedMicro(register, micro);
}

const notANumber = (register: string, text: string): Refusal => ({
  reason: "not_a_number",
  detail: text === "" ? `${register}: the text is empty` : `${register}: "${text}" is not a number`,
});
