import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router-dom";

/** The filters of a list live in the address, so that a list can be bookmarked, sent on and gone back to. Changing one goes back to page 1. */
export function useUrlFilter() {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (changes: Readonly<Record<string, string | number | null | undefined>>) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          if (!("page" in changes)) after.delete("page");
          for (const [name, value] of Object.entries(changes)) {
            if (value === null || value === undefined || value === "") after.delete(name);
            else after.set(name, String(value));
          }
          return after;
        },
        { replace: true },
      ),
    [setParams],
  );
  return useMemo(() => {
    const page = Math.max(1, Number.parseInt(params.get("page") ?? "1", 10) || 1);
    const pageSize = Math.min(200, Math.max(10, Number.parseInt(params.get("pageSize") ?? "50", 10) || 50));
    return { page, pageSize, get: (name: string) => params.get(name) ?? "", set };
  }, [params, set]);
}
export type UrlFilter = ReturnType<typeof useUrlFilter>;

/** The filter's value when it is one of the words allowed there, else nothing. */
export const wordOf = <W extends string>(text: string, words: readonly W[]): W | undefined =>
  words.find((w) => w === text);
