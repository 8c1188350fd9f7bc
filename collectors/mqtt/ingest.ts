import type { Logger } from "pino";
import type { FoundFrame } from "../../domain/found.ts";
import type { Clock, Instant } from "../../domain/instant.ts";
import type { DialectProfile, MqttProfile } from "../../domain/profile.ts";
import type { Reading } from "../../domain/reading.ts";
import type { Refusal, RefusalReason } from "../../domain/refusal.ts";
import { REGISTERS } from "../../domain/register.ts";
import type { ReadingsBatcher, TakenOutcome } from "../../ledger/batcher.ts";
import type { RefusalsBook } from "../../ledger/refusals.ts";
import { isTransient } from "../../ledger/transient.ts";
import type { CommandAnswer, Decoded, DecodedMessage } from "../decode/decoded.ts";
import type { Ask } from "../decode/dialect.ts";
import { decodeMessage } from "../decode/message.ts";
import { normalise, ratiosAt } from "../decode/normalise.ts";
import type { ClientEntry, Directory, MeterEntry } from "../directory.ts";
import { dialectSessions } from "./dialects.ts";
import type { MqttTray } from "./tray.ts";

/** A message from any broker. `retained`: the broker gives what stood there before we subscribed. */
export type IncomingMessage = {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly dup: boolean;
  readonly retained?: boolean;
};

/**
 * `taken`: all that it says is committed, or on disk for the time that the database is away (or it says nothing to keep). `refused`: nothing of it is a reading, and the reason is
 * written down. `unavailable`: it could not be kept now and must not be acknowledged.
 */
export type Verdict = "taken" | "refused" | "unavailable";

/** What became of a message, in detail: the readings' outcomes in order and every refusal. */
export type Taken = { readonly outcomes: readonly TakenOutcome[]; readonly refused: readonly RefusalReason[] };

export type MqttIngest = {
  /** The hot path. `settled` is called once, after the commit, or once it is on disk. */
  readonly take: (
    source: ClientEntry,
    message: IncomingMessage,
    settled: (verdict: Verdict, taken: Taken) => void,
  ) => void;
  /**
   * What a device said before it was a meter, as the tray kept it: only the parts of this device, as if they came now. Settles like `take`.
   */
  readonly replay: (
    source: ClientEntry,
    frame: FoundFrame,
    deviceKey: string,
    settled: (verdict: Verdict, taken: Taken) => void,
  ) => void;
  /** A message for which nobody stands: a foreign broker carries topics of no known client. */
  refuseUnknown(message: IncomingMessage): Promise<void>;
};

export type IngestSettings = {
  readonly directory: Directory;
  readonly profiles: ReadonlyMap<string, { readonly kind: string }>;
  readonly batcher: ReadingsBatcher;
  readonly refusals: RefusalsBook;
  readonly clock: Clock;
  readonly log?: Logger;
  /** After the commit, only readings that are new in the book: for the live page and the prepaid engine. */
  readonly onCommitted?: (readings: readonly Reading[]) => void;
  /** A device answered a command; only its state register proves anything. */
  readonly onAnswers?: (source: ClientEntry, answers: readonly CommandAnswer[]) => void;
  /** A device must say something again before its data can be understood. */
  readonly onAsks?: (source: ClientEntry, asks: readonly Ask[]) => void;
  /** Where devices wait that are nobody's meter; absent: they are only refused. */
  readonly tray?: MqttTray;
  /** How far a meter's clock may run ahead of ours. */
  readonly maxAheadMs?: number;
};

const MAX_AHEAD_MS = 10 * 60_000; // meters without time service drift by minutes, not more
const REFRESH_AGE_MS = 2_000; // an unknown device asks the database again at most so often
const REPLAY_AGE_MS = 10 * 60_000; // the same again, this long after it was measured, is no mere repetition of a send
/** Another profile of the catalogue may read it. */
const UNREADABLE = new Set<RefusalReason>(["unknown_topic", "unmapped_payload"]);
const NOTHING: Taken = { outcomes: [], refused: [] };

