import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import type { LiveEvent, LiveEventKind } from "../../../api/schemas/event.ts";
import { urlOf } from "./client.ts";
import { staleBy } from "./stale.ts";

/** `lost`: the stream broke and is being opened again; figures may be behind until then. */
export type LiveState = "connecting" | "live" | "lost";

const KINDS: readonly LiveEventKind[] = ["reading", "supply", "payment", "bill_run", "control", "overview"];
const FLUSH_MS = 400;
/** A town of many meters is heard all the time: lists that follow readings are asked again no faster than this. */
const READING_LISTS_MS = 5_000;
const REOPEN_MS = 3_000;

function eventOf(data: unknown): LiveEvent | null {
  if (typeof data !== "string") return null;
  try {
    return JSON.parse(data) as LiveEvent;
  } catch {
    return null;
  }
}

/** Follows the stream for as long as it is wanted. Answers the way to stop. */
function follow(client: QueryClient, tell: (state: LiveState) => void): () => void {
  let source: EventSource | null = null;
  let reopen: number | undefined;
  let broke = false;
  let readingsAskedAt = 0;
  let readingsHeard = false;
  const stale = new Map<string, readonly string[]>();
  const flush = window.setInterval(() => {
    for (const queryKey of stale.values()) void client.invalidateQueries({ queryKey });
    stale.clear();
    if (readingsHeard && performance.now() - readingsAskedAt > READING_LISTS_MS) {
      readingsAskedAt = performance.now();
      readingsHeard = false;
      void client.invalidateQueries({ queryKey: ["meters"] });
    }
  }, FLUSH_MS);
  const open = () => {
    source = new EventSource(urlOf("/events"));
    source.onopen = () => {
      tell("live");
      if (broke) void client.invalidateQueries(); // what was missed meanwhile is read, not replayed
      broke = false;
    };
    source.onerror = () => {
      broke = true;
      tell("lost");
      if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      source.close();
      reopen = window.setTimeout(open, REOPEN_MS);
      void client.invalidateQueries({ queryKey: ["me"] });
    };
    for (const kind of KINDS) {
      source.addEventListener(kind, (message) => {
        const event = eventOf(message.data);
        if (event === null) return;
        if (event.kind === "reading") readingsHeard = true;
        if (event.kind === "bill_run") client.setQueryData(["runPace", event.runId], event);
        for (const key of staleBy(event)) stale.set(key.join("/"), key);
      });
    }
  };
  open();
  return () => {
    window.clearInterval(flush);
    window.clearTimeout(reopen);
    source?.close();
  };
}

const LiveContext = createContext<LiveState>("connecting");
export const useLive = (): LiveState => useContext(LiveContext);

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>("connecting");
  useEffect(() => follow(client, setState), [client]);
  return <LiveContext value={state}>{children}</LiveContext>;
}
