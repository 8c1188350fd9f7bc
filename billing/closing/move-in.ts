import { sql, type Transaction } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import type { CustomerClass } from "../../domain/charge.ts";
import type { Clock, Instant } from "../../domain/instant.ts";
import type { Money } from "../../domain/money.ts";
import { type Day, daysBetween, dayOf, startOfDay } from "../../domain/period.ts";
import { decimalText, type Micro } from "../../domain/quantity.ts";
import type { AccountId, OperatorId } from "../../domain/reading.ts";
import type { RegisterName } from "../../domain/register.ts";
import { type AccountFactKind, stateAccountFact } from "../../ledger/account-facts.ts";
import { noteAssignment } from "../../ledger/charges.ts";
import { noteCustomerClass } from "../../ledger/late-fees.ts";
import {
  lockMoveIn,
  lockPointsToTake,
  type MoveIn,
  type NewCustomer,
  type PointToTake,
  writeCustomer,
  writeMoveIn,
  writeSupply,
} from "../../ledger/move-ins.ts";
import { noteFloorArea } from "../../ledger/topology.ts";
import { readEditBook, readingsAround } from "../../ledger/usage.ts";
import { registerAt } from "../../metering/interpolate.ts";
import { MAIN_REGISTER } from "../../metering/register.ts";
import { type Database, undone } from "../../schema/database.ts";
import type { Tables } from "../../schema/tables.ts";
import { inOrder } from "../chunk.ts";
import { canonicalText } from "../explain/canonical.ts";
import { operatorFacts } from "../operator.ts";
import { withOwnTariffs } from "../own-tariffs.ts";
import { type PolicyBook, withOwnPolicies } from "../prepaid/policies.ts";
import type { TariffBook } from "../tariffs.ts";
import { pointNotTaken, startNotTaken, type WhyNot } from "./why-not-moved-in.ts";

type Trx = Transaction<Tables>;

export type MoveInDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly tariffs: TariffBook;
  readonly policies: PolicyBook;
};

export type MoveInAsked = {
  readonly operatorId: OperatorId;
  /** The first day that is this customer's. */
  readonly fromDay: Day;
  readonly customer: NewCustomer;
  /** Of prepaid supply. */
  readonly policyId: string | null;
  /** `tariffId` null: that of the last customer there. */
  readonly points: readonly { readonly pointId: bigint; readonly tariffId: string | null }[];
  readonly facts: readonly { readonly kind: AccountFactKind; readonly value: Micro }[];
  /** Decimal text. */
  readonly areaM2: string | null;
  readonly customerClass: CustomerClass | null;
  readonly charges: readonly { readonly code: string; readonly quantity: string }[];
  readonly depositAsked: Money | null;
  readonly by: bigint | null;
  /** Books what the dials showed, in the same transaction. */
  readonly prepare?: (trx: Trx) => Promise<void>;
};

/** What a point's meter shows as the customer begins, and what stood there before. */
export type StartShown = {
  readonly point: PointToTake;
  readonly tariffId: string | null;
  readonly register: RegisterName;
  readonly start: { readonly value: Micro; readonly basis: "reading" | "interpolated" | "estimated" } | null;
  readonly before: { readonly value: Micro; readonly at: Instant } | null;
  /** Days between the last customer and this one, and what was used in them: nobody's. */
  readonly vacantDays: number;
  readonly usedVacant: Micro | null;
};

export type MoveInShown = {
  readonly fromDay: Day;
  readonly starts: readonly StartShown[];
  readonly refused: readonly WhyNot[];
};

/** A move-in as it would be; nothing of it stays in the books. @throws CodedError what `prepare` refuses */
export const previewMoveIn = (deps: MoveInDeps, asked: MoveInAsked): Promise<MoveInShown> =>
  undone(deps.db, asked.operatorId, async (trx) => (await prepared(trx, deps, asked)).shown);

export type MoveInOutcome = { readonly kind: "moved_in" | "already"; readonly moveIn: MoveIn };

/**
 * Makes the account with its agreements, facts, charges and prepaid supply, once per key.
 * @throws CodedError `move-in.refused`; `request.conflict` (the key stands for something else)
 */
