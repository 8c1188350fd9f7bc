import type { Transaction } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import { HOUR_MS, type Instant, instant } from "../../domain/instant.ts";
import { type Currency, type Money, money, sumMoney, zero } from "../../domain/money.ts";
import { addDays, dayOf, monthsWithin, type Period, startOfDay, type Zone } from "../../domain/period.ts";
import type { AccountId, MeterId } from "../../domain/reading.ts";
import type { RegisterName } from "../../domain/register.ts";
import { readAgreements } from "../../ledger/usage.ts";
import type { Tables } from "../../schema/tables.ts";
import { MAIN_REGISTER } from "../../metering/register.ts";
import { readAccounts } from "../chunk.ts";
import { withTrueUps } from "../due-true-ups.ts";
import type { OperatorFacts } from "../operator.ts";
import { type Settlement, type SettlementInput, settleAll } from "../settlement.ts";
import type { DialBook, TariffBook } from "../tariffs.ts";
import { type CorrectionInput, correctionOf } from "../true-up.ts";

/**
 * What an account used and nobody billed yet, up to each meter's last reading, priced by the function that will bill it,
 * with what the next bill trues up of estimated ones.
 */
export type Accrual = {
  /** `null` when it cannot be priced. */
  readonly unbilled: Money | null;
  /** How much less it may be: what is priced by guessed hours of use. `null` = nothing is uncertain, or nothing can be priced. */
  readonly band: Money | null;
  /** The supply meter's last reading. */
  readonly lastReadingAt: Instant | null;
  readonly estimated: boolean;
  readonly held: boolean;
  readonly note: string;
};

export type AccrualBooks = { readonly tariffs: TariffBook; readonly dials: DialBook };

/** All that an accrual rests on, read from the books. */
export type AccrualBasis = {
  readonly accountId: AccountId;
  /** The meter with the relay or valve. */
  readonly meterId: MeterId;
  /** End of the last bill; `null` before the first. */
  readonly billedUntil: Instant | null;
  readonly zone: Zone;
  readonly currency: Currency;
  readonly inputs: readonly SettlementInput[];
  /** What the next bill trues up of estimated ones is owed, or owed back, already. */
  readonly corrections: readonly CorrectionInput[];
  /** Bills in a row that ended at an estimate and cannot be trued up yet. */
  readonly hasEstimatedBills: boolean;
  readonly withoutTariff: readonly string[];
};

/**
 * What an accrual up to `now` rests on; `null` before the first agreement begins.
 * @param billedUntil end of the last bill; `null` before the first: from the beginning of the agreements
 */
export async function readAccrualBasis(
  trx: Transaction<Tables>,
  { accountId, meterId }: { readonly accountId: AccountId; readonly meterId: MeterId },
  billedUntil: Instant | null,
  { zone, currency, ...operator }: OperatorFacts,
  books: AccrualBooks,
  now: Instant,
): Promise<AccrualBasis | null> {
  const from = billedUntil ?? (await firstDay(trx, accountId, { zone, currency, ...operator }, now));
  if (from === null || from > now) return null;
  const period = { from, to: instant(now + 1) }; // half-open: a reading of this very moment counts
  const settlementBooks = { ...books, zone };
  const read = await readAccounts(trx, [accountId], period, settlementBooks, (stretch) => monthsWithin(stretch, zone));
  const [input] = await withTrueUps(trx, read, settlementBooks);
  return {
    accountId,
    meterId,
    billedUntil,
    zone,
    currency,
    inputs: input?.settlements ?? [],
    corrections: input?.corrections ?? [],
    hasEstimatedBills: (input?.estimatedBills?.size ?? 0) > 0,
    withoutTariff: input === undefined ? ["of no account"] : input.withoutTariff,
  };
}

/** The accrual on a basis, or of nothing. Pure. */
export const accrueOn = (basis: AccrualBasis | null, currency: Currency): Accrual =>
  basis === null ? { ...NOTHING, unbilled: zero(currency) } : accrualOf(basis);

