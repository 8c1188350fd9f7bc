import { DAY_MS, HOUR_MS, type Instant, instant, MINUTE_MS } from "../domain/instant.ts";
import type { Chance } from "./chance.ts";
import { type Home, TROUBLES } from "./home.ts";

/** What happens at the station from outside. */
export type Happening =
  | { readonly kind: "trouble"; readonly home: Home }
  | { readonly kind: "use"; readonly home: Home }
  | { readonly kind: "opens-by-itself"; readonly home: Home }
  | {
      readonly kind: "pays";
      readonly home: Home;
      readonly minor: bigint;
      readonly key: string;
      readonly twice: boolean;
    }
  | { readonly kind: "reversal"; readonly home: Home; readonly key: string }
  | { readonly kind: "visit" }
  | { readonly kind: "report" };

/** When what happens, in the order of time; things of one instant in the order in which they were put down. */
export class Agenda {
  #rows: { at: Instant; happening: Happening }[] = [];

  put(at: Instant, happening: Happening): void {
    const place = this.#rows.findIndex((row) => row.at > at);
    this.#rows.splice(place < 0 ? this.#rows.length : place, 0, { at, happening });
  }

  get next(): Instant | null {
    return this.#rows[0]?.at ?? null;
  }

  take(until: Instant): Happening[] {
    const place = this.#rows.findIndex((row) => row.at > until);
    return this.#rows.splice(0, place < 0 ? this.#rows.length : place).map(({ happening }) => happening);
  }

  has(of: (happening: Happening) => boolean): boolean {
    return this.#rows.some(({ happening }) => of(happening));
  }
}

/** Meters speak, and somebody looks after the station, at these hours of a local day. */
const REPORT_HOURS = [9.5, 18.5];
const VISIT_HOUR = 9.5;
const CHINA_MS = 8 * HOUR_MS;

/** Puts down all that does not depend on what the service does. `quietFrom`: nothing goes wrong any more. */
export function planOf(
  agenda: Agenda,
  homes: readonly Home[],
  { from, until, quietFrom }: { readonly from: Instant; readonly until: Instant; readonly quietFrom: Instant },
  chance: Chance,
): void {
  const midnight = Math.floor((from + CHINA_MS) / DAY_MS) * DAY_MS - CHINA_MS;
  for (let day = midnight; day < until; day += DAY_MS) {
    const at = (hour: number): Instant => instant(day + hour * HOUR_MS);
    for (const hour of REPORT_HOURS) if (at(hour) > from) agenda.put(at(hour), { kind: "report" });
    agenda.put(at(VISIT_HOUR), { kind: "visit" });
    for (const home of homes) agenda.put(at(VISIT_HOUR), { kind: "use", home });
  }
  for (const home of homes) {
    for (let at = from; at < quietFrom; ) {
      at = instant(at + chance.whole(2 * 24 * 60, 16 * 24 * 60) * MINUTE_MS);
      if (at < quietFrom) agenda.put(at, { kind: chance.is(0.15) ? "opens-by-itself" : "trouble", home });
    }
  }
}

/** How long and how something goes wrong. */
export function troubleOf(chance: Chance, at: Instant, quietFrom: Instant) {
  const kind = chance.pick(TROUBLES);
  const until = instant(Math.min(at + chance.whole(2 * 60, 50 * 60) * MINUTE_MS, quietFrom));
  const offsetMs = chance.pick([-1, 1]) * chance.whole(5, 240) * MINUTE_MS;
  return { kind, until, offsetMs };
}
