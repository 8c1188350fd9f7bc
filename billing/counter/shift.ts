import { sql, type Transaction } from "kysely";
import { isBeyond, type Pieces, type ShiftState, sumOfPieces } from "../../domain/counter.ts";
import { CodedError } from "../../domain/errors.ts";
import { isoOf } from "../../domain/instant.ts";
import { type Currency, type Money, money } from "../../domain/money.ts";
import type { OperatorId } from "../../domain/reading.ts";
import { drawerAccount, type Posting } from "../../ledger/chart.ts";
import { postEntry } from "../../ledger/journal.ts";
import {
  countsOfShift,
  type Deed,
  expectedCash,
  lockShift,
  readCounterTerms,
  type Shift,
} from "../../ledger/shifts.ts";
import type { Database } from "../../schema/database.ts";
import type { Tables } from "../../schema/tables.ts";

type Trx = Transaction<Tables>;
type Person = Deed & { readonly operatorId: OperatorId; readonly isManager: boolean };

export type ShiftOutcome = { readonly kind: "done" | "already"; readonly shiftId: bigint; readonly state: ShiftState };

/**
 * A clerk begins at a drawer with a float out of the cash on hand. Once per key.
 * @throws CodedError `request.not-found` (drawer), `counter.drawer-taken`, `counter.shift-open`, `request.conflict`
 */
export async function openShift(
  db: Database,
  wish: Person & { drawerId: bigint; float: Money; key: string },
): Promise<ShiftOutcome> {
  return db.as(wish.operatorId, async (trx) => {
    await requireDrawer(trx, wish.drawerId);
    const { rows } = await sql<{ id: bigint }>`
      insert into sanbiao.counter_shift (operator_id, drawer_id, clerk_id, client_key, currency, float_minor, opened_at, state)
      values (sanbiao.operator_id(), ${wish.drawerId}, ${wish.by}, ${wish.key}, ${wish.float.currency}, ${wish.float.minor},
              ${isoOf(wish.at)}::timestamptz, 'open') on conflict do nothing returning id`.execute(trx);
    const shiftId = rows[0]?.id;
    if (shiftId === undefined) return openedBefore(trx, wish);
    if (wish.float.minor > 0n) {
      const { journalId } = await postEntry(trx, {
        ...transferOf(wish, `shift/${shiftId}/open`, { shift: String(shiftId), transfer: "float" }),
        postings: [
          { ledgerAccount: drawerAccount(wish.drawerId), amount: wish.float },
          { ledgerAccount: "cash", amount: money(wish.float.currency, -wish.float.minor) },
        ],
      });
      await sql`update sanbiao.counter_shift set open_journal_id = ${journalId}
                 where operator_id = sanbiao.operator_id() and id = ${shiftId}`.execute(trx);
    }
    return { kind: "done", shiftId, state: "open" };
  });
}

const transferOf = (of: Person, key: string, cause: Record<string, string>) =>
  ({
    operatorId: of.operatorId,
    key,
    kind: "transfer",
    cause,
    occurredAt: of.at,
    postedAt: of.at,
    postedBy: of.by,
  }) as const;

async function requireDrawer(trx: Trx, id: bigint): Promise<void> {
  const { rows } =
    await sql`select 1 from sanbiao.cash_drawer where operator_id = sanbiao.operator_id() and id = ${id}`.execute(trx);
  if (rows.length === 0) throw new CodedError("request.not-found", `There is no drawer ${id}.`);
}

