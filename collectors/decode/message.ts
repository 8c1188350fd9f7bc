import type { Instant } from "../../domain/instant.ts";
import type { MessageMap, MqttProfile } from "../../domain/profile.ts";
import type { Zone } from "../../domain/period.ts";
import type { Sample } from "../../domain/reading.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { bytesOfBase64, layoutOf, samplesOfBinary } from "./binary.ts";
import { type Branch, type CompiledMap, compiled, matchesOf } from "./compile.ts";
import {
  type CommandAnswer,
  type Decoded,
  type DecodedMessage,
  ignored,
  refused,
  type ValueRefusal,
} from "./decoded.ts";
import { parseJson, pathOf, textOf, valueAt } from "./json.ts";
import { instantOf } from "./time.ts";
import { NO_TOPIC, type TopicVariables } from "./topic.ts";
import { type CompiledValue, valueOfPayload } from "./value.ts";

/** What decoding needs beside the payload: `zone` reads times that carry no offset (absent: they count as not given). */
export type DecodeContext = { readonly receivedAt: Instant; readonly zone?: Zone };

/** The first map of a profile that reads this topic. */
export const messageMapOf = (profile: MqttProfile, topic: string): MessageMap | null =>
  matchesOf(profile, topic)[0]?.compiled.map ?? null;

/** Longer topics are no meter's; they would only cost memory and time. */
const TOPIC_MAX = 512;

/** One MQTT message → samples by device and time, or why not. Never throws, whatever the bytes are. */
export function decodeMessage(
  profile: MqttProfile,
  topic: string,
  payload: Uint8Array,
  receivedAt: Instant,
  zone?: Zone,
): Decoded {
  const matches = topic.length > TOPIC_MAX ? [] : matchesOf(profile, topic);
  if (matches.length === 0)
    return refused("unknown_topic", `${profile.id} does not read the topic ${topic.slice(0, 200)}`);
  const context = zone === undefined ? { receivedAt } : { receivedAt, zone };
  return firstThatReads(matches.map((m) => () => decodeByMap(m.compiled, m.variables, payload, context)));
}

/** The same without a topic, for a person with a payload in hand: every map is tried. */
export function decodeByAnyMap(profile: MqttProfile, payload: Uint8Array, receivedAt: Instant, zone?: Zone): Decoded {
  const context = zone === undefined ? { receivedAt } : { receivedAt, zone };
  const maps = compiled(profile).maps.filter((one) => one.map.ignore !== true);
  const results = maps.map((one) => decodeByMap(one, NO_TOPIC, payload, context));
  return results.find(yieldsSamples) ?? firstThatReads(results.map((result) => () => result));
}

const yieldsSamples = (d: Decoded): boolean => d.kind === "decoded" && d.messages.some((m) => m.samples.length > 0);

function firstThatReads(tries: readonly (() => Decoded)[]): Decoded {
  let first: Decoded | null = null;
  for (const attempt of tries) {
    const result = attempt();
    if (result.kind === "decoded") return result;
    first ??= result;
  }
  return first ?? refused("unmapped_payload", "nothing to read");
}

function decodeByMap(one: CompiledMap, topic: TopicVariables, payload: Uint8Array, context: DecodeContext): Decoded {
  if (one.map.ignore === true) return ignored;
  const text = textOf(payload);
  if ("reason" in text) return { kind: "refused", ...text };
  if (one.map.payload === "text") return decodeText(one, topic, text.text);
  const json = parseJson(text.text);
  if ("reason" in json) return { kind: "refused", ...json };
  return decodeJson(one, topic, json.value, context);
}

function decodeText(one: CompiledMap, topic: TopicVariables, text: string): Decoded {
  const found: Found[] = [];
  for (const value of one.texts) if (applies(value, null, topic)) found.push({ value, json: text });
  if (found.length === 0) return ignored;
  const messages = messagesOf(one, deviceKey(topic.device), found, null);
  if (messages.length === 0) return ignored;
  const only = messages[0]?.refusals[0];
  if (only?.reason === "unmapped_payload") return { kind: "refused", reason: only.reason, detail: only.detail };
  return { kind: "decoded", messages };
}

