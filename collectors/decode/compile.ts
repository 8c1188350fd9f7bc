import type { MessageMap, MqttProfile, TimeFormat, ValueMap } from "../../domain/profile.ts";
import { REGISTERS } from "../../domain/register.ts";
import { pathOf } from "./json.ts";
import { type TopicPattern, topicPatternOf, type TopicVariables, topicVariables } from "./topic.ts";
import { type CompiledValue, factorOf } from "./value.ts";

/** The value maps of a message as a tree by key, so that a payload is walked once whatever the profile could read. */
export type Branch = { readonly values: CompiledValue[]; readonly branches: Map<string, Branch> };

export type CompiledMap = {
  readonly map: MessageMap;
  readonly topic: TopicPattern;
  readonly tree: Branch;
  /** Value maps of a text payload. */
  readonly texts: readonly CompiledValue[];
  /** Two value maps may fill one register: the one listed first wins. */
  readonly rivals: boolean;
  readonly parts: boolean;
  readonly devicePath: readonly string[] | null;
  readonly times: readonly {
    readonly path: readonly string[];
    readonly format: TimeFormat;
    readonly required: boolean;
  }[];
  readonly eachPath: readonly string[] | null;
  readonly answer: {
    readonly id: readonly string[];
    readonly result: readonly string[];
    readonly error: readonly string[];
  } | null;
};

export type Match = { readonly compiled: CompiledMap; readonly variables: TopicVariables };

export type CompiledProfile = {
  readonly maps: readonly CompiledMap[];
  readonly matches: Map<string, readonly Match[]>;
};

const profiles = new WeakMap<MqttProfile, CompiledProfile>();
/** Topics remembered for a profile; beyond it the memory starts anew, so that invented topics cannot fill it. */
const TOPICS_MAX = 20_000;

/** A profile made ready once: patterns, paths, units. */
export function compiled(profile: MqttProfile): CompiledProfile {
  const known = profiles.get(profile);
  if (known !== undefined) return known;
  const made = { maps: profile.messages.map(compiledMap), matches: new Map() };
  profiles.set(profile, made);
  return made;
}

/** The maps whose topic pattern fits, in the profile's order, with what the topic says. */
export function matchesOf(profile: MqttProfile, topic: string): readonly Match[] {
  const { maps, matches } = compiled(profile);
  const known = matches.get(topic);
  if (known !== undefined) return known;
  const levels = topic.split("/");
  const found = maps.flatMap((one) => {
    const variables = topicVariables(one.topic, levels);
    return variables === null ? [] : [{ compiled: one, variables }];
  });
  const reading = found[0]?.compiled.map.ignore === true ? found.slice(0, 1) : found.filter(notIgnored);
  if (matches.size >= TOPICS_MAX) matches.clear();
  matches.set(topic, reading);
  return reading;
}

/** An `ignore` map speaks only for topics that no map before it reads, so that it never hides a refusal. */
const notIgnored = (match: Match): boolean => match.compiled.map.ignore !== true;

function compiledMap(map: MessageMap): CompiledMap {
  const values = map.values.map(compiledValue);
  const targets = new Set(values.map(({ map: v }) => `${v.part ?? ""}/${v.register}`));
  return {
    map,
    topic: topicPatternOf(map.topic),
    tree: treeOf(values),
    texts: values.filter((value) => value.map.path === undefined),
    rivals: targets.size < values.length,
    parts: values.some((value) => value.map.part !== undefined),
    devicePath: map.device === undefined ? null : pathOf(map.device.path),
    times: (map.time ?? []).map((t) => ({ path: pathOf(t.path), format: t.format, required: t.required === true })),
    eachPath: map.each === undefined ? null : pathOf(map.each),
    answer:
      map.answer === undefined
        ? null
        : { id: pathOf(map.answer.id), result: pathOf(map.answer.result), error: pathOf(map.answer.error) },
  };
}

function compiledValue(map: ValueMap, order: number): CompiledValue {
  return {
    map,
    order,
    factor: factorOf(map.unit, REGISTERS[map.register].unit),
    name: map.name === undefined ? null : new RegExp(map.name),
    when: map.when === undefined ? null : { path: pathOf(map.when.path), equals: new Set(map.when.equals) },
  };
}

function treeOf(values: readonly CompiledValue[]): Branch {
  const root: Branch = { values: [], branches: new Map() };
  for (const value of values) {
    if (value.map.path === undefined) continue;
    let branch = root;
    for (const key of pathOf(value.map.path)) {
      const next = branch.branches.get(key) ?? { values: [], branches: new Map<string, Branch>() };
      branch.branches.set(key, next);
      branch = next;
    }
    branch.values.push(value);
  }
  return root;
}
