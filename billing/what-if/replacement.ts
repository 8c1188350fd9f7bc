import { CodedError } from "../../domain/errors.ts";
import type { Currency } from "../../domain/money.ts";
import type { Day } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import type { Utility } from "../../domain/unit.ts";
import type { TariffBook } from "../tariffs.ts";

/** What is tried: these versions price every agreement of their utility, or only those under the tariffs named. */
export type Replacement = {
  readonly versions: readonly Tariff[];
  /** Tariff ids whose agreements are tried; absent = every tariff of the utility. */
  readonly insteadOf?: readonly string[];
};

/** Older than any reading: a version that is tried holds from then on, whatever its own day says. */
const ALWAYS = "1900-01-01" as Day;

/** One version as if it had always been in force: what a draft or next year's price would have made of the past. */
export function throughout(version: Tariff): Tariff {
  const { effectiveTo: _, ...rest } = version;
  return { ...rest, effectiveFrom: ALWAYS };
}

/**
 * `id`: all versions, each on its own days. `id@version`: that version over the whole period.
 * @throws CodedError `request.not-found` when nobody published it
 */
export function versionsNamed(book: TariffBook, name: string): readonly Tariff[] {
  const [id = "", version] = name.split("@");
  const versions = book(id) ?? [];
  if (versions.length === 0) throw new CodedError("request.not-found", `There is no tariff ${id}.`);
  if (version === undefined) return versions;
  const named = versions.find((one) => one.version === version);
  if (named !== undefined) return [throughout(named)];
  const known = versions.map((one) => one.version).join(", ");
  throw new CodedError("request.not-found", `${id} has no version ${version}; there is ${known}.`);
}

/** @throws CodedError `request.invalid` when two prices are asked for one agreement, or a tariff cannot price these days */
export function checkReplacements(replacements: readonly Replacement[], from: Day, currency: Currency): void {
  if (replacements.length === 0) throw new CodedError("request.invalid", "Name a tariff to try.");
  const claimed = new Map<string, string>();
  for (const { versions, insteadOf } of replacements) {
    const first = firstOf(versions);
    if (first.currency !== currency) {
      throw new CodedError("request.invalid", `${first.id} is in ${first.currency}; the bills are in ${currency}.`);
    }
    const begins = versions.reduce((day, one) => (one.effectiveFrom < day ? one.effectiveFrom : day), ALWAYS_NOT);
    if (begins > from) {
      throw new CodedError(
        "request.invalid",
        `${first.id} begins on ${begins}: name a version (${first.id}@${first.version}) to try it on earlier days.`,
      );
    }
    for (const id of insteadOf ?? ["*"]) {
      const key = `${first.utility} ${id}`;
      if (claimed.has(key) || claimed.has(`${first.utility} *`) || (id === "*" && hasOf(claimed, first.utility))) {
        throw new CodedError("request.invalid", `Two tariffs are tried at once for ${first.utility}; name one.`);
      }
      claimed.set(key, first.id);
    }
  }
}

const ALWAYS_NOT = "9999-12-31" as Day;
const hasOf = (claimed: ReadonlyMap<string, string>, utility: Utility): boolean =>
  [...claimed.keys()].some((key) => key.startsWith(`${utility} `));

export function firstOf(versions: readonly Tariff[]): Tariff {
  const [first] = versions;
  if (first === undefined) throw new CodedError("tariff.invalid", "the tariff has no version");
  return first;
}

/** What replaces a tariff of this id; `null` = nothing, its agreements are left alone. */
export const replacementFor = (
  replacements: readonly Replacement[],
  id: string,
  utility: Utility,
): readonly Tariff[] | null =>
  replacements.find(
    ({ versions, insteadOf }) => firstOf(versions).utility === utility && (insteadOf?.includes(id) ?? true),
  )?.versions ?? null;

/** Two books that know only the agreements that are tried: as they are priced now, and as they would be. */
export function booksOf(
  book: TariffBook,
  replacements: readonly Replacement[],
): { readonly before: TariffBook; readonly after: TariffBook } {
  const triedFor = (id: string): readonly Tariff[] | null => {
    const utility = book(id)?.[0]?.utility;
    return utility === undefined ? null : replacementFor(replacements, id, utility);
  };
  return { before: (id) => (triedFor(id) === null ? null : book(id)), after: triedFor };
}
