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
