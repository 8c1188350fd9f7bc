import { useCallback, useEffect, useReducer, useState } from "react";
import type { TariffVersionJson } from "../../../../api/schemas/tariff.ts";
import { useUser } from "../../shell/operator.tsx";
import type { Json, JsonObject, Path } from "./editor/document.ts";
import { draftOf, keepDraft, keptDraft, keptKey, reduceDraft } from "./editor/draft-state.ts";

/** A draft as it is edited here: what is not saved stays in this browser across a reload, and every change can be taken back. */
export function useDraft(one: TariffVersionJson) {
  const { login, operator } = useUser();
  const key = keptKey(login, operator.code, one.id);
  const saved = one.document as JsonObject;
  const [kept] = useState(() => (one.state === "draft" ? keptDraft(localStorage, key) : null));
  const isKept = kept !== null && JSON.stringify(kept.document) !== JSON.stringify(saved);
  // Changes made from an older edition are not laid over what somebody saved meanwhile without being asked.
  const isStale = isKept && kept.edition !== one.edition;
  const [state, dispatch] = useReducer(reduceDraft, undefined, () =>
    isKept && !isStale ? draftOf(kept.document, kept.text) : draftOf(saved),
  );
  const [stale, setStale] = useState(isStale ? kept : null);
  const isUnsaved = JSON.stringify(state.document) !== JSON.stringify(saved) || state.text !== null;
  const isChanged = JSON.stringify(state.document) !== JSON.stringify(saved);
  useEffect(() => {
    if (one.state !== "draft" || stale !== null) return;
    keepDraft(
      localStorage,
      key,
      isUnsaved ? { edition: one.edition, document: state.document, text: state.text } : null,
    );
  }, [one.state, one.edition, key, isUnsaved, state.document, state.text, stale]);
  const set = useCallback((path: Path, value: Json | undefined) => dispatch({ kind: "set", path, value }), []);
  return {
    ...state,
    dispatch,
    set,
    isChanged,
    isRestored: isKept && !isStale,
    stale,
    useStale: () => {
      if (stale !== null) dispatch({ kind: "replace", document: stale.document });
      setStale(null);
    },
    dropStale: () => setStale(null),
    discard: () => dispatch({ kind: "replace", document: saved }),
  };
}
export type EditedDraft = ReturnType<typeof useDraft>;

/** A value once it has been the same for a while. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
