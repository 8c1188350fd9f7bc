import type { Invariant } from "./check.ts";

/** What a customer owes is kept by class: supply in customer_balance, everything else in subledger_balance. */
export const CLASS_INVARIANTS: readonly Invariant[] = [
  {
    name: "classes-sum",
    title: "Every balance of another class than supply is the sum of its postings",
    counted: "select count(*) from subledger_balance",
    broken: `
      select format('operator %s account %s %s %s: balance %s, postings %s', operator_id, account_id, ledger_account, currency, b.owed_minor, p.sum) as example
        from (select operator_id, account_id, ledger_account, currency, sum(amount_minor) from posting
               where account_id is not null and ledger_account <> 'customer' group by 1, 2, 3, 4) p
        full join subledger_balance b using (operator_id, account_id, ledger_account, currency)
       where b.owed_minor is distinct from p.sum and not (b.owed_minor = 0 and p.sum is null)`,
  },
  {
    name: "bill-charges",
    title:
      "What a bill charges besides supply is what its entry asks of its customer in that class, day after day once",
    counted: "select count(*) from bill_charge",
    broken: `
      select format('operator %s bill %s: %s on lines, %s posted', operator_id, bill_id, c.sum, p.sum) as example
        from (select operator_id, bill_id, sum(amount_minor) from bill_charge group by 1, 2) c
        full join (select b.operator_id, b.id as bill_id, sum(p.amount_minor) from posting p
                join bill b on b.operator_id = p.operator_id and b.journal_id = p.journal_id and b.account_id = p.account_id
               where p.ledger_account = 'customer_property' group by 1, 2) p using (operator_id, bill_id)
       where c.sum is distinct from p.sum
      union all
      select format('operator %s bill %s charge %s: outside its bill', c.operator_id, c.bill_id, c.key)
        from bill_charge c left join bill b on b.operator_id = c.operator_id and b.id = c.bill_id
       where b.id is null or c.from_day >= c.to_day
          or c.of_bill_id is null and (c.from_day < (b.period_from at time zone (select zone from operator o where o.operator_id = b.operator_id))::date
          or c.to_day > ((b.period_to - interval '1 ms') at time zone (select zone from operator o where o.operator_id = b.operator_id))::date + 1)
      union all
      select format('operator %s bill %s charge %s: a day twice', operator_id, bill_id, key)
        from (select *, lead(from_day) over (partition by operator_id, bill_id, code order by from_day) as next from bill_charge where of_bill_id is null) c
       where next < to_day`,
  },
  {
    name: "late-fees",
    title:
      "A late fee is at most debt × rate × days, for days after its debt was due and before its own bill, each day once, and on no bill more than it asked for",
    counted: "select count(*) from bill_charge where of_bill_id is not null",
    broken: `
      select format('operator %s bill %s %s: %s', c.operator_id, c.bill_id, c.key, c.wrong) as example
        from (select f.*, case
                when o.id is null or o.account_id <> b.account_id then 'not a debt of the same account'
                when f.from_day <= o.due_on or f.to_day > b.issued_on then 'days that were not overdue'
                when f.amount_minor < 0 or f.included_minor <> 0 or f.income <> 'revenue_late_fee' then 'not a fee'
                when f.amount_minor > round(f.quantity * f.price * (f.to_day - f.from_day) * case b.currency when 'JPY' then 1 else 100 end) then 'more than debt × rate × days'
                when lead(f.from_day) over (partition by f.operator_id, f.of_bill_id, f.code order by f.from_day, f.to_day) < f.to_day then 'a day twice'
                when sum(f.amount_minor) over (partition by f.operator_id, f.of_bill_id, f.code) > case f.code when 'late_fee' then o.total_minor
                     else (select coalesce(sum(x.amount_minor), 0) from bill_charge x where x.operator_id = o.operator_id and x.bill_id = o.id and x.of_bill_id is null) end
                  then 'more than its debt' end as wrong
                from bill_charge f
                left join bill b on b.operator_id = f.operator_id and b.id = f.bill_id
                left join bill o on o.operator_id = f.operator_id and o.id = f.of_bill_id
               where f.of_bill_id is not null) c
       where c.wrong is not null`,
  },
  {
    name: "deposits-held",
    title: "A deposit is never less than nothing, and only entries of deposits move one",
    counted: "select count(*) from posting where ledger_account = 'customer_deposit'",
    broken: `
      select format('operator %s account %s: deposit of %s', operator_id, account_id, -sum(amount_minor)) as example
        from posting where ledger_account = 'customer_deposit' group by operator_id, account_id, currency having sum(amount_minor) > 0
      union all
      select format('operator %s entry %s: a %s moves a deposit', p.operator_id, p.journal_id, j.kind)
        from posting p join journal j on j.operator_id = p.operator_id and j.id = p.journal_id
       where p.ledger_account = 'customer_deposit' and j.kind <> 'deposit'`,
  },
  {
    name: "closings",
    title:
      "A closed account's final bill ends on its day, and its deposit and its set-off paid what it says, each by an entry of its own",
    counted: "select count(*) from account_closing",
    broken: `
      select format('operator %s account %s closed on %s: %s', k.operator_id, k.account_id, k.on_day, k.wrong) as example
        from (select c.*, case
                when c.bill_id is not null and (b.id is null or b.account_id <> c.account_id
                  or b.period_to <> c.on_day::timestamp at time zone o.zone) then 'another bill'
                when exists (select from agreement g where g.operator_id = c.operator_id and g.account_id = c.account_id
                  and g.from_day < c.on_day and (g.to_day is null or g.to_day > c.on_day)) then 'an agreement goes on'
                when coalesce((select -sum(p.amount_minor) from posting p where p.operator_id = c.operator_id and p.journal_id = c.deposit_journal_id
                  and p.account_id = c.account_id and p.ledger_account = 'customer'), 0) <> c.supply_paid_minor
                  or coalesce((select -sum(p.amount_minor) from posting p where p.operator_id = c.operator_id and p.journal_id = c.deposit_journal_id
                  and p.account_id = c.account_id and p.ledger_account = 'customer_property'), 0) <> c.property_paid_minor then 'another entry'
                when (select count(*) from posting p where p.operator_id = c.operator_id and p.journal_id = c.set_off_journal_id
                  and p.account_id = c.account_id and p.amount_minor = case p.ledger_account when 'customer' then -1 else 1 end
                    * (c.supply_set_off_minor - c.property_set_off_minor)) <> case when c.set_off_journal_id is null then 0 else 2 end
                  then 'another set-off'
                when c.supply_set_off_minor > least(c.supply_owed_minor - c.supply_paid_minor, -c.property_owed_minor) and c.supply_set_off_minor > 0
                  or c.property_set_off_minor > least(c.property_owed_minor - c.property_paid_minor, -c.supply_owed_minor) and c.property_set_off_minor > 0
                  then 'more set off than was owed and in credit'
                when c.supply_paid_minor > greatest(c.supply_owed_minor, 0) or c.property_paid_minor > greatest(c.property_owed_minor, 0)
                  then 'more paid than was owed' end as wrong
                from account_closing c join operator o on o.operator_id = c.operator_id
                left join bill b on b.operator_id = c.operator_id and b.id = c.bill_id) k
       where k.wrong is not null`,
  },
  {
    name: "stays-apart",
    title: "A usage point has one customer at a time",
    counted: "select count(*) from agreement",
    broken: `
      select format('operator %s point %s: account %s from %s, account %s up to %s', operator_id, usage_point_id, next_account, next_from, account_id, coalesce(to_day::text, 'now')) as example
        from (select *, lead(from_day) over w as next_from, lead(account_id) over w as next_account from agreement
              window w as (partition by operator_id, usage_point_id order by from_day, id)) g
       where next_from < coalesce(to_day, 'infinity')`,
  },
  {
    name: "set-offs",
    title: "Credit of one class pays another's debt at a move-out and nowhere else, within one account",
    counted: "select count(*) from journal where kind = 'set_off'",
    broken: `
      select format('operator %s entry %s: a set-off that no closing orders', j.operator_id, j.id) as example
        from journal j where j.kind = 'set_off'
         and not exists (select from account_closing c where c.operator_id = j.operator_id and c.set_off_journal_id = j.id
               and not exists (select from posting p where p.operator_id = j.operator_id and p.journal_id = j.id
                     and (p.account_id is distinct from c.account_id or p.ledger_account not in ('customer', 'customer_property'))))`,
  },
  {
    name: "held-bills",
    title: "No bill was issued while it was held, and whoever released one is known",
    counted: "select count(*) from held_bill",
    broken: `
      select format('operator %s run %s account %s: issued as %s while %s', h.operator_id, h.run_id, h.account_id, b.number, h.state) as example
        from held_bill h join bill b on b.operator_id = h.operator_id and b.run_id = h.run_id and b.account_id = h.account_id
       where h.state in ('held', 'work')
      union all
      select format('operator %s run %s account %s: released by nobody', operator_id, run_id, account_id)
        from held_bill where state = 'released' and decided_by is null`,
  },
  {
    name: "cycle-bills",
    title: "A bill of an account that is in a cycle covers exactly a period of that cycle, a final one its beginning",
    counted: "select count(*) from account_cycle",
    broken: `
      select format('operator %s account %s bill %s: %s to %s is not %s to %s', b.operator_id, b.account_id, b.number, d.from_day, d.to_day, c.from_day, c.to_day) as example
        from bill b join operator o on o.operator_id = b.operator_id
       cross join lateral (select (b.period_from at time zone o.zone)::date as from_day, (b.period_to at time zone o.zone)::date as to_day) d
       cross join lateral cycle_period(b.operator_id, b.account_id, d.from_day) c
       where exists (select from account_cycle w where w.operator_id = b.operator_id and w.account_id = b.account_id and w.from_day <= d.from_day)
         and (c.from_day, c.to_day) is distinct from (d.from_day, d.to_day)
         and not exists (select from account_closing k where k.operator_id = b.operator_id and k.bill_id = b.id
               and c.from_day = d.from_day and c.to_day > d.to_day)`,
  },
  {
    name: "cuts-supply-only",
    title: "The balance that an order to cut rests on is one that supply's postings alone had",
    counted: "select count(*) from control where action = 'disconnect' and reason ? 'balance'",
    // An account without other debt cannot mix the two.
    broken: `
      select format('operator %s control %s account %s: rests on %s', c.operator_id, c.id, c.account_id, c.reason ->> 'balance') as example
        from control c
       where c.action = 'disconnect' and c.reason ? 'balance'
         and exists (select from posting x where x.operator_id = c.operator_id and x.account_id = c.account_id and x.ledger_account <> 'customer')
         and not exists (
           select from (select sum(p.amount_minor) over (order by p.journal_id) as owed from posting p
                         where p.operator_id = c.operator_id and p.account_id = c.account_id and p.ledger_account = 'customer'
                        union all select 0) s
            where -s.owed = round((c.reason ->> 'balance')::numeric * case
                    (select currency from operator o where o.operator_id = c.operator_id) when 'JPY' then 1 else 100 end))`,
  },
];
