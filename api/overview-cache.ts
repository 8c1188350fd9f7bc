import { type Clock, SECOND_MS } from "../domain/instant.ts";
import type { OperatorId } from "../domain/reading.ts";
import type { OverviewJson } from "./schemas/overview.ts";

/**
 * Many screens show the overview, and it asks every meter. One answer serves all who ask while it is made, for a moment
 * after, and for so many times as long as it took (5 s with 300,000 meters), so that it never fills the database.
 */
export type OverviewCache = {
  of(operatorId: OperatorId, make: () => Promise<OverviewJson>): Promise<OverviewJson>;
  /** Something just changed: who asks now wants to see it, where that is cheap. */
  forget(operatorId: OperatorId): void;
};

const FRESH_MS = SECOND_MS / 2;
const SHARE = 10;
const CHEAP_MS = SECOND_MS / 4;

export function overviewCache(wall: Clock): OverviewCache {
  type Held = { freshUntil: number; tookMs: number; answer: Promise<OverviewJson> };
  const all = new Map<OperatorId, Held>();
  return {
    of(operatorId, make) {
      const askedAt = wall.now();
      const held = all.get(operatorId);
      if (held !== undefined && askedAt < held.freshUntil) return held.answer;
      const made: Held = { freshUntil: Infinity, tookMs: held?.tookMs ?? 0, answer: make() };
      all.set(operatorId, made);
      made.answer.then(
        () => {
          made.tookMs = wall.now() - askedAt;
          made.freshUntil = wall.now() + Math.max(FRESH_MS, SHARE * made.tookMs);
        },
        () => {
          if (all.get(operatorId) === made) all.delete(operatorId);
        },
      );
      return made.answer;
    },
    forget(operatorId) {
      if ((all.get(operatorId)?.tookMs ?? 0) <= CHEAP_MS) all.delete(operatorId);
    },
  };
}
