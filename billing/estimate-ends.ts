import type { Transaction } from "kysely";
import type { EstimationPolicy } from "../domain/estimate.ts";
import { DAY_MS, type Instant, instant, isoOf } from "../domain/instant.ts";
import { startOfDay, type Zone } from "../domain/period.ts";
import { decimalText } from "../domain/quantity.ts";
import type { MeterId } from "../domain/reading.ts";
import type { RegisterName } from "../domain/register.ts";
import type { Utility } from "../domain/unit.ts";
import type { EditToWrite } from "../ledger/edits.ts";
import { classProfileOf, dailyActuals } from "../ledger/estimate-history.ts";
import {
  type BookedReading,
  type MeteredAgreement,
  type MeterStay,
  paymentModesOf,
  readEditBook,
  readingsAround,
} from "../ledger/usage.ts";
import { chooseEstimate } from "../metering/estimate/choose.ts";
import { useHistory } from "../metering/estimate/history.ts";
import type { EstimateInput } from "../metering/estimate/input.ts";
import { MAIN_REGISTER } from "../metering/register.ts";
import type { Tables } from "../schema/tables.ts";
import type { AccountInput } from "./chunk.ts";
import { registersOf, type SettlementInput } from "./settlement.ts";
import type { DialBook } from "./tariffs.ts";

type Trx = Transaction<Tables>;

/** How a missing reading may be estimated; `null` = not at all. */
export type EstimationBook = (utility: Utility, paymentMode: "postpaid" | "prepaid") => EstimationPolicy | null;

type Context = {
  readonly estimation?: EstimationBook;
  readonly dials: DialBook;
  readonly zone: Zone;
  readonly now: Instant;
};

/** Last year's same weeks and the two months before them. */
export const HISTORY_MS = 430 * DAY_MS;

/** Estimates the ends that have no reading, where a declared policy allows it; else says why it does not. */
export async function withEstimates(
  trx: Trx,
  inputs: readonly AccountInput[],
  context: Context,
): Promise<AccountInput[]> {
  const { estimation, zone } = context;
  const missing = inputs.map((input) => missingEndsOf(input));
  if (estimation === undefined || missing.every((ends) => ends.length === 0)) return [...inputs];
  const silent = inputs.filter((_, i) => (missing[i] ?? []).length > 0).map(({ accountId }) => accountId);
  const modes = await paymentModesOf(trx, silent);
  const done: AccountInput[] = [];
  for (const [i, input] of inputs.entries()) {
    const [estimates, unestimated]: [EditToWrite[], string[]] = [[], []];
    for (const end of missing[i] ?? []) {
      const policy = estimation(end.agreement.utility, modes.get(input.accountId) ?? "postpaid");
      const why = whyNot(end, policy, input, zone);
      const outcome = why ?? (await estimateEnd(trx, end, policy as EstimationPolicy, context));
      if (typeof outcome === "string") unestimated.push(`no estimate: meter ${end.stay.meterId}: ${outcome}`);
      else estimates.push(...outcome);
    }
    done.push({ ...withReadings(input, estimates), estimates, unestimated });
  }
  return done;
}

/** What the declared methods make of the ends without a reading, whoever may bill by it: each with a value, or with why there is none. */
export async function proposeEnds(
  trx: Trx,
  input: AccountInput,
  context: Context,
): Promise<{ readonly proposed: readonly EditToWrite[]; readonly none: readonly string[] }> {
  const [mode] = (await paymentModesOf(trx, [input.accountId])).values();
  const [proposed, none]: [EditToWrite[], string[]] = [[], []];
  for (const end of missingEndsOf(input)) {
    const policy = context.estimation?.(end.agreement.utility, mode ?? "postpaid") ?? null;
    const outcome = policy === null ? "no policy" : await estimateEnd(trx, end, { ...policy, silentDays: 0 }, context);
    if (typeof outcome === "string") none.push(`meter ${end.stay.serial}: ${outcome}`);
    else proposed.push(...outcome);
  }
  return { proposed, none };
}