function decodeJson(one: CompiledMap, topic: TopicVariables, root: unknown, context: DecodeContext): Decoded {
  if (one.eachPath !== null) return decodeEach(one, topic, valueAt(root, one.eachPath), context);
  const answers = answersOf(one, topic, root);
  const messages = decodeObject(one, topic, root, context);
  if ("reason" in messages)
    return answers.length > 0
      ? { kind: "decoded", messages: [], answers }
      : one.map.quiet === true && messages.reason === "unmapped_payload"
        ? ignored
        : { kind: "refused", ...messages };
  return answers.length > 0 ? { kind: "decoded", messages, answers } : { kind: "decoded", messages };
}

function decodeEach(one: CompiledMap, topic: TopicVariables, elements: unknown, context: DecodeContext): Decoded {
  if (!Array.isArray(elements)) return refused("unmapped_payload", `no array stands at ${one.map.each}`);
  if (elements.length === 0) return ignored;
  const messages: DecodedMessage[] = [];
  for (const element of elements) {
    const read = decodeObject(one, topic, element, context);
    if ("reason" in read)
      messages.push({ device: deviceOf(one, topic, element), samples: [], refusals: [{ register: "frame", ...read }] });
    else for (const message of read) messages.push(message);
  }
  return { kind: "decoded", messages };
}

function decodeObject(
  one: CompiledMap,
  topic: TopicVariables,
  root: unknown,
  context: DecodeContext,
): DecodedMessage[] | Refusal {
  if (typeof root !== "object" || root === null || Array.isArray(root))
    return { reason: "malformed_payload", detail: "a JSON object was expected" };
  const measuredAt = timeOf(one, root, context);
  if (measuredAt !== null && typeof measuredAt === "object") return measuredAt;
  const device = deviceOf(one, topic, root);
  const binary = binaryOf(one, device, root);
  if (binary !== null && "samples" in binary) return [binary];
  const found: Found[] = [];
  gather(one.tree, root, found);
  const fitting = found.filter(({ value }) => applies(value, root, topic));
  const messages = messagesOf(one, device, fitting, measuredAt);
  if (messages.length > 0) return messages;
  return binary ?? { reason: "unmapped_payload", detail: "no field of this payload is a register of the profile" };
}

/** A value that stands in the payload and the map that wants it. */
type Found = { readonly value: CompiledValue; readonly json: unknown };

/**
 * A text that holds JSON is entered like an object (`objectJSON` of ChirpStack v3). Where a profile knows a number and an array
 * in one place (one phase or three), the array is entered and never taken for a spoilt number.
 */
function gather(branch: Branch, json: unknown, into: Found[]): void {
  const isLeaf = branch.branches.size === 0;
  if (isLeaf || typeof json !== "object") for (const value of branch.values) into.push({ value, json });
  if (isLeaf) return;
  if (typeof json === "string" && json.startsWith("{")) {
    const inner = parseJson(json);
    if ("value" in inner && typeof inner.value === "object")
      gather({ values: [], branches: branch.branches }, inner.value, into);
    return;
  }
  if (typeof json !== "object" || json === null) return;
  const record = json as Record<string, unknown>;
  for (const key of Object.keys(record)) {
    const next = branch.branches.get(key);
    if (next !== undefined) gather(next, record[key], into);
  }
}

function applies(value: CompiledValue, root: unknown, topic: TopicVariables): boolean {
  if (value.name !== null && (topic.name === null || !value.name.test(topic.name))) return false;
  if (value.when === null) return true;
  const at = valueAt(root, value.when.path);
  return at !== undefined && typeof at !== "object" && value.when.equals.has(String(at as string).toLowerCase());
}

function messagesOf(
  one: CompiledMap,
  device: string | null,
  found: readonly Found[],
  measuredAt: Instant | null,
): DecodedMessage[] {
  if (!one.parts) {
    const message = messageOf(one, device, found, measuredAt);
    return message === null ? [] : [message];
  }
  const parts = Map.groupBy(found, ({ value }) => value.map.part ?? "");
  return [...parts].flatMap(([part, of]) => {
    const key = part === "" ? device : `${device ?? ""}:${part}`;
    return messageOf(one, key, of, measuredAt) ?? [];
  });
}

