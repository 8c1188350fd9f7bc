import type { Line } from "../domain/bill.ts";
import { CodedError } from "../domain/errors.ts";
import { DAY_MS, HOUR_MS, type Instant, isoOf, MINUTE_MS } from "../domain/instant.ts";
import { type Day, overlap, type Period, startOfDay, type Zone } from "../domain/period.ts";
import { decimalText, type Micro } from "../domain/quantity.ts";
import { RATIO_ONE, ratioText } from "../domain/ratio.ts";
import type { MeterId } from "../domain/reading.ts";
import type { RegisterName } from "../domain/register.ts";
import type { Tariff } from "../domain/tariff.ts";
import type { Usage } from "../domain/usage.ts";
import type { Verdict } from "../domain/verdict.ts";
import type { BookedReading, MeteredAgreement, MeterStay } from "../ledger/usage.ts";
import type { RegisterReading } from "../metering/difference.ts";
import { registerAt } from "../metering/interpolate.ts";
import { MAIN_REGISTER, TOU_REGISTERS, touOfRegister } from "../metering/register.ts";
import { type Installation, readingsOf, type UsageInput, usageOf } from "../metering/usage.ts";
import { doubtsOf } from "./doubts.ts";
import { type UsageInHours, usageInHours } from "./hours.ts";
import { installationOf } from "./installation.ts";
import type { LadderWalk } from "./rate.ts";
import { ladderChargesOf, ladderPeriodAt } from "./rate/ladder.ts";
import { ratePeriods } from "./rate/periods.ts";
import { isByTou } from "./rate/timetable.ts";
import { unkeptOf } from "./rate/unkept.ts";
import type { DialBook } from "./tariffs.ts";

/** What one agreement comes to in one stretch, or why nobody can say yet. Bill and accrual use the same function. */
export type Settlement = {
  readonly agreement: MeteredAgreement;
  readonly stretch: Period;
  readonly usage: Usage;
  readonly lines: readonly Line[];
  readonly ladders: readonly LadderWalk[];
  /** Units each ladder charge had counted before the stretch. */
  readonly ladderBefore: Readonly<Record<string, Micro>>;
  readonly registers: readonly RegisterProof[];
  /** Use of a time-of-use tariff whose hours nobody saw: priced by a share of time, its lines say `estimated`. */
  readonly guessed: Micro;
  readonly verdicts: readonly Verdict[];
  /** Why a bill of this stretch must wait for a person or a reading; empty when it need not. */
  readonly doubts: readonly string[];
};

/** Start and end of a register that was billed, for whoever asks why. `verdicts` empty: used = end − start. */
export type RegisterProof = {
  readonly meter: string;
  readonly serial: string;
  readonly register: RegisterName;
  readonly from: string;
  readonly to: string;
  readonly start: string | null;
  readonly end: string | null;
  /** By what the dial is multiplied in these values, where it is not simply the book's. */
  readonly ratio?: string;
  readonly used: string;
  readonly verdicts: readonly string[];
  /** The end is an estimate that no actual reading confirms: how it was found. */
  readonly estimate?: { readonly method: string; readonly basis: Readonly<Record<string, string>> };
  /** The end stands on a line between these two readings, further apart than the meter's usual: one may still come. */
  readonly line?: { readonly from: string; readonly to: string };
};

export type SettlementInput = {
  readonly agreement: MeteredAgreement;
  readonly stretch: Period;
  /** Parts of the stretch that are each rated on their own, as months. */
  readonly parts: readonly Period[];
  /** All versions of the agreement's tariff. */
  readonly versions: readonly Tariff[];
  readonly household: readonly { readonly from: Day; readonly persons: number }[];
  readonly readings: ReadonlyMap<MeterId, readonly BookedReading[]>;
  readonly dials: DialBook;
};

