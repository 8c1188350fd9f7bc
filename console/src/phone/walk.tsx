import { useState } from "react";
import type { RouteJson, StopJson } from "../../../api/schemas/reading-route.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Bar } from "./bar.tsx";
import { useKept, usePhone } from "./phone.tsx";
import type { Screen } from "./route-list.tsx";
import { ownerOf } from "./store.ts";
import { type Mark, markOf, StopList } from "./stop-list.tsx";
import { Stop } from "./stop.tsx";

/** Where in the route: in the address, so that a reload comes back to the same meter. */
function placeIn(stops: readonly StopJson[]): number {
  const asked = new URLSearchParams(location.search);
  const byMeter = stops.findIndex((stop) => stop.meter !== null && stop.meter.id === asked.get("meter"));
  if (byMeter >= 0) return byMeter;
  const position = stops.findIndex((stop) => String(stop.position) === asked.get("stop"));
  return position >= 0 ? position : stops.findIndex((stop) => stop.entries.length === 0);
}

/** One meter at a time, next and back, with everything kept on the phone first and sent when there is a line. */
export function Walk({ id, me, format, go, signIn }: Screen & { id: string }) {
  const { t } = useSpeech();
  const { entries } = usePhone();
  const owner = ownerOf(me);
  const { data: route, error } = useKept<RouteJson>(`route/${owner}/${id}`, `/routes/${id}`);
  const [at, setAt] = useState<number | null>(null);
  const [listed, setListed] = useState(false);
  const back = () => go("/m/");
  const open = (routeId: string, meterId: string) => {
    if (routeId !== id) return go(`/m/routes/${routeId}?meter=${meterId}`);
    const found = route?.items.findIndex((stop) => stop.meter?.id === meterId) ?? -1;
    if (found >= 0) goTo(found);
  };
  const goTo = (n: number) => {
    setAt(n);
    setListed(false);
    history.replaceState(null, "", `/m/routes/${id}?stop=${route?.items[n]?.position ?? 1}`);
    window.scrollTo(0, 0);
  };
  const bar = <Bar title={route?.name ?? t("phone.title")} back={back} open={open} signIn={signIn} />;
  if (route === null || route.items.length === 0) {
    const text = route !== null ? t("phone.noStops") : error === null ? t("state.loading") : t("phone.notKept");
    return (
      <div className="screen">
        {bar}
        <p className="empty">{text}</p>
      </div>
    );
  }
  const stops = route.items;
  const mine = entries.filter((entry) => entry.owner === owner);
  const marks = stops.map((stop): Mark => markOf(stop, mine));
  const now = at ?? Math.max(placeIn(stops), 0);
  const done = marks.filter((mark) => mark !== "open").length;
  const stop = stops[now] ?? (stops[0] as StopJson);
  const onPhone = mine.findLast((entry) => entry.meterId === stop.meter?.id) ?? null;
  const nextOpen = () => {
    const after = marks.findIndex((mark, n) => n > now && mark === "open");
    goTo(after >= 0 ? after : Math.min(now + 1, stops.length - 1));
  };
  return (
    <div className="screen">
      {bar}
      <button type="button" className="progress" data-testid="progress" onClick={() => setListed(true)}>
        <progress value={done} max={stops.length} aria-label={t("routes.progress")} />
        <span>
          {done} / {stops.length}
        </span>
        <span className="chip">{t("phone.list")}</span>
      </button>
      {done === stops.length ? (
        <p className="banner good" data-testid="all-done">
          {t("phone.allDone")}
        </p>
      ) : null}
      <Stop
        key={`${stop.position}/${onPhone?.state === "stuck" ? onPhone.id : ""}`}
        stop={stop}
        routeId={id}
        owner={owner}
        waiting={onPhone}
        format={format}
        next={nextOpen}
      />
      <nav className="foot pair">
        <button type="button" disabled={now === 0} data-testid="previous" onClick={() => goTo(now - 1)}>
          ‹ {t("phone.previous")}
        </button>
        <button type="button" disabled={now === stops.length - 1} data-testid="next" onClick={() => goTo(now + 1)}>
          {t("phone.next")} ›
        </button>
      </nav>
      {listed ? <StopList stops={stops} marks={marks} now={now} choose={goTo} close={() => setListed(false)} /> : null}
    </div>
  );
}
