import { HOUR_MS, type Instant, isoOf } from "../domain/instant.ts";
import { monthsWithin, overlap, type Period, type Zone } from "../domain/period.ts";
import { decimalText, type Micro } from "../domain/quantity.ts";
import { RATIO_ONE, ratioText } from "../domain/ratio.ts";
import type { MeasuredDemand, UsageSlice } from "../domain/usage.ts";
import type { Verdict } from "../domain/verdict.ts";
import type { MeterStay } from "../ledger/usage.ts";
import { demandIn, type DemandRead } from "../metering/demand.ts";
import { DEMAND_REGISTER } from "../metering/register.ts";
import { type Installation, readingsOf } from "../metering/usage.ts";
import type { RegisterProof } from "./register-proofs.ts";
import type { MeasuredBeside } from "./settlement.ts";

/** What the demand registers of a stretch's meters say, month by month; months that they cannot tell are left out. */
export type DemandBeside = {
  readonly demands: readonly MeasuredDemand[];
  /** One row for the stretch, with each register where it was highest; none where they tell no month. */
  readonly measured: readonly MeasuredBeside[];
  /** Why a register that was read is not used. */
  readonly verdicts: readonly Verdict[];
};

/** Fuses carry a little more than is written on them; as in validation. */
const CAPACITY_PERCENT = 110n;
/** A register that shows less than half of an hour's mean power has another ratio, or another unit. Our choice. */
const LEAST_SHARE = 2n;

/** Pure. @param drawn use from reading to reading, against which the registers are held */
export function demandBeside(
  stays: readonly MeterStay[],
  installations: readonly Installation[],
  stretch: Period,
  drawn: readonly UsageSlice[],
  zone: Zone,
): DemandBeside {
  const [demands, verdicts]: [MeasuredDemand[], Verdict[]] = [[], []];
  const top = new Map<string, { readonly kw: Micro; readonly proof: RegisterProof }>();
  for (const month of monthsWithin(stretch, zone)) {
    let highest: Micro | null = 0n;
    const own: { readonly kw: Micro; readonly proof: RegisterProof }[] = [];
    for (const [i, stay] of stays.entries()) {
      const window = overlap({ from: stay.installedAt, to: stay.removedAt ?? month.to }, month);
      const installation = installations[i];
      if (window === null || installation === undefined) continue;
      const read = readIn(stay, installation, window);
      const doubt = read === null || read.kind === "unknown" ? null : doubtOf(read.kw, stay, window, drawn);
      if (read !== null && (read.kind === "unknown" || doubt !== null))
        verdicts.push(verdictOf(stay, window, read, doubt));
      if (read?.kind !== "read" || doubt !== null) highest = null;
      else {
        if (highest !== null && read.kw > highest) highest = read.kw;
        own.push({ kw: read.kw, proof: proofOf(stay, window, read) });
      }
    }
    if (highest === null || own.length === 0) continue;
    demands.push({ period: month, kw: highest });
    for (const one of own) {
      const key = `${one.proof.meter} ${one.proof.register}`;
      if (one.kw >= (top.get(key)?.kw ?? 0n)) top.set(key, one);
    }
  }
  const total = demands.reduce((most, { kw }) => (kw > most ? kw : most), 0n);
  const usage = { servicePeriod: stretch, total, basis: "actual" } as const;
  const registers = [...top.values()].map(({ proof }) => proof);
  const measured = demands.length === 0 ? [] : [{ kind: "demand", unit: "kW", usage, registers } as const];
  return { demands, measured, verdicts };
}

/** Null: the meter has no such register. */
function readIn(stay: MeterStay, installation: Installation, window: Period): DemandRead | null {
  const series = (name: (typeof DEMAND_REGISTER)[keyof typeof DEMAND_REGISTER]) => {
    const own = installation.registers.find(({ register }) => register === name);
    return own === undefined ? [] : readingsOf(installation, own).filter(({ source }) => source !== "estimate");
  };
  const [running, frozen] = [series(DEMAND_REGISTER.running), series(DEMAND_REGISTER.frozen)];
  if (running.length + frozen.length === 0) return null;
  const isFresh = stay.installedAt >= window.from && stay.cut?.start !== true;
  return demandIn({ running, frozen, isFresh }, window);
}

type Doubt = { readonly why: string; readonly limit: Micro };

function doubtOf(kw: Micro, stay: MeterStay, window: Period, drawn: readonly UsageSlice[]): Doubt | null {
  const most = (stay.maxPerHour * CAPACITY_PERCENT) / 100n;
  if (kw > most) return { why: "over_capacity", limit: most };
  let mean = 0n;
  for (const { period, quantity, basis } of drawn) {
    if (basis === "estimated" || period.to - period.from < HOUR_MS) continue;
    if (period.from < window.from || period.to > window.to) continue;
    const own = (quantity * BigInt(HOUR_MS)) / BigInt(period.to - period.from);
    if (own > mean) mean = own;
  }
  return kw * LEAST_SHARE < mean ? { why: "below_use", limit: mean } : null;
}

const verdictOf = (stay: MeterStay, period: Period, read: DemandRead, doubt: Doubt | null): Verdict => ({
  rule: "demand.not_used",
  version: 1,
  result: doubt === null ? "noted" : "suspect",
  meterId: stay.meterId,
  register: read.kind === "read" && read.by === "frozen" ? DEMAND_REGISTER.frozen : DEMAND_REGISTER.running,
  period,
  inputs: {
    why: doubt?.why ?? (read.kind === "unknown" ? read.why : ""),
    ...(read.kind === "read" ? { shown_kw: decimalText(read.kw) } : {}),
    ...(doubt === null ? {} : { limit_kw: decimalText(doubt.limit) }),
  },
  threshold: { capacity_percent: `${CAPACITY_PERCENT}`, least_share: `1/${LEAST_SHARE}` },
});

const proofOf = (
  stay: MeterStay,
  window: Period,
  read: { readonly kw: Micro; readonly by: "running" | "frozen"; readonly at: Instant },
): RegisterProof => ({
  meter: String(stay.meterId),
  serial: stay.serial,
  register: DEMAND_REGISTER[read.by],
  from: isoOf(window.from),
  to: isoOf(window.to),
  start: null,
  end: decimalText(read.kw),
  ...(stay.ratio === undefined && stay.stated === undefined ? {} : { ratio: ratioText(stay.ratio ?? RATIO_ONE) }),
  used: decimalText(read.kw),
  verdicts: [],
});
