import type { DialectProfile } from "../../domain/profile.ts";
import { REGISTERS } from "../../domain/register.ts";
import { type Decoded, ignored, refused } from "./decoded.ts";
import type { DialectMessage, Step } from "./dialect.ts";
import { parseJson, textOf } from "./json.ts";
import { Gathered, type Meaning, meaningOf, onlineSample, sampleOf } from "./metric.ts";

type Property = { readonly unit: string | null; readonly datatype: string | null };

/** What a device has said of itself so far. Only properties that mean a register are remembered. */
export type HomieState = {
  readonly kind: "homie";
  /** It has said all: what it left unsaid is not coming. */
  readonly isComplete: boolean;
  /** By `node/property`. */
  readonly properties: ReadonlyMap<string, Property>;
};

const NEW: HomieState = { kind: "homie", isComplete: false, properties: new Map() };
const PROPERTIES_MAX = 2_000;

type Topic = { readonly device: string; readonly levels: readonly string[] };

/** Homie 4: `homie/<device>/…`. Homie 5: `homie/5/<device>/…`. Topics of all devices (`$broadcast`) belong to nobody. */
function topicOf({ dialect }: DialectProfile, topic: string): Topic | null {
  const [base, ...rest] = topic.split("/");
  const [device = "", ...levels] = dialect === "homie-5" ? rest.slice(1) : rest;
  if (base !== "homie" || (dialect === "homie-5" && rest[0] !== "5") || device === "" || levels.length === 0)
    return null;
  if (dialect === "homie-4" && device === "5" && levels.some((level) => level === "$description")) return null;
  return { device: device.toLowerCase(), levels };
}

export const homieDeviceOf = (profile: DialectProfile, topic: string): string | null =>
  topicOf(profile, topic)?.device ?? null;

export function homieStep(
  profile: DialectProfile,
  before: HomieState | null,
  message: DialectMessage,
): Step<HomieState> {
  const topic = topicOf(profile, message.topic);
  const same = (decoded: Decoded): Step<HomieState> => ({ state: before, decoded, asks: [] });
  if (topic === null) return same(refused("unknown_topic", `not a topic of ${profile.id}`));
  if (topic.device.startsWith("$")) return same(ignored);
  const read = textOf(message.payload);
  if ("reason" in read) return same({ kind: "refused", ...read });
  const { text } = read;
  const { levels } = topic;
  const now = before ?? NEW;
  if (levels.length === 1) return ofDevice(profile, now, topic, text, message.retained === true);
  if (profile.dialect === "homie-4" && levels.length === 3 && levels[2]?.startsWith("$") === true)
    return { state: withAttribute(profile, now, levels, text), decoded: ignored, asks: [] };
  const [node = "", property = ""] = levels;
  if (levels.length !== 2 || node.startsWith("$") || property.startsWith("$")) return same(ignored); // `set`, `$target`, `$name`
  return { state: now, decoded: valueOf(profile, now, topic, text, message.retained === true), asks: [] };
}

/** The device's own attributes: its state, its description. */
function ofDevice(
  profile: DialectProfile,
  now: HomieState,
  { device, levels }: Topic,
  text: string,
  isRetained: boolean,
): Step<HomieState> {
  if (levels[0] === "$description" && profile.dialect === "homie-5") return described(profile, now, text);
  if (levels[0] !== "$state") return { state: now, decoded: ignored, asks: [] };
  // `init`: all is said anew. Heard as a standing message it may come after what it stands before.
  if (text === "init") return { state: isRetained ? now : NEW, decoded: ignored, asks: [] };
  const isOnline = ONLINE[text];
  const state = isOnline === true ? { ...now, isComplete: true } : now;
  if (isOnline === undefined)
    return {
      state: now,
      decoded: refused("unmapped_payload", `${JSON.stringify(text.slice(0, 40))} is no $state`),
      asks: [],
    };
  const gathered = new Gathered();
  gathered.add(device, null, onlineSample(isOnline, null));
  const isMeter = now.properties.size > 0;
  return { state, decoded: isMeter ? { kind: "decoded", messages: gathered.messages() } : ignored, asks: [] };
}
/** `alert` (Homie 4) and `sleeping` devices are there; `init` says nothing yet. */
const ONLINE: Readonly<Record<string, boolean>> = Object.assign(Object.create(null) as object, {
  ready: true,
  alert: true,
  sleeping: true,
  disconnected: false,
  lost: false,
});

