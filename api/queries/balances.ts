import { sql } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import { type Instant, instant } from "../../domain/instant.ts";
import { addMonths, type Day, dayOf, startOfDay } from "../../domain/period.ts";
import type { Unit, Utility } from "../../domain/unit.ts";
import { BILLED_UNIT } from "../../domain/unit.ts";
import { energyOf } from "../../ledger/balances.ts";
import { percentOf } from "../../metering/balance.ts";
import { timestamptz } from "../../schema/database.ts";
import { atText, type Desk, dayText, quantityOf } from "../desk.ts";
import type {
  ApportionedPart,
  ApportionKey,
  BalanceFiguresJson,
  BalanceJson,
  BalancePartJson,
  BalanceRowJson,
  BalancesJson,
  EnergyBookJson,
  ShareJson,
} from "../schemas/balance.ts";
import { monthNamed } from "./bills.ts";

type BalanceRow = {
  id: bigint;
  master_point_id: bigint;
  utility: Utility;
  unit: Unit;
  period_from: Instant;
  period_to: Instant;
  closing_no: number;
  reason: string;
  master_quantity: bigint;
  sub_quantity: bigint;
  common_quantity: bigint;
  loss_quantity: bigint;
  residue_quantity: bigint;
  estimated_quantity: bigint;
  basis: "actual" | "interpolated" | "estimated";
  provisional: boolean;
  verdicts: { verdict: string; usagePointId?: string; detail: string }[];
  rule_from_day: Day | null;
  apportion_key: ApportionKey | null;
  loss_allowance_percent: string;
  apportioned: ApportionedPart[];
  apportioned_quantity: bigint;
  remainder_quantity: bigint;
  closed_at: Instant;
};

const columns = sql`b.id, b.master_point_id, b.utility, b.unit, b.period_from, b.period_to, b.closing_no, b.reason, b.master_quantity,
  b.sub_quantity, b.common_quantity, b.loss_quantity, b.residue_quantity, b.estimated_quantity, b.basis, b.provisional, b.verdicts,
  b.apportion_key, b.loss_allowance_percent, b.apportioned, b.apportioned_quantity, b.remainder_quantity, b.closed_at,
  (select r.from_day from apportionment_rule r where r.operator_id = b.operator_id and r.id = b.rule_id) as rule_from_day`;

type MasterRow = { point_id: bigint; utility: Utility; building: string; serial: string | null };
const masterColumns = sql`p.id as point_id, p.utility, p.building, (select m.serial from installation i
  join meter m on m.operator_id = i.operator_id and m.id = i.meter_id
 where i.operator_id = p.operator_id and i.usage_point_id = p.id order by i.installed_at desc limit 1) as serial`;

/** Every master with the latest closing of a month. */
export async function balances(
  desk: Desk,
  query: { period?: string | undefined; utility?: Utility | undefined },
): Promise<BalancesJson> {
  const month = monthNamed(desk, query.period);
  const masters = await sql<MasterRow>`
    select ${masterColumns} from usage_point p where p.operator_id = ${desk.operatorId} and p.role = 'master'
       and ${query.utility === undefined ? sql`true` : sql`p.utility = ${query.utility}`}
     order by length(p.building), p.building, p.utility, p.id`.execute(desk.trx);
  const closed = await sql<BalanceRow>`
    select distinct on (b.master_point_id) ${columns} from building_balance b
     where b.operator_id = ${desk.operatorId} and b.period_from = ${timestamptz(month.period.from)} and b.period_to = ${timestamptz(month.period.to)}
     order by b.master_point_id, b.closing_no desc`.execute(desk.trx);
  const byMaster = new Map(closed.rows.map((row) => [row.master_point_id, row]));
  return {
    period: month.name,
    items: masters.rows.map((row): BalanceRowJson => {
      const balance = byMaster.get(row.point_id);
      return { ...masterOf(row), balance: balance === undefined ? null : figuresOf(desk, balance) };
    }),
  };
}

