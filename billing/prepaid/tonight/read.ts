import { sql, type Transaction } from "kysely";
import { HOUR_MS, type Instant, instant, isoOf } from "../../../domain/instant.ts";
import { type Money, money, moneyOfText } from "../../../domain/money.ts";
import { type Day, dayOf, type Zone } from "../../../domain/period.ts";
import type { AccountId, MeterId } from "../../../domain/reading.ts";
import type { HoldKind, SupplyStage } from "../../../domain/supply.ts";
import { readDayTemperatures } from "../../../ledger/supply-holds.ts";
import type { Tables } from "../../../schema/tables.ts";
import { type OperatorFacts, operatorFacts } from "../../operator.ts";
import { type AccrualBasis, type AccrualBooks, accrueOn, readAccrualBasis } from "../accrual.ts";
import { runsOutAt } from "../days-left.ts";
import { cutLimitOf, type SupplyFacts } from "../decide.ts";
import { knownSupply, readMoney, readSupplies } from "../facts.ts";
import { AccrualMemo } from "../memo.ts";
import { readHabits } from "../outlook.ts";
import { type PoliciesInForce, policiesInForce, type PolicyBook } from "../policies.ts";
import { type Forecast, forecast, type GuardAnswer, type Outlooked } from "./forecast.ts";

/** One supply whose money is at or below its first warning, with what is going to happen to it. */
export type TonightRow = {
  readonly accountId: AccountId;
  readonly accountNumber: string;
  readonly accountName: string;
  readonly building: string;
  readonly room: string;
  readonly meterId: MeterId;
  readonly serial: string;
  readonly stage: SupplyStage;
  /**
   * `cut`: an order to cut leaves before the end of the hours; `under_way`: it is given already; `held`: money asks for a cut, a
   * guard stands in the way beyond these hours; `enough`: the money lasts longer at the usual use.
   */
  readonly verdict: "cut" | "under_way" | "held" | "enough";
  readonly available: Money | null;
  readonly cutBelow: Money;
  readonly lastReadingAt: Instant | null;
  /** When the money is below the limit; `null` = not within the hours. */
  readonly dueAt: Instant | null;
  /** When the order would leave if nobody pays; `null` = nothing can be foreseen. */
  readonly cutAt: Instant | null;
  readonly guards: readonly GuardAnswer[];
  readonly policy: { readonly id: string; readonly version: string };
};

export type Tonight = {
  readonly now: Instant;
  readonly until: Instant;
  readonly rows: readonly TonightRow[];
  /** Supplies that are above their first warning. */
  readonly well: number;
  /** Supplies that are off already. */
  readonly off: number;
  /** At or below a warning, and not looked at: the list is as long as people read. */
  readonly leftOut: number;
};

/** Supplies worked out at most: a list for people. Our choice. */
const ROWS_MAX = 500;

type Trx = Transaction<Tables>;
type Books = AccrualBooks & { readonly policies: PolicyBook };
export type PlacedRow = {
  account_id: AccountId;
  number: string;
  name: string;
  building: string | null;
  room: string | null;
  meter_id: MeterId;
  serial: string;
};
type Looked = { readonly row: Omit<TonightRow, "verdict" | "cutAt" | "guards">; readonly outlooked: Outlooked | null };

/** Who would be cut in the next hours, who would not, and why. Decides nothing and locks nothing. */
export async function supplyTonight(trx: Trx, books: Books, now: Instant, hours: number): Promise<Tonight> {
  const until = instant(now + hours * HOUR_MS);
  const operator = await operatorFacts(trx);
  const policies = await policiesInForce(trx, books.policies, { zone: operator.zone, now });
  const { ids, well, off, leftOut } = await concerned(trx, policies, dayOf(now, operator.zone));
  const looked = await lookAt(trx, ids, books, { operator, policies, now, until });
  const known = new Map(
    forecast(
      looked.flatMap(({ outlooked }) => (outlooked === null ? [] : [outlooked])),
      now,
    ).map((one) => [one.accountId, one]),
  );
  const rows = looked.map(({ row }) => rowOf(row, known.get(row.accountId), until));
  return { now, until, rows: rows.sort(inOrder), well, off, leftOut };
}

