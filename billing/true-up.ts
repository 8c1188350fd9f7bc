import type { Line } from "../domain/bill.ts";
import { type Currency, money } from "../domain/money.ts";
import { decimalText, type Micro, microOf } from "../domain/quantity.ts";
import type { RegisterName } from "../domain/register.ts";
import type { Unit, Utility } from "../domain/unit.ts";
import type { BilledUsage } from "../ledger/bills.ts";
import {
  type BilledLine,
  type BilledStretch,
  type OpenTrueUp,
  TRUE_UP_KEY,
  type TrueUpClosing,
} from "../ledger/true-ups.ts";
import { registerAt } from "../metering/interpolate.ts";
import { readingsOf } from "../metering/usage.ts";
import { installationOf } from "./installation.ts";
import type { RegisterProof } from "./register-proofs.ts";
import { type Settlement, type SettlementInput, settleAll } from "./settlement.ts";

/** A bill that ended at an estimate, or began at one, at one usage point, and what is needed to say what it should have been. */
export type CorrectionInput = {
  readonly bill: { readonly id: bigint; readonly number: string };
  readonly usagePointId: bigint;
  /** The bill's period again, by the readings that are known now. */
  readonly settlements: readonly SettlementInput[];
  /** What was billed, with corrections until now. */
  readonly lines: readonly BilledLine[];
  readonly stretches: readonly BilledStretch[];
  /** The true-ups that the bill opened. */
  readonly trueUps: readonly OpenTrueUp[];
};

export type Correction = {
  readonly usagePointId: bigint;
  readonly lines: readonly Line[];
  readonly usages: readonly BilledUsage[];
  readonly closings: readonly TrueUpClosing[];
  readonly doubts: readonly string[];
};

/**
 * What an estimated bill comes to by what was read since, less what was billed: line by line, so that the bill and its
 * true-up together come to the cent to the bill that the reading would have made. The price, the ladder's tiers and the
 * ladder's position are those of the estimated period; after an estimate that was too high the lines are credits. Pure.
 */
export function correctionOf(input: CorrectionInput, currency: Currency): Correction {
  const settled = settleAll(input.settlements);
  return {
    usagePointId: input.usagePointId,
    lines: differencesOfLines(
      input,
      settled.flatMap(({ lines }) => lines),
      currency,
    ),
    usages: settled.flatMap((one) => usageDifference(input, one)),
    closings: input.trueUps.map((trueUp) => closingOf(trueUp, input.settlements)),
    doubts: settled.flatMap(({ doubts }) => doubts),
  };
}

/** A line as it was billed, corrections added in, and as it should be. */
export type LineDifference = {
  /** Without the usage point. */
  readonly key: string;
  /** As it should be; amount zero when it would not be billed any more. */
  readonly line: Line;
  readonly billed: BilledLine | null;
  readonly amount: bigint;
  readonly quantity: Micro;
  readonly included: bigint;
};

/** Line by line what should be less what was billed; lines that agree are left out. Pure. */
export function lineDifferences(
  { usagePointId, lines }: Pick<CorrectionInput, "usagePointId" | "lines">,
  now: readonly Line[],
  currency: Currency,
): LineDifference[] {
  const prefix = `${usagePointId}/`;
  const billed = new Map(lines.map((line) => [line.key.slice(prefix.length), line]));
  const due = new Map(now.map((line) => [line.key, line]));
  return [...new Set([...due.keys(), ...billed.keys()])].flatMap((key): LineDifference[] => {
    const [before, after] = [billed.get(key), due.get(key)];
    const line = after ?? lineOf(before, currency);
    if (line === null) return [];
    const amount = (after?.amount.minor ?? 0n) - (before?.amount ?? 0n);
    const quantity = (after?.quantity ?? 0n) - (before?.quantity ?? 0n);
    const included = (after?.included?.minor ?? 0n) - (before?.included ?? 0n);
    if (amount === 0n && quantity === 0n && included === 0n) return [];
    return [{ key, line, billed: before ?? null, amount, quantity, included }];
  });
}

