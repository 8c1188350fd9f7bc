import { sql } from "kysely";
import type { Logger } from "pino";
import type { Database } from "../schema/database.ts";
import { HOUR_MS, type Instant, isoOf } from "../domain/instant.ts";
import type { OperatorId } from "../domain/reading.ts";
import type { RefusedFrame } from "../domain/refusal.ts";
import type { Telemetry } from "../domain/telemetry.ts";
import { isTransient } from "./transient.ts";

export type RefusalsBook = {
  /**
   * Counts the refusal and writes it down; resolves when it is in the book. The same operator, origin, address and reason
   * within an hour is one row with its `times`.
   */
  keep(frame: RefusedFrame): Promise<void>;
  /** Writes what is held; the log has what cannot be written within `graceMs`. */
  stop(graceMs?: number): Promise<void>;
};

export type RefusalsSettings = { readonly db: Database; readonly telemetry: Telemetry; readonly log?: Logger };

type Entry = {
  readonly frame: RefusedFrame;
  times: number;
  lastAt: Instant;
  readonly kept: PromiseWithResolvers<void>;
};

const ENTRIES_MAX = 5_000; // different refusals held in memory; more are told together
const KNOWN_MAX = 20_000; // rows of the last hour that are remembered
const FLUSH_MS = 20; // a flood becomes one statement for each turn
const RETRY_MS = 500;
const PAYLOAD_MAX = 4_096;
const TEXT_MAX = 1_000;

export function refusalsBook({ db, telemetry, log }: RefusalsSettings): RefusalsBook {
  const rowOf = new Map<string, { id: bigint; since: Instant }>();
  let held = new Map<string, Entry>();
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> | null = null;
  let ended = false;

  function keep(frame: RefusedFrame): Promise<void> {
    telemetry.count("sanbiao_refused_frames_total", { reason: frame.reason });
    const entry = entryOf(frame);
    entry.times++;
    if (frame.receivedAt > entry.lastAt) entry.lastAt = frame.receivedAt;
    if (!ended) schedule(FLUSH_MS);
    return entry.kept.promise;
  }

  function entryOf(frame: RefusedFrame): Entry {
    let key = keyOf(frame);
    let kept = frame;
    if (held.size >= ENTRIES_MAX && !held.has(key)) {
      kept = { ...frame, origin: "(many)", address: "(many)", detail: "too many different refusals at once" };
      key = keyOf(kept);
    }
    let entry = held.get(key);
    if (entry === undefined)
      held.set(key, (entry = { frame: cut(kept), times: 0, lastAt: frame.receivedAt, kept: Promise.withResolvers() }));
    return entry;
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
      if (held.size > 0 && !ended) schedule(FLUSH_MS);
    });
    return writing;
  }

  async function flushNow(): Promise<void> {
    const batch = held;
    held = new Map();
    const byOperator = Map.groupBy(batch, ([, entry]) => entry.frame.operatorId);
    for (const [operatorId, entries] of byOperator) {
      try {
        await write(operatorId, entries);
        for (const [, entry] of entries) entry.kept.resolve();
      } catch (error) {
        if (isTransient(error as Error)) takeBack(entries);
        else drop(entries, error as Error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
    if (rowOf.size > KNOWN_MAX) rowOf.clear();
  }

  function takeBack(entries: readonly (readonly [string, Entry])[]): void {
    for (const [key, entry] of entries) {
      const newer = held.get(key);
      if (newer === undefined) held.set(key, entry);
      else {
        newer.times += entry.times;
        entry.kept.resolve(newer.kept.promise);
      }
    }
  }

  /** Not even a row: the log is the last place. The sender must not wait for ever. */
  function drop(entries: readonly (readonly [string, Entry])[], error: Error): void {
    for (const [, { frame, times, kept }] of entries) {
      log?.error(
        { err: error, reason: frame.reason, origin: frame.origin, address: frame.address, times },
        "refusal lost",
      );
      kept.resolve();
    }
  }

  async function write(operatorId: OperatorId | null, entries: readonly (readonly [string, Entry])[]): Promise<void> {
    const again = entries.filter(([key, { frame }]) => isRecent(rowOf.get(key), frame.receivedAt));
    const fresh = entries.filter(([key, { frame }]) => !isRecent(rowOf.get(key), frame.receivedAt));
    const made = await asOperator(db, operatorId, async (trx) => {
      if (again.length > 0)
        await sql`update refused_frame f set times = f.times + u.n, last_at = greatest(f.last_at, u.at)
          from unnest(${again.map(([key]) => String(rowOf.get(key)?.id))}::bigint[], ${again.map(([, e]) => e.times)}::integer[],
               ${again.map(([, e]) => isoOf(e.lastAt))}::timestamptz[]) as u (id, n, at) where f.id = u.id`.execute(
          trx,
        );
      if (fresh.length === 0) return [];
      const rows = fresh.map(([, { frame, times, lastAt }]) => ({
        operator_id: operatorId === null ? null : String(operatorId),
        received_at: isoOf(frame.receivedAt),
        reason: frame.reason,
        detail: frame.detail,
        origin: frame.origin,
        address: frame.address,
        payload: Buffer.from(frame.payload).toString("base64"),
        times,
        last_at: isoOf(lastAt),
      }));
      const { rows: ids } = await sql<{ id: bigint }>`
        insert into refused_frame (operator_id, received_at, reason, detail, origin, address, payload, times, last_at)
        select operator_id, received_at, reason, detail, origin, address, decode(payload, 'base64'), times, last_at
          from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
            as r (operator_id bigint, received_at timestamptz, reason text, detail text, origin text, address text,
                  payload text, times integer, last_at timestamptz)
        returning id`.execute(trx);
      return ids;
    });
    for (const [i, [key, { frame }]] of fresh.entries()) {
      const id = made[i]?.id;
      if (id !== undefined) rowOf.set(key, { id, since: frame.receivedAt });
    }
  }

  return {
    keep,
    async stop(graceMs = 5_000) {
      ended = true;
      if (timer !== null) clearTimeout(timer);
      const deadline = performance.now() + graceMs;
      do await flush();
      while (held.size > 0 && performance.now() < deadline);
      drop([...held], new Error("stopped before the database took it"));
      held.clear();
    },
  };
}

const keyOf = (f: RefusedFrame): string => `${f.operatorId ?? ""}\n${f.origin}\n${f.address}\n${f.reason}`;

const isRecent = (row: { since: Instant } | undefined, at: Instant): boolean =>
  row !== undefined && Math.abs(at - row.since) < HOUR_MS;

/** PostgreSQL text holds no NUL. */
const plain = (text: string): string => text.replaceAll("\0", "␀").toWellFormed().slice(0, TEXT_MAX);

const cut = (f: RefusedFrame): RefusedFrame => ({
  ...f,
  origin: plain(f.origin),
  address: plain(f.address),
  detail: plain(f.detail),
  payload: f.payload.slice(0, PAYLOAD_MAX),
});

/** Without an operator only frames of nobody can be written and seen. */
const asOperator = <T>(
  db: Database,
  operatorId: OperatorId | null,
  work: Parameters<typeof db.as<T>>[1],
): Promise<T> => (operatorId === null ? db.kysely.transaction().execute(work) : db.as(operatorId, work));