export async function moveIn(
  deps: MoveInDeps,
  asked: MoveInAsked & { readonly key: string; readonly request: unknown },
): Promise<MoveInOutcome> {
  const { operatorId, key, request, customer, fromDay } = asked;
  return deps.db.as(operatorId, async (trx) => {
    const before = await lockMoveIn(trx, key);
    if (before !== null) {
      if (canonicalText(before.asked) === canonicalText(request)) return { kind: "already", moveIn: before };
      throw new CodedError("request.conflict", "This Idempotency-Key stands for another move-in; nothing was done.");
    }
    const { shown, noted } = await prepared(trx, deps, asked);
    if (shown.refused.length > 0)
      throw new CodedError("move-in.refused", shown.refused.map(({ detail }) => detail).join(" "));
    const agreements = shown.starts.map(({ point, tariffId }) => ({
      pointId: point.pointId,
      tariffId: tariffId ?? "",
    }));
    const accountId = await writeCustomer(trx, customer, fromDay, agreements);
    if (accountId === null) throw new CodedError("move-in.refused", taken(customer.number).detail);
    await noteFacts(trx, accountId, asked, noted);
    const meterId = switchOf(shown.starts)?.meterId ?? null;
    if (asked.policyId !== null && meterId !== null)
      await writeSupply(trx, { accountId, meterId, policyId: asked.policyId });
    const depositAsked = asked.depositAsked?.minor ?? null;
    await writeMoveIn(trx, { accountId, fromDay, asked: request, depositAsked, key }, noted);
    const done = await lockMoveIn(trx, key);
    if (done === null) throw new Error("a move-in was written");
    return { kind: "moved_in", moveIn: done };
  });
}

const taken = (number: string): WhyNot => ({
  reason: "number_taken",
  pointId: null,
  detail: `Another account has the number ${number}.`,
});

/** The relay of prepaid supply is the electricity meter's. */
const switchOf = (starts: readonly StartShown[]): PointToTake | undefined =>
  starts.find(({ point }) => point.utility === "electricity")?.point;

async function prepared(trx: Trx, deps: MoveInDeps, asked: MoveInAsked) {
  const { fromDay, points, customer, prepare } = asked;
  const { zone } = await operatorFacts(trx);
  const now = deps.clock.now();
  const noted = { at: now, by: asked.by };
  const at = startOfDay(fromDay, zone);
  const found = await lockPointsToTake(
    trx,
    points.map(({ pointId }) => pointId),
    at,
  );
  const refused: WhyNot[] = [
    ...dayAndPoints(asked, found, dayOf(now, zone)),
    ...found.flatMap((point) => pointNotTaken(point, fromDay) ?? []),
  ];
  if (refused.length === 0) await prepare?.(trx);
  const tariffs = await withOwnTariffs(trx, deps.tariffs);
  const starts = await startsOf(trx, asked, found, { at, zone });
  for (const { point, tariffId } of starts) refused.push(...tariffTrouble(point, tariffId, tariffs));
  if (refused.length === 0) {
    const troubles = starts.map(({ point, around }) => startNotTaken(point, around, decimalText));
    refused.push(...troubles.filter((one) => one !== null));
  }
  const { rows } =
    await sql`select from sanbiao.account where operator_id = sanbiao.operator_id() and number = ${customer.number}`.execute(
      trx,
    );
  if (rows.length > 0) refused.push(taken(customer.number));
  refused.push(...(await supplyTrouble(trx, deps, asked, starts)));
  return { shown: { fromDay, starts, refused }, noted };
}

function dayAndPoints({ fromDay, points }: MoveInAsked, found: readonly PointToTake[], today: Day): WhyNot[] {
  const missing = points.filter(({ pointId }) => !found.some((one) => one.pointId === pointId));
  const no = (reason: WhyNot["reason"], detail: string, pointId: bigint | null = null) => ({ reason, pointId, detail });
  return [
    ...(fromDay > today
      ? [no("future_day", `${fromDay} is yet to come: what the meters show then is not known.`)]
      : []),
    ...(points.length === 0 ? [no("no_point", "Name at least one usage point.")] : []),
    ...missing.map(({ pointId }) => no("no_such_point", `There is no usage point ${pointId}.`, pointId)),
  ];
}