/** wire → decode → meter → normalise → book; every part that is not a reading is written down, and its neighbours flow on. */
export function mqttIngest(settings: IngestSettings): MqttIngest {
  const { directory, batcher, refusals, clock, log } = settings;
  const sessions = dialectSessions();
  const maxAheadMs = settings.maxAheadMs ?? MAX_AHEAD_MS;

  function take(
    source: ClientEntry,
    message: IncomingMessage,
    settled: (verdict: Verdict, taken: Taken) => void,
  ): void {
    const receivedAt = clock.now();
    const decoded = decode(source, message, receivedAt);
    if (decoded.kind === "refused") {
      const kept = UNREADABLE.has(decoded.reason) ? settings.tray?.unreadable(source, message, receivedAt) : undefined;
      return refuse(source, message, receivedAt, [decoded], settled, kept);
    }
    if (decoded.answers !== undefined) settings.onAnswers?.(source, decoded.answers);
    if (decoded.messages.every((m) => meterOf(source, m) !== undefined))
      return keep(source, message, decoded.messages, receivedAt, settled);
    directory
      .refreshIfOlder(REFRESH_AGE_MS)
      .then(() => keep(directory.client(source.username) ?? source, message, decoded.messages, receivedAt, settled))
      .catch((error: unknown) => {
        log?.warn({ err: error }, "the directory cannot be read now: the message must come again");
        settled("unavailable", NOTHING);
      });
  }

  /** The client's profiles in their order; the first that reads the message. */
  function decode(source: ClientEntry, message: IncomingMessage, receivedAt: Instant): Decoded {
    const zone = directory.zone(source.operatorId);
    let first: Decoded | null = null;
    for (const id of source.profileIds) {
      const profile = settings.profiles.get(id);
      if (profile?.kind !== "mqtt" && profile?.kind !== "dialect") continue;
      const decoded =
        profile.kind === "dialect"
          ? withMemory(source, profile as DialectProfile, message, receivedAt)
          : decodeMessage(profile as MqttProfile, message.topic, message.payload, receivedAt, zone);
      if (decoded.kind === "decoded") return decoded;
      if (decoded.reason !== "unknown_topic") first ??= decoded;
    }
    return first ?? { kind: "refused", reason: "unknown_topic", detail: "no profile of this client reads this topic" };
  }

  function withMemory(source: ClientEntry, profile: DialectProfile, message: IncomingMessage, at: Instant): Decoded {
    const { decoded, asks } = sessions.read(source.id, profile, message, at);
    for (const ask of asks)
      log?.warn({ client: source.username, topic: ask.topic, why: ask.why }, "a rebirth is asked for");
    if (asks.length > 0) settings.onAsks?.(source, asks);
    return decoded;
  }

  function keep(
    source: ClientEntry,
    message: IncomingMessage,
    parts: readonly DecodedMessage[],
    receivedAt: Instant,
    settled: (verdict: Verdict, taken: Taken) => void,
  ): void {
    const readings: Reading[] = [];
    const refused: Refusal[] = [];
    const strange: DecodedMessage[] = [];
    for (const part of parts) {
      const meter = meterOf(source, part);
      if (meter === undefined) {
        strange.push(part);
        refused.push({
          reason: "unknown_device",
          detail: `no meter of this client has the key ${JSON.stringify(part.device)}`,
        });
        continue;
      }
      for (const refusal of part.refusals) refused.push(refusal);
      readingsOf(part, meter, receivedAt, readings, refused);
    }
    const isWhole = strange.length === parts.length;
    const inTray =
      strange.length === 0 ? undefined : settings.tray?.unknownDevices(source, message, strange, isWhole, receivedAt);
    if (readings.length === 0) return refuse(source, message, receivedAt, refused, settled, inTray);
    const kept = refused.length === 0 ? null : Promise.all([inTray, note(source, message, receivedAt, refused)]);
    append(readings, (error, outcomes) => {
      if (error !== null) return failed(source, message, receivedAt, error, settled);
      announce(source, message, receivedAt, readings, outcomes);
      const taken = { outcomes, refused: refused.map((r) => r.reason) };
      if (kept === null) settled("taken", taken);
      else void kept.then(() => settled("taken", taken));
    });
  }

  function readingsOf(
    part: DecodedMessage,
    meter: MeterEntry,
    receivedAt: Instant,
    into: Reading[],
    refused: Refusal[],
  ): void {
    const rules = { now: receivedAt, receivedAt, maxAheadMs };
    for (const sample of part.samples) {
      const ratios = ratiosAt(meter.ratios, sample.measuredAt ?? receivedAt, receivedAt);
      const normal = normalise(sample, ratios.ratios === undefined ? rules : { ...rules, ...ratios });
      if ("reason" in normal) refused.push(normal);
      else
        into.push({
          operatorId: meter.operatorId,
          meterId: meter.id,
          register: REGISTERS[normal.register].code,
          measuredAt: normal.measuredAt,
          receivedAt,
          value: normal.value,
          source: "mqtt",
        });
    }
  }

  function append(readings: readonly Reading[], done: Parameters<ReadingsBatcher["append"]>[1]): void {
    if (!batcher.full) return batcher.append(readings, done);
    void batcher.drained().then(() => append(readings, done));
  }

  /** In the book: tell who waits for it, and write down what the book had already or otherwise. */
  function announce(
    source: ClientEntry,
    message: IncomingMessage,
    receivedAt: Instant,
    readings: readonly Reading[],
    outcomes: readonly TakenOutcome[],
  ): void {
    const isNew = (_: unknown, i: number) => outcomes[i] === "accepted";
    const fresh = outcomes.every((o) => o === "accepted") ? readings : readings.filter(isNew);
    if (fresh.length > 0) settings.onCommitted?.(fresh);
    if (fresh.length === readings.length) return;
    const held: Refusal[] = [];
    for (const [i, outcome] of outcomes.entries()) {
      const reading = readings[i];
      if (reading === undefined || outcome === "accepted" || outcome === "on_disk") continue;
      const what = `meter ${reading.meterId} register ${reading.register} at ${new Date(reading.measuredAt).toISOString()}`;
      if (outcome === "conflict") held.push({ reason: "conflict", detail: `the book holds another value for ${what}` });
      else if (message.dup || receivedAt - reading.measuredAt < REPLAY_AGE_MS)
        held.push({ reason: "duplicate", detail: `the book holds this value already: ${what}` });
      else held.push({ reason: "replay", detail: `an old message again, the book holds it already: ${what}` });
    }
    void note(source, message, receivedAt, held);
  }

  /** One row for each reason; its detail is the first one's. */
  async function note(
    source: ClientEntry,
    message: IncomingMessage,
    receivedAt: Instant,
    refused: readonly Refusal[],
  ): Promise<void> {
    const byReason = Map.groupBy(refused, (r) => r.reason);
    await Promise.all(
      [...byReason].map(([reason, [first]]) =>
        refusals.keep({
          operatorId: source.operatorId,
          receivedAt,
          origin: `mqtt:${source.username}`,
          address: message.topic,
          reason,
          detail: first?.detail ?? "",
          payload: message.payload,
        }),
      ),
    );
  }

  function refuse(
    source: ClientEntry,
    message: IncomingMessage,
    receivedAt: Instant,
    refused: readonly Refusal[],
    settled: (verdict: Verdict, taken: Taken) => void,
    inTray?: Promise<void>,
  ): void {
    if (refused.length === 0) return settled("taken", NOTHING);
    const taken = { outcomes: [], refused: refused.map((r) => r.reason) };
    const noted = note(source, message, receivedAt, refused);
    void (inTray === undefined ? noted : Promise.all([inTray, noted])).then(() => settled("refused", taken));
  }

  function replay(
    source: ClientEntry,
    { receivedAt, address, payload, samples }: FoundFrame,
    deviceKey: string,
    settled: (verdict: Verdict, taken: Taken) => void,
  ): void {
    const message = { topic: address, payload, dup: true };
    const decoded: Decoded =
      samples === null
        ? decode(source, message, receivedAt)
        : { kind: "decoded", messages: [{ device: deviceKey === "" ? null : deviceKey, samples, refusals: [] }] };
    if (decoded.kind === "refused") return refuse(source, message, receivedAt, [decoded], settled);
    const own = decoded.messages.filter(({ device }) => (device ?? "") === deviceKey);
    keep(source, message, own, receivedAt, settled);
  }

  function failed(
    source: ClientEntry,
    message: IncomingMessage,
    receivedAt: Instant,
    error: Error,
    settled: (verdict: Verdict, taken: Taken) => void,
  ): void {
    if (isTransient(error)) return settled("unavailable", NOTHING);
    refuse(source, message, receivedAt, [{ reason: "out_of_range", detail: `the book: ${error.message}` }], settled);
  }

  return {
    take,
    replay,
    refuseUnknown: (message) =>
      refusals.keep({
        operatorId: null,
        receivedAt: clock.now(),
        origin: "mqtt:foreign broker",
        address: message.topic,
        reason: "unknown_topic",
        detail: "no client may publish to this topic",
        payload: message.payload,
      }),
  };
}

/** The meter with the device's key; a client with one meter need not name it. */
function meterOf(source: ClientEntry, part: DecodedMessage): MeterEntry | undefined {
  if (part.device !== null) return source.meters.get(part.device);
  return source.meters.size === 1 ? source.meters.values().next().value : undefined;
}
