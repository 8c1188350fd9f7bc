import { DAY_MS, type Instant, isoOf } from "../domain/instant.ts";
import type { MeterId } from "../domain/reading.ts";
import { VERDICT_RESULTS } from "../domain/verdict.ts";
import type { UsageResult } from "../metering/usage.ts";

/** Use before the first reading of a new meter is waived when it is shorter than this: nobody can know it. Our choice. */
const UNREAD_START_MAX_MS = DAY_MS;

/** Why a bill of this usage must wait for a person or a reading; empty when it need not. Held stretches are told by their verdicts. */
export function doubtsOf(
  { verdicts, gaps }: Pick<UsageResult, "verdicts" | "gaps">,
  stays: readonly { readonly meterId: MeterId; readonly installedAt: Instant }[],
): string[] {
  const held = verdicts
    .filter((verdict) => VERDICT_RESULTS[verdict.result].held)
    .map((v) => `${v.result}: meter ${v.meterId} ${v.register} ${isoOf(v.period.from)} .. ${isoOf(v.period.to)}`);
  const unknown = gaps
    .filter(({ reason, period, meterId }) => {
      if (reason === "held") return false;
      const isNewMeter = stays.some((stay) => stay.meterId === meterId && stay.installedAt === period.from);
      return !(reason === "no_reading_before" && isNewMeter && period.to - period.from < UNREAD_START_MAX_MS);
    })
    .map(({ reason, period, meterId }) => {
      const whose = meterId === undefined ? "" : ` meter ${meterId}`;
      return `${reason}:${whose} ${isoOf(period.from)} .. ${isoOf(period.to)}`;
    });
  return [...held, ...unknown];
}
