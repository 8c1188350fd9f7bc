import { useState } from "react";
import type { StopJson } from "../../../api/schemas/reading-route.ts";
import { useSpeech } from "../i18n/language.tsx";
import { usePlace } from "../parts/place.ts";
import { UtilityIcon } from "../parts/utility.tsx";
import type { KeptEntry } from "./store.ts";

export type Mark = "open" | "waiting" | "stuck" | "conflict" | "read" | "skipped";

/** What a stop has come to: what is still on the phone speaks before what the service had. */
export function markOf(stop: StopJson, mine: readonly KeptEntry[]): Mark {
  const onPhone = mine.findLast((entry) => entry.meterId === stop.meter?.id);
  if (onPhone !== undefined) return onPhone.state;
  if (stop.entries.some((entry) => entry.outcome === "conflict")) return "conflict";
  if (stop.entries.some((entry) => entry.outcome === "booked")) return "read";
  return stop.entries.length > 0 ? "skipped" : "open";
}

/** All stops of a route, found by room or number. */
export function StopList({
  stops,
  marks,
  now,
  choose,
  close,
}: {
  stops: readonly StopJson[];
  marks: readonly Mark[];
  now: number;
  choose: (n: number) => void;
  close: () => void;
}) {
  const { t, term } = useSpeech();
  const place = usePlace();
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const found = stops
    .map((stop, n) => ({ stop, n }))
    .filter(({ stop }) =>
      `${stop.building}-${stop.room} ${stop.meter?.serial ?? ""} ${stop.hint}`.toLowerCase().includes(wanted),
    );
  return (
    <div className="sheet" role="dialog" aria-label={t("phone.list")}>
      <header className="bar">
        <input
          type="search"
          className="grow"
          data-testid="find-stop"
          placeholder={t("phone.search")}
          aria-label={t("phone.search")}
          value={search}
          onChange={(e) => setSearch(e.target.value)}
        />
        <button type="button" className="icon" aria-label={t("phone.close")} onClick={close}>
          ×
        </button>
      </header>
      {found.length === 0 ? <p className="empty">{t("phone.noneFound")}</p> : null}
      {found.map(({ stop, n }) => (
        <button
          key={stop.position}
          type="button"
          className={n === now ? "row now" : "row"}
          data-testid="stop-row"
          data-mark={marks[n]}
          onClick={() => choose(n)}
        >
          {stop.meter === null ? null : <UtilityIcon utility={stop.meter.utility} size={20} named />}
          <span className="grow">
            {place(stop)}
            <span className="quiet block">{stop.meter?.serial ?? t("phone.noMeter")}</span>
          </span>
          <span className={`mark mark-${marks[n]}`}>{term("mark", marks[n] ?? "open")}</span>
        </button>
      ))}
    </div>
  );
}
