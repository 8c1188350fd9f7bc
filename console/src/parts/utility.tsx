import { useSpeech } from "../i18n/language.tsx";
import { UTILITY_COLOURS } from "../theme.ts";

export type UtilityName = keyof typeof UTILITY_COLOURS;

const PATHS: Readonly<Record<UtilityName, string>> = {
  electricity: "M9.2 1 3.4 9.2h3.7L6.2 15l6.4-8.6H8.7z",
  gas: "M8 15c3 0 5-2 5-4.8 0-2.4-1.6-3.6-2.5-5C9.7 4 9.6 2.6 9.8 1 7.3 1.9 5.9 4 6.1 6.4 5.3 6 4.9 5.3 4.8 4.5 3.6 6 3 7.7 3 9.9 3 13 5 15 8 15z",
  water: "M8 1.2C5.6 4.6 3.5 7.3 3.5 10a4.5 4.5 0 0 0 9 0c0-2.7-2.1-5.4-4.5-8.8z",
  heat: "M6.5 9.3V3a1.5 1.5 0 0 1 3 0v6.3a3.2 3.2 0 1 1-3 0z",
};

export const isUtility = (word: string): word is UtilityName => Object.hasOwn(PATHS, word);

/** The sign of a utility in its colour. Said aloud only where no name stands beside it. */
export function UtilityIcon({
  utility,
  size = 14,
  named = false,
}: {
  utility: string;
  size?: number;
  named?: boolean;
}) {
  const { term } = useSpeech();
  if (!isUtility(utility)) return null;
  const label = named ? { role: "img", "aria-label": term("utility", utility) } : { "aria-hidden": true };
  return (
    <svg viewBox="0 0 16 16" width={size} height={size} className="utility-icon" {...label}>
      <path d={PATHS[utility]} fill={UTILITY_COLOURS[utility].main} />
    </svg>
  );
}

export function Utility({ utility }: { utility: string }) {
  const { term } = useSpeech();
  return (
    <span className="utility">
      <UtilityIcon utility={utility} />
      {term("utility", utility)}
    </span>
  );
}