function tariffTrouble(point: PointToTake, tariffId: string | null, tariffs: TariffBook): WhyNot[] {
  const { pointId, utility } = point;
  if (tariffId === null)
    return [{ reason: "unknown_tariff", pointId, detail: `Name a tariff for ${utility}: nobody had one there.` }];
  const versions = tariffs(tariffId);
  const first = versions?.[0];
  if (first === undefined) return [{ reason: "unknown_tariff", pointId, detail: `There is no tariff ${tariffId}.` }];
  if (first.utility === utility) return [];
  return [{ reason: "wrong_tariff", pointId, detail: `Tariff ${tariffId} is for ${first.utility}, not ${utility}.` }];
}

async function supplyTrouble(
  trx: Trx,
  deps: MoveInDeps,
  { customer, policyId }: MoveInAsked,
  starts: readonly StartShown[],
): Promise<WhyNot[]> {
  if (customer.paymentMode === "postpaid") return [];
  const policies = await withOwnPolicies(trx, deps.policies);
  const known = policyId !== null && policies(policyId).length > 0;
  const no = (reason: WhyNot["reason"], detail: string): WhyNot => ({ reason, pointId: null, detail });
  return [
    ...(known ? [] : [no("unknown_policy", `There is no prepaid policy ${policyId ?? "named"}.`)]),
    ...(switchOf(starts)?.meterId == null
      ? [no("no_switch", "Prepaid supply needs an electricity meter that can switch it.")]
      : []),
  ];
}

type Around = StartShown & { readonly around: Parameters<typeof startNotTaken>[1] };

/** What the meters' billing registers show around the day's beginning, by the validated readings. */
async function startsOf(
  trx: Trx,
  { fromDay, points }: MoveInAsked,
  found: readonly PointToTake[],
  { at, zone }: { readonly at: Instant; readonly zone: string },
): Promise<Around[]> {
  const edges = found.flatMap(({ meterId, utility, last }) => {
    if (meterId === null) return [];
    const register = MAIN_REGISTER[utility];
    const ends = last?.to == null || last.to >= fromDay ? [] : [{ meterId, register, at: startOfDay(last.to, zone) }];
    return [
      { meterId, register, at },
      { meterId, register, at: (at - 1) as Instant },
      { meterId, register, at: (at + 1) as Instant },
      ...ends,
    ];
  });
  const edits = await readEditBook(trx, edges);
  const read = Map.groupBy(await readingsAround(trx, edges, edits), ({ meterId }) => meterId);
  return found.map((point) => {
    const { meterId, last, utility, pointId } = point;
    const readings = inOrder(meterId === null ? [] : (read.get(meterId) ?? []));
    const now = registerAt(readings, at);
    const isEstimate = readings.some((one) => one.at === at && one.source === "estimate");
    const before = readings.findLast((one) => one.at < at) ?? null;
    const left = last?.to == null || last.to > fromDay ? null : registerAt(readings, startOfDay(last.to, zone));
    return {
      point,
      tariffId: points.find((one) => one.pointId === pointId)?.tariffId ?? last?.tariffId ?? null,
      register: MAIN_REGISTER[utility],
      start:
        now === null
          ? null
          : {
              value: now.value,
              basis: now.basis === "interpolated" ? "interpolated" : isEstimate ? "estimated" : "reading",
            },
      before: before === null ? null : { value: before.value, at: before.at },
      vacantDays: last?.to == null ? 0 : Math.max(0, daysBetween(last.to, fromDay)),
      usedVacant: now === null || left === null || now.value < left.value ? null : now.value - left.value,
      around: {
        before: before?.value ?? null,
        start: now?.value ?? null,
        after: readings.find((one) => one.at > at)?.value ?? null,
      },
    };
  });
}

async function noteFacts(
  trx: Trx,
  accountId: AccountId,
  { fromDay, facts, areaM2, customerClass, charges, by }: MoveInAsked,
  noted: { readonly at: Instant; readonly by: bigint | null },
): Promise<void> {
  for (const { kind, value } of facts) await stateAccountFact(trx, accountId, { kind, from: fromDay, value }, by);
  if (areaM2 !== null) await noteFloorArea(trx, { accountId, fromDay, areaM2 }, noted);
  if (customerClass !== null) await noteCustomerClass(trx, accountId, { fromDay, class: customerClass }, noted);
  for (const { code, quantity } of charges) {
    const outcome = await noteAssignment(trx, accountId, { code, from: fromDay, quantity }, noted);
    if (outcome === "no_such_charge") throw new CodedError("move-in.refused", `There is no charge ${code}.`);
  }
}