function rowOf(row: Looked["row"], of: Forecast | undefined, until: Instant): TonightRow {
  if (of === undefined) return { ...row, verdict: "under_way", cutAt: null, guards: [] };
  const { cutAt, guards } = of;
  const isEnough = row.dueAt === null && row.available !== null;
  const verdict = isEnough ? "enough" : cutAt !== null && cutAt < until ? "cut" : "held";
  return { ...row, verdict, cutAt, guards };
}

const RANK: Record<TonightRow["verdict"], number> = { under_way: 0, cut: 1, held: 2, enough: 3 };
const inOrder = (a: TonightRow, b: TonightRow): number =>
  RANK[a.verdict] - RANK[b.verdict] || (a.cutAt ?? Infinity) - (b.cutAt ?? Infinity);

/** Supplies with supply flowing whose money was last seen at or below the first warning, or cannot be told. */
async function concerned(trx: Trx, policies: PoliciesInForce, today: Day) {
  const { rows } = await sql<{
    account_id: AccountId;
    policy_id: string;
    available_minor: bigint | null;
    state: SupplyStage;
    desired: string;
  }>`
    select account_id, available_minor, state, desired,
           sanbiao.policy_of_supply(operator_id, account_id, policy_id, ${today}::date) as policy_id from sanbiao.supply
     where operator_id = sanbiao.operator_id() order by available_minor nulls first, account_id`.execute(trx);
  const isOff = (state: SupplyStage): boolean => state === "cut" || state === "unknown";
  const low = rows.filter(({ policy_id: id, available_minor: available, state }) => {
    const policy = policies(id);
    if (isOff(state) || policy === null) return false;
    const warn1 = moneyOfText(policy.currency, policy.warn1)?.minor ?? 0n;
    return available === null || available <= warn1 || state !== "normal";
  });
  const off = rows.filter(({ state }) => isOff(state)).length;
  const ids = low.slice(0, ROWS_MAX).map((row) => row.account_id);
  return { ids, off, well: rows.length - off - low.length, leftOut: low.length - ids.length };
}

async function lookAt(
  trx: Trx,
  ids: readonly AccountId[],
  books: Books,
  of: {
    readonly operator: OperatorFacts;
    readonly policies: PoliciesInForce;
    readonly now: Instant;
    readonly until: Instant;
  },
): Promise<Looked[]> {
  const { operator, policies, now, until } = of;
  const supplies = new Map((await readSupplies(trx, ids, now)).map((row) => [row.account_id, row]));
  const balances = await readMoney(trx, ids, operator);
  const places = await placesOf(trx, ids);
  const around = await standing(trx, operator.zone, now);
  const all: Looked[] = [];
  for (const accountId of ids) {
    const [supply, book, place] = [supplies.get(accountId), balances.get(accountId), places.get(accountId)];
    if (supply === undefined || book === undefined || place === undefined) continue;
    const whose = { accountId, meterId: supply.meter_id };
    const basis = await readAccrualBasis(trx, whose, book.billedUntil, operator, books, now);
    const accrual = accrueOn(basis, operator.currency);
    const { facts, policy } = knownSupply(supply, operator, book.balance, accrual, policies);
    if (policy === null) continue;
    const cutBelow = money(policy.currency, cutLimitOf(facts, policy));
    const dueAt = await dueAtOf(trx, basis, facts, { floor: cutBelow.minor, now, until });
    const row = {
      accountId,
      accountNumber: place.number,
      accountName: place.name,
      building: place.building ?? "",
      room: place.room ?? "",
      meterId: supply.meter_id,
      serial: place.serial,
      stage: facts.stage,
      available: facts.available,
      cutBelow,
      lastReadingAt: facts.lastReadingAt,
      dueAt,
      policy: { id: policy.id, version: policy.version },
    };
    const isUnderWay = facts.desired === "disconnected";
    const seen = { accountId, facts, policy, dueAt, ...around.of(accountId, place.building) };
    all.push({ row, outlooked: isUnderWay ? null : seen });
  }
  return all;
}

