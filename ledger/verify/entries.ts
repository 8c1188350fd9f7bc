import { CHART, DEPOSIT, RECEIVABLE } from "../chart.ts";
import { type Invariant, textList } from "./check.ts";

const CASH_AS_ONE = "case when ledger_account like 'cash.%' then 'cash' else ledger_account end";

const OF_CUSTOMERS = [...Object.values(RECEIVABLE), DEPOSIT];

export const ENTRY_INVARIANTS: readonly Invariant[] = [
  {
    name: "entries-balance",
    title: "Every entry has at least two postings, and they add up to zero in each currency",
    counted: "select count(*) from journal",
    broken: `
      select format('operator %s entry %s: %s postings, off by %s', j.operator_id, j.id, count(p.line), coalesce(sum(p.amount_minor), 0)) as example
        from journal j left join posting p on p.operator_id = j.operator_id and p.journal_id = j.id
       group by j.operator_id, j.id having count(p.line) < 2
      union all
      select format('operator %s entry %s: %s %s left over', operator_id, journal_id, sum(amount_minor), currency)
        from posting group by operator_id, journal_id, currency having sum(amount_minor) <> 0`,
  },
  {
    name: "postings-belong",
    title:
      "Every posting is of some money and belongs to an entry, a known ledger account and, if it is a customer's and only then, a known account",
    counted: "select count(*) from posting",
    broken: `
      select format('operator %s entry %s line %s: %s %s', p.operator_id, p.journal_id, p.line, p.ledger_account, p.account_id) as example
        from posting p
       where (p.ledger_account not in (${textList(Object.keys(CHART))}) and p.ledger_account !~ '^cash[.][0-9]+$')
          or p.amount_minor = 0 or (p.ledger_account in (${textList(OF_CUSTOMERS)})) <> (p.account_id is not null)
          or not exists (select 1 from journal j where j.operator_id = p.operator_id and j.id = p.journal_id)
          or (p.account_id is not null and not exists (select 1 from account a where a.operator_id = p.operator_id and a.id = p.account_id))`,
  },
  {
    name: "balances-sum",
    title: "Every customer's balance for supply is the sum of his postings there",
    counted: "select count(*) from customer_balance",
    broken: `
      select format('operator %s account %s %s: balance %s, postings %s', operator_id, account_id, currency, b.owed_minor, p.sum) as example
        from (select operator_id, account_id, currency, sum(amount_minor) from posting where ledger_account = 'customer'
               group by 1, 2, 3) p
        full join customer_balance b using (operator_id, account_id, currency)
       where b.owed_minor is distinct from p.sum and not (b.owed_minor = 0 and p.sum is null)`,
  },
  {
    name: "reversals-mirror",
    title:
      "Every reversal names an entry that was not reversed before and takes back its postings exactly; cash may come from another drawer",
    counted: "select count(*) from journal where kind = 'reversal'",
    broken: `
      select format('operator %s entry %s reverses %s', r.operator_id, r.id, r.cause ->> 'reverses') as example
        from journal r
       where r.kind = 'reversal' and (
             not exists (select 1 from journal j where j.operator_id = r.operator_id and j.id::text = r.cause ->> 'reverses')
          or exists (select 1 from journal o where o.operator_id = r.operator_id and o.kind = 'reversal' and o.id < r.id
                        and o.cause ->> 'reverses' = r.cause ->> 'reverses')
          or exists (
             select 1 from (
               select ${CASH_AS_ONE} as ledger_account, account_id, currency, amount_minor from posting
                where operator_id = r.operator_id and journal_id::text = r.cause ->> 'reverses'
               union all
               select ${CASH_AS_ONE}, account_id, currency, amount_minor from posting
                where operator_id = r.operator_id and journal_id = r.id) both_entries
              group by ledger_account, account_id, currency having sum(amount_minor) <> 0))`,
  },
];
