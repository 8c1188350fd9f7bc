import type { Line } from "../../domain/bill.ts";
import { isoIn, isoOf } from "../../domain/instant.ts";
import { amountText, CURRENCIES, money } from "../../domain/money.ts";
import type { Period } from "../../domain/period.ts";
import { CUT_CAUSES, type CutCause, type Proration } from "../../domain/proration.ts";
import { decimalText } from "../../domain/quantity.ts";
import type { Charge, Tariff } from "../../domain/tariff.ts";
import type { Beside } from "../../metering/register.ts";
import type { RegisterProof } from "../register-proofs.ts";
import { type Settlement, type SettlementInput, settle, settleAll } from "../settlement.ts";
import { correctionOf } from "../true-up.ts";
import { scaledOf } from "../rate/price.ts";
import { type BillInputs, tariffDocumentOf } from "./basis.ts";
import { prorationOf } from "./proration.ts";

/** How one line of a bill came to be: decimal texts and ISO instants, for people and for JSON. */
export type ExplainedLine = {
  /** The bill line's key, with its usage point. */
  readonly key: string;
  readonly arithmetic: Arithmetic;
  readonly tariff: {
    readonly id: string;
    readonly version: string;
    readonly sha256: string;
    readonly effectiveFrom: string;
    readonly effectiveTo: string | null;
    readonly source: readonly string[];
    /** The charge as it was published. */
    readonly charge: Charge | null;
  };
  readonly proration: Proration & {
    readonly from: string;
    readonly to: string;
    /** Why the part begins or ends where it does, or its meter changes within; empty = with the bill. */
    readonly cutBy: readonly CutCause[];
  };
  readonly ladder: ExplainedLadder | null;
  /** Of a measured demand. */
  readonly measuredBy: "register" | "intervals" | null;
  readonly registers: readonly ExplainedRegister[];
  readonly verdicts: readonly ExplainedVerdict[];
  /** A true-up: the bill that it corrects, what that bill had charged and what it should have. */
  readonly corrects: { readonly number: string; readonly billed: string; readonly shouldBe: string } | null;
};

export type Arithmetic = {
  readonly quantity: string | null;
  readonly price: string | null;
  /** Of a share or tax: the lines that it is taken of. */
  readonly of: readonly { readonly key: string; readonly amount: string }[];
  /** Before rounding. */
  readonly exact: string | null;
  readonly rounding: string;
  readonly amount: string;
};

export type ExplainedLadder = {
  readonly periodFrom: string;
  readonly periodTo: string;
  readonly persons: number | null;
  /** Ends of the tiers but the last, cumulative in the ladder's period. */
  readonly thresholds: readonly string[];
  readonly usedBefore: string;
  readonly usedAfter: string;
};

export type ExplainedVerdict = {
  readonly meter: string;
  readonly register: string;
  readonly rule: string;
  readonly result: string;
  readonly from: string;
  readonly to: string;
  readonly inputs: Readonly<Record<string, string>>;
};

export type ExplainedRegister = RegisterProof & {
  /** How many readings of each source were looked at. */
  readonly sources: Readonly<Record<string, number>>;
  /** The readings at or around the two ends: `[instant, value, source]`. */
  readonly aroundStart: readonly (readonly [string, string, string])[];
  readonly aroundEnd: readonly (readonly [string, string, string])[];
};

/** Every line of a bill by what the bill rests on. Pure; the same functions as the bill run. */
export function explainLines({ input, period, operator }: BillInputs): ExplainedLine[] {
  const explainAll = (inputs: readonly SettlementInput[]): ExplainedLine[] =>
    settleAll(inputs).flatMap((settled, i) => explainSettlement(inputs[i] as SettlementInput, settled, period));
  const own = explainAll(input.settlements);
  const corrected = (input.corrections ?? []).flatMap((correction) => {
    const settled = explainAll(correction.settlements);
    const billed = new Map(correction.lines.map((line) => [line.key, line.amount]));
    return correctionOf(correction, operator.currency).lines.flatMap((line): ExplainedLine[] => {
      const key = `${correction.usagePointId}/${line.key}`;
      const base = key.replace(/\/true-up$/, "");
      const now = settled.find((one) => one.key === base);
      const before = billed.get(base) ?? 0n;
      const amount = (minor: bigint) => amountText(money(operator.currency, minor));
      const corrects = {
        number: correction.bill.number,
        billed: amount(before),
        shouldBe: amount(before + line.amount.minor),
      };
      const shell = now ?? goneLine(line, base, correction.settlements[0], period);
      return shell === null ? [] : [{ ...shell, key, corrects }];
    });
  });
  return [...own, ...corrected];
}

