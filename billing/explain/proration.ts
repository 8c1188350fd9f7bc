import type { Line } from "../../domain/bill.ts";
import type { Instant } from "../../domain/instant.ts";
import { type Day, daysBetween, dayOf, monthOf, type Period, startOfDay, type Zone } from "../../domain/period.ts";
import {
  CUT_CAUSES,
  CUT_STANDS,
  type Cut,
  type CutCause,
  type CutStands,
  type Proration,
} from "../../domain/proration.ts";
import type { Charge, Tariff } from "../../domain/tariff.ts";
import { isCounted, MAIN_REGISTER } from "../../metering/register.ts";
import { readingsOf } from "../../metering/usage.ts";
import { installationOf } from "../installation.ts";
import type { Settlement, SettlementInput } from "../settlement.ts";

/** How a line of a settlement was prorated within its bill. Pure. */
export function prorationOf(
  line: Line,
  charge: Charge | null,
  settlement: Settlement,
  input: SettlementInput,
  bill: Period,
  tariff: Tariff,
): Proration {
  const { zone } = tariff;
  const days = ({ from, to }: Period) => daysBetween(dayOf(from, zone), dayOf(to, zone));
  const measured = !BY_DAYS.has(line.kind);
  const causes = causesOf(line, settlement, input, tariff);
  const whole = wholeOf(bill, zone);
  const cuts = [...causes.keys()]
    .filter((at) => at > whole.from && at < whole.to)
    .toSorted((a, b) => a - b)
    .map((at): Cut => {
      const by = causes.get(at) ?? new Set();
      const day = dayOf(at, zone);
      return { day, by: CUT_CAUSES.filter((cause) => by.has(cause)), on: measured ? standsOn(at, input) : "days" };
    });
  return { days: days(line.period), billDays: days(whole), scaled: scaledBy(line, charge, settlement, tariff), cuts };
}

/** A final bill ends with the customer's last day: it is a part of what its months would have been. */
const wholeOf = ({ from, to }: Period, zone: Zone): Period => ({ from, to: monthOf((to - 1) as Instant, zone).to });

const BY_DAYS: ReadonlySet<Line["kind"]> = new Set(["standing", "demand", "minimum"]);

/** What happened at the ends of a line's part and, to its meter, within it. */
function causesOf(
  { period, charge, kind }: Line,
  { stretch, ladders }: Settlement,
  { household, contractedKw = [], contractedKva = [], agreement }: SettlementInput,
  { zone, effectiveFrom, effectiveTo }: Tariff,
): Map<Instant, Set<CutCause>> {
  const causes = new Map<Instant, Set<CutCause>>();
  const put = (at: Instant, cause: CutCause) => causes.set(at, (causes.get(at) ?? new Set()).add(cause));
  const atEnd = (at: Instant, cause: CutCause) => {
    if (at === period.from || at === period.to) put(at, cause);
  };
  const onDay = (one: Day | null | undefined, cause: CutCause) => {
    if (one != null) atEnd(startOfDay(one, zone), cause);
  };
  const moves = [agreement.sinceDay, agreement.untilDay].map((one) => (one == null ? null : startOfDay(one, zone)));
  // An agreement that follows or is followed by another of the same customer is a change of tariff.
  for (const at of [stretch.from, stretch.to]) atEnd(at, moves.includes(at) ? "agreement" : "tariff");
  onDay(effectiveFrom, "tariff_version");
  onDay(effectiveTo, "tariff_version");
  for (const { from } of household) onDay(from, "household");
  for (const { from } of kind === "standing" ? [...contractedKw, ...contractedKva] : []) onDay(from, "capacity");
  for (const walk of ladders) {
    if (walk.charge !== charge) continue;
    for (const at of [walk.ladderPeriod.from, walk.ladderPeriod.to]) atEnd(at, "ladder_period");
  }
  if (BY_DAYS.has(kind)) return causes;
  for (const stay of agreement.stays) {
    const begins = stay.installedAt;
    if (begins <= period.from || begins >= period.to) continue;
    const before = agreement.stays.find(({ removedAt }) => removedAt !== null && removedAt <= begins);
    if (before !== undefined) put(begins, stay.cut?.start === true ? "ratio_change" : "meter_exchange");
  }
  return causes;
}

/** The worst of what the registers that meet at an instant show there. */
function standsOn(at: Instant, input: SettlementInput): CutStands {
  const { utility, stays } = input.agreement;
  const by = stays.flatMap((stay) => {
    if (stay.installedAt > at || (stay.removedAt !== null && stay.removedAt < at)) return [];
    const installation = installationOf(stay, { ...input, utility });
    const main = installation.registers.filter(({ register }) => register === MAIN_REGISTER[utility]);
    const counted =
      main.length > 0 ? main : installation.registers.filter((one) => isCounted(one.register, utility, "tou"));
    return counted.map((series): CutStands => {
      const next = readingsOf(installation, series).find((reading) => reading.at >= at);
      if (next === undefined || next.source === "estimate") return "estimated";
      // At a change of ratio that nobody read the dial is reckoned between its neighbours.
      const isReckoned =
        (at === stay.installedAt && series.reckonedInitial) || (at === stay.removedAt && series.reckonedFinal);
      return next.at === at && isReckoned !== true ? "reading" : "interpolated";
    });
  });
  return by.reduce<CutStands>(
    (worst, one) => (CUT_STANDS.indexOf(one) > CUT_STANDS.indexOf(worst) ? one : worst),
    by.length === 0 ? "estimated" : "reading",
  );
}

/** Amounts per month count days; of tiers, only those of a part of the ladder's own period, where the tariff says so. */
function scaledBy(line: Line, charge: Charge | null, settlement: Settlement, { zone }: Tariff): Proration["scaled"] {
  if (BY_DAYS.has(line.kind)) return "by_days";
  if (line.tier === undefined || charge?.kind !== "energy" || !("ladder" in charge)) return null;
  const walk = settlement.ladders.find(
    (one) => one.charge === line.charge && one.stretch.from <= line.period.from && one.stretch.to >= line.period.to,
  );
  if (walk === undefined || charge.ladder.part !== "by_days") return "whole";
  const { sinceDay, untilDay } = settlement.agreement;
  const { from, to } = walk.ladderPeriod;
  const part = startOfDay(sinceDay, zone) > from || (untilDay !== undefined && startOfDay(untilDay, zone) < to);
  return part ? "by_days" : "whole";
}
