import type { Logger } from "pino";
import type { Found, FoundFrame, ProfileCandidate } from "../../domain/found.ts";
import { MINUTE_MS, type Instant } from "../../domain/instant.ts";
import type { Profile } from "../../domain/profile.ts";
import type { OperatorId, Sample } from "../../domain/reading.ts";
import type { Telemetry } from "../../domain/telemetry.ts";
import { isTransient } from "../../ledger/transient.ts";
import { keepAllFound } from "../../ledger/tray.ts";
import type { Database } from "../../schema/database.ts";
import type { DecodedMessage } from "../decode/decoded.ts";
import { sessionOf } from "../decode/dialect.ts";
import type { ClientEntry, Directory } from "../directory.ts";
import { candidatesOf, type StrangeMessage, strangersIn } from "./candidates.ts";

/** Where the ingest brings what belongs to no meter. Both resolve when it is kept, or could not be and the log has it. */
export type MqttTray = {
  /** Parts of a message that the client's profiles read, of devices that no meter of it is. */
  unknownDevices(
    source: ClientEntry,
    message: StrangeMessage,
    parts: readonly DecodedMessage[],
    isWhole: boolean,
    receivedAt: Instant,
  ): Promise<void>;
  /** A message that no profile of the client reads; another profile of the catalogue may. */
  unreadable(source: ClientEntry, message: StrangeMessage, receivedAt: Instant): Promise<void>;
  stop(graceMs?: number): Promise<void>;
};

export type MqttTraySettings = {
  readonly db: Database;
  readonly directory: Pick<Directory, "zone">;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** Frames came for a device that a clerk has accepted meanwhile: they are to be replayed. */
  readonly onAccepted: (operatorId: OperatorId) => void;
};

type Waiting = { readonly found: Found; readonly kept: PromiseWithResolvers<void> };

const WAITING_MAX = 5_000; // found devices in memory while the database is away; more are not kept, their refusals are
const FLUSH_MS = 20;
const RETRY_MS = 500;
const BATCH = 500;
/** All profiles of the catalogue are tried on a client's unreadable topics so often, no matter how many it sends. */
const TRIES_PER_MINUTE = 30;
/** The same device is recognised anew this often: it may have said little at first. */
const RECOGNISED_MS = 5 * MINUTE_MS;
const RECOGNISED_MAX = 5_000;

