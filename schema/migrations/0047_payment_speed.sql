-- A payment as one statement. What the database promises stays as it was: an entry balances, belongs to an open journal row, moves its
-- customer's balance, and a credit of any kind takes cuts back.

-- What follows from postings, looked at once: most statements write one entry of one customer in one currency.
create function sanbiao.posting_written() returns trigger
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
         sum(p.amount_minor) filter (where p.ledger_account = 'customer') as owed
    into w from written p;
  if w.entry is null then return null; end if;
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
create function sanbiao.refuse_unbalanced(entry_id bigint) returns void language plpgsql as $$
begin
  raise exception 'journal entry % does not balance', entry_id using errcode = 'check_violation', constraint = 'entry_balances';
end $$;
drop trigger entry_balances on sanbiao.posting;
drop trigger keep_balance on sanbiao.posting;
drop trigger supply_credit on sanbiao.posting;
-- The door of payments writes two or three postings that add up to zero, and their balances in the same statement: it alone passes by
-- both triggers. Who says so himself is not believed: the other doors take the word away.
drop trigger entry_balances on sanbiao.journal;
create trigger entry_balances after insert on sanbiao.journal referencing new table as written for each statement
  when (current_setting('sanbiao.door', true) is distinct from 'payment') execute function sanbiao.check_entry();
create trigger posting_written after insert on sanbiao.posting referencing new table as written for each statement
  when (current_setting('sanbiao.door', true) is distinct from 'payment') execute function sanbiao.posting_written();
alter function sanbiao.post_entry set sanbiao.door = '';
alter function sanbiao.post_entries set sanbiao.door = '';
drop function sanbiao.keep_balance();
drop function sanbiao.credit_of_entry();
create or replace function sanbiao.check_entry() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off as $$
declare
  entry_id bigint;
begin
  select w.id into entry_id from written w
   where (select p.line from posting p where p.operator_id = w.operator_id and p.journal_id = w.id limit 1) is null limit 1;
  if found then
    raise exception 'journal entry % does not balance: it has no postings', entry_id
      using errcode = 'check_violation', constraint = 'entry_balances';
  end if;
  return null;
end $$;

-- As before; where supply flows and nothing is ordered, which is nearly always, it is one statement. A decision that comes in between
-- changes the row that is locked here, and is seen.
create or replace function sanbiao.credit_supply(
    account bigint, credit_cause jsonb, credited_at timestamptz, out withdrawn bigint[], out reconnect bigint)
  language plpgsql set search_path = sanbiao, pg_temp as $$
declare
  of_supply sanbiao.supply;
  open_order sanbiao.control;
  own bigint := sanbiao.operator_id();
  was_sent boolean := false;
  is_sent boolean := false;
begin
  withdrawn := '{}';
  with flowing as (
    update supply s set held = '', warned_2_at = null, last_credit_at = credited_at
     where s.operator_id = own and s.account_id = account and s.desired = 'connected' and s.reported <> 'disconnected'
       and s.state in ('normal', 'warned_1', 'warned_2')
       and not exists (select from control c where c.operator_id = own and c.account_id = account and c.state in ('queued', 'sent'))
    returning s.account_id
  )
  insert into supply_event (operator_id, account_id, at, kind, detail)
    select own, f.account_id, credited_at, 'credit', credit_cause from flowing f;
  if found then return; end if;
  select * into of_supply from supply where operator_id = own and account_id = account for update;
  if not found then return; end if;
  -- Of the account, whichever meter they are for: it may have been exchanged meanwhile.
  for open_order in select * from control where operator_id = own and account_id = account and state in ('queued', 'sent') order by id for update loop
    if open_order.action = 'disconnect' then
      update control set state = 'cancelled', closed_at = credited_at, note = 'withdrawn: a credit came in'
       where operator_id = own and id = open_order.id;
      withdrawn := withdrawn || open_order.id;
      was_sent := was_sent or open_order.sent_at is not null;
    elsif open_order.meter_id = of_supply.meter_id then
      reconnect := open_order.id;
      is_sent := open_order.state = 'sent';
    end if;
  end loop;
  insert into supply_event (operator_id, account_id, at, kind, detail)
    values (own, account, credited_at, 'credit', credit_cause);
  if of_supply.reported <> 'disconnected' and not was_sent
     and not (of_supply.desired = 'disconnected' and withdrawn = '{}') then
    update supply set state = case when of_supply.state = 'cut_due' then 'warned_2' else of_supply.state end,
           desired = 'connected', held = '', warned_2_at = null, last_credit_at = credited_at
     where operator_id = own and account_id = account;
    reconnect := null;
    return;
  end if;
  update supply set state = case when is_sent then 'reconnect_sent' else 'reconnect_due' end,
         desired = 'connected', held = '', warned_2_at = null, last_credit_at = credited_at
   where operator_id = own and account_id = account;
  if reconnect is not null then return; end if;
  insert into control (operator_id, meter_id, account_id, action, reason, created_at, not_before)
    values (own, of_supply.meter_id, account, 'connect', credit_cause, credited_at, credited_at)
    returning id into reconnect;
  insert into supply_event (operator_id, account_id, at, kind, detail)
    values (own, account, credited_at, 'reconnect_due', jsonb_build_object('control', reconnect::text));
end $$;

-- Rows that are rewritten at every payment have room beside them: no index is touched.
alter table sanbiao.customer_balance set (fillfactor = 70);
alter table sanbiao.supply set (fillfactor = 70);

