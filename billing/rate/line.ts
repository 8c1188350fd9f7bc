import type { Line } from "../../domain/bill.ts";
import type { Instant } from "../../domain/instant.ts";
import { type Period, type Zone, dayOf, startOfDay, wallClock } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import type { TouPeriod } from "../../domain/usage.ts";

/** What all lines of one charge in one stretch have in common. */
export type LineHead = Pick<Line, "utility" | "tariffId" | "tariffVersion" | "charge" | "period" | "title">;

export const lineHead = (tariff: Tariff, charge: { id: string; title: Line["title"] }, stretch: Period): LineHead => ({
  utility: tariff.utility,
  tariffId: tariff.id,
  tariffVersion: tariff.version,
  charge: charge.id,
  period: stretch,
  title: charge.title,
});

/** `zj.residential/energy/t2/peak/2026-06-01`: see `rate`. */
export const lineKey = (head: LineHead, zone: Zone, tier?: number, tou?: TouPeriod | null): string =>
  `${head.tariffId}/${head.charge}/${tier === undefined ? "-" : `t${tier}`}/${tou ?? "-"}/${startText(head.period.from, zone)}`;

const STARTS = new Map<string, string>();
const STARTS_MAX = 1_000;

/** The day a stretch begins, with the time when it does not begin with the day. */
function startText(from: Instant, zone: Zone): string {
  const key = `${zone} ${from}`;
  const known = STARTS.get(key);
  if (known !== undefined) return known;
  const day = dayOf(from, zone);
  const { minute } = wallClock(from, zone);
  const two = (n: number) => n.toString().padStart(2, "0");
  const text = startOfDay(day, zone) === from ? day : `${day}T${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
  if (STARTS.size >= STARTS_MAX) STARTS.clear();
  STARTS.set(key, text);
  return text;
}
