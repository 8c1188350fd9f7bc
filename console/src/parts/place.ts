import { useSpeech } from "../i18n/language.tsx";

type Place = { readonly building: string; readonly room: string };
const isNumber = (text: string): boolean => /^\d+$/.test(text);

/** Building and room as people call them: `1幢 301` or `1-301`; names stay as they are. */
export function placeOf(
  { building, room }: Place,
  words: { building: (n: string) => string; room: (n: string) => string },
): string {
  if (building === "") return isNumber(room) ? words.room(room) : room;
  const house = isNumber(building) ? words.building(building) : building;
  return `${house} ${room}`.trim();
}

export function usePlace(): (place: Place) => string {
  const { t } = useSpeech();
  return (place) =>
    placeOf(place, { building: (n) => t("place.building", { n }), room: (n) => t("place.home", { n }) });
}
