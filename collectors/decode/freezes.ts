import { DAY_MS, type Instant, instant } from "../../domain/instant.ts";
import type { Period, Zone } from "../../domain/period.ts";
import type { ModbusHistory, ModbusProfile } from "../../domain/profile.ts";
import type { Sample } from "../../domain/reading.ts";
import type { ValueRefusal } from "./decoded.ts";
import { decodeWords } from "./words.ts";

/** Words of one freeze of a meter, and which one it is: 1 is the newest. */
export type FreezeWords = { readonly number: number; readonly words: ArrayLike<number> };

export type Frozen = { readonly samples: readonly Sample[]; readonly refusals: readonly ValueRefusal[] };

const EVERY_MS = { day: DAY_MS, month: 31 * DAY_MS } as const;
const TIME_WORDS = 3;

/** How far apart the stored values lie at most, and how far back they reach. */
export const historyEvery_ms = ({ every }: ModbusHistory): number => EVERY_MS[every];

/** Which freezes may lie in a stretch: one more on either side, because nobody knows the meter's clock. `null` when none is kept. */
export function freezesIn(
  { every, count }: ModbusHistory,
  { from, to }: Period,
  now: Instant,
): { first: number; last: number } | null {
  const ago = (at: Instant): number => Math.floor((now - at) / EVERY_MS[every]);
  const first = Math.max(1, ago(to));
  const last = Math.min(count, ago(from) + 2);
  return first <= last ? { first, last } : null;
}

/** A freeze's values with its own time; nothing when it was never made. A time that is no time refuses all of it. */
export function frozenOf(profile: ModbusProfile, history: ModbusHistory, freeze: FreezeWords, zone: Zone): Frozen {
  const words = Array.from(freeze.words);
  if (words.every((word) => word === 0) || words.every((word) => word === 0xffff)) return { samples: [], refusals: [] };
  const frozenAt = timeOf(words.slice(history.timeOffset, history.timeOffset + TIME_WORDS), zone);
  const registers = history.registers.map((map) => ({ ...map, table: history.table, group: "billing" as const }));
  const decoded = decodeWords({ ...profile, registers }, [{ table: history.table, address: 0, words }]);
  if (decoded.kind === "refused") return { samples: [], refusals: [] };
  const [message] = decoded.messages;
  if (frozenAt === null) {
    const detail = `freeze ${freeze.number} has no readable time`;
    const [first] = history.registers;
    return {
      samples: [],
      refusals: first === undefined ? [] : [{ register: first.register, reason: "malformed_payload", detail }],
    };
  }
  return {
    samples: (message?.samples ?? []).map((sample) => ({ ...sample, measuredAt: frozenAt })),
    refusals: message?.refusals ?? [],
  };
}

/** YYMM DDhh mm00 in BCD, local time. */
function timeOf(words: readonly number[], zone: Zone): Instant | null {
  const digits = words.map((word) => word.toString(16).padStart(4, "0")).join("");
  const parts = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(digits);
  if (parts === null) return null;
  const [, year, month, day, hour, minute] = parts;
  try {
    const local = Temporal.PlainDateTime.from(`20${year}-${month}-${day}T${hour}:${minute}`, { overflow: "reject" });
    return instant(local.toZonedDateTime(zone).epochMilliseconds);
  } catch {
    return null;
  }
}
