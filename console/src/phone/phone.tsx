import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import type { MeJson } from "../../../api/schemas/session.ts";
import { ApiError, ask } from "../api/client.ts";
import { send, type Sent } from "./outbox.ts";
import {
  allEntries,
  dropEntry,
  dropPhoto,
  forgetReader,
  keep,
  type KeptEntry,
  kept,
  ownerOf,
  putEntry,
} from "./store.ts";

/** What every screen of the phone page knows. */
type Phone = {
  /** Who reads on this phone; `null`: nobody yet. Kept, so that a walk goes on without a line. */
  readonly me: MeJson | null;
  /** The service said that the session is over: what was entered waits until he signs in again. */
  readonly signedOut: boolean;
  readonly line: "unknown" | "there" | "away";
  /** The service's clock less the phone's, when that is far off. */
  readonly clockWrongSeconds: number | null;
  /** Of all readers on this phone. */
  readonly entries: readonly KeptEntry[];
  /** Grows when something was sent: routes may be asked again. */
  readonly sentTimes: number;
  readonly save: (entry: KeptEntry) => Promise<void>;
  readonly discard: (entry: KeptEntry) => Promise<void>;
  readonly signedIn: (me: MeJson) => Promise<void>;
  readonly signOut: () => Promise<void>;
  /** A question that failed says here what it means for the line and the session. */
  readonly heard: (error: unknown) => void;
};

const PhoneContext = createContext<Phone | null>(null);

export function usePhone(): Phone {
  const phone = useContext(PhoneContext);
  if (phone === null) throw new Error("usePhone outside PhoneProvider");
  return phone;
}

/** While something waits: not every phone says when its line is back. Our choice: some steps out of a cellar. */
const TRY_AGAIN_MS = 3_000;

export function PhoneProvider({ children }: { children: ReactNode }) {
  const [me, setMe] = useState<MeJson | null | undefined>(undefined);
  const [signedOut, setSignedOut] = useState(false);
  const [line, setLine] = useState<Phone["line"]>("unknown");
  const [clockWrongSeconds, setClockWrong] = useState<number | null>(null);
  const [entries, setEntries] = useState<readonly KeptEntry[]>([]);
  const [sentTimes, setSentTimes] = useState(0);
  const owner = me == null ? null : ownerOf(me);
  const sending = useRef(false);

  const look = useCallback(async () => setEntries(await allEntries()), []);

  const heard = useCallback((error: unknown) => {
    if (!(error instanceof ApiError)) return;
    setLine(error.problem.status === 0 ? "away" : "there");
    if (error.problem.status === 401) setSignedOut(true);
  }, []);

  /** Who is signed in, as the service says; the kept one while it does not answer. */
  const askWho = useCallback(async () => {
    const before = (await kept("me")) ?? null;
    try {
      const now = await ask<MeJson>("/me");
      await keep("me", now);
      setMe(now);
      setSignedOut(false);
      setLine("there");
    } catch (error) {
      setMe(before);
      heard(error);
    }
  }, [heard]);

  const sendWaiting = useCallback(async () => {
    if (owner === null || sending.current) return;
    sending.current = true;
    try {
      const had = (await allEntries()).some((entry) => entry.owner === owner && entry.state === "waiting");
      if (!had) return;
      const sent = await send(owner);
      told(sent);
      if (sent.kind === "done") setSentTimes((times) => times + 1);
    } finally {
      sending.current = false;
      await look();
    }

    function told(sent: Sent): void {
      setLine(sent.kind === "away" ? "away" : "there");
      if (sent.kind === "signed_out") setSignedOut(true);
      if (sent.kind === "other_reader") void askWho();
      if (sent.kind === "done") setClockWrong(sent.clockWrongSeconds);
    }
  }, [owner, look, askWho]);

  useEffect(() => {
    void look();
    void askWho();
  }, [look, askWho]);

  // When there is something to send, a line, or the page is looked at again.
  useEffect(() => {
    const go = () => void (signedOut ? askWho() : sendWaiting());
    const seen = () => (document.visibilityState === "visible" ? go() : undefined);
    go();
    window.addEventListener("online", go);
    document.addEventListener("visibilitychange", seen);
    const timer = window.setInterval(() => (signedOut ? undefined : void sendWaiting()), TRY_AGAIN_MS);
    return () => {
      window.removeEventListener("online", go);
      document.removeEventListener("visibilitychange", seen);
      window.clearInterval(timer);
    };
  }, [sendWaiting, askWho, signedOut]);

  const phone = useMemo<Phone | null>(
    () =>
      me === undefined
        ? null
        : {
            me,
            signedOut,
            line,
            clockWrongSeconds,
            entries,
            sentTimes,
            heard,
            save: async (entry) => {
              await putEntry(entry);
              await look();
              void sendWaiting();
            },
            discard: async (entry) => {
              await dropEntry(entry.id);
              if (entry.photoId !== null) await dropPhoto(entry.photoId);
              await look();
            },
            signedIn: async (now) => {
              await keep("me", now);
              setMe(now);
              setSignedOut(false);
              setLine("there");
            },
            signOut: async () => {
              await ask("/sign-out", { method: "POST" }).catch(() => undefined);
              await forgetReader();
              setMe(null);
              setSignedOut(true);
            },
          },
    [me, signedOut, line, clockWrongSeconds, entries, sentTimes, heard, look, sendWaiting],
  );
  if (phone === null) return null;
  return <PhoneContext value={phone}>{children}</PhoneContext>;
}

/** A resource as the service last gave it, kept on the phone: shown at once, asked again while there is a line. */
export function useKept<T>(
  key: `routes/${string}` | `route/${string}`,
  path: string,
): { data: T | null; error: unknown; again: () => void } {
  const { heard, sentTimes } = usePhone();
  const [data, setData] = useState<T | null>(null);
  const [error, setError] = useState<unknown>(null);
  const again = useCallback(async () => {
    const before = (await kept(key)) as T | undefined;
    if (before !== undefined) setData(before);
    try {
      const now = await ask<T>(path);
      await keep(key, now as never);
      setData(now);
      setError(null);
    } catch (failed) {
      heard(failed);
      setError(failed);
    }
  }, [key, path, heard]);
  useEffect(() => {
    if (sentTimes >= 0) void again();
  }, [again, sentTimes]);
  return { data, error, again: () => void again() };
}
