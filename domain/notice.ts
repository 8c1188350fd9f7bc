import { instantOfIso } from "./instant.ts";
import { isDay } from "./period.ts";

/** What a field of a notice holds: an amount in the operator's currency, an ISO instant with offset, a day, a count, words. */
export type NoticeFieldKind = "money" | "instant" | "day" | "count" | "text";
export type NoticeField = { readonly holds: NoticeFieldKind; readonly optional?: true };

const money = { holds: "money" } as const;
const at = { holds: "instant" } as const;
const on = { holds: "day" } as const;
const count = { holds: "count" } as const;
const text = { holds: "text" } as const;
const maybe = <F extends NoticeField>(field: F) => ({ ...field, optional: true }) as const;

/** Every kind of notice with the fields that it tells. A sentence whose optional field is absent is left out of the message. */
export const NOTICE_FIELDS = {
  supply_warning_1: { available: money, readAt: at, daysLeft: maybe(text) },
  supply_warning_2: { available: money, readAt: at, daysLeft: maybe(text), cutBelow: maybe(money) },
  supply_cut_notice: { available: money, cutNotBefore: at, payAtLeast: maybe(money) },
  supply_cut_second_notice: { available: money, cutNotBefore: at, payAtLeast: maybe(money) },
  supply_cut_done: { available: money, cutAt: at, payAtLeast: maybe(money) },
  supply_restored: { restoredAt: at, available: maybe(money) },
  payment_received: { amount: money, paidAt: at, available: maybe(money), receipt: maybe(text) },
  payment_reversed: { amount: money, paidAt: at, available: maybe(money) },
  bill_issued: { number: text, period: text, amount: money, dueOn: on },
  correction_issued: { number: text, corrects: text, difference: money },
  token_issued: { meter: text, amount: money, token: text },
  sign_in_code: { code: text, minutes: count },
} as const satisfies Record<string, Readonly<Record<string, NoticeField>>>;

export type NoticeKind = keyof typeof NOTICE_FIELDS;
export const NOTICE_KINDS = Object.keys(NOTICE_FIELDS) as readonly NoticeKind[];

/** Told at once, in quiet hours, too: the answer to what the customer just did, or light that went off or on. */
const URGENT: ReadonlySet<NoticeKind> = new Set([
  "supply_cut_done",
  "supply_restored",
  "payment_received",
  "payment_reversed",
  "token_issued",
  "sign_in_code",
]);
export const isUrgent = (kind: NoticeKind): boolean => URGENT.has(kind);

/** Bills and corrections go only to addresses whose owner wants them there. */
export const isBillNotice = (kind: NoticeKind): boolean => kind === "bill_issued" || kind === "correction_issued";

/** After so many hours a message that has not left would mislead: it is given up. Our choice. */
export function validHoursOf(kind: NoticeKind): number {
  switch (kind) {
    case "sign_in_code":
      return 0.25;
    case "supply_warning_1":
    case "supply_warning_2":
    case "supply_cut_notice":
    case "supply_cut_second_notice":
    case "supply_cut_done":
    case "supply_restored":
      return 48;
    case "payment_received":
    case "payment_reversed":
    case "token_issued":
      return 7 * 24;
    case "bill_issued":
    case "correction_issued":
      return 14 * 24;
  }
}

type Fields<K extends NoticeKind> = (typeof NOTICE_FIELDS)[K];
type OptionalOf<K extends NoticeKind> = {
  [F in keyof Fields<K>]: Fields<K>[F] extends { readonly optional: true } ? F : never;
}[keyof Fields<K>];

/** The fields of a kind as text: `-3.20`, `2026-11-28T10:00:00+08:00`, `2026-12-15`, `5`, words. */
export type NoticeData<K extends NoticeKind> = Readonly<
  Record<Exclude<keyof Fields<K>, OptionalOf<K>>, string> & Partial<Record<OptionalOf<K>, string>>
>;

/** Ways to a customer. `sandbox` shows messages in the console of a demo; `hand` is a letter or a talk that a clerk vouches for. */
export const CONTACT_CHANNELS = ["email", "webhook", "inbox", "sandbox"] as const;
export type ContactChannel = (typeof CONTACT_CHANNELS)[number];
export type NoticeChannel = ContactChannel | "hand";

export const NOTICE_LANGUAGES = ["zh", "en"] as const;
export type NoticeLanguage = (typeof NOTICE_LANGUAGES)[number];

/**
 * `accepted`: taken over by a carrier that has not said yet whether it arrived. Only `delivered` counts as served;
 * `undeliverable`: the address takes nothing; `failed`: given up, taken back, or bounced.
 */
export const DELIVERY_STATES = ["queued", "sending", "accepted", "delivered", "failed", "undeliverable"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

const WORDS_MAX = 500;

/** What is wrong with the data of a notice, or `null`. */
export function noticeProblem(kind: NoticeKind, data: Readonly<Record<string, string | undefined>>): string | null {
  const fields: Readonly<Record<string, NoticeField>> = NOTICE_FIELDS[kind];
  for (const name of Object.keys(data)) if (!Object.hasOwn(fields, name)) return `${kind} has no field ${name}`;
  for (const [name, { holds, optional }] of Object.entries(fields)) {
    const value = data[name];
    if (value === undefined) {
      if (optional !== true) return `${kind} lacks ${name}`;
    } else if (!fits(holds, value)) return `${kind}.${name} is not ${holds}: ${value.slice(0, 40)}`;
  }
  return null;
}

function fits(holds: NoticeFieldKind, value: string): boolean {
  switch (holds) {
    case "money":
      return /^-?\d{1,16}(\.\d{1,2})?$/.test(value);
    case "instant":
      return instantOfIso(value) !== null;
    case "day":
      return isDay(value);
    case "count":
      return /^\d{1,9}$/.test(value);
    case "text":
      return value.length <= WORDS_MAX && !value.includes("\0");
  }
}

/** Why an address cannot be one of its channel, or `null`. No line break can enter a header by it. */
export function addressProblem(channel: ContactChannel, address: string): string | null {
  if (address !== address.trim() || address === "") return "an address has no spaces around it and is not empty";
  if (address.length > 254) return "an address has at most 254 characters"; // RFC 5321, 4.5.3.1.3
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(address)) return "an address is one line";
  if (channel === "email" && !/^[^\s@<>(),;:"\\[\]]+@[^\s@<>(),;:"\\[\]]+\.[^\s@<>(),;:"\\[\]]+$/.test(address))
    return "a mail address is written name@host.example";
  return null;
}

const lettersOf = (text: string): readonly string[] => text.match(/./gsu) ?? [];

/** As clerks and certificates show it: enough to know it again, too little to write to it. `z***g@example.org`, `138****5678`. */
export function maskedAddress(channel: NoticeChannel, address: string): string {
  const letters = lettersOf(address);
  if (channel === "hand" || channel === "inbox" || channel === "sandbox") return address;
  if (channel === "email") {
    const [name = "", host = ""] = address.split(/@(?=[^@]*$)/);
    const first = lettersOf(name);
    return `${first[0] ?? ""}***${first.length > 2 ? (first.at(-1) ?? "") : ""}@${host}`;
  }
  if (letters.length < 8) return `${letters[0] ?? ""}***`;
  return `${letters.slice(0, 3).join("")}****${letters.slice(-4).join("")}`;
}
