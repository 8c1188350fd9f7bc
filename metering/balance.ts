import { decimalText, type Micro, MICRO_PER_UNIT, roundDivide } from "../domain/quantity.ts";
import type { Usage, UsageBasis } from "../domain/usage.ts";

/** What one point counted while one master measured it. */
export type PointUse = {
  readonly usagePointId: bigint;
  readonly quantity: Micro;
  /** The part of it that rests on estimates. */
  readonly estimated: Micro;
  readonly basis: UsageBasis;
  /** Why this is not the whole (no reading, a held stretch); empty when it is. */
  readonly doubts: readonly string[];
};

/** `common`: what the building itself uses, measured by a meter of its own. */
export type BalancePart = PointUse & { readonly purpose: "supply" | "common" };

export type BalanceInput = {
  readonly master: PointUse;
  readonly parts: readonly BalancePart[];
  /** Technical loss that nobody is asked about: millionths of a percent of what the master counted. */
  readonly allowancePercent: Micro;
};

export type BalanceVerdict = {
  readonly verdict:
    | "negative_loss" // a part counts too much, a wrong ratio, or a part that hangs elsewhere
    | "above_allowance"
    | "incomplete_master"
    | "incomplete_part"
    | "no_parts"
    | "key_missing"
    | "no_rule";
  readonly usagePointId?: bigint;
  readonly detail: string;
};

/** `master` = `sub` + `common` + `loss` + `residue`, exactly. */
export type Balance = {
  readonly master: Micro;
  readonly sub: Micro;
  readonly common: Micro;
  /** The part of the difference that the allowance covers; never negative. */
  readonly loss: Micro;
  /** What is left: unexplained, or below zero when the parts counted more than the master. */
  readonly residue: Micro;
  readonly estimated: Micro;
  readonly basis: UsageBasis;
  /** A quantity is not the whole: the figures stand, and nothing may follow from them. */
  readonly provisional: boolean;
  readonly verdicts: readonly BalanceVerdict[];
};

const HUNDRED_PERCENT = 100n * MICRO_PER_UNIT;

/** A master's quantity against the points below it. Pure; figures stand whatever is in doubt, and every doubt is a verdict. */
export function balanceOf({ master, parts, allowancePercent }: BalanceInput): Balance {
  const sumOf = (purpose: BalancePart["purpose"]): Micro =>
    parts.reduce((sum, part) => (part.purpose === purpose ? sum + part.quantity : sum), 0n);
  const [sub, common] = [sumOf("supply"), sumOf("common")];
  const difference = master.quantity - sub - common;
  const allowed = master.quantity > 0n ? roundDivide(master.quantity * allowancePercent, HUNDRED_PERCENT) : 0n;
  const loss = difference <= 0n ? 0n : difference < allowed ? difference : allowed;
  const residue = difference - loss;
  const all = [master, ...parts];
  return {
    master: master.quantity,
    sub,
    common,
    loss,
    residue,
    estimated: all.reduce((sum, { estimated }) => sum + estimated, 0n),
    basis: worstOf(all.map(({ basis }) => basis)),
    provisional: parts.length === 0 || all.some(({ doubts }) => doubts.length > 0),
    verdicts: [
      ...(residue < 0n ? [{ verdict: "negative_loss" as const, detail: decimalText(residue) }] : []),
      ...(residue > 0n ? [{ verdict: "above_allowance" as const, detail: decimalText(residue) }] : []),
      ...(parts.length === 0 ? [{ verdict: "no_parts" as const, detail: "" }] : []),
      ...incomplete("incomplete_master", [master]),
      ...incomplete("incomplete_part", parts),
    ],
  };
}

/** Percent of what the master counted, with two places; `null` when it counted nothing. */
export function percentOf(part: Micro, master: Micro): string | null {
  return master <= 0n ? null : decimalText(roundDivide(part * 10_000n, master) * 10_000n);
}

/** Several stretches of one point in one quantity. */
export function pointUse(
  usagePointId: bigint,
  stretches: readonly { readonly usage: Usage; readonly doubts: readonly string[] }[],
): PointUse {
  const slices = stretches.flatMap(({ usage }) => usage.slices);
  return {
    usagePointId,
    quantity: stretches.reduce((sum, { usage }) => sum + usage.total, 0n),
    estimated: slices.reduce((sum, slice) => (slice.basis === "estimated" ? sum + slice.quantity : sum), 0n),
    basis: worstOf(stretches.map(({ usage }) => usage.basis)),
    doubts: stretches.flatMap(({ doubts }) => doubts),
  };
}

const incomplete = (verdict: BalanceVerdict["verdict"], points: readonly PointUse[]): BalanceVerdict[] =>
  points.flatMap(({ usagePointId, doubts }) => doubts.map((detail) => ({ verdict, usagePointId, detail })));

const worstOf = (all: readonly UsageBasis[]): UsageBasis =>
  all.includes("estimated") ? "estimated" : all.includes("interpolated") ? "interpolated" : "actual";
