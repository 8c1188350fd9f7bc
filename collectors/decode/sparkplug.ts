import type { Instant } from "../../domain/instant.ts";
import type { DialectProfile } from "../../domain/profile.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { type Decoded, ignored, refused } from "./decoded.ts";
import type { Ask, DialectMessage, Step } from "./dialect.ts";
import { Gathered, type Meaning, meaningOf, onlineSample, sampleOf } from "./metric.ts";
import {
  type Metric,
  plainValueOf,
  rebirthCommand,
  type SparkplugPayload,
  sparkplugPayloadOf,
} from "./sparkplug-payload.ts";

/** What a birth said of a metric. `meaning` null: it is no reading, and its numbers are passed over. */
type Known = {
  readonly name: string;
  readonly datatype: number | null;
  readonly unit: string | null;
  readonly meaning: Meaning | null;
};
/** The metrics of the node or of one device, as its birth named them. */
type Born = { readonly byAlias: ReadonlyMap<string, Known>; readonly byName: ReadonlyMap<string, Known> };

/** An edge node with its devices. `born` null: no birth holds, because none came, it died, or messages are missing. */
export type SparkplugState = {
  readonly kind: "sparkplug";
  readonly seq: number;
  readonly bdSeq: string | null;
  readonly born: Born | null;
  readonly devices: ReadonlyMap<string, Born>;
  /** When a rebirth was asked for. */
  readonly askedAt: Instant | null;
};

/** A node that is asked again and again does nothing else; births take seconds. Our choice. */
export const ASK_AGAIN_MS = 30_000;
const DEVICES_MAX = 1_000;

type Topic = { readonly group: string; readonly type: string; readonly edge: string; readonly device: string | null };
const TYPES = new Set(["NBIRTH", "NDATA", "NDEATH", "NCMD", "DBIRTH", "DDATA", "DDEATH", "DCMD"]);

function topicOf(topic: string): Topic | null {
  const [space, group = "", type = "", edge = "", device, ...more] = topic.split("/");
  if (space !== "spBv1.0" || group === "" || edge === "" || more.length > 0 || !TYPES.has(type)) return null;
  if (type.startsWith("D") ? device === undefined || device === "" : device !== undefined) return null;
  return { group, type, edge, device: device ?? null };
}

/** `spBv1.0/<group>/…/<edge>/…` → `group/edge`. A host application's STATE belongs to nobody, and is no reading. */
export function sparkplugNodeOf(topic: string): string | null {
  const of = topicOf(topic);
  if (of !== null) return `${of.group}/${of.edge}`;
  return isHostState(topic) ? "STATE" : null;
}
const isHostState = (topic: string): boolean => /^(spBv1\.0\/)?STATE\/[^/]+$/.test(topic);

/** One step of a message: what it changes, what it says, and what is missing (null: nothing). */
type Outcome = { readonly state: SparkplugState; readonly decoded: Decoded; readonly missing: string | null };
type Context = {
  readonly profile: DialectProfile;
  readonly topic: Topic;
  readonly payload: SparkplugPayload;
  readonly now: SparkplugState;
};

const UNBORN: SparkplugState = {
  kind: "sparkplug",
  seq: 0,
  bdSeq: null,
  born: null,
  devices: new Map(),
  askedAt: null,
};

export function sparkplugStep(
  profile: DialectProfile,
  before: SparkplugState | null,
  message: DialectMessage,
  receivedAt: Instant,
): Step<SparkplugState> {
  const topic = topicOf(message.topic);
  if (topic === null)
    return isHostState(message.topic)
      ? { state: before, decoded: ignored, asks: [] }
      : { state: before, decoded: refused("unknown_topic", "not a topic of Sparkplug B"), asks: [] };
  if (topic.type.endsWith("CMD")) return { state: before, decoded: ignored, asks: [] };
  const payload = sparkplugPayloadOf(message.payload);
  if ("reason" in payload) return { state: before, decoded: { kind: "refused", ...payload }, asks: [] };
  const { state, decoded, missing } = outcomeOf({ profile, topic, payload, now: before ?? UNBORN });
  if (missing === null) return { state, decoded, asks: [] };
  if (state.askedAt !== null && receivedAt - state.askedAt < ASK_AGAIN_MS) return { state, decoded, asks: [] };
  return { state: { ...state, askedAt: receivedAt }, decoded, asks: [rebirthOf(topic, missing, receivedAt)] };
}

const rebirthOf = ({ group, edge }: Topic, why: string, at: Instant): Ask => ({
  kind: "rebirth",
  topic: `spBv1.0/${group}/NCMD/${edge}`,
  payload: rebirthCommand(at),
  why,
});

