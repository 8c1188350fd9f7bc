-- What a policy says of credits, in the functions that book them.

-- As before, and: a supply that is seen to be off stays off below the balance from which its policy gives it back; a meter that may
-- close already waits on for its customer's press.
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
    update supply set state = case when of_supply.state in ('cut_due', 'notice_served') then 'warned_2' else of_supply.state end,
           desired = 'connected', held = '', warned_2_at = null, last_credit_at = credited_at
     where operator_id = own and account_id = account;
    reconnect := null;
    return;
  end if;
  -- Seen to be off by our own order, and nothing is on its way: what was left unbilled at the last look is taken off.
  if of_supply.close_permit_minor is not null and of_supply.state = 'cut' and of_supply.reported = 'disconnected'
     and reconnect is null and not was_sent and credit_cause ->> 'emergency' is null
     and (select -coalesce(sum(b.owed_minor), 0) from customer_balance b join operator o on o.operator_id = b.operator_id
           where b.operator_id = own and b.account_id = account and b.currency = o.currency)
         - coalesce(of_supply.unbilled_minor, 0) < of_supply.close_permit_minor then
    update supply set last_credit_at = credited_at where operator_id = own and account_id = account;
    return;
  end if;
  update supply set state = case when is_sent and of_supply.state = 'close_permitted' then 'close_permitted'
                                 when is_sent then 'reconnect_sent' else 'reconnect_due' end,
         desired = 'connected', held = '', warned_2_at = null, last_credit_at = credited_at
   where operator_id = own and account_id = account;
  if reconnect is not null then return; end if;
  insert into control (operator_id, meter_id, account_id, action, reason, created_at, not_before)
    values (own, of_supply.meter_id, account, 'connect', credit_cause, credited_at, credited_at)
    returning id into reconnect;
  insert into supply_event (operator_id, account_id, at, kind, detail)
    values (own, account, credited_at, 'reconnect_due', jsonb_build_object('control', reconnect::text));
end $$;

-- As before, and: other debts get no more of a shared payment than the supply's policy says.
create or replace function sanbiao.take_payment(
    operator bigint, payer bigint, payment_key text, channel text, pays text, paid_currency text, amount bigint,
    paid_at timestamptz, by_user bigint,
    out outcome text, out detail text, out entry_id bigint, out supply_part bigint, out property_part bigint,
    out supply_owed bigint, out property_owed bigint, out withdrawn bigint[], out reconnect bigint)
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off set sanbiao.door = 'payment' as $$
declare
  left_over bigint;
  share_max bigint;
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
    -- Of a prepaid supply at most the part that its policy names.
    select least(left_over, amount * coalesce(s.debt_share_percent, 100) / 100, coalesce(s.debt_share_max_minor, left_over))
      into share_max from supply s where s.operator_id = operator and s.account_id = payer;
    property_part := least(amount - supply_part, left_over, coalesce(share_max, left_over));
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