/** An end of a stretch that a meter stood through, without a reading of its main register at or after it. */
type MissingEnd = SettlementInput & {
  readonly stay: MeterStay;
  readonly at: Instant;
  readonly registers: readonly RegisterName[];
};

function missingEndsOf({ settlements }: AccountInput): MissingEnd[] {
  return settlements.flatMap((one): MissingEnd[] => {
    const { agreement, stretch, readings, versions } = one;
    const at = stretch.to;
    // An agreement that another one follows within the period ends between readings, once the period's own end has one.
    const goesOn = settlements.some(
      (other) => other.agreement.usagePointId === agreement.usagePointId && other.stretch.from >= at,
    );
    if (goesOn) return [];
    return agreement.stays.flatMap((stay): MissingEnd[] => {
      if (stay.installedAt >= at || (stay.removedAt !== null && stay.removedAt <= at)) return [];
      const own = readings.get(stay.meterId) ?? [];
      const lacks = (register: RegisterName): boolean =>
        own.some((reading) => reading.register === register) &&
        !own.some((reading) => reading.register === register && reading.at >= at);
      if (!lacks(MAIN_REGISTER[agreement.utility])) return [];
      return [{ ...one, stay, at, registers: registersOf(agreement, versions).filter(lacks) }];
    });
  });
}

/** Why an end is not estimated whatever the methods say. */
function whyNot(
  { agreement, at }: MissingEnd,
  policy: EstimationPolicy | null,
  { estimatedBills }: AccountInput,
  zone: Zone,
): string | null {
  if (policy === null) return "no policy";
  if (agreement.toDay !== null && startOfDay(agreement.toDay, zone) <= at) {
    return "the agreement ends here: its last bill needs a reading, or a value that the customer agrees to";
  }
  const before = estimatedBills?.get(agreement.usagePointId) ?? 0;
  if (before >= policy.periodsMax) {
    return `prolonged estimation: ${before} bills in a row end at an estimate (policy ${policy.id} ${policy.version})`;
  }
  return null;
}

async function estimateEnd(
  trx: Trx,
  end: MissingEnd,
  policy: EstimationPolicy,
  { zone, now }: Context,
): Promise<EditToWrite[] | string> {
  const { agreement, at, stay, stretch } = end;
  const facts = await factsOf(trx, end, { zone, classBefore: stretch.from, restDays: policy.restDays });
  const silentSince = Math.max(...facts.map(({ input }) => input?.last.at ?? 0));
  if (facts.length === 0 || silentSince === 0) return "the meter has no actual reading in the last 14 months";
  const silent_ms = now - silentSince;
  if (silent_ms < policy.silentDays * DAY_MS) {
    return `silent for less than ${policy.silentDays} days (policy ${policy.id} ${policy.version})`;
  }
  const inputs = facts.flatMap(({ input }) => (input === null ? [] : [input]));
  const chosen = chooseEstimate(policy.order, inputs);
  if (chosen.kind === "none") return chosen.missing.map(({ method, missing }) => `${method}: ${missing}`).join(", ");
  const known = facts.filter(({ input }) => input !== null);
  return chosen.estimates.map((estimate, i): EditToWrite => {
    const register = known[i]?.register ?? MAIN_REGISTER[agreement.utility];
    // A chain of estimates never falls, though a later method may think less of the time before.
    const floor = highestOf(end.readings.get(stay.meterId) ?? [], register, at);
    const value = estimate.value < floor ? floor : estimate.value;
    return {
      meterId: stay.meterId,
      register,
      at,
      origin: "estimate",
      says: {
        kind: "value",
        value,
        source: "estimate",
        method: estimate.method,
        basis: {
          ...estimate.basis,
          ...(value === estimate.value ? {} : { raised_from: decimalText(estimate.value) }),
          ...(estimate.uncertainty === null ? {} : { uncertainty: decimalText(estimate.uncertainty) }),
          method_version: `${estimate.version}`,
          policy: `${policy.id} ${policy.version}`,
        },
      },
      reason: `no reading at the end of the bill ${isoOf(stretch.from)} .. ${isoOf(stretch.to)}`,
      key: `estimate/${agreement.accountId}/${stay.meterId}/${register}/${isoOf(at)}`,
      madeAt: now,
    };
  });
}