const masterOf = (row: MasterRow) => ({
  masterPointId: String(row.point_id),
  utility: row.utility,
  building: row.building,
  serial: row.serial ?? "",
});

function figuresOf(desk: Desk, row: BalanceRow): BalanceFiguresJson {
  const { unit } = row;
  return {
    id: String(row.id),
    closingNo: row.closing_no,
    periodFrom: dayText(desk, row.period_from),
    periodTo: dayText(desk, row.period_to),
    master: quantityOf(row.master_quantity, unit),
    sub: quantityOf(row.sub_quantity, unit),
    common: quantityOf(row.common_quantity, unit),
    loss: quantityOf(row.loss_quantity, unit),
    residue: quantityOf(row.residue_quantity, unit),
    lossPercent: percentOf(row.loss_quantity, row.master_quantity),
    residuePercent: percentOf(row.residue_quantity, row.master_quantity),
    estimated: quantityOf(row.estimated_quantity, unit),
    basis: row.basis,
    provisional: row.provisional,
    verdicts: row.verdicts.map(({ verdict, usagePointId, detail }) => ({
      verdict,
      usagePointId: usagePointId ?? null,
      detail,
    })),
    closedAt: atText(desk, row.closed_at),
    reason: row.reason,
  };
}

const HISTORY_MONTHS = 12;

/** One closing with its parts and shares, the other closings of its period, and the months before. */
export async function balance(desk: Desk, id: bigint): Promise<BalanceJson> {
  const { rows } = await sql<BalanceRow & MasterRow>`
    select ${columns}, ${masterColumns} from building_balance b
      join usage_point p on p.operator_id = b.operator_id and p.id = b.master_point_id
     where b.operator_id = ${desk.operatorId} and b.id = ${id}`.execute(desk.trx);
  const [row] = rows;
  if (row === undefined) throw new CodedError("request.not-found", `There is no balance ${id}.`);
  const firstDay = addMonths(dayOf(row.period_from, desk.zone), 1 - HISTORY_MONTHS);
  const others = await sql<BalanceRow>`
    select ${columns} from building_balance b
     where b.operator_id = ${desk.operatorId} and b.master_point_id = ${row.master_point_id}
       and b.period_from between ${timestamptz(startOfDay(firstDay, desk.zone))} and ${timestamptz(row.period_from)}
     order by b.period_from, b.closing_no`.execute(desk.trx);
  const latest = new Map(others.rows.map((other) => [other.period_from, other]));
  const { unit } = row;
  return {
    ...masterOf(row),
    ...figuresOf(desk, row),
    rule:
      row.apportion_key === null || row.rule_from_day === null
        ? null
        : {
            fromDay: row.rule_from_day,
            key: row.apportion_key,
            lossAllowancePercent: row.loss_allowance_percent,
            apportioned: row.apportioned,
          },
    apportioned: quantityOf(row.apportioned_quantity, unit),
    remainder: quantityOf(row.remainder_quantity, unit),
    missingAccounts: await missingAccounts(desk, id),
    parts: await partsOf(desk, row),
    shares: await sharesOf(desk, row),
    closings: others.rows
      .filter((other) => other.period_from === row.period_from && other.period_to === row.period_to)
      .toReversed()
      .map((other) => figuresOf(desk, other)),
    history: [...latest.values()].map((other) => figuresOf(desk, other)),
  };
}

async function missingAccounts(desk: Desk, id: bigint): Promise<BalanceJson["missingAccounts"]> {
  const { rows } = await sql<{ id: bigint; number: string; name: string }>`
    select a.id, a.number, a.name from building_balance b join account a on a.operator_id = b.operator_id and a.id = any(b.missing_accounts)
     where b.operator_id = ${desk.operatorId} and b.id = ${id} order by a.number`.execute(desk.trx);
  return rows.map((row) => ({ id: String(row.id), number: row.number, name: row.name }));
}

