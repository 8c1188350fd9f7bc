import { CodedError } from "../../domain/errors.ts";
import { addDays, type Day, dayOf, daysBetween, isDay } from "../../domain/period.ts";
import { decimalText } from "../../domain/quantity.ts";
import { BILLED_UNIT, UTILITIES } from "../../domain/unit.ts";
import type { Desk } from "../desk.ts";
import type { AccountUsageJson } from "../schemas/account.ts";
import { metersOfAccount, requireAccount } from "./account.ts";
import { closings } from "./closings.ts";

const DAYS_MAX = 400;

/** Daily use per utility of an account: a picture for the chart, not a bill. */
export async function accountUsage(
  desk: Desk,
  accountId: bigint,
  wanted: { from?: string | undefined; to?: string | undefined },
): Promise<AccountUsageJson> {
  await requireAccount(desk, accountId);
  const { from, to } = daysOf(desk, wanted);
  const meters = await metersOfAccount(desk, accountId);
  const used = new Map<string, bigint>();
  for (const closing of await closings(desk, meters, from, to)) {
    if (closing.used === null) continue;
    const key = `${closing.meter.utility}/${closing.day}`;
    used.set(key, (used.get(key) ?? 0n) + closing.used);
  }
  const days: Day[] = [];
  for (let d = from; d < to; d = addDays(d, 1)) days.push(d);
  const utilities = UTILITIES.filter((utility) => meters.some((meter) => meter.utility === utility));
  return {
    from,
    to,
    utilities: utilities.map((utility) => ({
      utility,
      unit: BILLED_UNIT[utility],
      days: days.map((d) => {
        const micro = used.get(`${utility}/${d}`);
        return { day: d, value: micro === undefined ? null : decimalText(micro) };
      }),
    })),
  };
}

function daysOf(desk: Desk, wanted: { from?: string | undefined; to?: string | undefined }): { from: Day; to: Day } {
  const to = wanted.to ?? addDays(dayOf(desk.now, desk.zone), 1);
  if (!isDay(to)) throw new CodedError("request.invalid", `\`to\` is not a day of the calendar: ${to}`);
  const from = wanted.from ?? addDays(to, -30);
  if (!isDay(from)) throw new CodedError("request.invalid", `\`from\` is not a day of the calendar: ${from}`);
  const days = daysBetween(from, to);
  if (days < 1 || days > DAYS_MAX || from < "1990-01-01" || to > "2200-01-01") {
    throw new CodedError("request.invalid", `\`from\` is before \`to\`, by at most ${DAYS_MAX} days.`);
  }
  return { from, to };
}
