import type { Bill } from "../domain/bill.ts";
import { CodedError } from "../domain/errors.ts";
import { type Day, daysOf, type Period } from "../domain/period.ts";
import { VERDICT_RESULTS } from "../domain/verdict.ts";
import { billOf } from "./bill.ts";
import { lateFeeLinesOf } from "./charges/late-fee.ts";
import { chargeLinesOf } from "./charges/lines.ts";
import { dueOn } from "./charges/terms.ts";
import type { AccountInput } from "./chunk.ts";
import type { OperatorFacts } from "./operator.ts";
import { stateJson } from "./rate/account-file.ts";
import type { BilledUsage } from "../ledger/bills.ts";
import type { EditToWrite } from "../ledger/edits.ts";
import { type Settlement, settleAll } from "./settlement.ts";
import { type Correction, correctionOf } from "./true-up.ts";

/** An account settled for a bill, or the reason for a person to look. */
export type AccountBill =
  | {
      readonly kind: "billed";
      readonly bill: Bill;
      readonly settlements: readonly Settlement[];
      /** What it trues up of earlier bills. */
      readonly corrections: readonly Correction[];
      /** Ends that were estimated for it. */
      readonly estimates: readonly EditToWrite[];
    }
  | {
      readonly kind: "refused";
      readonly reason: RefusedReason;
      readonly detail: string;
      /** As far as it got: what was judged is kept for whoever looks why. */
      readonly settlements: readonly Settlement[];
    };

export type RefusedReason = "no_tariff" | "no_agreement" | "in_doubt" | "cannot_rate" | "held" | "failed";

/** The combined bill of one account for one period. Pure. */
export function accountBillOf(
  input: AccountInput,
  period: Period,
  issuedOn: Day,
  { currency, zone, terms }: OperatorFacts,
): AccountBill {
  const { accountId } = input;
  if (input.withoutTariff.length > 0) {
    return { kind: "refused", reason: "no_tariff", detail: input.withoutTariff.join(", "), settlements: [] };
  }
  if (input.settlements.length === 0) return { kind: "refused", reason: "no_agreement", detail: "", settlements: [] };
  try {
    const settlements = settleAll(input.settlements);
    const corrections = (input.corrections ?? []).map((one) => correctionOf(one, currency));
    const doubts = [...settlements, ...corrections].flatMap((one) => one.doubts);
    if (doubts.length > 0) {
      const detail = [...doubts, ...(input.unestimated ?? [])].join("; ");
      return { kind: "refused", reason: "in_doubt", detail, settlements: judgedWithout(input, settlements) };
    }
    const usagePoints = [
      ...settlements.map(({ agreement, lines }) => ({ usagePointId: agreement.usagePointId, lines })),
      ...corrections,
    ];
    const recurring = input.charges ?? [];
    const charges = [
      ...(recurring.length === 0 ? [] : chargeLinesOf(accountId, recurring, daysOf(period, zone), currency)),
      ...(input.overdue === undefined ? [] : lateFeeLinesOf(input.overdue, issuedOn, currency)),
    ];
    const due = dueOn(terms, issuedOn);
    const bill = billOf({ accountId, currency, period, issuedOn, dueOn: due, usagePoints, charges });
    return { kind: "billed", bill, settlements, corrections, estimates: input.estimates ?? [] };
  } catch (error) {
    // Data that no tariff fits is this account's trouble only; anything else is a defect, and still only this account's.
    const reason = error instanceof CodedError ? "cannot_rate" : "failed";
    return { kind: "refused", reason, detail: error instanceof Error ? error.message : String(error), settlements: [] };
  }
}

/** What a bill rests on, as the books keep it: its own stretches, then what it corrects of earlier bills. Pure. */
export const billedUsagesOf = (billed: Extract<AccountBill, { kind: "billed" }>): BilledUsage[] => [
  ...billed.settlements.map(({ agreement, usage, registers, ladderBefore, beside, state }) => ({
    usagePointId: agreement.usagePointId,
    usage,
    registers,
    ladderBefore,
    ...(beside.length === 0 ? {} : { beside }),
    ...(state === undefined ? {} : { state: { before: stateJson(state.before), after: stateJson(state.after) } }),
  })),
  ...billed.corrections.flatMap(({ usages }) => usages),
];

/** An estimate that no bill kept was never there: of what was judged with it only what is held stays. */
const judgedWithout = ({ estimates = [] }: AccountInput, settlements: readonly Settlement[]): readonly Settlement[] =>
  estimates.length === 0
    ? settlements
    : settlements.map((one) => ({
        ...one,
        verdicts: one.verdicts.filter((verdict) => VERDICT_RESULTS[verdict.result].held),
      }));
