import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { type Language, languageOf, TEXTS, termOf, type TextKey, textOf } from "./texts.ts";

export type Speech = {
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
