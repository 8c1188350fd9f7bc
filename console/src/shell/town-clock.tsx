import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { useOverview } from "../api/queries.ts";
import { paceOf, type Tick } from "./pace.ts";

const TICK_MS = 1_000;

const NowContext = createContext<number | null>(null);
/** The service's time in milliseconds, carried on between two looks at it; `null` until the first. */
export const useNow = (): number | null => useContext(NowContext);

export function TownClock({ children }: { children: ReactNode }) {
  const { data, dataUpdatedAt } = useOverview();
  const first = useRef<Tick>(null);
  const last = useRef<Tick>(null);
  const [now, setNow] = useState<number | null>(null);
  useEffect(() => {
    if (data === undefined) return;
    const tick = { wall: dataUpdatedAt, town: Date.parse(data.now) };
    first.current ??= tick;
    last.current = tick;
    setNow(tick.town);
  }, [data, dataUpdatedAt]);
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (first.current === null || last.current === null) return;
      const pace = paceOf(first.current, last.current);
      setNow(last.current.town + (Date.now() - last.current.wall) * pace);
    }, TICK_MS);
    return () => window.clearInterval(timer);
  }, []);
  return <NowContext value={now}>{children}</NowContext>;
}