/** Nothing was opened: the same was asked before, somebody is at the drawer, or the clerk at another one. */
async function openedBefore(
  trx: Trx,
  wish: Person & { drawerId: bigint; float: Money; key: string },
): Promise<ShiftOutcome> {
  const { rows } = await sql<{
    id: bigint;
    same: boolean;
    of_key: boolean;
    clerk_id: bigint;
    clerk: string;
    drawer: string;
    state: ShiftState;
  }>`
    select s.id, s.state, s.client_key = ${wish.key} as of_key, s.clerk_id, u.name as clerk, d.code as drawer,
           s.clerk_id = ${wish.by} and s.drawer_id = ${wish.drawerId} and s.float_minor = ${wish.float.minor} as same
      from sanbiao.counter_shift s
      join sanbiao.app_user u on u.operator_id = s.operator_id and u.id = s.clerk_id
      join sanbiao.cash_drawer d on d.operator_id = s.operator_id and d.id = s.drawer_id
     where s.operator_id = sanbiao.operator_id()
       and (s.client_key = ${wish.key} or s.state = 'open' and (s.drawer_id = ${wish.drawerId} or s.clerk_id = ${wish.by}))
     order by s.client_key = ${wish.key} desc, s.clerk_id = ${wish.by} desc limit 1`.execute(trx);
  const row = rows[0];
  if (row === undefined) throw new CodedError("counter.drawer-taken", "The drawer was taken meanwhile.");
  if (row.of_key) {
    if (!row.same) throw new CodedError("request.conflict", "This Idempotency-Key stands for another shift.");
    return { kind: "already", shiftId: row.id, state: row.state };
  }
  if (row.clerk_id === wish.by)
    throw new CodedError("counter.shift-open", `Your shift at drawer ${row.drawer} is open.`);
  throw new CodedError("counter.drawer-taken", `${row.clerk} is at drawer ${row.drawer}.`);
}

export type Counting = Person & {
  readonly shiftId: bigint;
  /** The sum, or the notes and coins that make it. */
  readonly counted: { readonly sum: Money } | { readonly pieces: readonly Pieces[] };
  readonly currency: Currency;
};

/**
 * The end of a shift: what is in the drawer, counted before anybody says what should be. It closes at once when it comes out even;
 * else it waits for a word of why (`confirmShift`). A count again is kept beside the first, and always confirmed by a second person.
 * @throws CodedError `request.not-found`, `counter.not-yours`, `counter.shift-closed`, `request.invalid`
 */
export async function countShift(db: Database, counting: Counting): Promise<ShiftOutcome> {
  return db.as(counting.operatorId, async (trx) => {
    const shift = await ownShift(trx, counting);
    if (shift.state === "closed") throw new CodedError("counter.shift-closed", "This shift was closed before.");
    const counted = countedOf(counting, shift.currency);
    const expected = await expectedCash(trx, shift);
    const before = await countsOfShift(trx, shift.id);
    const last = before.at(-1);
    // A double click counts once.
    if (last?.counted === counted.minor && last.by === counting.by)
      return { kind: "already", shiftId: shift.id, state: shift.state };
    const pieces = "pieces" in counting.counted ? JSON.stringify(counting.counted.pieces) : null;
    await sql`insert into sanbiao.shift_count (operator_id, shift_id, no, counted_minor, pieces, expected_minor, counted_at, counted_by)
      values (sanbiao.operator_id(), ${shift.id}, ${before.length + 1}, ${counted.minor}, ${pieces}::jsonb, ${expected},
              ${isoOf(counting.at)}::timestamptz, ${counting.by})`.execute(trx);
    if (before.length === 0 && counted.minor === expected) {
      await closeShift(trx, shift, { ...counting, counted: counted.minor, expected, confirmed: null });
      return { kind: "done", shiftId: shift.id, state: "closed" };
    }
    await sql`update sanbiao.counter_shift set state = 'counted' where operator_id = sanbiao.operator_id() and id = ${shift.id}`.execute(
      trx,
    );
    return { kind: "done", shiftId: shift.id, state: "counted" };
  });
}

/** A shift is counted by its clerk, or by a manager when he is gone. */
async function ownShift(trx: Trx, { shiftId, by, isManager }: Person & { shiftId: bigint }): Promise<Shift> {
  const shift = await lockShift(trx, shiftId);
  if (shift === null) throw new CodedError("request.not-found", `There is no shift ${shiftId}.`);
  if (shift.clerkId !== by && !isManager)
    throw new CodedError("counter.not-yours", "This is the shift of another clerk.");
  return shift;
}

