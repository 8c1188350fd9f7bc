import type { MoveInAsked } from "../billing/closing/move-in.ts";
import { CodedError } from "../domain/errors.ts";
import { type Day, isDay } from "../domain/period.ts";
import { microOf } from "../domain/quantity.ts";
import { bookBoundary } from "./boundary-readings.ts";
import type { Desk } from "./desk.ts";
import { amountOf } from "./routes/payments.ts";
import type { MoveInAskedJson } from "./schemas/move.ts";

/** What a body asks for. Readings are booked in the transaction of the move-in, in the name of `userId`. */
export function moveInAskedOf(desk: Omit<Desk, "trx">, userId: bigint | null, body: MoveInAskedJson): MoveInAsked {
  const { customer, policyId, points, readings, facts, charges, depositAsked } = body;
  const fromDay = dayIn(body.fromDay);
  if (customer.paymentMode === "postpaid" && policyId !== undefined)
    throw new CodedError("request.invalid", "policyId: a postpaid account has no prepaid policy.");
  if (readings.length > 0 && userId === null) throw new Error("readings are entered by somebody");
  return {
    operatorId: desk.operatorId,
    fromDay,
    customer,
    policyId: policyId ?? null,
    points: points.map(({ usagePointId, tariffId }) => ({ pointId: BigInt(usagePointId), tariffId: tariffId ?? null })),
    facts: factsOf(facts),
    areaM2: facts.areaM2 ?? null,
    customerClass: facts.customerClass ?? null,
    charges,
    depositAsked: depositAsked === undefined ? null : amountIn(desk, depositAsked),
    by: userId,
    ...(readings.length === 0 || userId === null ? {} : { prepare: readingsOf(desk, userId, body, fromDay) }),
  };
}

const readingsOf =
  (desk: Omit<Desk, "trx">, userId: bigint, { points, readings, customer }: MoveInAskedJson, day: Day) =>
  (trx: Desk["trx"]): Promise<void> =>
    bookBoundary(
      { ...desk, trx },
      {
        day,
        userId,
        key: `move-in/${points[0]?.usagePointId}`,
        note: `first reading of account ${customer.number}`,
        pointIds: points.map(({ usagePointId }) => BigInt(usagePointId)),
        code: "move-in.refused",
        isNeverBelow: true,
      },
      readings,
    );

function factsOf({ persons, contractedKw, contractedKva, lowIncome }: MoveInAskedJson["facts"]): MoveInAsked["facts"] {
  const said = [
    { kind: "household", value: persons === undefined ? null : BigInt(persons) },
    { kind: "contracted_kw", value: contractedKw === undefined ? null : microOf(contractedKw) },
    { kind: "contracted_kva", value: contractedKva === undefined ? null : microOf(contractedKva) },
    { kind: "low_income", value: lowIncome === undefined ? null : lowIncome ? 1n : 0n },
  ] as const;
  return said.flatMap(({ kind, value }) => (value === null ? [] : [{ kind, value }]));
}

function amountIn({ currency }: Omit<Desk, "trx">, asked: NonNullable<MoveInAskedJson["depositAsked"]>) {
  const amount = amountOf(asked);
  if (amount.currency !== currency || amount.minor <= 0n)
    throw new CodedError("request.invalid", `depositAsked: more than zero, in ${currency}.`);
  return amount;
}

function dayIn(text: string): Day {
  if (!isDay(text)) throw new CodedError("request.invalid", `There is no day ${text}.`);
  return text;
}
