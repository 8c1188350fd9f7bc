import { REGISTERS } from "../../domain/register.ts";
import type { Invariant } from "./check.ts";

/** Register names and their codes, as rows. */
const REGISTER_ROWS = Object.entries(REGISTERS)
  .map(([name, { code }]) => `('${name}', ${code})`)
  .join(", ");

/** One row per register that a bill rests on. */
const PROOFS = `
  select u.operator_id, u.bill_id, u.usage_point_id, p.*
    from billed_usage u cross join jsonb_to_recordset(u.registers)
      as p (meter bigint, register text, "from" timestamptz, "to" timestamptz, start numeric, "end" numeric, ratio numeric, used numeric, verdicts jsonb)`;

export const BILL_INVARIANTS: readonly Invariant[] = [
  {
    name: "bill-totals",
    title: "Every bill's total is the sum of its lines",
    counted: "select count(*) from bill",
    broken: `
      select format('operator %s bill %s: total %s, lines %s', b.operator_id, b.number, b.total_minor, coalesce(sum(l.amount_minor), 0)) as example
        from bill b left join bill_line l on l.operator_id = b.operator_id and l.bill_id = b.id
       group by b.operator_id, b.id, b.number, b.total_minor having b.total_minor <> coalesce(sum(l.amount_minor), 0)`,
  },
  {
    name: "bill-parts",
    title:
      "Every bill line and billed usage belongs to a bill and lies in its period, or in that of the bill it corrects",
    counted: "select (select count(*) from bill_line) + (select count(*) from billed_usage)",
    broken: `
      select format('operator %s bill %s: %s', part.operator_id, part.bill_id, part.what) as example
        from (select operator_id, bill_id, corrects_bill_id, 'line ' || key as what, period_from, period_to from bill_line
              union all
              select operator_id, bill_id, corrects_bill_id, 'usage point ' || usage_point_id, period_from, period_to from billed_usage) part
        left join bill own on own.operator_id = part.operator_id and own.id = part.bill_id
        left join bill b on b.operator_id = part.operator_id and b.id = coalesce(part.corrects_bill_id, part.bill_id)
       where own.id is null or b.id is null or part.period_from < b.period_from or part.period_to > b.period_to
          or b.account_id <> own.account_id or (part.corrects_bill_id is not null and b.period_to > own.period_from)`,
  },
  {
    name: "bills-posted",
    title: "Every bill has an entry of its own that charges its total to its customer",
    counted: "select count(*) from bill",
    broken: `
      select format('operator %s bill %s: total %s, entry %s', b.operator_id, b.number, b.total_minor, b.journal_id) as example
        from bill b
        left join journal j on j.operator_id = b.operator_id and j.id = b.journal_id
       where (b.journal_id is null and b.total_minor <> 0)
          or (b.journal_id is not null and j.kind is distinct from 'bill')
          or (b.journal_id is not null and b.total_minor <> coalesce((select sum(p.amount_minor) from posting p
                where p.operator_id = b.operator_id and p.journal_id = b.journal_id and p.account_id = b.account_id
                  and p.ledger_account = 'customer' and p.currency = b.currency), 0))`,
  },
  {
    name: "entries-billed",
    title: "Every entry of kind bill has exactly one bill",
    counted: "select count(*) from journal where kind = 'bill'",
    broken: `
      select format('operator %s entry %s: %s bills', j.operator_id, j.id, count(b.id)) as example
        from journal j left join bill b on b.operator_id = j.operator_id and b.journal_id = j.id
       where j.kind = 'bill' group by j.operator_id, j.id having count(b.id) <> 1`,
  },
  {
    name: "bill-numbers",
    title: "Bill numbers of an operator and year run from 1 without a gap to the last one given out",
    counted: "select count(*) from bill_sequence",
    broken: `
      select format('operator %s year %s: %s bills, highest %s, last given out %s', operator_id, year, n, highest, last) as example
        from (select operator_id, split_part(number, '-', 1)::int as year, count(*) as n,
                     max(split_part(number, '-', 2)::int) as highest
                from bill group by 1, 2) given
        full join (select operator_id, year::int as year, last from bill_sequence) kept using (operator_id, year)
       where n is distinct from highest or highest is distinct from last`,
  },
  {
    name: "bill-periods",
    title: "No two bills of an account overlap in time",
    counted: "select count(*) from bill",
    broken: `
      select format('operator %s account %s: bills %s and %s', operator_id, account_id, number, following) as example
        from (select operator_id, account_id, number, period_to,
                     lead(number) over w as following, lead(period_from) over w as next_from
                from bill window w as (partition by operator_id, account_id order by period_from, id)) b
       where next_from < period_to`,
  },
  {
    name: "usage-adds-up",
    title: "Billed usage is what its registers counted, and that is their end less their start",
    counted: "select count(*) from billed_usage",
    broken: `
      select format('operator %s bill %s usage point %s: %s billed, %s counted', u.operator_id, u.bill_id, u.usage_point_id,
                    u.quantity / 1e6, coalesce(sum(p.used), 0)) as example
        from billed_usage u
        left join lateral jsonb_to_recordset(u.registers) as p (used numeric) on true
       group by u.operator_id, u.bill_id, u.usage_point_id, u.period_from, u.quantity
      having u.quantity <> coalesce(sum(p.used), 0) * 1000000
      union all
      select format('operator %s bill %s meter %s %s: %s to %s is not %s', operator_id, bill_id, meter, register, start, "end", used)
        from (${PROOFS}) proof where verdicts = '[]' and "end" - start <> used`,
  },
  {
    name: "usage-readings",
    title:
      "Every billed register shows at its start and end what the readings book held there when the bill was posted",
    counted: `select count(*) from (${PROOFS}) proof`,
    broken: `
      select format('operator %s bill %s meter %s %s at %s: billed %s, read %s', e.operator_id, e.bill_id, e.meter, e.register, e.at, e.shown,
                    (before.value + (after.value - before.value) * e.share) / 1e6) as example
        from (select proof.*, code, at, shown, 0::numeric as share from (${PROOFS}) proof
                join (values ${REGISTER_ROWS}) as known (name, code) on name = register
               cross join lateral (values ("from", start), ("to", "end")) as ends (at, shown)
               where verdicts = '[]' and shown is not null and ratio is null) e
        join bill b on b.operator_id = e.operator_id and b.id = e.bill_id
        left join journal j on j.operator_id = b.operator_id and j.id = b.journal_id
       cross join lateral (select coalesce(j.posted_at, 'infinity') as by) known
        left join lateral (select value, measured_at from reading r where r.operator_id = e.operator_id and r.meter_id = e.meter
               and r.register = e.code and r.measured_at <= e.at and r.received_at <= known.by
             order by r.measured_at desc limit 1) before on true
        left join lateral (select value, measured_at from reading r where r.operator_id = e.operator_id and r.meter_id = e.meter
               and r.register = e.code and r.measured_at >= e.at and r.received_at <= known.by
             order by r.measured_at limit 1) after on true
        left join lateral (select value from reading r where r.operator_id = e.operator_id and r.meter_id = e.meter
               and r.register = e.code and r.measured_at <= e.at order by r.measured_at desc limit 1) low on true
        left join lateral (select value from reading r where r.operator_id = e.operator_id and r.meter_id = e.meter
               and r.register = e.code and r.measured_at >= e.at order by r.measured_at limit 1) high on true
       where (before.value is null or after.value is null
              or e.shown * 1000000 not between least(before.value, after.value) and greatest(before.value, after.value))
         -- a book that was filled later than it says, from a copy: what it holds now
         and (low.value is null or high.value is null
              or e.shown * 1000000 not between least(low.value, high.value) and greatest(low.value, high.value))
         -- a value of a clerk or an estimate stood there, or beside it
         and not exists (select from reading_edit x where x.operator_id = e.operator_id and x.meter_id = e.meter and x.register = e.code
               and x.measured_at between e.at - interval '62 days' and e.at + interval '62 days'
               and (x.measured_at <> e.at or x.kind <> 'value' or x.value = e.shown * 1000000))`,
  },
  {
    name: "energy-lines",
    title:
      "The energy lines of each charge price exactly the billed usage, less at most what was given back or carried in units",
    counted: "select count(*) from bill_line where kind = 'usage'",
    // A charge with a price for all units and surcharges by tier has its units on the lines without a tier.
    broken: `
      select format('operator %s bill %s usage point %s charge %s: %s priced, %s billed', operator_id, bill_id, usage_point_id,
                    charge, coalesce(plain, tiered) / 1e6, quantity / 1e6) as example
        from (select operator_id, bill_id, usage_point_id, charge,
                     coalesce(corrects_bill_id, 0) as corrects,
                     sum(quantity) filter (where tier is null) as plain, sum(quantity) as tiered
                from bill_line where kind = 'usage' group by 1, 2, 3, 4, 5) priced
        join (select operator_id, bill_id, usage_point_id, coalesce(corrects_bill_id, 0) as corrects, sum(quantity) as quantity
                from billed_usage group by 1, 2, 3, 4 having count(*) = 1) used using (operator_id, bill_id, usage_point_id, corrects)
        left join (select operator_id, bill_id, usage_point_id, 0 as corrects, sum(quantity) as given
                     from billed_measure where kind = 'export' group by 1, 2, 3) back using (operator_id, bill_id, usage_point_id, corrects)
        left join (select s.operator_id, s.bill_id, s.usage_point_id, 0 as corrects, sum(value::numeric) * 1000000 as credit
                     from rating_state s cross join jsonb_each_text(s.before -> 'netCredit') as c (tou, value)
                    group by 1, 2, 3) carried using (operator_id, bill_id, usage_point_id, corrects)
       where coalesce(plain, tiered) not between quantity - coalesce(given, 0) - coalesce(credit, 0) and quantity`,
  },
  {
    name: "rating-states",
    title:
      "What a bill was given of earlier ones is what the bill before it, or a correction of that, handed on, and each stands beside its billed usage",
    counted: "select count(*) from rating_state",
    broken: `
      select format('operator %s bill %s usage point %s: given %s, the bill before handed on %s', s.operator_id, s.bill_id, s.usage_point_id,
                    s.before, p.after) as example
        from rating_state s
       cross join lateral (select r.after from rating_state r where r.operator_id = s.operator_id and r.account_id = s.account_id
              and r.usage_point_id = s.usage_point_id and r.period_to = s.period_from and r.bill_id <= s.bill_id
            order by r.bill_id desc limit 1) p
       where p.after <> s.before
         and not exists (select from correction_state c where c.operator_id = s.operator_id and c.account_id = s.account_id
               and c.usage_point_id = s.usage_point_id and c.period_to = s.period_from and c.after = s.before)
      union all
      select format('operator %s bill %s usage point %s: a state without its bill', s.operator_id, s.bill_id, s.usage_point_id)
        from rating_state s left join bill b on b.operator_id = s.operator_id and b.id = s.bill_id and b.account_id = s.account_id
       where b.id is null`,
  },
  {
    name: "true-ups",
    title:
      "Every true-up was opened by a bill that ends there and closed by a later bill of its account, with the difference",
    counted: "select count(*) from true_up",
    broken: `
      select format('operator %s true-up %s of bill %s meter %s', t.operator_id, t.id, t.bill_id, t.meter_id) as example
        from true_up t
        left join bill b on b.operator_id = t.operator_id and b.id = t.bill_id
        left join true_up_closing c on c.operator_id = t.operator_id and c.true_up_id = t.id
        left join bill closing on closing.operator_id = c.operator_id and closing.id = c.bill_id
       where b.id is null or b.account_id <> t.account_id or t.at <= b.period_from or t.at > b.period_to
          or (c.true_up_id is not null and (closing.id is null or closing.account_id <> t.account_id
                or closing.period_from < b.period_to or c.difference is distinct from c.value - t.value))
          or not exists (select from billed_usage u cross join jsonb_to_recordset(u.registers)
                as p (meter bigint, "to" timestamptz, "end" numeric, estimate jsonb, line jsonb)
               where u.operator_id = t.operator_id and u.bill_id = t.bill_id and p.meter = t.meter_id and p."to" = t.at
                 and p."end" * 1000000 = t.value and (p.estimate is not null or p.line is not null))`,
  },
  {
    name: "estimates-open",
    title:
      "Every bill that ends at an estimate, or on a line that a late reading could move, and is not final has opened a true-up for it",
    counted: "select count(*) from billed_usage where basis <> 'actual'",
    broken: `
      select format('operator %s bill %s meter %s %s at %s', u.operator_id, u.bill_id, p.meter, p.register, p."to") as example
        from billed_usage u cross join jsonb_to_recordset(u.registers)
          as p (meter bigint, register text, "to" timestamptz, estimate jsonb, line jsonb)
        join (values ${REGISTER_ROWS}) as known (name, code) on name = p.register
       where (p.estimate is not null or p.line is not null) and u.corrects_bill_id is null
         and not exists (select from account_closing k where k.operator_id = u.operator_id and k.bill_id = u.bill_id)
         and not exists (select from true_up t where t.operator_id = u.operator_id and t.bill_id = u.bill_id
               and t.meter_id = p.meter and t.register = code and t.at = p."to")`,
  },
];