function messageOf(
  one: CompiledMap,
  device: string | null,
  found: readonly Found[],
  measuredAt: Instant | null,
): DecodedMessage | null {
  const samples: Sample[] = [];
  const refusals: ValueRefusal[] = [];
  const inOrder = one.rivals && found.length > 1 ? found.toSorted((a, b) => a.value.order - b.value.order) : found;
  for (const { value, json } of inOrder) {
    const { register } = value.map;
    if (one.rivals && samples.some((s) => s.register === register)) continue;
    const read = valueOfPayload(value, json);
    if (typeof read === "bigint") samples.push({ register, value: read, measuredAt });
    else if (read !== undefined && !refusals.some((r) => r.register === register)) refusals.push({ register, ...read });
  }
  return samples.length + refusals.length === 0 ? null : { device, samples, refusals };
}

function timeOf(one: CompiledMap, root: object, context: DecodeContext): Instant | null | Refusal {
  for (const { path, format, required } of one.times) {
    const value = valueAt(root, path);
    if (value === undefined || value === null) {
      if (required) return { reason: "malformed_payload", detail: `the time at ${path.join(".")} is missing` };
      continue;
    }
    const at = instantOf(value, format, context.receivedAt, context.zone);
    if (at === null) return { reason: "malformed_payload", detail: `the time at ${path.join(".")} cannot be read` };
    if (at !== "absent") return at;
  }
  return null;
}

/** Longer keys are nobody's serial number. */
const DEVICE_MAX = 200;
const deviceKey = (text: string | null): string | null => {
  const key = text === null ? "" : text.trim().toLowerCase();
  return key === "" || key.length > DEVICE_MAX ? null : key;
};

function deviceOf(one: CompiledMap, topic: TopicVariables, root: unknown): string | null {
  const stated = one.devicePath === null ? undefined : valueAt(root, one.devicePath);
  if (typeof stated === "number") return String(stated);
  if (typeof stated !== "string" || stated === "") return deviceKey(topic.device);
  if (one.map.device?.encoding !== "base64-hex" || /^[0-9a-f]{16}$/i.test(stated)) return deviceKey(stated);
  const bytes = bytesOfBase64(stated);
  return bytes === null ? deviceKey(topic.device) : Buffer.from(bytes).toString("hex");
}

function binaryOf(one: CompiledMap, device: string | null, root: unknown): DecodedMessage | Refusal | null {
  const { binary } = one.map;
  if (binary === undefined) return null;
  const text = valueAt(root, pathOf(binary.path));
  if (typeof text !== "string" || text === "") return null;
  const bytes = bytesOfBase64(text);
  if (bytes === null) return { reason: "malformed_payload", detail: `${binary.path} is not base64` };
  const fPort = valueAt(root, pathOf(binary.fPortPath));
  const layout = layoutOf(binary.layouts, bytes, fPort);
  if (layout === null)
    return {
      reason: "unmapped_payload",
      detail: `no layout reads ${bytes.length} bytes on port ${String(fPort as number)}`,
    };
  return { device, ...samplesOfBinary(layout, bytes) };
}

function answersOf(one: CompiledMap, topic: TopicVariables, root: unknown): CommandAnswer[] {
  if (one.answer === null) return [];
  const id = valueAt(root, one.answer.id);
  if (typeof id !== "string" && typeof id !== "number") return [];
  const error = valueAt(root, one.answer.error);
  if (error === undefined && valueAt(root, one.answer.result) === undefined) return [];
  const words =
    error === undefined || error === null || error === ""
      ? null
      : typeof error === "string"
        ? error
        : JSON.stringify(error);
  const answer = { device: deviceOf(one, topic, root), id: String(id), error: words };
  return [one.map.answer?.signed === true ? { ...answer, body: root } : answer];
}
