import type { Invariant } from "./check.ts";

/** Cash that entries of a shift moved in its drawer, float and emptying left out. */
const CASH_OF_SHIFT = `coalesce((select sum(p.amount_minor) from tender t
  join posting p on p.operator_id = t.operator_id and p.journal_id = t.journal_id and p.ledger_account = 'cash.' || s.drawer_id
 where t.operator_id = s.operator_id and t.shift_id = s.id), 0)`;

/** A machine's clock may be set back while a shift is open. */
const CLOCK_STEP = "interval '10 minutes'";

export const COUNTER_INVARIANTS: readonly Invariant[] = [
  {
    name: "drawer-balances",
    title: "A drawer holds the float and the cash of the shifts that are not closed, and nothing else",
    counted: "select count(*) from cash_drawer",
    broken: `
      select format('operator %s %s: %s in the book, %s by its shifts', operator_id, ledger_account, coalesce(b.sum, 0), coalesce(d.sum, 0)) as example
        from (select operator_id, ledger_account, sum(amount_minor) from posting where ledger_account like 'cash.%' group by 1, 2) b
        full join (select s.operator_id, 'cash.' || s.drawer_id as ledger_account, sum(s.float_minor + ${CASH_OF_SHIFT})
                     from counter_shift s where s.state <> 'closed' group by 1, 2) d using (operator_id, ledger_account)
       where coalesce(b.sum, 0) <> coalesce(d.sum, 0)`,
  },
  {
    name: "shifts-emptied",
    title:
      "A shift took its float, and one that is closed was emptied by what it should hold; what was over or short is its own entry's",
    counted: "select count(*) from counter_shift",
    broken: `
      select format('operator %s shift %s: %s', operator_id, id, wrong) as example
        from (select s.operator_id, s.id, case
                when s.float_minor <> coalesce((select sum(p.amount_minor) from posting p where p.operator_id = s.operator_id
                       and p.journal_id = s.open_journal_id and p.ledger_account = 'cash.' || s.drawer_id), 0) then 'its float is not what was posted'
                when s.state = 'open' and c.no is not null then 'counted and still open'
                when s.state <> 'open' and c.no is null then 'never counted'
                when s.state = 'closed' and c.expected_minor <> s.float_minor + ${CASH_OF_SHIFT} then 'money moved after it was counted'
                when s.state = 'closed' and -c.expected_minor <> coalesce((select sum(p.amount_minor) from posting p where p.operator_id = s.operator_id
                       and p.journal_id = s.close_journal_id and p.ledger_account = 'cash.' || s.drawer_id), 0) then 'not emptied'
                when s.state = 'closed' and c.expected_minor - c.counted_minor <> coalesce((select sum(p.amount_minor) from posting p
                       where p.operator_id = s.operator_id and p.journal_id = s.close_journal_id and p.ledger_account = 'cash_over_short'), 0)
                  then 'its variance is not what was counted'
                when s.state = 'closed' and c.expected_minor <> c.counted_minor and coalesce(s.confirm_note, '') = '' then 'a variance without a word of why'
                end as wrong
                from counter_shift s
                left join lateral (select * from shift_count n where n.operator_id = s.operator_id and n.shift_id = s.id order by no desc limit 1) c on true) x
       where wrong is not null`,
  },
  {
    name: "tenders-fit",
    title: "What changed hands at a counter is what its entry says, by its person and while his shift was open",
    counted: "select count(*) from tender",
    broken: `
      select format('operator %s entry %s: %s', operator_id, journal_id, wrong) as example
        from (select t.operator_id, t.journal_id, case
                when j.id is null then 'there is no such entry'
                when t.amount_minor <> coalesce((select sum(p.amount_minor) from posting p where p.operator_id = t.operator_id and p.journal_id = t.journal_id
                       and p.account_id is null and split_part(p.ledger_account, '.', 1) = t.kind and p.ledger_account <> 'cheque.held'), 0) then 'another amount'
                when s.id is not null and (j.posted_at < s.opened_at - ${CLOCK_STEP} or j.posted_at > s.closed_at + ${CLOCK_STEP}) then 'outside its shift'
                when s.id is not null and j.kind <> 'reversal' and j.posted_by is distinct from s.clerk_id then 'taken by another clerk'
                when t.kind = 'cash' and s.id is not null and not exists (select from posting p where p.operator_id = t.operator_id
                       and p.journal_id = t.journal_id and p.ledger_account = 'cash.' || s.drawer_id) then 'not in the drawer of its shift'
                end as wrong
                from tender t left join journal j on j.operator_id = t.operator_id and j.id = t.journal_id
                left join counter_shift s on s.operator_id = t.operator_id and s.id = t.shift_id) x
       where wrong is not null`,
  },
  {
    name: "cheques-in-hand",
    title:
      "Cheques in hand are those that were neither cleared nor returned, and what they will count is owed to nobody until then",
    counted: "select count(*) from cheque",
    broken: `
      select format('operator %s %s %s: %s in the book, %s in hand', operator_id, ledger_account, currency, coalesce(b.sum, 0), coalesce(c.sum, 0)) as example
        from (select operator_id, ledger_account, currency, sum(amount_minor) from posting where ledger_account in ('cheque', 'cheque.held') group by 1, 2, 3) b
        full join (select q.operator_id, a.ledger_account, q.currency, sum(a.sign * q.amount_minor)
                     from cheque q cross join (values ('cheque', 1), ('cheque.held', -1)) as a (ledger_account, sign)
                    where (a.sign = 1 or q.counts = 'cleared')
                      and not exists (select from cheque_ending e where e.operator_id = q.operator_id and e.cheque_id = q.id)
                    group by 1, 2, 3) c using (operator_id, ledger_account, currency)
       where coalesce(b.sum, 0) <> coalesce(c.sum, 0)`,
  },
  {
    name: "receipts-gapless",
    title:
      "Receipts of a year are numbered from 1 without a gap, and their prints too; each belongs to an entry of its account",
    counted: "select count(*) from receipt",
    broken: `
      select format('operator %s %s: %s receipts, the last is %s, the counter at %s', operator_id, year, r.n, r.last, s.last) as example
        from (select operator_id, year, count(*) as n, max(number) as last from receipt group by 1, 2) r
        full join receipt_sequence s using (operator_id, year)
       where coalesce(r.n, 0) <> coalesce(s.last, 0) or coalesce(r.last, 0) <> coalesce(s.last, 0)
      union all
      select format('operator %s entry %s: %s prints, the last is %s', operator_id, journal_id, count(*), max(no))
        from receipt_print group by operator_id, journal_id having count(*) <> max(no)
      union all
      select format('operator %s receipt %s-%s: entry %s is none of account %s', r.operator_id, r.year, r.number, r.journal_id, r.account_id)
        from receipt r
       where not exists (select from posting p where p.operator_id = r.operator_id and p.journal_id = r.journal_id and p.account_id = r.account_id)
         and not exists (select from cheque q where q.operator_id = r.operator_id and q.journal_id = r.journal_id and q.account_id = r.account_id)`,
  },
];
