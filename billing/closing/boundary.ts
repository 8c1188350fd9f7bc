import type { Day } from "../../domain/period.ts";
import type { MeterId } from "../../domain/reading.ts";
import type { RegisterName } from "../../domain/register.ts";
import type { Utility } from "../../domain/unit.ts";
import { isoOf } from "../../domain/instant.ts";
import type { AccountInput } from "../chunk.ts";
import type { Settlement } from "../settlement.ts";

/** What a register shows at the instant at which one customer ends and the next begins, and what that stands on. */
export type Boundary = {
  readonly utility: Utility;
  readonly meterId: MeterId;
  readonly serial: string;
  readonly register: RegisterName;
  /** Decimal text; `null` where nothing is known at or after the instant. */
  readonly value: string | null;
  readonly basis: "reading" | "interpolated" | "estimated" | "unknown";
  /** Of an estimate: how it was found. */
  readonly method: string | null;
};

/** The registers at which the account's last stretches end. Pure. */
export function boundariesOf(
  settlements: readonly Settlement[],
  { settlements: inputs }: Pick<AccountInput, "settlements">,
  to: Settlement["stretch"]["to"],
): Boundary[] {
  return settlements.flatMap(({ agreement, stretch, registers }, i) =>
    stretch.to !== to
      ? []
      : registers
          .filter((proof) => proof.to === isoOf(to))
          .map((proof): Boundary => {
            const meterId = BigInt(proof.meter);
            const read = inputs[i]?.readings.get(meterId) ?? [];
            const isRead = read.some(
              ({ register, at, source }) => register === proof.register && at === to && source !== "estimate",
            );
            const { estimate, end, serial, register } = proof;
            const known = estimate !== undefined ? "estimated" : isRead ? "reading" : "interpolated";
            return {
              utility: agreement.utility,
              meterId,
              serial,
              register,
              value: end,
              basis: end === null ? "unknown" : known,
              method: estimate?.method ?? null,
            };
          }),
  );
}

/** Why an account cannot be closed on a day, before anything is computed; `null` = it can. Pure. */
export function whyNotClosed(
  account: {
    readonly lastBegins: Day | null;
    readonly ends: Day | null;
    readonly billedUntil: Day | null;
    readonly unbilledFrom: Day | null;
  },
  { onDay, today, cycleBegins }: { readonly onDay: Day; readonly today: Day; readonly cycleBegins: Day },
): string | null {
  const { lastBegins, ends, billedUntil, unbilledFrom } = account;
  if (lastBegins === null) return "it has no agreement";
  if (onDay > today) return `${onDay} is yet to come: its reading is not there yet`;
  if (onDay <= lastBegins) return `an agreement begins on ${lastBegins}: the account ends later than that`;
  if (ends !== null && ends < onDay) return `its agreements ended on ${ends} already`;
  if (billedUntil !== null && billedUntil > onDay)
    return `it is billed up to ${billedUntil} already: close it then, or have those bills rechecked afterwards`;
  if (unbilledFrom !== null && unbilledFrom < cycleBegins)
    return `the days from ${unbilledFrom} to ${cycleBegins} are not billed yet: bill them first`;
  return null;
}