/** @throws CodedError `tariff.invalid` or `usage.invalid` when the usage cannot be priced */
export function settle(input: SettlementInput): Settlement {
  const { agreement, stretch, versions } = input;
  const { utility } = agreement;
  const zone = zoneOf(versions);
  const unkept = unkeptOf(versions);
  if (unkept.length > 0)
    throw new CodedError("tariff.invalid", `${versions[0]?.id}: the books cannot bill it yet\n${unkept.join("\n")}`);
  const installations = agreement.stays.map((stay) => installationOf(stay, { ...input, utility }));
  const inHours = usageInHours(versions, { utility, period: stretch, installations });
  const { usage, verdicts, by } = inHours;
  const ladderBefore: Record<string, Micro> = {};
  for (const { charge, from } of ladderStarts(agreement, versions, stretch, zone)) {
    const period = { from, to: stretch.from };
    ladderBefore[charge] = from < stretch.from ? usedIn({ utility, period, installations, by }) : 0n;
  }
  const context = {
    ladderUsedBefore: ladderBefore,
    touSpread: "refuse" as const, // every slice lies in hours of one price by now
    ...(input.household.length > 0 ? { householdSize: input.household } : {}),
  };
  const rated = ratePeriods(versions, usage, context, input.parts);
  return {
    agreement,
    stretch,
    usage,
    lines: rated.flatMap((part) => part.lines),
    ladders: rated.flatMap((part) => part.ladders),
    ladderBefore,
    registers: agreement.stays.flatMap((stay, i) =>
      proofsOf(stay, installations[i], input.readings, { usage, verdicts, by }),
    ),
    guessed: inHours.guessed,
    verdicts: [...verdicts, ...inHours.notes],
    doubts: doubtsOf(
      inHours,
      agreement.stays.filter(({ cut }) => cut?.start !== true),
    ),
  };
}

/** What a ladder counted: the main register also knows the time before a meter had registers for hours. */
function usedIn(input: UsageInput): Micro {
  const main = usageOf({ ...input, by: "total" });
  if (input.by !== "tou" || main.gaps.length === 0) return main.usage.total;
  const own = usageOf(input).usage.total;
  return own > main.usage.total ? own : main.usage.total;
}

/** Where readings are needed besides all those inside the stretch itself: its ends, the ladders' starts, and exchanges since. */
export function edgesOf(
  agreement: MeteredAgreement,
  versions: readonly Tariff[],
  stretch: Period,
): { meterId: MeterId; at: Instant }[] {
  const starts = ladderStarts(agreement, versions, stretch, zoneOf(versions)).map(({ from }) => from);
  const first = Math.min(stretch.from, ...starts) as Instant;
  return agreement.stays.flatMap((stay) => {
    const window = overlap(
      { from: stay.installedAt, to: stay.removedAt ?? stretch.to },
      { from: first, to: stretch.to },
    );
    if (window === null) return [];
    const instants = new Set([window.from, window.to, stretch.from, stretch.to, ...starts]);
    return [...instants].map((at) => ({ meterId: stay.meterId, at }));
  });
}

/** Registers that can make a bill under these versions. */
export function registersOf({ utility }: MeteredAgreement, versions: readonly Tariff[]): readonly RegisterName[] {
  const main = MAIN_REGISTER[utility];
  const byHours = utility === "electricity" && versions.some(({ charges }) => charges.some(isByTou));
  return byHours ? [main, ...TOU_REGISTERS] : [main];
}

/** Since when each ladder counts for this account at this usage point: the ladder's own period, or the move-in. */
function ladderStarts(agreement: MeteredAgreement, versions: readonly Tariff[], stretch: Period, zone: Zone) {
  const movedIn = startOfDay(agreement.sinceDay, zone);
  const starts = new Map<string, Instant>();
  for (const tariff of versions) {
    for (const { id, ladder } of ladderChargesOf(tariff)) {
      const { from } = ladderPeriodAt(ladder, zone, stretch.from, stretch);
      starts.set(id, Math.max(from, movedIn) as Instant);
    }
  }
  return [...starts].map(([charge, from]) => ({ charge, from }));
}

function zoneOf(versions: readonly Tariff[]): Zone {
  const first = versions[0];
  if (first === undefined) throw new CodedError("tariff.invalid", "the tariff has no version");
  return first.zone;
}

