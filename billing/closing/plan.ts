import type { Transaction } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { addDays, type Day, dayOf } from "../../domain/period.ts";
import type { AccountId } from "../../domain/reading.ts";
import { lockAccountToClose, readClosing } from "../../ledger/account-closings.ts";
import { type MoveOutPlan, type PlanWord, readPlanWords, writePlanWord } from "../../ledger/planned-move-outs.ts";
import type { Tables } from "../../schema/tables.ts";
import { operatorFacts } from "../operator.ts";

/** A day further away is a slip of the pen. Our choice. */
const AHEAD_DAYS_MAX = 730;

export type PlanAsked = {
  readonly accountId: AccountId;
  readonly plan: MoveOutPlan;
  /** The word that the clerk saw last, so that nobody changes what another clerk has just said; `null` = none. */
  readonly after: bigint | null;
  readonly at: Instant;
  readonly by: bigint | null;
};

/**
 * Notes, changes or withdraws a move-out that is yet to come: a further word, nothing else. Nothing is billed and no agreement ends
 * before a clerk does the move-out.
 * @throws CodedError `request.not-found`, `closing.refused` (closed, no agreement, a day that is here already or cannot be, nothing to
 *   withdraw), `closing.changed` (another word came in between)
 */
export async function planMoveOut(
  trx: Transaction<Tables>,
  { accountId, plan, after, at, by }: PlanAsked,
): Promise<"noted" | "already"> {
  const account = await lockAccountToClose(trx, accountId);
  if (account === null) throw new CodedError("request.not-found", `There is no account ${accountId}.`);
  const { number, ends, lastBegins } = account;
  const refuse = (why: string): CodedError =>
    new CodedError("closing.refused", `No move-out of account ${number} can be planned: ${why}.`);
  if ((await readClosing(trx, accountId)) !== null && ends !== null) throw refuse("it is closed");
  const last = (await readPlanWords(trx, accountId))[0] ?? null;
  if (last !== null && isSame(last, plan)) return "already";
  if ((last?.id ?? null) !== after)
    throw new CodedError("closing.changed", "Somebody else said something else in the meantime: nothing was noted.");
  if (plan.onDay === null) {
    if (last?.onDay == null) throw refuse("there is none to withdraw");
  } else {
    const { zone } = await operatorFacts(trx);
    const why = whyNotPlanned(plan.onDay, dayOf(at, zone), { lastBegins, ends });
    if (why !== null) throw refuse(why);
  }
  await writePlanWord(trx, accountId, plan, { at, by });
  return "noted";
}

/** Why a move-out cannot be planned for a day; `null` = it can. Pure. */
export function whyNotPlanned(
  onDay: Day,
  today: Day,
  { lastBegins, ends }: { readonly lastBegins: Day | null; readonly ends: Day | null },
): string | null {
  if (lastBegins === null) return "it has no agreement";
  if (onDay <= today) return `${onDay} is here already: do the move-out`;
  if (onDay > addDays(today, AHEAD_DAYS_MAX)) return `${onDay} is more than two years away`;
  if (onDay <= lastBegins) return `an agreement begins on ${lastBegins}: the account ends later than that`;
  if (ends !== null && ends < onDay) return `its agreements end on ${ends}`;
  return null;
}

const isSame = (a: PlanWord, b: MoveOutPlan): boolean =>
  a.onDay === b.onDay && a.contact === b.contact && a.forwardingAddress === b.forwardingAddress && a.note === b.note;
