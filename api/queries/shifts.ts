import { type RawBuilder, sql } from "kysely";
import { needsSecondPerson } from "../../billing/counter/shift.ts";
import type { ShiftState, TenderKind } from "../../domain/counter.ts";
import { TENDER_KINDS } from "../../domain/counter.ts";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { countsOfShift, expectedCash, readCounterTerms } from "../../ledger/shifts.ts";
import { atText, atTextOrNull, type Desk, moneyOf, offsetOf, totalOf } from "../desk.ts";
import type { CounterJson, CounterTermsJson, ShiftJson, ShiftRowJson, ShiftsJson } from "../schemas/counter.ts";
import type { Principal } from "../session.ts";

type ShiftRow = {
  id: bigint;
  drawer_id: bigint;
  clerk_id: bigint;
  drawer: string;
  clerk: string;
  state: ShiftState;
  opened_at: Instant;
  closed_at: Instant | null;
  float_minor: bigint;
  counted: bigint | null;
  expected: bigint | null;
  counts: number;
  note: string | null;
  confirmed_by: string | null;
};

const shiftRows = (desk: Desk, where: RawBuilder<unknown>, rest = sql``) =>
  sql<ShiftRow & { total: bigint }>`
  select s.id, s.drawer_id, s.clerk_id, d.code as drawer, u.name as clerk, s.state, s.opened_at, s.closed_at, s.float_minor, c.counted_minor as counted,
         c.expected_minor as expected, coalesce(c.no, 0) as counts, s.confirm_note as note, o.name as confirmed_by, count(*) over () as total
    from counter_shift s
    join cash_drawer d on d.operator_id = s.operator_id and d.id = s.drawer_id
    join app_user u on u.operator_id = s.operator_id and u.id = s.clerk_id
    left join app_user o on o.operator_id = s.operator_id and o.id = s.confirmed_by
    left join lateral (select * from shift_count n where n.operator_id = s.operator_id and n.shift_id = s.id order by no desc limit 1) c on true
   where s.operator_id = ${desk.operatorId} and ${where} ${rest}`.execute(desk.trx);

const rowJson = (
  desk: Desk,
  row: ShiftRow,
  { who, limit }: { who: Principal; limit: bigint | null },
): ShiftRowJson => ({
  id: String(row.id),
  drawer: row.drawer,
  clerk: row.clerk,
  mine: row.clerk_id === who.userId,
  state: row.state,
  openedAt: atText(desk, row.opened_at),
  closedAt: atTextOrNull(desk, row.closed_at),
  float: moneyOf(desk, row.float_minor),
  counted: row.counted === null ? null : moneyOf(desk, row.counted),
  variance: row.counted === null || row.expected === null ? null : moneyOf(desk, row.counted - row.expected),
  reason: row.note,
  confirmedBy: row.confirmed_by,
  secondPerson:
    row.state === "counted" &&
    row.counted !== null &&
    row.expected !== null &&
    needsSecondPerson({ times: row.counts, variance: row.counted - row.expected }, limit),
});

/** What a clerk needs to begin: terms, drawers and who is at them, and the shift that is open. */
export async function counterOf(desk: Desk, who: Principal): Promise<CounterJson> {
  const terms = await readCounterTerms(desk.trx);
  const drawers = await sql<{
    id: bigint;
    code: string;
    name: string;
    clerk: string | null;
    opened_at: Instant | null;
  }>`
    select d.id, d.code, d.name, u.name as clerk, s.opened_at from cash_drawer d
      left join counter_shift s on s.operator_id = d.operator_id and s.drawer_id = d.id and s.state = 'open'
      left join app_user u on u.operator_id = s.operator_id and u.id = s.clerk_id
     where d.operator_id = ${desk.operatorId} order by d.code`.execute(desk.trx);
  const { rows } = await shiftRows(desk, sql`s.clerk_id = ${who.userId} and s.state = 'open'`);
  const [mine] = rows;
  return {
    terms: termsJson(desk, terms),
    drawers: drawers.rows.map(({ id, code, name, clerk, opened_at }) => ({
      id: String(id),
      code,
      name,
      takenBy: clerk === null || opened_at === null ? null : { clerk, since: atText(desk, opened_at) },
    })),
    shift: mine === undefined ? null : rowJson(desk, mine, { who, limit: terms.varianceLimit }),
  };
}

