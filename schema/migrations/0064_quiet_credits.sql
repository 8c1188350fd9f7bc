-- A payment to a supply that flows, of which nothing is held and nobody was warned, changes nothing of it: it only waits for whoever is
-- deciding about it, and leaves its time with the balance. What follows from a credit otherwise is said by `credit_supply`, as before.
-- What a posting may be is looked at where its whole entry is, by the trigger of 0047, and no longer by check constraints, which
-- PostgreSQL reads anew from their text in every statement. The door of payments, which passes by the trigger, refuses itself what it
-- would.

-- When the customer was last credited by a payment.
alter table sanbiao.customer_balance add column credited_at timestamptz;

-- As in 0047, and: no posting is of nothing, and whoever has a customer's account is a customer's.
create or replace function sanbiao.posting_written() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off as $$
declare
  w record;
  entry record;
  credited record;
begin
  select min(p.journal_id) as entry, max(p.journal_id) as last_entry, min(p.operator_id) as operator, max(p.operator_id) as last_operator,
         min(p.currency) as currency, max(p.currency) as last_currency, sum(p.amount_minor) as total,
         min(p.account_id) as account, max(p.account_id) as last_account,
         bool_or(p.account_id is not null and p.ledger_account <> 'customer') as is_other,
         sum(p.amount_minor) filter (where p.ledger_account = 'customer') as owed,
         bool_or(p.amount_minor = 0) as is_nothing,
         bool_or((p.ledger_account in ('customer', 'customer_property', 'customer_deposit')) <> (p.account_id is not null)) as is_astray
    into w from written p;
  if w.entry is null then return null; end if;
  if w.is_nothing then
    raise exception 'a posting of journal entry % is of nothing: amount_minor is 0', w.entry
      using errcode = 'check_violation', constraint = 'posting_amount_minor_check';
  end if;
  if w.is_astray then
    raise exception 'a posting of journal entry % names a customer where its ledger account takes none, or none where it takes one', w.entry
      using errcode = 'check_violation', constraint = 'posting_of_customer';
  end if;
  if w.entry = w.last_entry and w.operator = w.last_operator and w.currency = w.last_currency
     and w.account is not distinct from w.last_account and not w.is_other then
    if w.total <> 0 then
      raise exception 'journal entry % does not balance', w.entry using errcode = 'check_violation', constraint = 'entry_balances';
    end if;
    select j.operator_id, j.written_in, j.kind, j.posted_at into entry from journal j where j.id = w.entry;
    if entry.operator_id is distinct from w.operator then
      raise exception 'posting without journal entry %', w.entry using errcode = 'foreign_key_violation';
    end if;
    if entry.written_in <> pg_current_xact_id() then
      raise exception 'journal entry % is closed: write a further entry', w.entry using errcode = 'restrict_violation';
    end if;
    if w.owed is null then return null; end if;
    update customer_balance b set owed_minor = b.owed_minor + w.owed
     where b.operator_id = w.operator and b.account_id = w.account and b.currency = w.currency;
    if not found then
      insert into customer_balance as b (operator_id, account_id, currency, owed_minor) values (w.operator, w.account, w.currency, w.owed)
        on conflict (operator_id, account_id, currency) do update set owed_minor = b.owed_minor + excluded.owed_minor;
    end if;
    -- Payments name theirs in their own call.
    if w.owed < 0 and entry.kind <> 'payment' and w.operator = sanbiao.operator_id() then
      perform credit_supply(w.account, jsonb_build_object('entry', w.entry::text, 'kind', entry.kind), entry.posted_at)
        from supply s where s.operator_id = w.operator and s.account_id = w.account;
    end if;
    return null;
  end if;

  perform sanbiao.refuse_unbalanced(p.journal_id) from written p
   group by p.operator_id, p.journal_id, p.currency having sum(p.amount_minor) <> 0 limit 1;
  select e.journal_id, e.opened_in into entry
    from (select p.journal_id, (select case when j.operator_id = p.operator_id then j.written_in end
                                  from journal j where j.id = p.journal_id) as opened_in
            from (select distinct operator_id, journal_id from written) p offset 0) e
   where e.opened_in is distinct from pg_current_xact_id() limit 1;
  if found and entry.opened_in is null then
    raise exception 'posting without journal entry %', entry.journal_id using errcode = 'foreign_key_violation';
  elsif found then
    raise exception 'journal entry % is closed: write a further entry', entry.journal_id using errcode = 'restrict_violation';
  end if;
  insert into customer_balance as b (operator_id, account_id, currency, owed_minor)
    select operator_id, account_id, currency, sum(amount_minor) from written where ledger_account = 'customer'
     group by operator_id, account_id, currency order by operator_id, account_id, currency
    on conflict (operator_id, account_id, currency) do update set owed_minor = b.owed_minor + excluded.owed_minor;
  if w.is_other then
    insert into subledger_balance as b (operator_id, account_id, ledger_account, currency, owed_minor)
      select operator_id, account_id, ledger_account, currency, sum(amount_minor) from written
       where account_id is not null and ledger_account <> 'customer'
       group by operator_id, account_id, ledger_account, currency order by operator_id, account_id, ledger_account, currency
      on conflict (operator_id, account_id, ledger_account, currency) do update set owed_minor = b.owed_minor + excluded.owed_minor;
  end if;
  if not exists (select from written where ledger_account = 'customer' and amount_minor < 0) then return null; end if;
  for credited in
    select p.account_id, j.id, j.kind, j.posted_at
      from (select operator_id, account_id, journal_id from written where ledger_account = 'customer'
             group by 1, 2, 3 having sum(amount_minor) < 0) p
      join journal j on j.operator_id = p.operator_id and j.id = p.journal_id and j.kind <> 'payment'
      join supply s on s.operator_id = p.operator_id and s.account_id = p.account_id
     where p.operator_id = sanbiao.operator_id() order by p.account_id, j.id
  loop
    perform credit_supply(credited.account_id, jsonb_build_object('entry', credited.id::text, 'kind', credited.kind), credited.posted_at);
  end loop;
  return null;