/** Prices a basis up to each meter's last reading in it. Pure. */
export function accrualOf(basis: AccrualBasis): Accrual {
  if (basis.withoutTariff.length > 0)
    return { ...NOTHING, unbilled: null, note: `no tariff ${basis.withoutTariff.join(", ")}` };
  const last = basis.inputs[0]?.readings.get(basis.meterId)?.reduce((a, b) => (b.at > a.at ? b : a));
  const known = { lastReadingAt: last?.at ?? null, estimated: last?.source === "estimate" };
  try {
    const settled = settledOf(basis);
    const all = [...settled, ...basis.corrections.map((one) => correctionOf(one, basis.currency))];
    const lines = all.flatMap((one) => one.lines);
    return {
      unbilled: sumMoney(
        basis.currency,
        lines.map((line) => line.amount),
      ),
      band: bandOf(settled, basis.currency),
      lastReadingAt: known.lastReadingAt,
      estimated: known.estimated || settled.some(isEstimated) || basis.hasEstimatedBills,
      held: all.some(({ doubts }) => doubts.length > 0),
      note: all.flatMap(({ doubts }) => doubts).join("; "),
    };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { ...NOTHING, ...known, unbilled: null, note: error.message };
  }
}

/** @throws CodedError `tariff.invalid` or `usage.invalid` when the use cannot be priced */
export const settledOf = ({ inputs, zone }: AccrualBasis): Settlement[] =>
  settleAll(inputs.flatMap((one) => untilLastReading(one, (stretch) => monthsWithin(stretch, zone))));

/** The money of the part of the use whose hours nobody saw, rounded up: at worst for us it costs nothing. */
function bandOf(settled: readonly Settlement[], currency: Currency): Money | null {
  const parts = settled
    .filter(({ guessed, usage }) => guessed > 0n && usage.total > 0n)
    .map(({ guessed, usage, lines }) => {
      const cost = lines.reduce((sum, { amount }) => (amount.minor > 0n ? sum + amount.minor : sum), 0n);
      return money(currency, (cost * guessed + usage.total - 1n) / usage.total);
    });
  return parts.length === 0 ? null : sumMoney(currency, parts);
}

const NOTHING = { band: null, lastReadingAt: null, estimated: false, held: false, note: "" } as const;

/** Use whose hours are not known may be so small a part that nobody is kept on for it. Our choice: a tenth. */
const GUESSED_PART = 10n;
const isEstimated = ({ usage, guessed }: Settlement): boolean =>
  usage.basis === "estimated" || guessed * GUESSED_PART > usage.total;

/** Registers of one meter are read together; one that fell silent for longer than this holds up nothing. */
const TOGETHER_MS = HOUR_MS;

/** The stretch up to the last reading of all its registers: what came after is not known and not owed yet. */
function untilLastReading(input: SettlementInput, partsOf: (stretch: Period) => readonly Period[]): SettlementInput[] {
  const meters = new Set(input.agreement.stays.map(({ meterId }) => meterId));
  const lastByRegister = new Map<RegisterName, Instant>();
  for (const [meterId, readings] of input.readings) {
    if (!meters.has(meterId)) continue;
    for (const { at, register } of readings)
      if (at > (lastByRegister.get(register) ?? input.stretch.from) && at <= input.stretch.to)
        lastByRegister.set(register, at);
  }
  const latest = [...lastByRegister.values()];
  const last = lastByRegister.get(MAIN_REGISTER[input.agreement.utility]) ?? (Math.max(...latest) as Instant);
  const to = Math.min(last, ...latest.filter((at) => last - at <= TOGETHER_MS)) as Instant;
  if (latest.length === 0) return [];
  const stretch = { from: input.stretch.from, to };
  return [{ ...input, stretch, parts: partsOf(stretch) }];
}

async function firstDay(trx: Transaction<Tables>, accountId: AccountId, operator: OperatorFacts, now: Instant) {
  const today = dayOf(now, operator.zone);
  const agreements = await readAgreements(trx, [accountId], today, addDays(today, 1));
  const days = agreements.map(({ sinceDay }) => startOfDay(sinceDay, operator.zone));
  return days.length === 0 ? null : (Math.min(...days) as Instant);
}