function outcomeOf(context: Context): Outcome {
  const { topic, now, payload } = context;
  switch (topic.type) {
    case "NBIRTH":
      return nodeBirth(context);
    case "NDEATH":
      return nodeDeath(context);
    default: {
      const gap = gapOf(now, payload);
      // After a gap a birth may be among what is missing: no alias and no unit holds any more.
      const here = gap === null ? { ...now, seq: payload.seq ?? 0 } : { ...UNBORN, askedAt: now.askedAt };
      return afterOrder({ ...context, now: here }, gap);
    }
  }
}

function afterOrder(context: Context, gap: string | null): Outcome {
  switch (context.topic.type) {
    case "DBIRTH":
      return deviceBirth(context, gap);
    case "DDEATH":
      return deviceDeath(context, gap);
    default:
      return data(context, gap);
  }
}

/** The same number again is a message sent again. Proto3 encoders leave a zero out. */
function gapOf(now: SparkplugState, { seq }: SparkplugPayload): string | null {
  if (now.born === null) return null;
  const wanted = (now.seq + 1) % 256;
  const said = seq ?? 0;
  return said === wanted || said === now.seq ? null : `seq ${said} came where ${wanted} was due: messages are missing`;
}

function nodeBirth({ profile, topic, payload, now }: Context): Outcome {
  const bdSeq = bdSeqOf(payload);
  const born = bornOf(profile, payload);
  const state: SparkplugState = { ...UNBORN, seq: payload.seq ?? 0, bdSeq, born, askedAt: now.askedAt };
  return {
    state: { ...state, askedAt: null },
    decoded: birthReadings(profile, keyOf(topic), payload, born),
    missing: null,
  };
}

function deviceBirth({ profile, topic, payload, now }: Context, gap: string | null): Outcome {
  const born = bornOf(profile, payload);
  const isRoom = now.devices.size < DEVICES_MAX || now.devices.has(topic.device ?? "");
  const devices = isRoom ? new Map(now.devices).set(topic.device ?? "", born) : now.devices;
  const missing = gap ?? (now.born === null ? "a device was born before its edge node" : null);
  return { state: { ...now, devices }, decoded: birthReadings(profile, keyOf(topic), payload, born), missing };
}

/** A will of an earlier connection may come after the next birth: its bdSeq is another, and it means nothing. */
function nodeDeath({ topic, payload, now }: Context): Outcome {
  const said = bdSeqOf(payload);
  if (now.born !== null && now.bdSeq !== null && said !== null && said !== now.bdSeq)
    return { state: now, decoded: ignored, missing: null };
  const gathered = new Gathered();
  // A will is written when the connection begins: its own time says nothing of the death.
  if (now.born !== null && isMeter(now.born))
    gathered.add(keyOf({ ...topic, device: null }), null, onlineSample(false, null));
  for (const [device, born] of now.devices)
    if (isMeter(born)) gathered.add(keyOf({ ...topic, device }), null, onlineSample(false, null));
  return { state: { ...UNBORN, askedAt: null }, decoded: decodedOf(gathered), missing: null };
}

function deviceDeath({ topic, payload, now }: Context, gap: string | null): Outcome {
  const born = now.devices.get(topic.device ?? "");
  const devices = new Map(now.devices);
  devices.delete(topic.device ?? "");
  const gathered = new Gathered();
  if (born !== undefined && isMeter(born))
    gathered.add(keyOf(topic), null, onlineSample(false, instantOf(payload.atMs)));
  return { state: { ...now, devices }, decoded: decodedOf(gathered), missing: gap };
}

function data({ profile, topic, payload, now }: Context, gap: string | null): Outcome {
  const born = topic.device === null ? now.born : now.devices.get(topic.device);
  if (gap !== null || now.born === null || born === undefined || born === null) {
    const who = topic.device === null || now.born === null ? "edge node" : "device";
    const missing = gap ?? `data before the birth of this ${who}`;
    return { state: now, decoded: refused("before_birth", `${missing}; its birth is asked for`), missing };
  }
  const gathered = new Gathered();
  let missing: string | null = null;
  for (const metric of payload.metrics) {
    const known =
      metric.alias !== null && metric.name === null
        ? born.byAlias.get(metric.alias)
        : born.byName.get(metric.name ?? "");
    if (known === undefined) {
      if (metric.name !== null && meaningOf(profile, metric.name) === null) continue;
      const what =
        metric.name === null
          ? `alias ${metric.alias ?? "(none)"}`
          : `the metric ${JSON.stringify(metric.name.slice(0, 100))}`;
      missing = `${what} stood in no birth`;
      gathered.add(keyOf(topic), null, {
        register: "frame",
        reason: "before_birth",
        detail: `${missing}; its birth is asked for`,
      });
    } else addReading(gathered, topic, payload, metric, known);
  }
  return { state: now, decoded: decodedOf(gathered), missing };
}

