import { CodedError } from "../../domain/errors.ts";
import { isoIn, type Instant, MINUTE_MS } from "../../domain/instant.ts";
import { addDays, dayOf, monthOf, type Period, startOfDay, wallClock } from "../../domain/period.ts";
import type { Micro } from "../../domain/quantity.ts";
import type { Tariff } from "../../domain/tariff.ts";
import type { MeasuredDemand, TouPeriod, Usage, UsageSlice } from "../../domain/usage.ts";
import { cellsByTou, touNames } from "./energy.ts";
import { inOrder, slicesWithin, worse } from "./slices.ts";
import type { MovingState } from "./state.ts";
import type { VersionStretch } from "./stretch.ts";
import { minuteOf, pricesOf, timetableOf } from "./timetable.ts";

/** What one version's stretch is priced on. */
export type Metered = {
  readonly imported: readonly UsageSlice[];
  readonly exported: readonly UsageSlice[];
  /** What was drawn, interval by interval, for demand and power factor. */
  readonly drawn: readonly UsageSlice[];
  readonly reactive: readonly UsageSlice[] | undefined;
  readonly demands: readonly MeasuredDemand[];
};

/** Energy of a stretch after the tariff's netting. What is carried on in kWh is written to `state`. */
export function meteredIn(
  version: VersionStretch,
  usage: Usage,
  slices: readonly UsageSlice[],
  spread: "pro_rata" | "refuse",
  state: MovingState,
): Metered {
  const { tariff, stretch } = version;
  const within = (all: readonly UsageSlice[] | undefined) => slicesWithin(inOrder(all ?? []), stretch);
  const reactive = usage.reactive === undefined ? undefined : within(usage.reactive);
  const demands = (usage.demands ?? []).filter(({ period }) => period.from < stretch.to && period.to > stretch.from);
  const given = within(usage.exported);
  const profile = usage.profile === undefined ? undefined : within(usage.profile);
  if (tariff.netting === undefined || usage.exported === undefined) {
    const imported = slicesWithin(slices, stretch);
    const plain = { imported, exported: given, drawn: profile ?? imported, reactive, demands };
    return tariff.netting?.by === "period" ? { ...plain, ...overPeriod(version, plain, spread, state) } : plain;
  }
  const each = byInterval(slicesWithin(slices, stretch), given, tariff);
  const plain = { ...each, drawn: profile ?? each.imported, reactive, demands };
  return tariff.netting.by === "period" ? { ...plain, ...overPeriod(version, plain, spread, state) } : plain;
}

type Both = Pick<Metered, "imported" | "exported">;

/** Within each interval only the difference is left, on the side that had more. */
function byInterval(imported: readonly UsageSlice[], exported: readonly UsageSlice[], tariff: Tariff): Both {
  const keyOf = ({ period, tou }: UsageSlice) => `${period.from} ${period.to} ${tou ?? ""}`;
  const back = new Map(exported.map((slice) => [keyOf(slice), slice]));
  const left: UsageSlice[] = [];
  const given: UsageSlice[] = [];
  for (const slice of imported) {
    const other = back.get(keyOf(slice));
    back.delete(keyOf(slice));
    const net = slice.quantity - (other?.quantity ?? 0n);
    const basis = worse(slice.basis, other?.basis ?? "actual");
    left.push({ ...slice, quantity: net > 0n ? net : 0n, basis });
    if (net < 0n) given.push({ ...slice, quantity: -net, basis });
  }
  for (const slice of back.values()) {
    if (slice.quantity === 0n) continue;
    if (imported.some(({ period }) => period.from < slice.period.to && period.to > slice.period.from)) {
      throw new CodedError(
        "usage.invalid",
        `${isoIn(slice.period.from, tariff.zone)}: ${tariff.id} nets within intervals, and energy taken and given back come on different intervals`,
      );
    }
    given.push(slice);
  }
  return { imported: left, exported: inOrder(given) };
}

/** Over the stretch, within each time of use; one slice for each that has use, or surplus to sell. */
function overPeriod(
  { tariff, stretch }: VersionStretch,
  { imported, exported }: Both,
  spread: "pro_rata" | "refuse",
  state: MovingState,
): Both {
  const names = touNames(tariff.charges.flatMap((charge) => pricesOf(charge)));
  const [taken, given] = [imported, exported].map((slices) => cellsByTou(slices, tariff, names, spread)) as [
    ReturnType<typeof cellsByTou>,
    ReturnType<typeof cellsByTou>,
  ];
  const carries = tariff.netting?.by === "period" && tariff.netting.surplus === "carry";
  const credit = carries ? creditIn(tariff, stretch, state.netCredit) : {};
  const [left, over]: [UsageSlice[], UsageSlice[]] = [[], []];
  let total: Micro = 0n;
  for (const [i, cell] of taken.entries()) {
    const back = given[i]?.quantity ?? 0n;
    total += back - cell.quantity;
    const name = cell.tou ?? "";
    const net = cell.quantity - back - (credit[name] ?? 0n);
    const slice = {
      period: stretch,
      ...(cell.tou === null ? {} : { tou: cell.tou }),
      basis: worse(cell.basis, given[i]?.basis ?? "actual"),
    };
    if (net >= 0n) left.push({ ...slice, quantity: net });
    else if (!carries) over.push({ ...slice, quantity: -net });
    credit[name] = net < 0n ? -net : 0n;
  }
  if (carries) {
    state.netCredit = Object.fromEntries(Object.entries(credit).filter(([, kwh]) => kwh !== 0n));
    state.netTotal = state.netTotal + total > 0n ? state.netTotal + total : 0n;
  }
  return { imported: left, exported: over };
}

/** Credits of the months before, as this month's times of use take them over. */
function creditIn(tariff: Tariff, { from }: Period, before: Readonly<Record<string, Micro>>): Record<string, Micro> {
  const hours = tariff.netting?.by === "period" ? tariff.netting.likeHours : undefined;
  const now = monthOf(from, tariff.zone);
  if (hours === undefined || tariff.tou === undefined || now.from !== from) return { ...before };
  const [old, own] = [monthOf(from, tariff.zone, -1), now].map((month) => standingAt(tariff, month, hours)) as [
    TouPeriod[],
    TouPeriod[],
  ];
  const credit: Record<string, Micro> = {};
  for (const [name, kwh] of Object.entries(before)) {
    const target = own[old.indexOf(name)];
    if (target !== undefined) credit[target] = (credit[target] ?? 0n) + kwh;
  }
  return credit;
}

/** Times of use at these hours of the month's first workday. */
function standingAt({ tou, zone }: Tariff, month: Period, hours: readonly string[]): TouPeriod[] {
  if (tou === undefined) return [];
  let day = dayOf(month.from, zone);
  while (wallClock(startOfDay(day, zone), zone).weekday > 5) day = addDays(day, 1);
  const timetable = timetableOf(tou, zone);
  return hours.map((hour) => timetable.spanAt((startOfDay(day, zone) + minuteOf(hour) * MINUTE_MS) as Instant).tou);
}