const highestOf = (readings: readonly BookedReading[], register: RegisterName, before: Instant) =>
  readings
    .filter((reading) => reading.register === register && reading.at < before && reading.source === "estimate")
    .reduce((most, { value }) => (value > most ? value : most), 0n);

/** What the methods look at, register by register; `input` is `null` where the meter has no actual reading before. */
export async function factsOf(
  trx: Trx,
  end: Pick<MissingEnd, "at" | "stay" | "registers" | "dials"> & {
    readonly agreement: Pick<MeteredAgreement, "utility" | "tariffId" | "stays">;
  },
  options: {
    readonly zone: Zone;
    readonly classBefore: Instant;
    readonly restDays: EstimateInput["restDays"];
    readonly until?: Instant;
  },
): Promise<{ register: RegisterName; input: EstimateInput | null }[]> {
  const { agreement, at, stay, registers, dials } = end;
  const { zone, restDays, until = at } = options;
  const { utility, tariffId, stays } = agreement;
  const meterIds = [...new Set(stays.map(({ meterId }): MeterId => meterId))];
  const daily = await dailyActuals(trx, meterIds, registers, { from: instant(at - HISTORY_MS), to: until }, zone);
  const edges = registers.map((register) => ({ meterId: stay.meterId, register, at }));
  const around = await readingsAround(trx, edges, await readEditBook(trx, edges));
  const known = new Set(daily.map((one) => `${one.meterId} ${one.register} ${one.at}`));
  const beside = around.filter(
    (one) => one.source !== "estimate" && !known.has(`${one.meterId} ${one.register} ${one.at}`),
  );
  const actuals = [...daily, ...beside].sort((a, b) => a.at - b.at);
  const classProfile = await classProfileOf(trx, { utility, tariffId, before: options.classBefore });
  return registers.map((register) => {
    const ownOf = ({ meterId, installedAt, removedAt }: MeterStay) =>
      actuals.filter(
        (one) =>
          one.meterId === meterId &&
          one.register === register &&
          one.at >= installedAt &&
          (removedAt === null || one.at <= removedAt),
      );
    const history = useHistory(
      stays.map((one) => ({
        dialMax: dials(one.profileId, register),
        maxPerHour: one.maxPerHour,
        readings: ownOf(one),
      })),
    );
    const own = ownOf(stay);
    const last = own.findLast((one) => one.at < at);
    if (last === undefined) return { register, input: null };
    const input: EstimateInput = {
      at,
      zone,
      history,
      last,
      next: own.find((one) => one.at > at) ?? null,
      maxPerHour: stay.maxPerHour,
      dialMax: dials(stay.profileId, register),
      classProfile: register === MAIN_REGISTER[utility] ? classProfile : null,
      restDays,
    };
    return { register, input };
  });
}

/** The account's input as if the estimates stood in the book already. */
function withReadings(input: AccountInput, estimates: readonly EditToWrite[]): AccountInput {
  if (estimates.length === 0) return input;
  const added = Map.groupBy(
    estimates.flatMap(({ meterId, register, at, says }): BookedReading[] =>
      says.kind !== "value" || says.source !== "estimate"
        ? []
        : [{ meterId, register, at, value: says.value, source: says.source, method: says.method, basis: says.basis }],
    ),
    ({ meterId }) => meterId,
  );
  const settlements = input.settlements.map((one) => ({
    ...one,
    readings: new Map([
      ...one.readings,
      ...[...added].map(([meterId, own]) => [meterId, [...(one.readings.get(meterId) ?? []), ...own]] as const),
    ]),
  }));
  return { ...input, settlements };
}
