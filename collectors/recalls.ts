import type { Transaction } from "kysely";
import type { Logger } from "pino";
import { type Clock, DAY_MS, HOUR_MS, type Instant, SECOND_MS } from "../domain/instant.ts";
import { addDays, type Day, dayOf, type Period, periodOfDays, type Zone } from "../domain/period.ts";
import type { Profile } from "../domain/profile.ts";
import type { MeterId, OperatorId } from "../domain/reading.ts";
import { askedFor, type EndedGap, settleGap, takeEndedGaps } from "../ledger/gap-work.ts";
import { countHeard, MAIN_REGISTER_OF, writeHeard } from "../ledger/heard.ts";
import type { Database } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import { historyEvery_ms } from "./decode/freezes.ts";
import type { Directory } from "./directory.ts";

/** A gap that is over is asked for again, one operator's after the other; a stretch at most once an hour. All our choice. */
const ASK_EVERY_MS = HOUR_MS;
const ASKS_MAX = 3;
const GAPS_AT_ONCE = 20;
/** A silence of more than so many hours, or agreed intervals, is one for bills, too. */
const BILLING_EVERY_MS = HOUR_MS;
const GAP_AFTER_INTERVALS = 3;
/** Stored values come in steps of their own; one step and a half may lie between two of them. */
const STEPS = 1.5;
const DAYS_COUNTED_MAX = 62;

/** Asks the meter; answers whether the question left. */
export type AskMeter = (operatorId: OperatorId, meterId: MeterId, stretch: Period) => Promise<boolean>;

/** What a meter keeps: in which steps and how far back. `null`: nothing. */
export type Kept = { readonly every_ms: number; readonly back_ms: number };

export function keptBy(profile: Profile | undefined): Kept | null {
  if (profile?.kind === "modbus" && profile.history !== undefined) {
    const every_ms = historyEvery_ms(profile.history);
    return { every_ms, back_ms: every_ms * profile.history.count };
  }
  if (profile?.kind === "mqtt" && profile.history !== undefined)
    return { every_ms: profile.history.every_s * SECOND_MS, back_ms: profile.history.keepsDays * DAY_MS };
  return null;
}

/** What is to be done about a gap that is over. Pure. */
export type Step =
  | { readonly kind: "fill" | "ask" | "wait" }
  | { readonly kind: "give_up"; readonly reason: "short" | "no_answer" | "too_old" };

/** @param silence_ms the longest silence inside the gap as the book stands now */
export function nextStep(gap: EndedGap, silence_ms: number, kept: Kept | null, now: Instant): Step {
  const every_ms = Math.max((gap.reportEvery_s ?? 0) * SECOND_MS, BILLING_EVERY_MS);
  const usual_ms = GAP_AFTER_INTERVALS * every_ms;
  const allowed_ms = Math.max(usual_ms, kept === null ? 0 : STEPS * kept.every_ms);
  const long = gap.to - gap.from > usual_ms;
  if (long && silence_ms < gap.to - gap.from && silence_ms <= allowed_ms) return { kind: "fill" };
  if (gap.settled) return { kind: "wait" };
  if (!long) return { kind: "give_up", reason: "short" };
  if (kept === null) return { kind: "wait" };
  if (now - gap.to > kept.back_ms) return { kind: "give_up", reason: "too_old" };
  const askedLately = gap.askedAt !== null && now - gap.askedAt < ASK_EVERY_MS;
  if (askedLately) return { kind: "wait" };
  return gap.asked >= ASKS_MAX ? { kind: "give_up", reason: "no_answer" } : { kind: "ask" };
}

/** Looks at gaps that are over: filled by what came late, given up, or asked for again. */
export function recalls(deps: {
  readonly db: Database;
  readonly directory: Directory;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ask: AskMeter;
}): { readonly turn: () => Promise<void> } {
  const { db, directory, profiles, clock, log, ask } = deps;

  /** @returns the gaps whose meters are to be asked */
  async function look(operatorId: OperatorId, zone: Zone): Promise<EndedGap[]> {
    const now = clock.now();
    return db.as(operatorId, async (trx) => {
      const before = (now - ASK_EVERY_MS) as Instant;
      const toAsk: EndedGap[] = [];
      for (const gap of await takeEndedGaps(trx, { now, before, limit: GAPS_AT_ONCE })) {
        const main = MAIN_REGISTER_OF[gap.utility];
        const counted = await countHeard(trx, gap.meterId, gap, { main, every_ms: null });
        const silence = counted.find(({ register }) => register === main)?.largestGap_ms ?? gap.to - gap.from;
        const step = nextStep(gap, silence, keptBy(profiles.get(gap.profileId)), now);
        if (step.kind === "ask") {
          await askedFor(trx, gap.id, now, false);
          toAsk.push(gap);
        } else if (step.kind === "give_up")
          await settleGap(trx, gap.id, { state: "given_up", reason: step.reason }, now);
        else if (step.kind === "fill" && (await settleGap(trx, gap.id, { state: "filled", reason: "" }, now)))
          await countAgain(trx, gap, zone, now);
      }
      return toAsk;
    });
  }

  return {
    async turn() {
      for (const operatorId of directory.operators()) {
        const zone = directory.zone(operatorId);
        if (zone === undefined) continue;
        for (const gap of await look(operatorId, zone)) {
          const sent = await ask(operatorId, gap.meterId, { from: gap.from, to: gap.to });
          if (!sent) continue;
          log.info({ meter: `${gap.meterId}`, gap: `${gap.id}` }, "a meter was asked for what it stored");
          await db.as(operatorId, (trx) => askedFor(trx, gap.id, clock.now(), true));
        }
      }
    },
  };
}

/** Days that were counted before their readings came. */
async function countAgain(trx: Transaction<Tables>, gap: EndedGap, zone: Zone, now: Instant): Promise<void> {
  const every_ms = gap.reportEvery_s === null ? null : gap.reportEvery_s * SECOND_MS;
  const main = MAIN_REGISTER_OF[gap.utility];
  const today: Day = dayOf(now, zone);
  let day = dayOf(gap.from, zone);
  for (let n = 0; n < DAYS_COUNTED_MAX && day <= dayOf(gap.to, zone) && day < today; n++, day = addDays(day, 1))
    await writeHeard(
      trx,
      day,
      await countHeard(trx, gap.meterId, periodOfDays(day, addDays(day, 1), zone), { main, every_ms }),
    );
}
