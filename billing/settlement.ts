import type { Line } from "../domain/bill.ts";
import { CodedError } from "../domain/errors.ts";
import type { Instant } from "../domain/instant.ts";
import { type Day, overlap, type Period, startOfDay, type Zone } from "../domain/period.ts";
import type { Micro } from "../domain/quantity.ts";
import type { MeterId } from "../domain/reading.ts";
import type { RegisterName } from "../domain/register.ts";
import type { Tariff } from "../domain/tariff.ts";
import type { Usage } from "../domain/usage.ts";
import type { Verdict } from "../domain/verdict.ts";
import type { BookedReading, MeteredAgreement } from "../ledger/usage.ts";
import { type Beside, BESIDE_REGISTER, DEMAND_REGISTER, MAIN_REGISTER, TOU_REGISTERS } from "../metering/register.ts";
import { type Installation, type UsageInput, type UsageResult, usageOf } from "../metering/usage.ts";
import { demandBeside } from "./demand-registers.ts";
import { doubtsOf } from "./doubts.ts";
import { inHoursOf, usageInHours } from "./hours.ts";
import { installationOf } from "./installation.ts";
import type { LadderWalk, RateContext } from "./rate.ts";
import { type RegisterProof, registerProofs } from "./register-proofs.ts";
import { ladderChargesOf, ladderPeriodAt } from "./rate/ladder.ts";
import { ratePeriods } from "./rate/periods.ts";
import { lastByVersions, versionStretches } from "./rate/stretch.ts";
import { isByTou } from "./rate/timetable.ts";
import type { Since } from "./rate/facts.ts";
import { needsOf, unkeptOf } from "./rate/needs.ts";
import type { RateState } from "./rate/state.ts";
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
  /** What else the tariff prices, by its own register. */
  readonly beside: readonly MeasuredBeside[];
  /** What charges were given of earlier bills and hand on; absent where the tariff carries nothing. */
  readonly state?: { readonly before: RateState; readonly after: RateState };
  /** Use of a time-of-use tariff whose hours nobody saw: priced by a share of time, its lines say `estimated`. */
  readonly guessed: Micro;
  readonly verdicts: readonly Verdict[];
  /** Why a bill of this stretch must wait for a person or a reading; empty when it need not. */
  readonly doubts: readonly string[];
};

export type MeasuredBeside = {
  readonly kind: Beside | "demand";
  readonly unit: "kWh" | "kvarh" | "kW";
  /** Of demand the highest kW of the stretch. */
  readonly usage: Pick<Usage, "servicePeriod" | "total" | "basis">;
  readonly registers: readonly RegisterProof[];
};

export type SettlementInput = {
  readonly agreement: MeteredAgreement;
  readonly stretch: Period;
  /** Parts of the stretch that are each rated on their own, as months. */
  readonly parts: readonly Period[];
  /** All versions of the agreement's tariff. */
  readonly versions: readonly Tariff[];
  readonly household: readonly { readonly from: Day; readonly persons: number }[];
  /** Where the tariff asks: each value in force from its day on. */
  readonly contractedKw?: readonly Since<Micro>[];
  readonly contractedKva?: readonly Since<Micro>[];
  readonly lowIncome?: readonly Since<boolean>[];
  /** What the bills before hand on, where the tariff carries something; absent = nothing yet. */
  readonly state?: RateState;
  /** Why it is not known what they hand on. */
  readonly stateUnknown?: string;
  readonly readings: ReadonlyMap<MeterId, readonly BookedReading[]>;
  readonly dials: DialBook;
};

/** All agreements of an account in one period: what one hands on, its successor at the same usage point takes over. */
export function settleAll(inputs: readonly SettlementInput[]): Settlement[] {
  const settled: Settlement[] = [];
  for (const input of inputs) {
    const before = settled.findLast(
      ({ agreement, stretch, state }) =>
        state !== undefined &&
        agreement.usagePointId === input.agreement.usagePointId &&
        stretch.to === input.stretch.from,
    );
    settled.push(settle(before?.state === undefined ? input : { ...input, state: before.state.after }));
  }
  return settled;
}