function explainSettlement(input: SettlementInput, settlement: Settlement, bill: Period): ExplainedLine[] {
  return settlement.lines.map((line, i) => explainLine(line, settlement.lines.slice(0, i), settlement, input, bill));
}

function explainLine(
  line: Line,
  before: readonly Line[],
  settlement: Settlement,
  input: SettlementInput,
  bill: Period,
): ExplainedLine {
  const tariff = input.versions.find(({ version }) => version === line.tariffVersion) as Tariff;
  const charge = tariff.charges.find(({ id }) => id === line.charge) ?? null;
  const { usagePointId } = settlement.agreement;
  const meters =
    line.kind === "usage" ||
    line.kind === "demand" ||
    (line.quantity !== undefined && (line.kind === "surcharge" || charge?.kind === "export"));
  const proofs = proofsOf(line, charge, settlement, input);
  return {
    key: `${usagePointId}/${line.key}`,
    arithmetic: arithmeticOf(line, before, charge, usagePointId),
    tariff: tariffOf(tariff, charge),
    proration: explainedProration(line, charge, settlement, input, bill, tariff),
    ladder: ladderOf(line, settlement, tariff),
    measuredBy: line.measuredBy ?? null,
    registers: meters ? proofs.map((proof) => registerOf(proof, input)) : [],
    verdicts: meters ? verdictsOf(settlement) : [],
    corrects: null,
  };
}

/** The registers that a charge prices: of what was given back its own, with netting and for the power factor both. */
function proofsOf(
  line: Line,
  charge: Charge | null,
  { registers, beside }: Settlement,
  { versions }: SettlementInput,
): readonly RegisterProof[] {
  const nets = versions.some(({ netting }) => netting !== undefined);
  const of = (kind: Beside | "demand") => beside.filter((one) => one.kind === kind).flatMap((one) => one.registers);
  if (charge?.kind === "power_factor") return [...registers, ...of("reactive")];
  if (charge?.kind === "demand" && line.measuredBy === "register") return of("demand");
  if (charge?.kind === "export") return nets ? [...registers, ...of("export")] : of("export");
  return nets && charge?.kind === "energy" ? [...registers, ...of("export")] : registers;
}

function arithmeticOf(line: Line, before: readonly Line[], charge: Charge | null, usagePointId: bigint): Arithmetic {
  const { currency } = line.amount;
  const names = charge !== null && "of" in charge ? charge.of : undefined;
  const shared = line.quantity === undefined && line.price !== undefined;
  const of = shared
    ? before.filter(
        (one) =>
          one.period.from >= line.period.from &&
          one.period.to <= line.period.to &&
          (names?.includes(one.charge) ?? true),
      )
    : [];
  const base = of.reduce((sum, { amount }) => sum + amount.minor, 0n);
  const shown = line.included ?? line.amount;
  return {
    quantity: line.quantity === undefined ? null : decimalText(line.quantity),
    price: line.price ?? null,
    of: of.map(({ key, amount }) => ({ key: `${usagePointId}/${key}`, amount: amountText(amount) })),
    exact: exactOf(line, base, CURRENCIES[currency]),
    rounding: charge?.rounding ?? "half_away",
    amount: amountText(shown),
  };
}

/** The product before it is rounded, in the currency's unit; of a tax inside the price, nine places. */
function exactOf(line: Line, base: bigint, places: number): string | null {
  if (line.price === undefined) return null;
  const { digits, over } = scaledOf(line.price);
  if (line.quantity !== undefined) return fraction(line.quantity * digits, 1_000_000n * over);
  const minor = 10n ** BigInt(places);
  return line.included === undefined
    ? fraction(base * digits, over * minor)
    : fraction(base * digits, (over + digits) * minor);
}

