import { performance } from "node:perf_hooks";
import pg from "pg";
import { ownerPool } from "../../schema/database.ts";
import { PERIOD } from "./estate.ts";

/** What a run writes, each table with the column that halves it. */
const WRITTEN = [
  ["journal", "id"],
  ["posting", "journal_id"],
  ["customer_balance", "account_id"],
  ["bill", "id"],
  ["bill_line", "bill_id"],
  ["billed_usage", "bill_id"],
  ["energy_entry", "id"],
  ["energy_posting", "entry_id"],
  ["verdict", "id"],
  ["bill_basis", "bill_id"],
] as const;

export type Counts = Readonly<Record<string, number>>;

/** Rows of each table that a run writes. */
export async function countWritten(url: string): Promise<Counts> {
  const owner = ownerPool(url);
  try {
    const counts: Record<string, number> = {};
    for (const [table] of WRITTEN) {
      const { rows } = await owner.query<{ n: number }>(`select count(*)::int as n from ${table}`);
      counts[table] = rows[0]?.n ?? 0;
    }
    return counts;
  } finally {
    await owner.end();
  }
}

/** What a run has written, into files on the server's disk: each table in two halves. */
export async function copyOut(from: string, folder: string): Promise<void> {
  const source = ownerPool(from);
  for (const [table, key] of WRITTEN) {
    const { rows } = await source.query<{ middle: bigint | null }>(
      `select percentile_disc(0.5) within group (order by ${key}) as middle from ${table}`,
    );
    const middle = rows[0]?.middle ?? 0n;
    for (const [i, half] of [`<= ${middle}`, `> ${middle}`].entries())
      await source.query(
        `copy (select * from ${table} where ${key} ${half} order by ${key}) to '${folder}/${table}.${i}'`,
      );
  }
  await source.end();
}

/**
 * COPY alone: the rows of those files into the same tables with their keys and indexes, without triggers, foreign keys and
 * row-level security, by two connections, each half of every table in one transaction.
 * @returns seconds
 */
export const copyAlone = (to: string, folder: string): Promise<number> =>
  timed(to, (client, i) =>
    atOnce(
      client,
      WRITTEN.map(([table]) => `copy ${table} from '${folder}/${table}.${i}'`),
    ),
  );

/** What is the same in the basis of every bill of a run: hash of the terms, period. */
export async function basisHead(from: string): Promise<string> {
  const source = ownerPool(from);
  const { rows } = await source.query<{ document: string }>("select document from bill_basis limit 1");
  await source.end();
  return (rows[0]?.document ?? "").replace(/"series":.*$/, "");
}

/**
 * `guarded`: into the books as they stand, whose triggers see that entries balance and keep balances and energy; as only SQL that one
 * may run in service is. `bare`: by the owner with every trigger off, which posts whatever it is told and writes those rows itself.
 */
export type Books = "guarded" | "bare";

/**
 * The same rows by SQL that knows this estate: no ladder but these, readings at the very ends of the month, nothing found odd,
 * nobody moves, no estimate. Sets all the way, two connections, each with half of the accounts in one transaction.
 * @param basis see `basisHead`
 * @returns seconds
 */
export async function setBased(to: string, basis: string, books: Books): Promise<number> {
  const owner = ownerPool(to);
  const { rows } = await owner.query<{ middle: bigint }>("select max(id) / 2 as middle from account");
  await owner.end();
  const middle = rows[0]?.middle ?? 0n;
  return timed(to, (client, i) =>
    atOnce(client, pipeline(i === 0 ? `<= ${middle}` : `> ${middle}`, basis, books), books),
  );
}

