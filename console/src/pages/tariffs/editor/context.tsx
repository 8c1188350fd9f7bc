import { createContext, type ReactNode, useContext, useMemo } from "react";
import type { TariffLanguageJson } from "../../../../../api/schemas/tariff.ts";
import { useSpeech } from "../../../i18n/language.tsx";
import { getIn, type Json, type JsonObject, type Path, pathText } from "./document.ts";
import { touNamesOf } from "./new-charge.ts";
import { type FieldProblem, problemWords } from "./problem-words.ts";
import type { Schema } from "./schema.ts";

/** What an editor must know of the language that its document is in: a tariff's or a policy's. */
export type EditorLanguage = Pick<TariffLanguageJson, "schema" | "calendars">;

type Editor = {
  readonly document: JsonObject;
  readonly language: EditorLanguage;
  readonly schema: Schema;
  readonly touNames: readonly string[];
  /** What is wrong at exactly this place, in the language of the page. */
  readonly problemsAt: (path: Path) => readonly string[];
  /** `undefined` takes it out. */
  readonly set: (path: Path, value: Json | undefined) => void;
  readonly isReadOnly: boolean;
};
const EditorContext = createContext<Editor | null>(null);

export function EditorProvider({
  document,
  language,
  problems,
  set,
  isReadOnly,
  children,
}: {
  document: JsonObject;
  language: EditorLanguage;
  problems: readonly FieldProblem[];
  set: (path: Path, value: Json | undefined) => void;
  isReadOnly: boolean;
  children: ReactNode;
}) {
  const speech = useSpeech();
  const value = useMemo<Editor>(() => {
    const byPath = Map.groupBy(problems, ({ path }) => path);
    return {
      document,
      language,
      schema: language.schema as Schema,
      touNames: touNamesOf(document),
      problemsAt: (path) =>
        (byPath.get(pathText(path)) ?? []).map(({ message }) => problemWords(message, speech.language)),
      set,
      isReadOnly,
    };
  }, [document, language, problems, set, isReadOnly, speech.language]);
  return <EditorContext value={value}>{children}</EditorContext>;
}

export function useEditor(): Editor {
  const editor = useContext(EditorContext);
  if (editor === null) throw new Error("useEditor outside EditorProvider");
  return editor;
}

/** The value at a place, what is wrong there, and how to change it. */
export function useField(path: Path) {
  const { document, problemsAt, set, isReadOnly } = useEditor();
  return {
    value: getIn(document, path),
    problems: problemsAt(path),
    isReadOnly,
    set: (value: Json | undefined) => set(path, value),
  };
}

/** Names and help of fields: `field.owner.name` where the owner gives it another meaning, else `field.name`. */
export function useFieldWords() {
  const { term } = useSpeech();
  const found = (group: string, owner: string, name: string): string | null => {
    for (const key of [`${owner}.${name}`, name]) {
      const text = term(group, key);
      if (text !== key) return text;
    }
    return null;
  };
  return {
    label: (owner: string, name: string): string => found("field", owner, name) ?? name,
    help: (owner: string, name: string): string | null => found("fieldHelp", owner, name),
    choice: (owner: string, value: string): string => found("choice", owner, value) ?? value,
  };
}

/** Where a problem is, for who clicks on it. */
export const fieldId = (path: Path): string => `field-${pathText(path)}`;
