import type { Bill, Line } from "../domain/bill.ts";
import type { ChargeLine } from "../domain/charge.ts";
import { type Currency, sumMoney } from "../domain/money.ts";
import type { Day, Period } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";

export type BillInput = {
  readonly accountId: AccountId;
  readonly currency: Currency;
  readonly period: Period;
  readonly issuedOn: Day;
  readonly dueOn: Day;
  /** The lines of each usage point in the order in which the bill shows them. */
  /** Lines that are not supply. */
  readonly charges?: readonly ChargeLine[];
  readonly usagePoints: readonly { readonly usagePointId: bigint; readonly lines: readonly Line[] }[];
};

/** Combined bill of one account: all its usage points, one total = the sum of rounded lines. Line keys begin with the usage point. */
export function billOf(input: BillInput): Bill {
  const lines = input.usagePoints.flatMap(({ usagePointId, lines: own }) =>
    own.map((line) => ({ ...line, usagePointId, key: `${usagePointId}/${line.key}` })),
  );
  const keys = new Set(lines.map((line) => line.key));
  if (keys.size !== lines.length) throw new TypeError(`account ${input.accountId}: two bill lines with one key`);
  const total = sumMoney(
    input.currency,
    lines.map((line) => line.amount),
  );
  const { accountId, period, issuedOn, dueOn } = input;
  const charges = input.charges ?? [];
  if (new Set(charges.map(({ key }) => key)).size !== charges.length) {
    throw new TypeError(`account ${input.accountId}: two charges with one key`);
  }
  return { accountId, period, issuedOn, dueOn, lines, total, ...(charges.length === 0 ? {} : { charges }) };
}