async function timed(url: string, work: (client: pg.Client, i: number) => Promise<void>): Promise<number> {
  const clients = [0, 1].map(
    () => new pg.Client({ connectionString: url, options: "-c search_path=sanbiao -c timezone=UTC" }),
  );
  await Promise.all(clients.map((client) => client.connect()));
  const begun = performance.now();
  try {
    await Promise.all(clients.map(work));
    return (performance.now() - begun) / 1000;
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

async function atOnce(client: pg.Client, statements: readonly string[], books: Books = "bare"): Promise<void> {
  await client.query("begin");
  await client.query(
    books === "bare" ? "set local session_replication_role = replica" : "set local sanbiao.operator_id = '1'",
  );
  for (const statement of statements) await client.query(statement);
  await client.query("commit");
}

const [FROM, TO] = [PERIOD.from, PERIOD.to].map((at) => `to_timestamp(${at / 1000})`) as [string, string];

/** What triggers write where they are on. */
const BALANCES = `insert into customer_balance (operator_id, account_id, currency, owed_minor)
   select 1, account_id, 'CNY', sum(amount) from line group by account_id order by account_id`;
const ENERGY = [
  `insert into energy_entry (operator_id, id, usage_point_id, kind, idempotency_key, unit, period_from, period_to, bill_id) overriding system value
   select 1, usage_point_id, usage_point_id, 'bill', format('bill/%s/%s/%s', account_id, usage_point_id, '${PERIOD.from / 1000}'),
          case utility when 'electricity' then 'kWh' else 'm3' end, ${FROM}, ${TO}, account_id from used order by usage_point_id`,
  `insert into energy_posting (operator_id, entry_id, line, energy_account, quantity, meter_id, register, from_at, to_at, start_value, end_value, plain)
   select 1, usage_point_id, p.* from used cross join lateral (
     values (1, 'billed', quantity, null::bigint, null, null::timestamptz, null::timestamptz, null::bigint, null::bigint, null::boolean),
            (2, 'metered', -quantity, meter_id, case utility when 'electricity' then 'energy_import_kwh' else 'volume_m3' end, ${FROM}, ${TO},
             start_value, end_value, true)) p order by usage_point_id`,
];

/** Statements that bill the accounts with such ids. */
const pipeline = (ids: string, basis: string, books: Books): string[] => [
  // Ids of bills and entries: that of the account, so that nothing is looked up twice.
  `create temp table used on commit drop as
   select g.account_id, g.usage_point_id, g.tariff_id, p.utility, m.id as meter_id, m.serial, a.register,
          a.value as start_value, b.value as end_value, b.value - a.value as quantity
     from agreement g
     join usage_point p on p.operator_id = 1 and p.id = g.usage_point_id
     join installation i on i.operator_id = 1 and i.usage_point_id = p.id
     join meter m on m.operator_id = 1 and m.id = i.meter_id
     join reading a on a.operator_id = 1 and a.meter_id = m.id and a.measured_at = ${FROM}
     join reading b on b.operator_id = 1 and b.meter_id = m.id and b.register = a.register and b.measured_at = ${TO}
    where g.operator_id = 1 and g.account_id ${ids}`,
  `create temp table line on commit drop as
   select u.*, t.charge, t.kind, t.tier, t.quantity as part, t.price, t.amount, t.included,
          row_number() over (partition by account_id order by utility, usage_point_id, t.ord) as no
     from (select *, round(least(quantity, 200000000) * 0.52 / 10000)::bigint as e1,
                  round(greatest(least(quantity, 400000000) - 200000000, 0) * 0.57 / 10000)::bigint as e2,
                  round(greatest(quantity - 400000000, 0) * 0.82 / 10000)::bigint as e3,
                  round(quantity * 2.61 / 10000)::bigint as g1 from used) u
    cross join lateral (
      select 1 as ord, 'energy' as charge, 'usage' as kind, 1 as tier, least(quantity, 200000000) as quantity, '0.52' as price, e1 as amount, null::bigint as included where utility = 'electricity'
      union all select 2, 'energy', 'usage', 2, least(quantity, 400000000) - 200000000, '0.57', e2, null where utility = 'electricity' and quantity > 200000000
      union all select 3, 'energy', 'usage', 3, quantity - 400000000, '0.82', e3, null where utility = 'electricity' and quantity > 400000000
      union all select 4, 'vat', 'tax', null, null, '0.13', 0, round((e1 + e2 + e3) * 0.13 / 1.13)::bigint where utility = 'electricity'
      union all select 1, 'volume', 'usage', null, quantity, '2.61', g1, null where utility = 'gas'
      union all select 2, 'vat', 'tax', null, null, '0.09', 0, round(g1 * 0.09 / 1.09)::bigint where utility = 'gas'
      union all select 1, 'volume', 'usage', 1, least(quantity, 15000000), '2.10', round(least(quantity, 15000000) * 2.10 / 10000)::bigint, null where utility = 'water'
      union all select 2, 'volume', 'usage', 2, quantity - 15000000, '3.40', round((quantity - 15000000) * 3.40 / 10000)::bigint, null where utility = 'water' and quantity > 15000000
      union all select 3, 'sewage', 'surcharge', null, quantity, '0.95', round(quantity * 0.95 / 10000)::bigint, null where utility = 'water') t`,
  // An entry and its postings are one statement, after which the books look whether they balance.
  `with posted as (
     insert into posting (operator_id, journal_id, line, ledger_account, account_id, currency, amount_minor)
     select 1, account_id, row_number() over (partition by account_id), ledger, case when ledger = 'customer' then account_id end, 'CNY', sum(minor)
       from line cross join lateral (
         values ('customer', amount), (case when charge = 'sewage' then 'sewage_payable' else 'revenue_' || utility end, coalesce(included, 0) - amount),
                ('tax_payable', -coalesce(included, 0))) as p (ledger, minor)
      group by account_id, ledger having sum(minor) <> 0)
   insert into journal (operator_id, id, idempotency_key, kind, cause, occurred_at, posted_at) overriding system value
   select 1, account_id, format('bill/%s/%s/%s', account_id, '${PERIOD.from}', '${PERIOD.to}'), 'bill',
          jsonb_build_object('bill', format('bill/%s/%s/%s', account_id, '${PERIOD.from}', '${PERIOD.to}')), ${TO}, now()
     from (select distinct account_id from used) a order by account_id`,
  ...(books === "bare" ? [BALANCES] : []),
  `insert into bill_line (operator_id, bill_id, line, key, usage_point_id, utility, tariff_id, tariff_version, charge, kind, tier, period_from,
     period_to, quantity, unit, price, amount_minor, included_minor, basis, title_zh, title_en)
   select 1, account_id, no, format('%s/%s@1/%s/t%s/%s', usage_point_id, tariff_id, charge, tier, '2026-09-01'), usage_point_id, utility, tariff_id, '1',
          charge, kind, tier, ${FROM}, ${TO}, part, case utility when 'electricity' then 'kWh' else 'm3' end, price, amount, included, 'actual', '测', 'Bench'
     from line order by account_id, no`,
  `insert into billed_usage (operator_id, bill_id, usage_point_id, period_from, period_to, utility, quantity, unit, basis, estimated_quantity, registers, ladder_before)
   select 1, account_id, usage_point_id, ${FROM}, ${TO}, utility, quantity, case utility when 'electricity' then 'kWh' else 'm3' end, 'actual', 0,
          jsonb_build_array(jsonb_build_object('meter', meter_id::text, 'serial', serial, 'register',
            case utility when 'electricity' then 'energy_import_kwh' else 'volume_m3' end, 'from', ${FROM}, 'to', ${TO},
            'start', (start_value / 1000000)::text, 'end', (end_value / 1000000)::text, 'used', (quantity / 1000000)::text, 'verdicts', '[]'::jsonb)),
          case utility when 'gas' then '{}'::jsonb else jsonb_build_object('energy', '0') end
     from used order by account_id, usage_point_id`,
  `insert into bill (operator_id, id, account_id, number, period_from, period_to, issued_on, due_on, currency, total_minor, journal_id, run_id)
     overriding system value
   select 1, account_id, account_id, '2026-' || lpad(account_id::text, 6, '0'), ${FROM}, ${TO}, current_date, current_date + 15, 'CNY', sum(amount), account_id, 1
     from line group by account_id order by account_id`,
  ...(books === "bare" ? ENERGY : []),
  `insert into verdict (operator_id, meter_id, register, from_at, to_at, rule, rule_version, result, inputs, threshold, judged_at)
   select 1, meter_id, register, ${FROM}, ${TO}, 'difference.normal', 1, 'normal',
          jsonb_build_object('from', (start_value / 1000000)::text, 'to', (end_value / 1000000)::text, 'differences', '2'),
          jsonb_build_object('max_per_hour', '50'), now() from used order by meter_id`,
  `insert into bill_basis (operator_id, bill_id, sha256, document)
   select 1, account_id, encode(sha256(convert_to(document, 'UTF8')), 'hex'), document
     from (select account_id, ${pg.escapeLiteral(basis)} || format('"series":[%s],"settlements":[%s]}',
                  string_agg(format('{"meter":"%s","register":"%s","s":"mqtt*3","t":"%s 1296000000*2","v":"%s %s*2"}', meter_id,
                    case utility when 'electricity' then 'energy_import_kwh' else 'volume_m3' end, ${PERIOD.from}, start_value, quantity / 2), ','),
                  string_agg(format('{"of":{"agreement":{"accountId":{"$int":"%s"},"fromDay":"2026-09-01","sinceDay":"2026-09-01","stays":[{"decided":[],'
                    '"installedAt":1785542400000,"maxPerHour":{"$int":"50000000"},"meterId":{"$int":"%s"},"profileId":"bench","removedAt":null,'
                    '"serial":"%s","usagePointId":{"$int":"%s"}}],"tariffId":"%s","toDay":null,"usagePointId":{"$int":"%s"},"utility":"%s"},'
                    '"household":[],"parts":[{"from":1788192000000,"to":1790784000000}],"stretch":{"from":1788192000000,"to":1790784000000}},'
                    '"readings":[0],"tariffs":["%s"]}', account_id, meter_id, serial, usage_point_id, tariff_id, usage_point_id, utility,
                    repeat('0', 64)), ',')) as document
             from used group by account_id) d order by account_id`,
];