const PLACES = 9n; // more than any price and any quantity together need, but for a tax inside a price
function fraction(value: bigint, by: bigint): string {
  const scaled = (value * 10n ** PLACES) / by;
  const sign = scaled < 0n ? "-" : "";
  const text = (scaled < 0n ? -scaled : scaled).toString().padStart(Number(PLACES) + 1, "0");
  const rest = text.slice(-Number(PLACES)).replace(/0+$/, "");
  return `${sign}${text.slice(0, -Number(PLACES))}${rest === "" ? "" : `.${rest}`}`;
}

const tariffOf = (tariff: Tariff, charge: Charge | null): ExplainedLine["tariff"] => ({
  id: tariff.id,
  version: tariff.version,
  sha256: tariffDocumentOf(tariff).sha256,
  effectiveFrom: tariff.effectiveFrom,
  effectiveTo: tariff.effectiveTo ?? null,
  source: tariff.source,
  charge,
});

function explainedProration(
  line: Line,
  charge: Charge | null,
  settlement: Settlement,
  input: SettlementInput,
  bill: Period,
  tariff: Tariff,
): ExplainedLine["proration"] {
  const proration = prorationOf(line, charge, settlement, input, bill, tariff);
  const { from, to } = line.period;
  const causes = new Set(proration.cuts.flatMap(({ by }) => by));
  const cutBy = CUT_CAUSES.filter((cause) => causes.has(cause));
  return { from: isoIn(from, tariff.zone), to: isoIn(to, tariff.zone), ...proration, cutBy };
}

function ladderOf(line: Line, { ladders }: Settlement, { zone }: Tariff): ExplainedLadder | null {
  const walk = ladders.find(
    ({ charge, stretch }) => charge === line.charge && stretch.from <= line.period.from && stretch.to >= line.period.to,
  );
  if (walk === undefined) return null;
  return {
    periodFrom: isoIn(walk.ladderPeriod.from, zone),
    periodTo: isoIn(walk.ladderPeriod.to, zone),
    persons: walk.persons,
    thresholds: walk.thresholds.map(decimalText),
    usedBefore: decimalText(walk.usedBefore),
    usedAfter: decimalText(walk.usedAfter),
  };
}

function registerOf(proof: RegisterProof, { readings }: SettlementInput): ExplainedRegister {
  const own = (readings.get(BigInt(proof.meter)) ?? []).filter(({ register }) => register === proof.register);
  const around = (text: string): (readonly [string, string, string])[] => {
    const at = Date.parse(text);
    const [before, after] = [own.findLast((one) => one.at <= at), own.find((one) => one.at >= at)];
    return [...new Set([before, after])].flatMap((one) =>
      one === undefined ? [] : [[isoOf(one.at), decimalText(one.value), one.source] as const],
    );
  };
  const sources: Record<string, number> = {};
  for (const { source } of own) sources[source] = (sources[source] ?? 0) + 1;
  return { ...proof, sources, aroundStart: around(proof.from), aroundEnd: around(proof.to) };
}

const verdictsOf = ({ verdicts }: Settlement): ExplainedVerdict[] =>
  verdicts
    .filter(({ result }) => result !== "normal")
    .map(({ meterId, register, rule, result, period, inputs }) => ({
      meter: String(meterId),
      register,
      rule,
      result,
      from: isoOf(period.from),
      to: isoOf(period.to),
      inputs,
    }));

/** A line that was billed and would not be any more. */
function goneLine(
  line: Line,
  key: string,
  settlement: SettlementInput | undefined,
  bill: Period,
): ExplainedLine | null {
  const tariff = settlement?.versions.find(({ version }) => version === line.tariffVersion);
  if (settlement === undefined || tariff === undefined) return null;
  const charge = tariff.charges.find(({ id }) => id === line.charge) ?? null;
  const settled = settle(settlement);
  return {
    key,
    arithmetic: arithmeticOf(line, [], charge, settlement.agreement.usagePointId),
    tariff: tariffOf(tariff, charge),
    proration: explainedProration(line, charge, settled, settlement, bill, tariff),
    ladder: null,
    measuredBy: line.measuredBy ?? null,
    registers: settled.registers.map((proof) => registerOf(proof, settlement)),
    verdicts: verdictsOf(settled),
    corrects: null,
  };
}
