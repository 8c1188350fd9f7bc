import type { Day } from "../../domain/period.ts";
import type { Micro } from "../../domain/quantity.ts";
import type { PointToTake } from "../../ledger/move-ins.ts";

export const MOVE_IN_REFUSALS = [
  "future_day",
  "no_point",
  "no_such_point",
  "master",
  "occupied",
  "too_early",
  "no_meter",
  "unknown_tariff",
  "wrong_tariff",
  "start_unknown",
  "below_last",
  "above_next",
  "number_taken",
  "unknown_policy",
  "no_switch",
] as const;
export type MoveInRefusal = (typeof MOVE_IN_REFUSALS)[number];

/** Why nobody can move in so: in one word for programs, in a sentence for people. */
export type WhyNot = { readonly reason: MoveInRefusal; readonly pointId: bigint | null; readonly detail: string };

const nameOf = ({ building, room, utility }: PointToTake): string => `${building}/${room} ${utility}`;

/** What stands against a point from a day on; `null` = it is vacant and measured. Pure. */
export function pointNotTaken(point: PointToTake, from: Day): WhyNot | null {
  const { pointId, last } = point;
  const no = (reason: MoveInRefusal, detail: string): WhyNot => ({ reason, pointId, detail });
  const name = nameOf(point);
  if (point.role === "master") return no("master", `${name} measures others: no customer takes it.`);
  if (last !== null && last.to === null)
    return no("occupied", `Account ${last.number} has ${name} since ${last.from} and has not moved out.`);
  if (last !== null && last.to !== null && last.to > from)
    return no("too_early", `Account ${last.number} has ${name} up to ${last.to}: nobody moves in before.`);
  if (point.meterId === null) return no("no_meter", `No meter hangs at ${name} on ${from}.`);
  return null;
}

/** A register around the instant at which a customer begins: what it showed before, then, and afterwards. */
export type AroundStart = {
  readonly before: Micro | null;
  readonly start: Micro | null;
  readonly after: Micro | null;
};

/** Why a start does not fit what the register showed before and afterwards; `null` = it does. Pure. */
export function startNotTaken(
  point: PointToTake,
  { before, start, after }: AroundStart,
  text: (value: Micro) => string,
): WhyNot | null {
  const { pointId, serial } = point;
  if (start === null)
    return {
      reason: "start_unknown",
      pointId,
      detail: `Nobody knows what meter ${serial} shows as the day begins: enter it.`,
    };
  if (before !== null && start < before)
    return {
      reason: "below_last",
      pointId,
      detail: `Meter ${serial} showed ${text(before)} before: ${text(start)} is less. An exchange is entered at the meter.`,
    };
  if (after !== null && start > after)
    return {
      reason: "above_next",
      pointId,
      detail: `Meter ${serial} showed ${text(after)} afterwards: ${text(start)} is more.`,
    };
  return null;
}
