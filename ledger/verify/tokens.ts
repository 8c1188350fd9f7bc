import type { Invariant } from "./check.ts";

/** Tokens for keypad meters: credit that was handed to a meter as a number. */
export const TOKEN_INVARIANTS: readonly Invariant[] = [
  {
    name: "tokens-entered",
    title:
      "Every token has its own entry, which takes its amount from its account; no entry of that kind is without its token",
    counted: "select count(*) from credit_token",
    broken: `
      select format('operator %s token %s: entry %s', t.operator_id, t.id, t.journal_id) as example from credit_token t
       where not exists (select 1 from posting p where p.operator_id = t.operator_id and p.journal_id = t.journal_id
               and p.ledger_account = 'customer' and p.account_id = t.account_id and p.currency = t.currency and p.amount_minor = t.amount_minor)
          or not exists (select 1 from posting p where p.operator_id = t.operator_id and p.journal_id = t.journal_id
               and p.ledger_account = 'token_credit' and p.amount_minor = -t.amount_minor)
      union all
      select format('operator %s entry %s: a token that is not there', j.operator_id, j.id) from journal j
       where j.kind = 'adjustment' and j.cause ? 'token'
         and not exists (select 1 from credit_token t where t.operator_id = j.operator_id and t.journal_id = j.id)`,
  },
  {
    name: "tokens-once",
    title: "No two tokens of a meter have one number: it would take only the first",
    counted: "select count(*) from credit_token",
    broken: `
      select format('operator %s meter %s %s number %s: %s tokens', operator_id, meter_id, scheme, number, count(*)) as example
        from credit_token group by operator_id, meter_id, scheme, number having count(*) > 1`,
  },
  {
    name: "tokens-returned",
    title:
      "What meters hold of accounts' credit is what their tokens took, less what came back, each once and after a reading",
    counted: "select count(*) from credit_token_return",
    broken: `
      select format('operator %s %s: %s owed to meters, %s by tokens', operator_id, currency, p.sum, t.sum) as example
        from (select operator_id, currency, -sum(amount_minor) as sum from posting where ledger_account = 'token_credit' group by 1, 2) p
        full join (select t.operator_id, t.currency, sum(case when r.token_id is null then t.amount_minor else 0 end) as sum from credit_token t
                left join credit_token_return r on r.operator_id = t.operator_id and r.token_id = t.id group by 1, 2) t using (operator_id, currency)
       where p.sum is distinct from t.sum
      union all
      select format('operator %s token %s: came back by a reading that is not there', r.operator_id, r.token_id) from credit_token_return r
       where not exists (select 1 from credit_token t join reading x on x.operator_id = t.operator_id and x.meter_id = t.meter_id
               and x.measured_at = r.measured_at where t.operator_id = r.operator_id and t.id = r.token_id and x.measured_at > t.issued_at)`,
  },
];