-- As before, in one statement where supply flows and nothing is ordered. Locks: balance, supply, control.
create or replace function sanbiao.take_payment(
    operator bigint, payer bigint, payment_key text, channel text, pays text, paid_currency text, amount bigint,
    paid_at timestamptz, by_user bigint,
    out outcome text, out detail text, out entry_id bigint, out supply_part bigint, out property_part bigint,
    out supply_owed bigint, out property_owed bigint, out withdrawn bigint[], out reconnect bigint)
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off set sanbiao.door = 'payment' as $$
declare
  left_over bigint;
  is_flowing boolean;
begin
  perform set_config('sanbiao.operator_id', operator::text, true);
  supply_part := case when pays = 'supply' then amount else 0 end;
  property_part := case when pays = 'property' then amount else 0 end;
  if pays = 'split' then
    -- Two payments that are shared at once wait for each other: the second sees what the first left.
    perform 1 from account where operator_id = operator and id = payer for no key update;
    select greatest(coalesce(sum(owed_minor), 0), 0) into left_over from customer_balance
     where operator_id = operator and account_id = payer and currency = paid_currency;
    supply_part := least(amount, left_over);
    select greatest(coalesce(sum(owed_minor), 0), 0) into left_over from subledger_balance
     where operator_id = operator and account_id = payer and currency = paid_currency and ledger_account = 'customer_property';
    property_part := least(amount - supply_part, left_over);
    supply_part := amount - property_part; -- what is left is credit for supply
  end if;
  with entry as (
    insert into journal (operator_id, idempotency_key, kind, cause, occurred_at, posted_at, posted_by)
      select operator, 'payment/' || payment_key, 'payment',
             case when pays = 'supply' then jsonb_build_object('payment', channel, 'account', payer::text)
                  else jsonb_build_object('payment', channel, 'account', payer::text, 'pays', pays) end,
             paid_at, paid_at, by_user
        from account a join sanbiao.operator o on o.operator_id = a.operator_id
       where a.operator_id = operator and a.id = payer and o.currency = paid_currency
      on conflict (operator_id, idempotency_key) do nothing returning id
  ), lines as (
    insert into posting (operator_id, journal_id, line, ledger_account, account_id, currency, amount_minor)
      select operator, e.id, v.line, v.of_account, case when v.line > 1 then payer end, paid_currency, v.minor
        from entry e cross join (values (1, channel, amount), (2, 'customer', -supply_part),
                                        (3, 'customer_property', -property_part)) as v (line, of_account, minor)
       where v.minor <> 0
  ), owed as (
    insert into customer_balance as b (operator_id, account_id, currency, owed_minor)
      select operator, payer, paid_currency, -supply_part from entry where supply_part <> 0
      on conflict (operator_id, account_id, currency) do update set owed_minor = b.owed_minor + excluded.owed_minor
      returning owed_minor
  ), flowing as (
    -- A decision that comes in between changes the row that is locked here, and is seen.
    update supply s set held = '', warned_2_at = null, last_credit_at = paid_at
      from owed
     where s.operator_id = operator and s.account_id = payer and s.desired = 'connected' and s.reported <> 'disconnected'
       and s.state in ('normal', 'warned_1', 'warned_2')
       and not exists (select from control c where c.operator_id = operator and c.account_id = payer and c.state in ('queued', 'sent'))
    returning s.account_id
  ), told as (
    insert into supply_event (operator_id, account_id, at, kind, detail)
      select operator, payer, paid_at, 'credit', jsonb_build_object('payment', e.id::text) from entry e, flowing
      returning account_id
  )
  select e.id, (select owed_minor from owed), exists (select from told),
         (select coalesce(sum(b.owed_minor), 0) from subledger_balance b
           where b.operator_id = operator and b.account_id = payer and b.currency = paid_currency and b.ledger_account = 'customer_property')
    into entry_id, supply_owed, is_flowing, property_owed from entry e;
  if entry_id is null then
    select o.currency into detail from account a join sanbiao.operator o on o.operator_id = a.operator_id
     where a.operator_id = operator and a.id = payer;
    if not found then outcome := 'no_account'; return; end if;
    if detail <> paid_currency then outcome := 'currency'; return; end if;
    -- The key stands in the book. Whether for this very payment, the caller tells by its entry.
    detail := null;
    outcome := 'already';
    select j.id into entry_id from journal j where j.operator_id = operator and j.idempotency_key = 'payment/' || payment_key;
    return;
  end if;
  outcome := 'posted';
  withdrawn := '{}';
  if property_part <> 0 then
    insert into subledger_balance as b (operator_id, account_id, ledger_account, currency, owed_minor)
      values (operator, payer, 'customer_property', paid_currency, -property_part)
      on conflict (operator_id, account_id, ledger_account, currency) do update set owed_minor = b.owed_minor + excluded.owed_minor
      returning owed_minor into property_owed;
  end if;
  if supply_owed is null then
    -- What was paid for something else says nothing about supply.
    select coalesce(sum(owed_minor), 0) into supply_owed from customer_balance
     where operator_id = operator and account_id = payer and currency = paid_currency;
  elsif not is_flowing then
    select c.withdrawn, c.reconnect into withdrawn, reconnect
      from sanbiao.credit_supply(payer, jsonb_build_object('payment', entry_id::text), paid_at) c;
  end if;
end $$;