const termsJson = (desk: Desk, terms: Awaited<ReturnType<typeof readCounterTerms>>): CounterTermsJson => ({
  ...terms,
  varianceLimit: terms.varianceLimit === null ? null : moneyOf(desk, terms.varianceLimit),
  reversalLimit: terms.reversalLimit === null ? null : moneyOf(desk, terms.reversalLimit),
});

/** Newest first, what is not closed before the rest. */
export async function shifts(
  desk: Desk,
  who: Principal,
  query: { page: number; pageSize: number },
): Promise<ShiftsJson> {
  const { varianceLimit: limit } = await readCounterTerms(desk.trx);
  const page = (offset: number, size: number) =>
    shiftRows(desk, sql`true`, sql`order by s.state = 'closed', s.id desc limit ${size} offset ${offset}`);
  const { rows } = await page(offsetOf(query), query.pageSize);
  const total = await totalOf(rows, query.page, () => page(0, 1));
  return { ...query, items: rows.map((row) => rowJson(desk, row, { who, limit })), total };
}

type KindRow = { kind: TenderKind; received: number; given_back: number; came: bigint; went: bigint };

/** X or Z report. While a shift is open its clerk is not told what cash should be there. */
export async function shift(desk: Desk, who: Principal, id: bigint): Promise<ShiftJson> {
  const { varianceLimit: limit } = await readCounterTerms(desk.trx);
  const { rows } = await shiftRows(desk, sql`s.id = ${id}`);
  const [row] = rows;
  if (row === undefined) throw new CodedError("request.not-found", `There is no shift ${id}.`);
  const isBlind = row.state === "open" && (row.clerk_id === who.userId || who.role !== "manager");
  const counted = await sql<KindRow>`
    select kind, count(*) filter (where amount_minor > 0)::int as received, count(*) filter (where amount_minor < 0)::int as given_back,
           coalesce(sum(amount_minor) filter (where amount_minor > 0), 0)::bigint as came,
           coalesce(-sum(amount_minor) filter (where amount_minor < 0), 0)::bigint as went
      from tender where operator_id = ${desk.operatorId} and shift_id = ${id} group by kind`.execute(desk.trx);
  const of = { id, drawerId: row.drawer_id, float: row.float_minor };
  const expected = row.state === "open" ? await expectedCash(desk.trx, of) : row.expected;
  const names = await sql<{
    id: bigint;
    name: string;
  }>`select id, name from app_user where operator_id = ${desk.operatorId}`.execute(desk.trx);
  const nameOf = new Map(names.rows.map(({ id: user, name }) => [user, name]));
  return {
    ...rowJson(desk, row, { who, limit }),
    kinds: TENDER_KINDS.flatMap((kind) => {
      const has = counted.rows.find((one) => one.kind === kind);
      if (has === undefined) return [];
      const told = (minor: bigint) => (isBlind && kind === "cash" ? null : moneyOf(desk, minor));
      const { received, given_back: givenBack, came, went } = has;
      return [{ kind, received, givenBack, in: told(came), out: told(went), net: told(came - went) }];
    }),
    expected: isBlind || expected === null ? null : moneyOf(desk, expected),
    counts: (await countsOfShift(desk.trx, id)).map((count) => ({
      no: count.no,
      counted: moneyOf(desk, count.counted),
      pieces: count.pieces === null ? null : [...count.pieces],
      at: atText(desk, count.at),
      by: nameOf.get(count.by) ?? "",
    })),
  };
}
