import type { DialectProfile, MetricMap, PayloadUnit } from "../../domain/profile.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { REGISTERS, type RegisterName } from "../../domain/register.ts";
import type { Sample } from "../../domain/reading.ts";
import type { Instant } from "../../domain/instant.ts";
import type { DecodedMessage, ValueRefusal } from "./decoded.ts";
import { factorBetween, unitOfText } from "./unit-text.ts";
import { type CompiledValue, valueOfPayload } from "./value.ts";

/** What a profile takes a name for. `candidates` differ in register and so in unit: heat and electricity are both "energy". */
export type Meaning = { readonly part: string | null; readonly candidates: readonly MetricMap[] };

type Compiled = { readonly map: MetricMap; readonly pattern: RegExp };
const profiles = new WeakMap<DialectProfile, readonly Compiled[]>();
/** Longer names are no meter's. */
const NAME_MAX = 200;

/** @throws RangeError, SyntaxError when a map is not one: a catalogue test compiles all of them */
export function compiledMetrics(profile: DialectProfile): readonly Compiled[] {
  const known = profiles.get(profile);
  if (known !== undefined) return known;
  const made = profile.metrics.map((map) => {
    const { kind, unit } = REGISTERS[map.register];
    if ((kind === "state") !== (map.states !== undefined)) throw new RangeError(`${map.register}: states are amiss`);
    if (map.unitIfUnstated !== undefined && factorBetween(map.unitIfUnstated, unit) === "none")
      throw new RangeError(`${map.unitIfUnstated} does not convert to ${unit}`);
    return { map, pattern: new RegExp(`^(?:${map.name})$`, "i") };
  });
  profiles.set(profile, made);
  return made;
}

/** Null when the name means nothing to the profile: a device says much that is no reading. */
export function meaningOf(profile: DialectProfile, name: string): Meaning | null {
  if (name.length > NAME_MAX) return null;
  let part: string | null = null;
  const candidates: MetricMap[] = [];
  for (const { map, pattern } of compiledMetrics(profile)) {
    const hit = pattern.exec(name);
    if (hit === null) continue;
    if (candidates.length === 0) part = hit.groups?.["part"]?.toLowerCase() ?? null;
    candidates.push(map);
  }
  return candidates.length === 0 ? null : { part, candidates };
}

/** A value as text or boolean, with what its device said about it. `unit` null: none was stated. */
export type Stated = {
  readonly name: string;
  readonly value: string | boolean;
  readonly unit: string | null;
  readonly measuredAt: Instant | null;
};

/** A value of known meaning → its sample, or why not. A unit is never supposed: it is stated, or the profile's own data names it. */
export function sampleOf(meaning: Meaning, stated: Stated): Sample | ValueRefusal {
  const chosen = chosenMap(meaning, stated);
  if ("reason" in chosen) return { register: meaning.candidates[0]?.register ?? "frame", ...chosen };
  const { register } = chosen.map;
  const value = valueOfPayload(chosen, stated.value);
  if (typeof value === "bigint") return { register, value, measuredAt: stated.measuredAt };
  return { register, ...(value ?? { reason: "not_a_number", detail: `${register}: there is no value` }) };
}

function chosenMap({ candidates }: Meaning, { name, unit, value }: Stated): CompiledValue | Refusal {
  const stated = unit === null || unit.trim() === "" ? null : unitOfText(unit);
  if (unit !== null && unit.trim() !== "" && stated === null)
    return {
      reason: "unmapped_payload",
      detail: `${name}: nobody knows the unit ${JSON.stringify(unit.slice(0, 40))}`,
    };
  for (const map of candidates) {
    if (map.states !== undefined) return { ...NO_RULES, map: stateMap(map) };
    const from: PayloadUnit | undefined = stated ?? map.unitIfUnstated;
    const factor = from === undefined ? "none" : factorBetween(from, REGISTERS[map.register].unit);
    if (factor !== "none") return { ...NO_RULES, map: { register: map.register }, factor };
  }
  const what = stated === null ? "states no unit" : `is in ${stated}, which is not what its name means`;
  return {
    reason: "unmapped_payload",
    detail: `${name} ${what}${typeof value === "boolean" ? " and is a switch" : ""}`,
  };
}

const NO_RULES = { order: 0, factor: null, name: null, when: null } as const;
const stateMap = ({ register, states }: MetricMap) => ({ register, ...(states === undefined ? {} : { states }) });

/** Readings of one device put together: the device itself and each part of it are meters of their own. */
export class Gathered {
  readonly #messages = new Map<string, { samples: Sample[]; refusals: ValueRefusal[] }>();

  add(device: string, part: string | null, one: Sample | ValueRefusal): void {
    const key = part === null ? device : `${device}:${part}`;
    const message = this.#messages.get(key) ?? { samples: [], refusals: [] };
    this.#messages.set(key, message);
    if ("reason" in one) message.refusals.push(one);
    else message.samples.push(one);
  }

  messages(): DecodedMessage[] {
    return [...this.#messages].map(([device, of]) => ({ device, ...of }));
  }
}

export const onlineSample = (isOnline: boolean, measuredAt: Instant | null): Sample => ({
  register: "online_state" satisfies RegisterName,
  value: isOnline ? 1n : 0n,
  measuredAt,
});