function countedOf({ counted }: Counting, currency: Currency): Money {
  const sum = "sum" in counted ? counted.sum : sumOfPieces(currency, counted.pieces);
  if (sum === null || sum.currency !== currency || sum.minor < 0n)
    throw new CodedError("request.invalid", `What was counted is an amount in ${currency}, or pieces of face values.`);
  return sum;
}

/** Whether it takes somebody else to say why a shift does not come out even: beyond the limit, or counted more than once. */
export const needsSecondPerson = (
  { times, variance }: { times: number; variance: bigint },
  limit: bigint | null,
): boolean => times > 1 || isBeyond(variance, limit);

/**
 * Says why a counted shift does not come out even, posts the variance, and closes it. Above the operator's limit, and where it was
 * counted more than once, a manager does it who is not its clerk.
 * @throws CodedError `request.not-found`, `counter.not-yours`, `counter.not-counted`, `counter.second-person`
 */
export async function confirmShift(
  db: Database,
  { reason, ...person }: Person & { shiftId: bigint; reason: string },
): Promise<ShiftOutcome> {
  return db.as(person.operatorId, async (trx) => {
    const shift = await ownShift(trx, person);
    const counts = await countsOfShift(trx, shift.id);
    const last = counts.at(-1);
    if (shift.state === "closed") return { kind: "already", shiftId: shift.id, state: "closed" };
    if (shift.state === "open" || last === undefined)
      throw new CodedError("counter.not-counted", "Count the drawer first.");
    const isOther = person.by !== shift.clerkId && person.by !== last.by;
    const { varianceLimit } = await readCounterTerms(trx);
    if (
      needsSecondPerson({ times: counts.length, variance: last.counted - last.expected }, varianceLimit) &&
      !(isOther && person.isManager)
    )
      throw new CodedError("counter.second-person", "A manager who did not count confirms this variance.");
    const confirmed = { by: person.by === shift.clerkId ? null : person.by, note: reason };
    await closeShift(trx, shift, { ...person, counted: last.counted, expected: last.expected, confirmed });
    return { kind: "done", shiftId: shift.id, state: "closed" };
  });
}

/** Empties the drawer into the cash on hand; what is missing or too much is posted as such. */
async function closeShift(
  trx: Trx,
  shift: Shift,
  how: Person & { counted: bigint; expected: bigint; confirmed: { by: bigint | null; note: string } | null },
): Promise<void> {
  const { currency } = shift;
  const variance = how.counted - how.expected;
  const lines: readonly [
    Exclude<Posting["ledgerAccount"], "customer" | "customer_property" | "customer_deposit">,
    bigint,
  ][] = [
    [drawerAccount(shift.drawerId), -how.expected],
    ["cash", how.counted],
    ["cash_over_short", -variance],
  ];
  const postings = lines
    .filter(([, minor]) => minor !== 0n)
    .map(([ledgerAccount, minor]): Posting => ({ ledgerAccount, amount: money(currency, minor) }));
  const cause = {
    shift: String(shift.id),
    transfer: "count",
    ...(how.confirmed === null ? {} : { reason: how.confirmed.note }),
  };
  const journalId =
    postings.length === 0
      ? null
      : (await postEntry(trx, { ...transferOf(how, `shift/${shift.id}/close`, cause), postings })).journalId;
  await sql`update sanbiao.counter_shift set state = 'closed', closed_at = ${isoOf(how.at)}::timestamptz, close_journal_id = ${journalId}::bigint,
                   confirmed_by = ${how.confirmed?.by ?? null}::bigint, confirm_note = ${how.confirmed?.note ?? null}::text
             where operator_id = sanbiao.operator_id() and id = ${shift.id}`.execute(trx);
}