type Around = Pick<Outlooked, "building" | "holds" | "temperatures" | "cuts">;

/** What stands around supplies: holds, temperatures, cuts of the last hour. */
export async function standing(
  trx: Trx,
  zone: Zone,
  now: Instant,
): Promise<{ of(accountId: AccountId, building: string | null): Around }> {
  const holds = await holdsOf(trx, now);
  const cuts = await cutsOf(trx, now);
  const days = await readDayTemperatures(trx, dayOf(now, zone));
  const temperatures = new Map(days.map((one) => [one.day as Day, one]));
  return {
    of: (accountId, building) => ({
      building,
      temperatures,
      holds: holds.filter((hold) => hold.accountId === null || hold.accountId === accountId),
      cuts: cuts.filter((cut) => cut.accountId !== accountId),
    }),
  };
}

/** Now, or when usual use has used up the money; `null` = not before `until`, or nobody can tell. */
async function dueAtOf(
  trx: Trx,
  basis: AccrualBasis | null,
  { available, lastReadingAt, stage }: SupplyFacts,
  { floor, now, until }: { readonly floor: bigint; readonly now: Instant; readonly until: Instant },
): Promise<Instant | null> {
  if (available === null) return null;
  if (available.minor < floor) return now;
  if (basis === null || lastReadingAt === null || stage === "normal") return null;
  const fewer = AccrualMemo.of(basis)?.basis(now) ?? basis;
  return runsOutAt(fewer, await readHabits(trx, basis, now), available.minor - floor, { lastReadingAt, until });
}

/** Whose supply it is and where its meter hangs. */
export async function placesOf(trx: Trx, ids: readonly AccountId[]): Promise<Map<AccountId, PlacedRow>> {
  const { rows } = await sql<PlacedRow>`
    select s.account_id, s.meter_id, a.number, a.name, p.building, p.room, m.serial from sanbiao.supply s
      join sanbiao.account a on a.operator_id = s.operator_id and a.id = s.account_id
      join sanbiao.meter m on m.operator_id = s.operator_id and m.id = s.meter_id
      left join lateral (select q.building, q.room from sanbiao.installation i
             join sanbiao.usage_point q on q.operator_id = i.operator_id and q.id = i.usage_point_id
            where i.operator_id = s.operator_id and i.meter_id = s.meter_id and i.removed_at is null limit 1) p on true
     where s.operator_id = sanbiao.operator_id() and s.account_id = any(${`{${ids.join(",")}}`}::bigint[])`.execute(
    trx,
  );
  return new Map(rows.map((row) => [row.account_id, row]));
}

type HoldRow = { kind: HoldKind; accountId: AccountId | null; from: Instant; until: Instant | null };
/** Holds in force, and those that are said for later. */
async function holdsOf(trx: Trx, now: Instant): Promise<HoldRow[]> {
  const { rows } = await sql<HoldRow>`
    select kind, account_id as "accountId", from_at as from, until_at as until from sanbiao.supply_hold
     where operator_id = sanbiao.operator_id() and ended_at is null and (kind <> 'protection' or approved_by is not null)
       and coalesce(until_at, 'infinity') > ${isoOf(now)}::timestamptz`.execute(trx);
  return rows;
}

/** Cuts sent in the last hour, and those that wait to leave, as if they left now. */
async function cutsOf(trx: Trx, now: Instant) {
  const { rows } = await sql<{ accountId: AccountId | null; at: Instant; building: string | null }>`
    select c.account_id as "accountId", coalesce(c.sent_at, ${isoOf(now)}::timestamptz) as at, q.building from sanbiao.control c
      left join sanbiao.installation i on i.operator_id = c.operator_id and i.meter_id = c.meter_id and i.removed_at is null
      left join sanbiao.usage_point q on q.operator_id = i.operator_id and q.id = i.usage_point_id
     where c.operator_id = sanbiao.operator_id() and c.action = 'disconnect'
       and (c.state = 'queued' or c.sent_at > ${isoOf(instant(now - HOUR_MS))}::timestamptz)`.execute(trx);
  return rows;
}
