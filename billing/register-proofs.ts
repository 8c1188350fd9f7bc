import { DAY_MS, HOUR_MS, type Instant, isoOf, MINUTE_MS } from "../domain/instant.ts";
import { overlap, type Period } from "../domain/period.ts";
import { decimalText } from "../domain/quantity.ts";
import { RATIO_ONE, ratioText } from "../domain/ratio.ts";
import type { RegisterName } from "../domain/register.ts";
import type { BookedReading, MeterStay } from "../ledger/usage.ts";
import type { RegisterReading } from "../metering/difference.ts";
import { registerAt } from "../metering/interpolate.ts";
import { type CountedBy, isCounted, touOfRegister } from "../metering/register.ts";
import { type Installation, readingsOf, type UsageResult } from "../metering/usage.ts";
import type { SettlementInput } from "./settlement.ts";

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

type Counted = Pick<UsageResult, "usage" | "verdicts"> & { readonly by: CountedBy };

/** The registers of an agreement that were counted on in a stretch. Pure. */
export const registerProofs = (
  { agreement, readings }: Pick<SettlementInput, "agreement" | "readings">,
  installations: readonly Installation[],
  counted: Counted,
): RegisterProof[] => agreement.stays.flatMap((stay, i) => proofsOf(stay, installations[i], readings, counted));

function proofsOf(
  stay: MeterStay,
  installation: Installation | undefined,
  readings: SettlementInput["readings"],
  { usage: { utility, servicePeriod, slices }, verdicts, by }: Counted,
): RegisterProof[] {
  const window = overlap({ from: stay.installedAt, to: stay.removedAt ?? servicePeriod.to }, servicePeriod);
  if (window === null || installation === undefined) return [];
  return installation.registers.flatMap((series) => {
    const { register } = series;
    const tou = touOfRegister(register);
    if (!isCounted(register, utility, by)) return [];
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
