import { isObject, type Json, type JsonObject, type Path, pathText, setIn } from "./document.ts";

/** A draft as it stands in this browser. `text`: what the JSON tab holds while it is worked in; it may be broken, the document never is. */
export type DraftState = {
  readonly document: JsonObject;
  readonly text: string | null;
  readonly past: readonly JsonObject[];
  readonly future: readonly JsonObject[];
  /** Where the last change was: typing on in one field is one step back. */
  readonly lastAt: string | null;
};

export type DraftAction =
  | { readonly kind: "set"; readonly path: Path; readonly value: Json | undefined }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "replace"; readonly document: JsonObject }
  | { readonly kind: "undo" | "redo" | "leave-text" };

/** Steps back that are kept; a document is some kilobytes. Our choice. */
const PAST_MAX = 200;

export const draftOf = (document: JsonObject, text: string | null = null): DraftState => ({
  document,
  text,
  past: [],
  future: [],
  lastAt: null,
});

export function reduceDraft(state: DraftState, action: DraftAction): DraftState {
  switch (action.kind) {
    case "set": {
      const document = setIn(state.document, action.path, action.value);
      return isObject(document) ? changed(state, document, pathText(action.path), null) : state;
    }
    case "text": {
      const document = parsed(action.text);
      return document === null ? { ...state, text: action.text } : changed(state, document, "(text)", action.text);
    }
    case "replace":
      return changed(state, action.document, null, null);
    case "undo": {
      const before = state.past.at(-1);
      if (before === undefined) return state;
      const past = state.past.slice(0, -1);
      return { document: before, text: null, past, future: [state.document, ...state.future], lastAt: null };
    }
    case "redo": {
      const [after, ...future] = state.future;
      if (after === undefined) return state;
      return { document: after, text: null, past: [...state.past, state.document], future, lastAt: null };
    }
    case "leave-text":
      return { ...state, text: null };
  }
}

function changed(state: DraftState, document: JsonObject, at: string | null, text: string | null): DraftState {
  if (JSON.stringify(document) === JSON.stringify(state.document)) return { ...state, text };
  const past = at !== null && at === state.lastAt ? state.past : [...state.past, state.document].slice(-PAST_MAX);
  return { document, text, past, future: [], lastAt: at };
}

/** The document in a text, or `null` when it is none. */
export function parsed(text: string): JsonObject | null {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** What a reload must not lose, by the edition it was made from. */
export type KeptDraft = { readonly edition: number; readonly document: JsonObject; readonly text: string | null };
type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Each person has their own: two clerks may share a browser. */
export const keptKey = (login: string, operator: string, id: string): string =>
  `sanbiao.tariff-draft.${operator}.${login}.${id}`;

export function keepDraft(store: Store, key: string, kept: KeptDraft | null): void {
  try {
    if (kept === null) store.removeItem(key);
    else store.setItem(key, JSON.stringify(kept));
  } catch {
    // A full or forbidden store keeps nothing; the page itself still has it.
  }
}

export function keptDraft(store: Store, key: string): KeptDraft | null {
  const kept = parsed(store.getItem(key) ?? "");
  if (kept === null || typeof kept.edition !== "number" || !isObject(kept.document)) return null;
  return { edition: kept.edition, document: kept.document, text: typeof kept.text === "string" ? kept.text : null };
}
