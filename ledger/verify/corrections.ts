import type { Invariant } from "./check.ts";

export const CORRECTION_INVARIANTS: readonly Invariant[] = [
  {
    name: "correction-totals",
    title: "Every correction's total is the sum of its lines and what its own entry charges or gives its customer",
    counted: "select count(*) from correction",
    broken: `
      select format('operator %s correction %s: total %s, lines %s, entry %s posts %s', c.operator_id, c.number, c.total_minor, l.sum, c.journal_id, p.sum) as example
        from correction c
        left join journal j on j.operator_id = c.operator_id and j.id = c.journal_id
       cross join lateral (select coalesce(sum(amount_minor), 0) as sum from correction_line
                            where operator_id = c.operator_id and correction_id = c.id) l
       cross join lateral (select coalesce(sum(amount_minor) filter (where ledger_account = 'customer' and account_id = c.account_id), 0) as sum
                             from posting where operator_id = c.operator_id and journal_id = c.journal_id and currency = c.currency) p
       where c.total_minor <> l.sum or c.total_minor <> p.sum or (c.journal_id is not null and j.kind is distinct from 'adjustment')
      union all
      select format('operator %s entry %s: %s corrections', j.operator_id, j.id, count(c.id))
        from journal j left join correction c on c.operator_id = j.operator_id and c.journal_id = j.id
       where j.idempotency_key like 'correction/%' group by j.operator_id, j.id having count(c.id) <> 1`,
  },
  {
    name: "correction-numbers",
    title: "Correction numbers of an operator and year run from 1 without a gap to the last one given out",
    counted: "select count(*) from correction_sequence",
    broken: `
      select format('operator %s year %s: %s corrections, highest %s, last given out %s', operator_id, year, n, highest, last) as example
        from (select operator_id, substr(split_part(number, '-', 1), 2)::int as year, count(*) as n,
                     max(split_part(number, '-', 2)::int) as highest
                from correction group by 1, 2) given
        full join (select operator_id, year::int as year, last from correction_sequence) kept using (operator_id, year)
       where n is distinct from highest or highest is distinct from last`,
  },
  {
    name: "correction-bills",
    title: "Every line and use of a correction is of a bill of its account",
    counted: "select (select count(*) from correction_line) + (select count(*) from correction_usage)",
    broken: `
      select format('operator %s correction %s bill %s: %s', part.operator_id, part.correction_id, part.bill_id, part.what) as example
        from (select operator_id, correction_id, bill_id, 'line ' || key as what from correction_line
              union all
              select operator_id, correction_id, bill_id, 'usage point ' || usage_point_id from correction_usage) part
        left join correction c on c.operator_id = part.operator_id and c.id = part.correction_id
        left join bill b on b.operator_id = part.operator_id and b.id = part.bill_id
       where c.id is null or b.id is null or b.account_id <> c.account_id or (c.bill_id is not null and c.bill_id <> b.id)`,
  },
  {
    name: "correction-energy",
    title: "Every use that a correction bills or takes back stands in the energy book once, and nothing else does",
    counted: "select count(*) from correction_usage",
    broken: `
      select format('operator %s correction %s bill %s usage point %s: %s in the correction, %s in the energy book (%s entries)', operator_id, correction_id,
                    bill_id, usage_point_id, u.quantity / 1e6, e.quantity / 1e6, coalesce(e.entries, 0)) as example
        from (select operator_id, correction_id, bill_id, usage_point_id, period_from, quantity from correction_usage) u
        full join (
          select e.operator_id, e.correction_id, e.bill_id, e.usage_point_id, e.period_from, count(distinct e.id) as entries,
                 coalesce(sum(p.quantity) filter (where p.energy_account in ('billed', 'estimated')), 0) as quantity
            from energy_entry e left join energy_posting p on p.operator_id = e.operator_id and p.entry_id = e.id
           where e.kind = 'correction' group by 1, 2, 3, 4, 5) e using (operator_id, correction_id, bill_id, usage_point_id, period_from)
       where e.entries is distinct from 1 or e.quantity is distinct from u.quantity`,
  },
];
