import { useCallback, useEffect, useState } from "react";
import { ApiError, ask, NO_ANSWER } from "../api/client.ts";

export type Answer<T> = {
  readonly data: T | null;
  /** Code of the error; `null` while there is none. */
  readonly problem: string | null;
  readonly again: () => void;
};

export const codeOf = (error: unknown): string => (error instanceof ApiError ? error.problem.code : NO_ANSWER);

/** Asks once, again when asked to, and every `everyMs` while the page is seen. What was answered stays while it asks. */
export function useAnswer<T>(path: string | null, everyMs?: number): Answer<T> {
  const [data, setData] = useState<T | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [times, setTimes] = useState(0);
  const again = useCallback(() => setTimes((n) => n + 1), []);
  useEffect(() => {
    if (path === null) return;
    const abort = new AbortController();
    ask<T>(path, { signal: abort.signal }).then(
      (answer) => {
        setData(answer);
        setProblem(null);
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setProblem(codeOf(error));
      },
    );
    return () => abort.abort();
  }, [path, times]);
  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") again();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, again]);
  return { data, problem, again };
}