/** `<node>/<property>/$unit` and `$datatype`; other attributes say nothing of the number. */
function withAttribute(profile: DialectProfile, now: HomieState, levels: readonly string[], text: string): HomieState {
  const [node = "", property = "", attribute] = levels;
  const name = `${node}/${property}`;
  if ((attribute !== "$unit" && attribute !== "$datatype") || meaningOf(profile, name) === null) return now;
  const known = now.properties.get(name) ?? { unit: null, datatype: null };
  const next = attribute === "$unit" ? { ...known, unit: text } : { ...known, datatype: text };
  return withProperty(now, name, next);
}

function withProperty(now: HomieState, name: string, property: Property): HomieState {
  if (now.properties.size >= PROPERTIES_MAX && !now.properties.has(name)) return now;
  return { ...now, properties: new Map(now.properties).set(name, property) };
}

/** Homie 5: one JSON document says all nodes and properties; it replaces what was known. */
function described(profile: DialectProfile, now: HomieState, text: string): Step<HomieState> {
  const json = parseJson(text);
  if ("reason" in json) return { state: now, decoded: { kind: "refused", ...json }, asks: [] };
  const properties = new Map<string, Property>();
  for (const [node, ofNode] of entriesOf(fieldOf(json.value, "nodes")))
    for (const [id, property] of entriesOf(fieldOf(ofNode, "properties"))) {
      const name = `${node}/${id}`;
      if (properties.size < PROPERTIES_MAX && meaningOf(profile, name) !== null)
        properties.set(name, { unit: textAt(property, "unit"), datatype: textAt(property, "datatype") });
    }
  return { state: { kind: "homie", isComplete: true, properties }, decoded: ignored, asks: [] };
}

const fieldOf = (json: unknown, key: string): unknown =>
  typeof json === "object" && json !== null && Object.hasOwn(json, key)
    ? (json as Record<string, unknown>)[key]
    : undefined;
const entriesOf = (json: unknown): [string, unknown][] =>
  typeof json === "object" && json !== null && !Array.isArray(json) ? Object.entries(json) : [];
const textAt = (json: unknown, key: string): string | null => {
  const value = fieldOf(json, key);
  return typeof value === "string" ? value : null;
};

function valueOf(
  profile: DialectProfile,
  now: HomieState,
  { device, levels }: Topic,
  text: string,
  isRetained: boolean,
): Decoded {
  const name = levels.join("/");
  const meaning = meaningOf(profile, name);
  if (meaning === null) return ignored;
  if (isRetained) return ignored; // a value that stood there: nobody knows since when
  const property = now.properties.get(name);
  const missing = missingOf(profile, now, meaning, property);
  if (missing !== null) return refused("before_birth", `${name} came before ${missing}`);
  const isState = meaning.candidates[0]?.states !== undefined;
  const datatype = property?.datatype ?? null;
  const gathered = new Gathered();
  const register = meaning.candidates[0]?.register ?? "frame";
  if (!isState && datatype !== null && !NUMBERS.has(datatype))
    gathered.add(device, meaning.part, {
      register,
      reason: "unmapped_payload",
      detail: `${name} is of data type ${JSON.stringify(datatype.slice(0, 40))}, which is no number`,
    });
  else
    gathered.add(
      device,
      meaning.part,
      sampleOf(meaning, { name, value: text, unit: isState ? null : (property?.unit ?? null), measuredAt: null }),
    );
  return { kind: "decoded", messages: gathered.messages() };
}
const NUMBERS = new Set(["integer", "float"]);

/** What must be said before a value means anything: a switch speaks for itself, a number waits for its unit. */
function missingOf(
  profile: DialectProfile,
  now: HomieState,
  { candidates }: Meaning,
  property: Property | undefined,
): string | null {
  const first = candidates[0];
  if (first === undefined || REGISTERS[first.register].kind === "state") return null;
  if (property?.unit != null || now.isComplete) return null;
  if (candidates.some((map) => map.unitIfUnstated !== undefined) && property !== undefined) return null;
  return profile.dialect === "homie-5" ? "its $description" : "its $unit";
}
