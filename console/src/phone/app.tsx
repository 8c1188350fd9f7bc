import { useEffect, useMemo, useState } from "react";
import { formatOf } from "../format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { usePhone } from "./phone.tsx";
import { RouteList } from "./route-list.tsx";
import { SignIn } from "./sign-in.tsx";
import { Walk } from "./walk.tsx";

/** `/m` lists routes, `/m/routes/:id` walks one. */
const routeOf = (path: string): string | null => /^\/m\/routes\/(\d+)$/.exec(path)?.[1] ?? null;

export function PhoneApp() {
  const { me } = usePhone();
  const [path, setPath] = useState(location.pathname);
  const [signingIn, setSigningIn] = useState(false);
  const { language } = useSpeech();
  const zone = me?.operator.zone ?? "Asia/Shanghai";
  const format = useMemo(() => formatOf(language, zone), [language, zone]);
  useEffect(() => {
    const moved = () => setPath(location.pathname);
    window.addEventListener("popstate", moved);
    return () => window.removeEventListener("popstate", moved);
  }, []);
  const go = (to: string) => {
    history.pushState(null, "", to);
    setPath(location.pathname);
  };
  if (me === null || signingIn)
    return <SignIn done={() => setSigningIn(false)} cancel={me === null ? null : () => setSigningIn(false)} />;
  const shared = { me, format, go, signIn: () => setSigningIn(true) };
  const id = routeOf(path);
  return id === null ? <RouteList {...shared} /> : <Walk key={id} id={id} {...shared} />;
}