/** @throws CodedError `tariff.invalid` or `usage.invalid` when the usage cannot be priced */
export function settle(input: SettlementInput): Settlement {
  const { agreement, stretch, versions } = input;
  const { utility } = agreement;
  const unkept = unkeptOf(versions);
  if (unkept.length > 0)
    throw new CodedError("tariff.invalid", `${versions[0]?.id}: the books cannot bill it\n${unkept.join("\n")}`);
  const needs = needsOf(versions);
  const installations = agreement.stays.map((stay) => installationOf(stay, { ...input, utility }));
  const inHours = usageInHours(
    versions,
    { utility, period: stretch, installations },
    { onlyReadings: needs.byInterval },
  );
  const others = besideOf(input, installations);
  const demand = needs.demand
    ? demandBeside(agreement.stays, installations, stretch, inHours.usage.slices, zoneOf(versions))
    : null;
  const ladderBefore = ladderBeforeOf(input, installations, inHours.by);
  const usage =
    demand === null && others.length === 0
      ? inHours.usage
      : {
          ...inHours.usage,
          ...(demand === null || demand.demands.length === 0 ? {} : { demands: demand.demands }),
          ...Object.fromEntries(others.map(({ kind, result }) => [USAGE_FIELD[kind], result.usage.slices])),
        };
  const rated = ratePeriods(versions, usage, contextOf(input, ladderBefore), input.parts);
  const registers = registerProofs(input, installations, inHours);
  const beside = others.map(
    ({ kind, result }): MeasuredBeside => ({
      kind,
      unit: kind === "reactive" ? "kvarh" : "kWh",
      usage: result.usage,
      registers: withoutLine(registerProofs(input, installations, { ...result, by: kind })),
    }),
  );
  const keeps = needs.state || needs.exported || needs.reactive;
  return {
    agreement,
    stretch,
    usage,
    lines: rated.flatMap((part) => part.lines),
    ladders: rated.flatMap((part) => part.ladders),
    ladderBefore,
    registers: keeps ? withoutLine(registers) : registers,
    beside: [...(demand?.measured ?? []), ...beside],
    ...(needs.state ? { state: { before: input.state ?? {}, after: rated.at(-1)?.state ?? {} } } : {}),
    guessed: inHours.guessed + others.reduce((sum, { guessed }) => sum + guessed, 0n),
    verdicts: [
      ...inHours.verdicts,
      ...inHours.notes,
      ...others.flatMap(({ result }) => result.verdicts),
      ...(demand?.verdicts ?? []),
    ],
    doubts: [
      ...doubtsOf(inHours, notCut(agreement)),
      ...others.flatMap(({ kind, result }) => doubtsOf(result, notCut(agreement)).map((doubt) => `${kind}: ${doubt}`)),
      ...(needs.state && input.stateUnknown !== undefined ? [input.stateUnknown] : []),
      ...(keeps ? estimatedEnds([...registers, ...beside.flatMap((one) => one.registers)]) : []),
    ],
  };
}

const USAGE_FIELD = { export: "exported", reactive: "reactive" } as const satisfies Record<Beside, keyof Usage>;

const notCut = ({ stays }: MeteredAgreement) => stays.filter(({ cut }) => cut?.start !== true);

/**
 * A true-up corrects money and units of the main register, not what a bill handed on: a bill that carries credits, or settles what
 * was given back, ends at a reading or waits. A late reading near its end shows in the replay.
 */
const estimatedEnds = (proofs: readonly RegisterProof[]): string[] =>
  proofs
    .filter(({ estimate }) => estimate !== undefined)
    .map(({ serial, register, to }) => `estimated end: meter ${serial} ${register} ${to} must be read`);
const withoutLine = (proofs: readonly RegisterProof[]): RegisterProof[] =>
  proofs.map(({ line, ...proof }) => (line === undefined ? proof : { ...proof }));

type MeasuredResult = { readonly kind: Beside; readonly result: UsageResult; readonly guessed: Micro };

