import type { Language } from "./i18n/texts.ts";

type MoneyJson = { readonly amount: string; readonly currency: string };
type QuantityJson = { readonly value: string; readonly unit: string };

const LOCALES: Record<Language, string> = { zh: "zh-CN", en: "en-GB" };
const UNIT_TEXT: Readonly<Record<string, string>> = {
  m3: "m³",
  "m3/h": "m³/h",
  degC: "°C",
  "1": "",
  state: "",
  kW_day: "kW·d",
  kVA_day: "kVA·d",
};

/** In a demo town that runs 60 times as fast, five seconds between two looks are five minutes. */
const CLOCK_DOUBT_S = 300;

export const unitText = (unit: string): string => UNIT_TEXT[unit] ?? unit;

/** Numbers, money and times as people of a language read them, in the operator's zone. Decimal text goes in and is never made a float on its way to the eye. */
export function formatOf(language: Language, zone: string) {
  const locale = LOCALES[language];
  const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();
  const kept = <F extends Intl.NumberFormat | Intl.DateTimeFormat>(key: string, make: () => F): F => {
    const before = made.get(key);
    if (before !== undefined) return before as F;
    const fresh = make();
    made.set(key, fresh);
    return fresh;
  };
  const decimal = (text: string | number, places: number, least = 0) =>
    kept(
      `n${places}/${least}`,
      () => new Intl.NumberFormat(locale, { maximumFractionDigits: places, minimumFractionDigits: least }),
    ).format(text as `${number}`);
  const moment = (key: string, options: Intl.DateTimeFormatOptions) => (iso: string) =>
    kept(key, () => new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: "h23", ...options })).format(
      new Date(iso),
    );
  const dayFormat = (key: string, options: Intl.DateTimeFormatOptions) => (day: string) =>
    kept(key, () => new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options })).format(
      new Date(`${day}T00:00:00Z`),
    );
  return {
    zone,
    count: (n: number) => decimal(n, 0),
    number: decimal,
    money: (m: MoneyJson) =>
      kept(
        `m${m.currency}`,
        () =>
          new Intl.NumberFormat(locale, { style: "currency", currency: m.currency, currencyDisplay: "narrowSymbol" }),
      ).format(m.amount as `${number}`),
    quantity: (q: QuantityJson, places = 2) => `${decimal(q.value, places)} ${unitText(q.unit)}`.trimEnd(),
    instant: moment("instant", {
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    }),
    instantSeconds: moment("seconds", {
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    }),
    clock: moment("clock", { hour: "2-digit", minute: "2-digit" }),
    dayClock: moment("dayClock", {
      month: "short",
      day: "numeric",
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
    }),
    dayOfInstant: moment("dayOf", { year: "numeric", month: "2-digit", day: "2-digit" }),
    dayClockShort: moment("dayClockShort", { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" }),
    month: moment("month", { year: "numeric", month: "long" }),
    day: dayFormat("day", { year: "numeric", month: "2-digit", day: "2-digit" }),
    /** `YYYY-MM-DD` in the operator's zone, as date fields take it. */
    isoDay: (at: Date) => kept("iso", () => new Intl.DateTimeFormat("en-CA", { timeZone: zone })).format(at),
    /** The day before: half-open periods are shown with their last day. */
    dayBefore: (day: string) =>
      dayFormat("day", { year: "numeric", month: "2-digit", day: "2-digit" })(
        new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10),
      ),
    dayShort: dayFormat("dayShort", { month: "numeric", day: "numeric" }),
    /** How long before `now` (milliseconds) something was: "3 minutes ago". */
    ago: (iso: string, now: number) => {
      const ahead = Math.round((Date.parse(iso) - now) / 1000);
      // Our idea of the service's time is some seconds old: what has just happened is not in the future.
      const seconds = ahead > 0 && ahead < CLOCK_DOUBT_S ? 0 : ahead;
      const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
      const size = Math.abs(seconds);
      if (size < 90) return relative.format(seconds, "second");
      if (size < 90 * 60) return relative.format(Math.round(seconds / 60), "minute");
      if (size < 36 * 3600) return relative.format(Math.round(seconds / 3600), "hour");
      return relative.format(Math.round(seconds / 86400), "day");
    },
  };
}
export type Format = ReturnType<typeof formatOf>;