/** Everything that a birth holds is a reading too, except what has no value yet. */
function birthReadings(_profile: DialectProfile, device: string, payload: SparkplugPayload, born: Born): Decoded {
  const gathered = new Gathered();
  if (!isMeter(born)) return ignored;
  gathered.add(device, null, onlineSample(true, instantOf(payload.atMs)));
  for (const metric of payload.metrics) {
    const known = born.byName.get(metric.name ?? "");
    if (known !== undefined && metric.value !== null) addMetric(gathered, device, payload, metric, known);
  }
  return decodedOf(gathered);
}

const addReading = (gathered: Gathered, topic: Topic, payload: SparkplugPayload, metric: Metric, known: Known): void =>
  addMetric(gathered, keyOf(topic), payload, metric, known);

function addMetric(gathered: Gathered, device: string, payload: SparkplugPayload, metric: Metric, known: Known): void {
  const { meaning } = known;
  if (meaning === null) return;
  const register = meaning.candidates[0]?.register ?? "frame";
  const read = plainOf(metric, known);
  if (typeof read === "object") return gathered.add(device, meaning.part, { register, ...read });
  const atMs = metric.atMs ?? (metric.isHistorical ? null : payload.atMs);
  const measuredAt = instantOf(atMs);
  if (metric.isHistorical && measuredAt === null)
    return gathered.add(device, meaning.part, {
      register,
      reason: "malformed_payload",
      detail: `${known.name} is historical and has no time of its own`,
    });
  const unit = unitOf(metric) ?? known.unit;
  gathered.add(device, meaning.part, sampleOf(meaning, { name: known.name, value: read, unit, measuredAt }));
}

function plainOf(metric: Metric, known: Known): string | boolean | Refusal {
  if (metric.value === null) return { reason: "sentinel", detail: `${known.name} is null: the device has no value` };
  const quality = metric.properties.get("quality");
  if (quality !== undefined && quality !== GOOD)
    return { reason: "sentinel", detail: `${known.name} is of quality ${quality.slice(0, 20)}, and ${GOOD} is good` };
  return plainValueOf(metric.value, metric.datatype ?? known.datatype);
}
/** Eclipse Sparkplug 3.0, 6.4.11: 0 bad, 192 good, 500 stale. */
const GOOD = "192";

function bornOf(profile: DialectProfile, { metrics }: SparkplugPayload): Born {
  const byAlias = new Map<string, Known>();
  const byName = new Map<string, Known>();
  for (const metric of metrics) {
    if (metric.name === null) continue;
    const meaning = meaningOf(profile, metric.name);
    const known = { name: metric.name, datatype: metric.datatype, unit: unitOf(metric), meaning };
    byName.set(metric.name, known);
    if (metric.alias !== null) byAlias.set(metric.alias, known);
  }
  return { byAlias, byName };
}

/** A device without a reading among its metrics is no meter, and nobody is told of it. */
const isMeter = (born: Born): boolean => [...born.byName.values()].some((known) => known.meaning !== null);

const UNIT_KEYS = ["engunit", "engunits", "unit", "units", "engineeringunit", "engineeringunits", "uom"] as const;
const unitOf = ({ properties }: Metric): string | null =>
  UNIT_KEYS.map((key) => properties.get(key)).find((unit) => unit !== undefined) ?? null;

function bdSeqOf({ metrics }: SparkplugPayload): string | null {
  const value = metrics.find((metric) => metric.name === "bdSeq")?.value ?? null;
  return value !== null && (value.kind === "int" || value.kind === "long") ? value.bits.toString() : null;
}

const keyOf = ({ group, edge, device }: Topic): string =>
  `${group}/${edge}${device === null ? "" : `/${device}`}`.toLowerCase();

/** Instants that the language's calendar knows end at 8.64e15 ms; beyond it a time is none. */
const instantOf = (atMs: bigint | null): Instant | null =>
  atMs === null ? null : ((atMs <= 8_640_000_000_000_000n ? Number(atMs) : 8.64e15) as Instant);

function decodedOf(gathered: Gathered): Decoded {
  const messages = gathered.messages();
  return messages.length === 0 ? ignored : { kind: "decoded", messages };
}