export function mqttTray({ db, directory, profiles, telemetry, log, onAccepted }: MqttTraySettings): MqttTray {
  const recognised = new Map<string, Instant>();
  const tries = new Map<bigint, { minute: number; count: number }>();
  /** By client and topic: the profile outside the client's list that read it last. */
  const reader = new Map<string, string>();
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> | null = null;
  let ended = false;

  function keep(found: Found): Promise<void> {
    if (ended || waiting.length >= WAITING_MAX) {
      telemetry.count("sanbiao_found_devices_total", { outcome: "lost" });
      return Promise.resolve();
    }
    const one = { found, kept: Promise.withResolvers<void>() };
    waiting.push(one);
    schedule(FLUSH_MS);
    return one.kept.promise;
  }

  function schedule(ms: number): void {
    timer ??= setTimeout(() => {
      timer = null;
      void flush();
    }, ms);
  }

  function flush(): Promise<void> {
    writing ??= flushNow().finally(() => {
      writing = null;
      if (waiting.length > 0 && !ended) schedule(FLUSH_MS);
    });
    return writing;
  }

  async function flushNow(): Promise<void> {
    const batch = waiting.splice(0, BATCH);
    for (const [operatorId, of] of Map.groupBy(batch, ({ found }) => found.operatorId)) {
      try {
        await write(operatorId, of);
        for (const { kept } of of) kept.resolve();
      } catch (error) {
        if (isTransient(error as Error)) waiting.unshift(...of);
        else drop(of, error as Error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }

  async function write(operatorId: OperatorId, of: readonly Waiting[]): Promise<void> {
    const founds = of.map(({ found }) => found);
    const answers = await db.as(operatorId, (trx) => keepAllFound(trx, operatorId, founds));
    for (const [outcome, all] of Map.groupBy(answers, (answer) => answer))
      telemetry.count("sanbiao_found_devices_total", { outcome }, all.length);
    if (answers.includes("accepted")) onAccepted(operatorId);
  }

  /** The refusal with its bytes is kept all the same. */
  function drop(of: readonly Waiting[], error: Error): void {
    if (of.length === 0) return;
    log.error({ err: error, devices: of.length }, "found devices could not be kept in the tray");
    telemetry.count("sanbiao_found_devices_total", { outcome: "lost" }, of.length);
    for (const { kept } of of) kept.resolve();
  }

  /** Whether the catalogue is to be searched for this device now. */
  function isNews(source: ClientEntry, deviceKey: string, at: Instant): boolean {
    const key = `${source.id}/${deviceKey}`;
    const before = recognised.get(key);
    if (before !== undefined && Math.abs(at - before) < RECOGNISED_MS) return false;
    if (recognised.size >= RECOGNISED_MAX) recognised.clear();
    recognised.set(key, at);
    return true;
  }

  function mayTry(source: ClientEntry, at: Instant): boolean {
    const minute = Math.floor(at / MINUTE_MS);
    const before = tries.get(source.id);
    const count = before?.minute === minute ? before.count + 1 : 1;
    tries.set(source.id, { minute, count });
    return count <= TRIES_PER_MINUTE;
  }

  const lookup = (source: ClientEntry, receivedAt: Instant) => ({
    profileIds: source.profileIds,
    profiles,
    receivedAt,
    zone: directory.zone(source.operatorId),
  });
  const hasMemory = (source: ClientEntry, topic: string): boolean =>
    source.profileIds.some((id) => {
      const profile = profiles.get(id);
      return profile?.kind === "dialect" && sessionOf(profile, topic) !== null;
    });
  const foundOf = (
    source: ClientEntry,
    deviceKey: string,
    seenAt: Instant,
    candidates: readonly ProfileCandidate[],
    frame: FoundFrame,
  ): Found => ({
    operatorId: source.operatorId,
    origin: "mqtt",
    clientId: source.id,
    deviceKey,
    seenAt,
    candidates,
    frames: [frame],
  });

  return {
    async unknownDevices(source, message, parts, isWhole, receivedAt) {
      const byDevice = Map.groupBy(parts, ({ device }) => device ?? "");
      const itself = isWhole && byDevice.size === 1 && !hasMemory(source, message.topic);
      const kept = [...byDevice].map(([deviceKey, of]) => {
        const samples: Sample[] = of.flatMap((part) => part.samples);
        const candidates = isNews(source, deviceKey, receivedAt)
          ? candidatesOf(message, deviceKey, samples, lookup(source, receivedAt))
          : [];
        const frame = itself
          ? { receivedAt, address: message.topic, payload: message.payload, samples: null }
          : { receivedAt, address: message.topic, payload: new Uint8Array(), samples };
        return keep(foundOf(source, deviceKey, receivedAt, candidates, frame));
      });
      await Promise.all(kept);
    },
    async unreadable(source, message, receivedAt) {
      const topic = `${source.id}/${message.topic}`;
      const known = reader.get(topic);
      if (known === undefined && !mayTry(source, receivedAt)) return;
      const strangers = strangersIn(message, lookup(source, receivedAt), known);
      const best = strangers.values().next().value?.[0];
      if (reader.size >= RECOGNISED_MAX) reader.clear();
      if (best !== undefined) reader.set(topic, best.profileId);
      const frame = { receivedAt, address: message.topic, payload: message.payload, samples: null };
      await Promise.all(
        [...strangers]
          .filter(([key]) => !source.meters.has(key))
          .map(([key, candidates]) => keep(foundOf(source, key, receivedAt, candidates, frame))),
      );
    },
    async stop(graceMs = 5_000) {
      ended = true;
      if (timer !== null) clearTimeout(timer);
      const deadline = performance.now() + graceMs;
      do await flush();
      while (waiting.length > 0 && performance.now() < deadline);
      drop(waiting.splice(0), new Error("stopped before the database took them"));
    },
  };
}
