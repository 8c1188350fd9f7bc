import type { Invariant } from "./check.ts";

export const CORRECTION_INVARIANTS: readonly Invariant[] = [
  {
    name: "correction-totals",
    title:
      "Every correction's totals are the sums of its lines, and what its own entry charges or gives its customer in each class",
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
      select format('operator %s correction %s: other charges %s, lines %s, entry %s posts %s', c.operator_id, c.number, c.charges_minor, l.sum, c.journal_id, p.sum)
        from correction c
       cross join lateral (select coalesce(sum(amount_minor), 0) as sum from correction_charge
                            where operator_id = c.operator_id and correction_id = c.id) l
       cross join lateral (select coalesce(sum(amount_minor), 0) as sum from posting
                            where operator_id = c.operator_id and journal_id = c.journal_id and currency = c.currency
                              and ledger_account = 'customer_property' and account_id = c.account_id) p
       where c.charges_minor <> l.sum or c.charges_minor <> p.sum
      union all
      select format('operator %s bill %s charge %s: %s is left of %s', operator_id, bill_id, line, b.amount_minor + sum(x.amount_minor), b.amount_minor)
        from correction_charge x join bill_charge b using (operator_id, bill_id, line)
       group by operator_id, bill_id, line, b.amount_minor having b.amount_minor + sum(x.amount_minor) not in (0, b.amount_minor)
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
    title:
      "Every part of a correction is of a bill of its account, and it keeps what the bill's lines were worked out from as it was hashed",
    counted: "select (select count(*) from correction_line) + (select count(*) from correction_usage)",
    broken: `
      select format('operator %s correction %s bill %s: %s', part.operator_id, part.correction_id, part.bill_id, part.what) as example
        from (select operator_id, correction_id, bill_id, 'line ' || key as what from correction_line
              union all
              select operator_id, correction_id, bill_id, 'usage point ' || usage_point_id from correction_usage
              union all
              select operator_id, correction_id, bill_id, kind || ' at usage point ' || usage_point_id from correction_measure
              union all
              select operator_id, correction_id, bill_id, 'state of usage point ' || usage_point_id from correction_state
              union all
              select operator_id, correction_id, bill_id, 'charge ' || line from correction_charge
              union all
              select operator_id, correction_id, bill_id, 'basis' from correction_basis) part
        left join correction c on c.operator_id = part.operator_id and c.id = part.correction_id
        left join bill b on b.operator_id = part.operator_id and b.id = part.bill_id
       where c.id is null or b.id is null or b.account_id <> c.account_id or (c.bill_id is not null and c.bill_id <> b.id)
      union all
      select format('operator %s correction %s bill %s: its basis is not what was hashed', operator_id, correction_id, bill_id)
        from correction_basis where sha256 <> encode(sha256(convert_to(document, 'UTF8')), 'hex')`,
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
  {
    name: "correction-given-back",
    title: "Every export that a correction settles or takes back stands in the energy book once, and nothing else does",
    counted: "select count(*) from correction_measure where kind = 'export'",
    broken: `
      select format('operator %s correction %s bill %s usage point %s: %s given back in the correction, %s in the energy book (%s entries)', operator_id,
                    correction_id, bill_id, usage_point_id, m.quantity / 1e6, e.quantity / 1e6, coalesce(e.entries, 0)) as example
        from (select operator_id, correction_id, bill_id, usage_point_id, period_from, quantity from correction_measure where kind = 'export') m
        full join (
          select e.operator_id, e.correction_id, e.bill_id, e.usage_point_id, e.period_from, count(distinct e.id) as entries,
                 coalesce(sum(p.quantity) filter (where p.energy_account = 'given_back'), 0) as quantity
            from energy_entry e left join energy_posting p on p.operator_id = e.operator_id and p.entry_id = e.id
           where e.kind = 'export' and e.correction_id is not null group by 1, 2, 3, 4, 5) e
             using (operator_id, correction_id, bill_id, usage_point_id, period_from)
       where e.entries is distinct from 1 or e.quantity is distinct from m.quantity`,
  },
];
