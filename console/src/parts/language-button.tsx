import { useSpeech } from "../i18n/language.tsx";

/** The other language, on a phone. */
export function LanguageButton() {
  const { language, setLanguage, t } = useSpeech();
  return (
    <button
      type="button"
      className="chip"
      aria-label={t("language.label")}
      onClick={() => setLanguage(language === "zh" ? "en" : "zh")}
    >
      {language === "zh" ? "EN" : "中文"}
    </button>
  );
}