function proofsOf(
  stay: MeterStay,
  installation: Installation | undefined,
  readings: SettlementInput["readings"],
  { usage: { servicePeriod, slices }, verdicts, by }: Pick<UsageInHours, "usage" | "verdicts" | "by">,
): RegisterProof[] {
  const window = overlap({ from: stay.installedAt, to: stay.removedAt ?? servicePeriod.to }, servicePeriod);
  if (window === null || installation === undefined) return [];
  return installation.registers.flatMap((series) => {
    const { register } = series;
    const tou = touOfRegister(register);
    if ((by === "tou") !== (tou !== null)) return [];
    const ordered = readingsOf(installation, series);
    const booked = (readings.get(stay.meterId) ?? []).filter((reading) => reading.register === register);
    const own = slices.filter(
      (s) => s.period.from >= window.from && s.period.to <= window.to && (s.tou ?? null) === tou,
    );
    if (tou !== null && own.length === 0) return []; // shown by the meter, never counted on
    const used = own.reduce((sum, slice) => sum + slice.quantity, 0n);
    const [start, end] = [registerAt(ordered, window.from), registerAt(ordered, window.to)];
    const odd = verdicts.filter(
      (v) =>
        v.meterId === stay.meterId && v.register === register && v.result !== "normal" && touches(v.period, window),
    );
    return {
      meter: String(stay.meterId),
      serial: stay.serial,
      register,
      from: isoOf(window.from),
      to: isoOf(window.to),
      start: start === null ? null : decimalText(start.value),
      end: end === null ? null : decimalText(end.value),
      ...(stay.ratio === undefined && stay.stated === undefined ? {} : { ratio: ratioText(stay.ratio ?? RATIO_ONE) }),
      used: decimalText(used),
      verdicts: odd.map((verdict) => verdict.result),
      ...(window.to === servicePeriod.to && stay.removedAt !== window.to
        ? { ...estimateAt(ordered, window.to, booked), ...lineAt(ordered, window) }
        : {}),
    };
  });
}

/** Whether a verdict's stretch, or its instant, lies in the window: an end belongs to what begins there. */
const touches = (of: Period, window: Period): boolean =>
  of.from < window.to && (of.to > window.from || (of.to === of.from && of.from === window.from));

/** An end is read when its neighbours are no further apart than this, or than usual by this factor. Our choice. */
const LINE_MIN_MS = 15 * MINUTE_MS;
const LINE_FACTOR = 2.5;
/** Usual where the stretch itself has too few readings to tell: once a day. */
const USUAL_MS = DAY_MS + HOUR_MS;

/** The line on which an end stands that readings which are still on their way could move. */
function lineAt(counted: readonly RegisterReading[], window: Period): Pick<RegisterProof, "line"> {
  const [before, after] = [counted.findLast(({ at }) => at <= window.to), counted.find(({ at }) => at >= window.to)];
  if (before === undefined || after === undefined || before.at === after.at || after.source === "estimate") return {};
  const within = counted.filter(({ at }) => at >= window.from && at <= window.to);
  const [first, last] = [within[0], within.at(-1)];
  const usual_ms =
    first === undefined || last === undefined || within.length < 3
      ? USUAL_MS / LINE_FACTOR
      : (last.at - first.at) / (within.length - 1);
  if (after.at - before.at <= Math.max(LINE_MIN_MS, LINE_FACTOR * usual_ms)) return {};
  return { line: { from: isoOf(before.at), to: isoOf(after.at) } };
}

/** How the value at an instant was estimated, when no actual reading at or after it is known. */
function estimateAt(
  counted: readonly RegisterReading[],
  at: Instant,
  booked: readonly BookedReading[],
): Pick<RegisterProof, "estimate"> {
  const after = counted.filter((reading) => reading.at >= at);
  const [first] = after;
  if (first === undefined || after.some(({ source }) => source !== "estimate")) return {};
  const { method = "linear", basis = {} } = booked.find((reading) => reading.at === first.at) ?? {};
  return { estimate: { method, basis } };
}
