import { useEffect } from "react";
import type { MeJson } from "../../../api/schemas/session.ts";
import type { RouteJson, RoutesJson } from "../../../api/schemas/reading-route.ts";
import type { Format } from "../format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { ask } from "../api/client.ts";
import { LanguageButton } from "../parts/language-button.tsx";
import { Bar } from "./bar.tsx";
import { useKept } from "./phone.tsx";
import { keep, ownerOf } from "./store.ts";

export type Screen = { me: MeJson; format: Format; go: (to: string) => void; signIn: () => void };

/** Routes that are kept ahead, so that a cellar without a line is no surprise. Our choice: a day's walks. */
const AHEAD_MAX = 8;

/** The reader's own routes first, then those that anybody may walk. */
export function RouteList({ me, format, go, signIn }: Screen) {
  const { t, term } = useSpeech();
  const { data, error } = useKept<RoutesJson>(`routes/${ownerOf(me)}`, "/routes");
  useEffect(() => {
    const own = (data?.items ?? []).filter(({ walker }) => walker === null || walker.login === me.login);
    for (const { id } of own.slice(0, AHEAD_MAX))
      ask<RouteJson>(`/routes/${id}`).then(
        (route) => keep(`route/${ownerOf(me)}/${id}`, route),
        () => undefined,
      );
  }, [data, me]);
  const rank = (login: string | undefined) => (login === me.login ? 0 : login === undefined ? 1 : 2);
  const routes = (data?.items ?? []).toSorted((a, b) => rank(a.walker?.login) - rank(b.walker?.login));
  return (
    <div className="screen">
      <Bar
        title={t("phone.title")}
        back={null}
        open={(id, meter) => go(`/m/routes/${id}?meter=${meter}`)}
        signIn={signIn}
      />
      {data === null ? <p className="empty">{error === null ? t("state.loading") : t("phone.noRoutesKept")}</p> : null}
      {data !== null && routes.length === 0 ? <p className="empty">{t("phone.noRoutes")}</p> : null}
      {routes.map((route) => (
        <button
          key={route.id}
          type="button"
          className="card route"
          data-testid="route"
          onClick={() => go(`/m/routes/${route.id}`)}
        >
          <div className="spread">
            <b>{route.name}</b>
            <span className="quiet">
              {route.read} / {route.stops}
            </span>
          </div>
          <progress
            value={route.read + route.skipped}
            max={Math.max(route.stops, 1)}
            aria-label={t("routes.progress")}
          />
          <div className="quiet">
            {term("every", route.every)} · {format.dayOfInstant(route.roundFrom)}
            {route.walker === null ? "" : ` · ${route.walker.name}`}
          </div>
        </button>
      ))}
      <footer className="foot">
        <LanguageButton />
      </footer>
    </div>
  );
}