const differencesOfLines = (input: CorrectionInput, now: readonly Line[], currency: Currency): Line[] =>
  lineDifferences(input, now, currency).map(({ key, line, amount, quantity, included }) => ({
    ...line,
    key: `${key}${TRUE_UP_KEY}`,
    ...(line.quantity === undefined ? {} : { quantity }),
    amount: money(currency, amount),
    ...(line.included === undefined ? {} : { included: money(currency, included) }),
    corrects: input.bill.id,
    title: titleOf(line.title, input.bill.number),
  }));

const titleOf = ({ zh, en }: Line["title"], number: string): Line["title"] => ({
  zh: `估抄结清（账单 ${number}）：${zh}`,
  en: `True-up of estimated bill ${number}: ${en}`,
});

/** A line that was billed and would not be any more, as a tier that was never reached. */
function lineOf(billed: BilledLine | undefined, currency: Currency): Line | null {
  if (billed === undefined) return null;
  const { tier, tou, quantity, unit, price, included } = billed;
  return {
    key: billed.key,
    utility: billed.utility as Utility,
    tariffId: billed.tariffId,
    tariffVersion: billed.tariffVersion,
    charge: billed.charge,
    kind: billed.kind as Line["kind"],
    ...(tier === null ? {} : { tier }),
    ...(tou === null ? {} : { tou }),
    period: { from: billed.from, to: billed.to },
    ...(quantity === null ? {} : { quantity }),
    ...(unit === null ? {} : { unit: unit as Unit }),
    ...(price === null ? {} : { price }),
    amount: money(currency, 0n),
    ...(included === null ? {} : { included: money(currency, 0n) }),
    title: billed.title,
    ...(billed.kind === "usage" ? { basis: "actual" as const } : {}),
  };
}

/** The stretch's use by now less what was billed of it, register by register; nothing where they agree. */
function usageDifference(input: CorrectionInput, settled: Settlement): BilledUsage[] {
  const { agreement, usage, ladderBefore } = settled;
  const billed = input.stretches.find((stretch) => stretch.from === usage.servicePeriod.from);
  const used = new Map((billed?.registers ?? []).map((one) => [`${one.meter} ${one.register}`, one.used]));
  const proofs = settled.registers.flatMap((proof): RegisterProof[] => {
    const key = `${proof.meter} ${proof.register}`;
    const before = used.get(key) ?? 0n;
    used.delete(key);
    return differenceProof(proof, proof.used, before);
  });
  // Registers that the bill counted and would not count now: their use is taken back.
  const period = { from: settled.registers[0]?.from ?? "", to: settled.registers[0]?.to ?? "" };
  for (const [key, before] of used) {
    const [meter = "", register = ""] = key.split(" ");
    const gone = { meter, serial: "", register: register as RegisterName, ...period, start: null, end: null };
    proofs.push(...differenceProof({ ...gone, used: "0", verdicts: [] }, "0", before));
  }
  const total = usage.total - (billed?.quantity ?? 0n);
  if (total === 0n && proofs.length === 0) return [];
  const difference = { ...usage, total };
  return [
    {
      usagePointId: agreement.usagePointId,
      usage: difference,
      registers: proofs,
      ladderBefore,
      corrects: input.bill.id,
    },
  ];
}

function differenceProof(proof: RegisterProof, usedNow: string, before: Micro): RegisterProof[] {
  const now = microOf(usedNow) ?? 0n;
  if (now === before) return [];
  const { estimate: _, ...rest } = proof;
  return [{ ...rest, used: decimalText(now - before), verdicts: ["true_up"] }];
}

/** The register's value at the estimate's instant by what was read; the meter that stood there then tells. */
function closingOf(trueUp: OpenTrueUp, settlements: readonly SettlementInput[]): TrueUpClosing {
  const { meterId, register, at, value, id } = trueUp;
  for (const { agreement, readings, dials } of settlements) {
    const stay = agreement.stays.find(
      (one) => one.meterId === meterId && one.installedAt < at && (one.removedAt === null || one.removedAt >= at),
    );
    if (stay === undefined) continue;
    const installation = installationOf(stay, { utility: agreement.utility, readings, dials });
    const series = installation.registers.find((one) => one.register === register);
    const found = series === undefined ? null : registerAt(readingsOf(installation, series), at);
    if (found !== null)
      return { trueUpId: id, value: found.value, basis: found.basis, difference: found.value - value };
  }
  return { trueUpId: id, value: null, basis: "interpolated", difference: null };
}