type PartRow = {
  usage_point_id: bigint;
  purpose: "supply" | "common";
  building: string;
  room: string;
  role: string;
  meter_id: bigint | null;
  serial: string | null;
  account_id: bigint | null;
  number: string | null;
  name: string | null;
  quantity: bigint;
  estimated_quantity: bigint;
  basis: string;
  doubts: string[];
};

/** Meter and account as they were at the period's end. */
async function partsOf(desk: Desk, { id, unit, period_to }: BalanceRow): Promise<BalancePartJson[]> {
  const lastDay = dayOf(instant(period_to - 1), desk.zone);
  const { rows } = await sql<PartRow>`
    select t.usage_point_id, t.purpose, p.building, p.room, p.role, i.meter_id, i.serial, g.account_id, g.number, g.name,
           t.quantity, t.estimated_quantity, t.basis, t.doubts
      from balance_part t
      join usage_point p on p.operator_id = t.operator_id and p.id = t.usage_point_id
      left join lateral (select n.meter_id, m.serial from installation n join meter m on m.operator_id = n.operator_id and m.id = n.meter_id
             where n.operator_id = t.operator_id and n.usage_point_id = t.usage_point_id and n.installed_at < ${timestamptz(period_to)}
             order by n.installed_at desc limit 1) i on true
      left join lateral (select a.id as account_id, a.number, a.name from agreement r join account a on a.operator_id = r.operator_id and a.id = r.account_id
             where r.operator_id = t.operator_id and r.usage_point_id = t.usage_point_id and r.from_day <= ${lastDay}::date
               and (r.to_day is null or r.to_day > ${lastDay}::date) limit 1) g on true
     where t.operator_id = ${desk.operatorId} and t.balance_id = ${id}
     order by t.purpose desc, length(p.building), p.building, length(p.room), p.room, t.usage_point_id`.execute(
    desk.trx,
  );
  return rows.map((row) => ({
    usagePointId: String(row.usage_point_id),
    purpose: row.purpose,
    building: row.building,
    room: row.room,
    isMaster: row.role === "master",
    meterId: row.meter_id === null ? null : String(row.meter_id),
    serial: row.serial ?? "",
    accountId: row.account_id === null ? null : String(row.account_id),
    accountNumber: row.number ?? "",
    accountName: row.name ?? "",
    quantity: quantityOf(row.quantity, unit),
    estimated: quantityOf(row.estimated_quantity, unit),
    basis: row.basis,
    doubts: row.doubts,
  }));
}

async function sharesOf(desk: Desk, { id, unit }: BalanceRow): Promise<ShareJson[]> {
  const { rows } = await sql<{ account_id: bigint; number: string; name: string; weight: string; quantity: bigint }>`
    select s.account_id, a.number, a.name, trim_scale(s.weight)::text as weight, s.quantity
      from apportioned_share s join account a on a.operator_id = s.operator_id and a.id = s.account_id
     where s.operator_id = ${desk.operatorId} and s.balance_id = ${id} order by a.number`.execute(desk.trx);
  return rows.map((row) => ({
    accountId: String(row.account_id),
    accountNumber: row.number,
    accountName: row.name,
    weight: row.weight,
    quantity: quantityOf(row.quantity, unit),
  }));
}

/** Where the units of a usage point went, as booked. */
export async function energyBook(desk: Desk, usagePointId: bigint): Promise<EnergyBookJson> {
  const { rows } = await sql<{ utility: Utility }>`
    select utility from usage_point where operator_id = ${desk.operatorId} and id = ${usagePointId}`.execute(desk.trx);
  const utility = rows[0]?.utility;
  if (utility === undefined) throw new CodedError("request.not-found", `There is no usage point ${usagePointId}.`);
  const accounts = await energyOf(desk.trx, usagePointId);
  const unit = BILLED_UNIT[utility];
  return {
    usagePointId: String(usagePointId),
    accounts: Object.fromEntries([...accounts].map(([name, value]) => [name, { value, unit }])),
  };
}