/** What was given back, and reactive energy, where the tariff asks for them. */
function besideOf({ agreement, stretch, versions }: SettlementInput, installations: readonly Installation[]) {
  const { utility } = agreement;
  const needs = needsOf(versions);
  const kinds: Beside[] = [
    ...(needs.exported ? ["export" as const] : []),
    ...(needs.reactive ? ["reactive" as const] : []),
  ];
  return kinds.map((kind): MeasuredResult => {
    const result = usageOf({ utility, period: stretch, installations, by: kind });
    if (kind === "reactive") return { kind, result, guessed: 0n };
    const { slices, guessed } = inHoursOf(versionStretches(versions, stretch), result.usage.slices);
    const unseen = guessed.reduce((sum, { quantity }) => sum + quantity, 0n);
    return { kind, result: { ...result, usage: { ...result.usage, slices } }, guessed: unseen };
  });
}

/** Units each ladder had counted when the stretch begins. */
function ladderBeforeOf(
  { agreement, stretch, versions }: SettlementInput,
  installations: readonly Installation[],
  by: "total" | "tou",
): Record<string, Micro> {
  const { utility } = agreement;
  const used: Record<string, Micro> = {};
  for (const { charge, from } of ladderStarts(agreement, versions, stretch, zoneOf(versions))) {
    const period = { from, to: stretch.from };
    used[charge] = from < stretch.from ? usedIn({ utility, period, installations, by }) : 0n;
  }
  return used;
}

/** What rating is told of the account, besides its use. */
const contextOf = (input: SettlementInput, ladderUsedBefore: Record<string, Micro>): RateContext => {
  const { agreement, household, contractedKw, contractedKva, lowIncome, state } = input;
  return {
    ladderUsedBefore,
    touSpread: "refuse", // every slice lies in hours of one price by now
    stay: { from: agreement.sinceDay, ...(agreement.untilDay == null ? {} : { to: agreement.untilDay }) },
    ...(household.length > 0 ? { householdSize: household } : {}),
    ...(contractedKw === undefined ? {} : { contractedKw }),
    ...(contractedKva === undefined ? {} : { contractedKva }),
    ...(lowIncome === undefined ? {} : { lowIncome }),
    ...(state === undefined ? {} : { state }),
  };
};

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
    const edges: { meterId: MeterId; at: Instant }[] = [];
    for (const at of [window.from, window.to, stretch.from, stretch.to, ...starts])
      if (!edges.some((edge) => edge.at === at)) edges.push({ meterId: stay.meterId, at });
    return edges;
  });
}

/** Registers that can make a bill under these versions. */
export function registersOf({ utility }: MeteredAgreement, versions: readonly Tariff[]): readonly RegisterName[] {
  const main = MAIN_REGISTER[utility];
  if (utility !== "electricity") return [main];
  const needs = needsOf(versions);
  return [
    main,
    ...(versions.some(({ charges }) => charges.some(isByTou)) ? TOU_REGISTERS : []),
    ...(needs.demand ? Object.values(DEMAND_REGISTER) : []),
    ...(needs.exported ? [BESIDE_REGISTER.export] : []),
    ...(needs.reactive ? [BESIDE_REGISTER.reactive] : []),
  ];
}

/** Since when each ladder counts for this account at this usage point: the ladder's own period, or the move-in. */
function ladderStarts(agreement: MeteredAgreement, versions: readonly Tariff[], stretch: Period, zone: Zone) {
  const movedIn = startOfDay(agreement.sinceDay, zone);
  return ladderPeriodStarts(versions, stretch).map((own) => (own.from >= movedIn ? own : { ...own, from: movedIn }));
}

type LadderStart = { readonly charge: string; readonly from: Instant };

/** Where the period of each ladder begins that holds the beginning of a stretch. */
const ladderPeriodStarts = lastByVersions((versions, stretch): readonly LadderStart[] => {
  const zone = zoneOf(versions);
  const byCharge = new Map<string, Instant>();
  for (const tariff of versions)
    for (const { id, ladder } of ladderChargesOf(tariff))
      byCharge.set(id, ladderPeriodAt(ladder, zone, stretch.from, stretch).from);
  return [...byCharge].map(([charge, from]) => ({ charge, from }));
});

function zoneOf(versions: readonly Tariff[]): Zone {
  const first = versions[0];
  if (first === undefined) throw new CodedError("tariff.invalid", "the tariff has no version");
  return first.zone;
}