end $$;
alter table sanbiao.posting drop constraint posting_amount_minor_check, drop constraint posting_of_customer;

-- Locks: balance, supply, control.
create or replace function sanbiao.take_payment(
    operator bigint, payer bigint, payment_key text, channel text, pays text, paid_currency text, amount bigint,
    paid_at timestamptz, by_user bigint,
    out outcome text, out detail text, out entry_id bigint, out supply_part bigint, out property_part bigint,
    out supply_owed bigint, out property_owed bigint, out withdrawn bigint[], out reconnect bigint)
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off set sanbiao.door = 'payment' as $$
declare
  left_over bigint;
  share_max bigint;
begin
  if (amount > 0) is not true or channel in ('customer', 'customer_property', 'customer_deposit') then
    raise exception 'a payment of % into %', amount, channel using errcode = 'check_violation', constraint = 'payment_of_money';
  end if;
  if pays is distinct from 'supply' then
    -- Two payments that are shared at once wait for each other: the second sees what the first left.
    perform from account where operator_id = operator and id = payer for no key update;
    if not found then
      raise exception 'no account %', payer using errcode = 'foreign_key_violation', constraint = 'payment_of_account';
    end if;
    if pays = 'property' then
      property_part := amount;
    elsif pays = 'split' then
      select greatest(coalesce(sum(owed_minor), 0), 0) into left_over from customer_balance
       where operator_id = operator and account_id = payer and currency = paid_currency;
      supply_part := least(amount, left_over);
      select greatest(coalesce(sum(owed_minor), 0), 0) into left_over from subledger_balance
       where operator_id = operator and account_id = payer and currency = paid_currency and ledger_account = 'customer_property';
      -- Of a prepaid supply at most the part that its policy names.
      select least(left_over, amount * coalesce(s.debt_share_percent, 100) / 100, coalesce(s.debt_share_max_minor, left_over))
        into share_max from supply s where s.operator_id = operator and s.account_id = payer;
      property_part := least(amount - supply_part, left_over, coalesce(share_max, left_over));
    else
      raise exception 'a payment for %', pays using errcode = 'check_violation', constraint = 'payment_of_money';
    end if;
  end if;
  insert into journal (operator_id, idempotency_key, kind, cause, occurred_at, posted_at, posted_by)
    select operator, 'payment/' || payment_key, 'payment',
           case when pays = 'supply' then jsonb_build_object('payment', channel, 'account', payer::text)
                else jsonb_build_object('payment', channel, 'account', payer::text, 'pays', pays) end,
           paid_at, paid_at, by_user
      from sanbiao.operator o where o.operator_id = operator and o.currency = paid_currency
    on conflict (operator_id, idempotency_key) do nothing
    -- what other debts do not get is credit for supply
    returning id, 'posted', amount - coalesce(property_part, 0), coalesce(property_part, 0), '{}'
    into entry_id, outcome, supply_part, property_part, withdrawn;
  if entry_id is null then
    select o.currency into detail from sanbiao.operator o where o.operator_id = operator;
    if detail is distinct from paid_currency then outcome := 'currency'; return; end if;
    -- The key stands in the book. Whether for this very payment, the caller tells by its entry.
    detail := null;
    outcome := 'already';
    select j.id into entry_id from journal j where j.operator_id = operator and j.idempotency_key = 'payment/' || payment_key;
    return;
  end if;
  if property_part = 0 then
    insert into posting (operator_id, journal_id, line, ledger_account, account_id, currency, amount_minor)
      values (operator, entry_id, 1, channel, null, paid_currency, amount),
             (operator, entry_id, 2, 'customer', payer, paid_currency, -amount);
  else
    insert into posting (operator_id, journal_id, line, ledger_account, account_id, currency, amount_minor)
      select operator, entry_id, v.line, v.of_account, case when v.line > 1 then payer end, paid_currency, v.minor
        from (values (1, channel, amount), (2, 'customer', -supply_part), (3, 'customer_property', -property_part))
             as v (line, of_account, minor)
       where v.minor <> 0;
    insert into subledger_balance as b (operator_id, account_id, ledger_account, currency, owed_minor)
      values (operator, payer, 'customer_property', paid_currency, -property_part)
      on conflict (operator_id, account_id, ledger_account, currency) do update set owed_minor = b.owed_minor + excluded.owed_minor
      returning owed_minor into property_owed;
    if supply_part = 0 then
      -- What was paid for something else says nothing about supply.
      select coalesce(sum(owed_minor), 0) into supply_owed from customer_balance
       where operator_id = operator and account_id = payer and currency = paid_currency;
      return;
    end if;
  end if;
  update customer_balance b set owed_minor = b.owed_minor - supply_part, credited_at = paid_at
   where b.operator_id = operator and b.account_id = payer and b.currency = paid_currency
   returning b.owed_minor into supply_owed;
  if not found then
    -- The first money of this customer; whoever has a balance is known.
    if not exists (select from account a where a.operator_id = operator and a.id = payer) then
      raise exception 'no account %', payer using errcode = 'foreign_key_violation', constraint = 'payment_of_account';
    end if;
    insert into customer_balance as b (operator_id, account_id, currency, owed_minor, credited_at)
      values (operator, payer, paid_currency, -supply_part, paid_at)
      on conflict (operator_id, account_id, currency) do update
        set owed_minor = b.owed_minor + excluded.owed_minor, credited_at = excluded.credited_at
      returning b.owed_minor into supply_owed;
  end if;
  -- A decision holds this row while it is made, and one that came in between is seen in it.
  select coalesce((select b.owed_minor from subledger_balance b
                    where b.operator_id = operator and b.account_id = payer and b.ledger_account = 'customer_property'
                      and b.currency = paid_currency), 0)
    into property_owed from supply s
   where s.operator_id = operator and s.account_id = payer and s.desired = 'connected' and s.reported <> 'disconnected'
     and s.state in ('normal', 'warned_1', 'warned_2') and s.held = '' and s.warned_2_at is null
     and not exists (select from control c where c.operator_id = operator and c.account_id = payer and c.state in ('queued', 'sent'))
     for no key update of s;
  if found then return; end if;
  select coalesce(sum(b.owed_minor), 0) into property_owed from subledger_balance b
   where b.operator_id = operator and b.account_id = payer and b.ledger_account = 'customer_property' and b.currency = paid_currency;
  perform set_config('sanbiao.operator_id', operator::text, true);
  select c.withdrawn, c.reconnect into withdrawn, reconnect
    from sanbiao.credit_supply(payer, jsonb_build_object('payment', entry_id::text), paid_at) c;
end $$;
