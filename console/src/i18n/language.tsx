import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

export const LANGUAGES = ["zh", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Every text of the console by its key. Both languages have the same keys: a missing one does not compile. */
export type TextKey = keyof typeof en;
export type Texts = Readonly<Record<TextKey, string>>;

export const TEXTS: Readonly<Record<Language, Texts>> = { zh, en };

/** A text with its `{names}` filled in. Of `one bill|{n} bills` the first part is taken when `n` is 1. */
export function textOf(texts: Texts, key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  const [one = "", many] = texts[key].split("|");
  const text = many === undefined || String(values.n) === "1" ? one : many;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** The text for a word of the service (`reason.crc_error`), or the word itself when this console does not know it yet. */
export function termOf(texts: Texts, group: string, word: string): string {
  const key = `${group}.${word}`;
  return Object.hasOwn(texts, key) ? texts[key as TextKey] : word;
}

/** The language chosen before, else the first of the browser's that we speak, else English. */
export function languageOf(kept: string | null, browser: readonly string[]): Language {
  if (kept === "zh" || kept === "en") return kept;
  for (const tag of browser) {
    const spoken = LANGUAGES.find((language) => tag.toLowerCase().startsWith(language));
    if (spoken !== undefined) return spoken;
  }
  return "en";
}

type Speech = {
  readonly language: Language;
  readonly setLanguage: (language: Language) => void;
  readonly t: (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;
  readonly term: (group: string, word: string) => string;
};

const KEPT_AS = "sanbiao.language";
const SpeechContext = createContext<Speech | null>(null);

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(() => languageOf(localStorage.getItem(KEPT_AS), navigator.languages));
  useEffect(() => {
    localStorage.setItem(KEPT_AS, language);
    document.documentElement.lang = language;
    document.title = TEXTS[language]["app.title"];
  }, [language]);
  const speech = useMemo<Speech>(() => {
    const texts = TEXTS[language];
    return {
      language,
      setLanguage,
      t: (key, values) => textOf(texts, key, values),
      term: (group, word) => termOf(texts, group, word),
    };
  }, [language]);
  return <SpeechContext value={speech}>{children}</SpeechContext>;
}

export function useSpeech(): Speech {
  const speech = useContext(SpeechContext);
  if (speech === null) throw new Error("useSpeech outside LanguageProvider");
  return speech;
}
