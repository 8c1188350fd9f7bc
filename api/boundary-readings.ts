import { sql } from "kysely";
import { CodedError, type ErrorCode } from "../domain/errors.ts";
import { isoIn, isoOf } from "../domain/instant.ts";
import { type Day, startOfDay } from "../domain/period.ts";
import { decimalText, microOf } from "../domain/quantity.ts";
import { isRegisterName } from "../domain/register.ts";
import { metersAt as manualMetersAt } from "../ledger/manual-readings.ts";
import { MAIN_REGISTER } from "../metering/register.ts";
import { expectations } from "./queries/expected.ts";
import { arrayText } from "../ledger/bulk-insert.ts";
import type { Desk } from "./desk.ts";
import { enter } from "./reading-entry.ts";

/** What a dial showed as one customer went or another came. */
export type DialRead = {
  readonly meterId: string;
  /** Absent: the register that the utility is billed by. */
  readonly register?: string | undefined;
  readonly value: string;
  /** Outside what is expected, and meant. */
  readonly confirmed: boolean;
};

type NamedRead = DialRead & { readonly serial: string };

export type BoundaryReadings = {
  readonly day: Day;
  readonly userId: bigint;
  /** First part of the entries' ids: the same again is the same entry. */
  readonly key: string;
  readonly note: string;
  /** Meters of other points are refused. */
  readonly pointIds: readonly bigint[];
  readonly code: ErrorCode;
  /** A value below the reading before is refused, confirmed or not. */
  readonly isNeverBelow?: boolean;
};

/**
 * Books what dials showed as a day begins, by the rules for readings by hand, in the desk's transaction.
 * @throws CodedError `code` with what stands against it
 */
export async function bookBoundary(desk: Desk, asked: BoundaryReadings, reads: readonly DialRead[]): Promise<void> {
  const hung = await metersAt(desk, asked);
  for (const read of reads) {
    const serial = hung.get(read.meterId);
    if (serial === undefined)
      throw new CodedError(asked.code, `Meter ${read.meterId} does not measure for this customer on ${asked.day}.`);
    if (asked.isNeverBelow === true) await refuseBelow(desk, asked, { ...read, serial });
    await book(desk, asked, { ...read, serial });
  }
}

/** A dial that went back was exchanged, or is read wrongly: neither is a customer's first reading. */
async function refuseBelow(desk: Desk, { day, code }: BoundaryReadings, read: NamedRead): Promise<void> {
  const at = startOfDay(day, desk.zone);
  const [meter] = await manualMetersAt(desk.trx, desk.operatorId, [{ meterId: BigInt(read.meterId), at }]);
  const value = microOf(read.value);
  if (meter === undefined || value === null) return; // booking says what is wrong
  const register = read.register ?? MAIN_REGISTER[meter.utility];
  if (!isRegisterName(register)) return;
  const [expectation] = await expectations(desk, [{ meter, register, at }]);
  const last = expectation?.last ?? null;
  if (last === null || value >= last.value) return;
  throw new CodedError(
    code,
    `Meter ${read.serial} showed ${decimalText(last.value)} at ${isoIn(last.at, desk.zone)}: ${read.value} is less. An exchange is entered at the meter.`,
  );
}

/** Meters that hang at these points as the day begins, or end there. */
async function metersAt(desk: Desk, { pointIds, day }: BoundaryReadings): Promise<ReadonlyMap<string, string>> {
  const at = isoOf(startOfDay(day, desk.zone));
  const { rows } = await sql<{ id: bigint; serial: string }>`
    select m.id, m.serial from sanbiao.installation i join sanbiao.meter m on m.operator_id = i.operator_id and m.id = i.meter_id
     where i.operator_id = sanbiao.operator_id() and i.usage_point_id = any(${arrayText(pointIds)}::bigint[])
       and installed_at <= ${at}::timestamptz and (removed_at is null or removed_at >= ${at}::timestamptz)`.execute(
    desk.trx,
  );
  return new Map(rows.map(({ id, serial }) => [String(id), serial]));
}

async function book(desk: Desk, asked: BoundaryReadings, { meterId, serial, register, value, confirmed }: NamedRead) {
  const answer = await enter(
    desk,
    { userId: asked.userId, routeId: null, phoneNow: desk.now },
    {
      id: `${asked.key}/${asked.day}/${meterId}/${register ?? "main"}/${value}`.slice(0, 100),
      meterId,
      ...(register === undefined ? {} : { register }),
      value,
      measuredAt: isoIn(startOfDay(asked.day, desk.zone), desk.zone),
      note: asked.note,
      confirmed,
    },
  );
  if (answer.outcome === "accepted" || answer.outcome === "already") return;
  const { low, high } = answer.expected ?? { low: null, high: null };
  const why =
    answer.outcome === "outside"
      ? `expected is ${low ?? "0"} to ${high ?? "anything"}; confirm it if the dial shows it`
      : answer.outcome === "conflict"
        ? `the book holds ${answer.booked?.value ?? "another value"} at that instant`
        : (answer.reason ?? answer.outcome);
  throw new CodedError(asked.code, `Meter ${serial}, ${value}: ${why}.`);
}

/** Points that an account had or has an agreement for. */
export async function pointsOfAccount({ trx }: Desk, accountId: bigint): Promise<bigint[]> {
  const { rows } = await sql<{ id: bigint }>`
    select distinct usage_point_id as id from sanbiao.agreement
     where operator_id = sanbiao.operator_id() and account_id = ${accountId}`.execute(trx);
  return rows.map(({ id }) => id);
}

/** Books the readings of a move-out. */
export async function bookMoveOut(
  desk: Desk,
  { accountId, onDay, userId }: { readonly accountId: bigint; readonly onDay: Day; readonly userId: bigint },
  reads: readonly DialRead[],
): Promise<void> {
  const asked = {
    day: onDay,
    userId,
    key: `final/${accountId}`,
    note: `final reading ${onDay}`,
    pointIds: await pointsOfAccount(desk, accountId),
    code: "closing.refused",
  } as const;
  await bookBoundary(desk, asked, reads);
}
