-- As before, in plain statements one after the other: each costs less to begin than its part of one great statement did.
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
  own text;
begin
  own := set_config('sanbiao.operator_id', operator::text, true);
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
  select o.currency into detail from account a join sanbiao.operator o on o.operator_id = a.operator_id
   where a.operator_id = operator and a.id = payer;
  if not found then outcome := 'no_account'; return; end if;
  if detail <> paid_currency then outcome := 'currency'; return; end if;
  detail := null;
  insert into journal (operator_id, idempotency_key, kind, cause, occurred_at, posted_at, posted_by)
    values (operator, 'payment/' || payment_key, 'payment',
            case when pays = 'supply' then jsonb_build_object('payment', channel, 'account', payer::text)
                 else jsonb_build_object('payment', channel, 'account', payer::text, 'pays', pays) end,
            paid_at, paid_at, by_user)
    on conflict (operator_id, idempotency_key) do nothing returning id into entry_id;
  if entry_id is null then
    -- The key stands in the book. Whether for this very payment, the caller tells by its entry.
    outcome := 'already';
    select j.id into entry_id from journal j where j.operator_id = operator and j.idempotency_key = 'payment/' || payment_key;
    return;
  end if;
  outcome := 'posted';
  withdrawn := '{}';
  if property_part = 0 then
    insert into posting (operator_id, journal_id, line, ledger_account, account_id, currency, amount_minor)
      values (operator, entry_id, 1, channel, null, paid_currency, amount),
             (operator, entry_id, 2, 'customer', payer, paid_currency, -supply_part);
    select owed_minor into property_owed from subledger_balance
     where operator_id = operator and account_id = payer and ledger_account = 'customer_property' and currency = paid_currency;
    property_owed := coalesce(property_owed, 0);
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
  end if;
  if supply_part = 0 then
    -- What was paid for something else says nothing about supply.
    select coalesce(sum(owed_minor), 0) into supply_owed from customer_balance
     where operator_id = operator and account_id = payer and currency = paid_currency;
    return;
  end if;
  insert into customer_balance as b (operator_id, account_id, currency, owed_minor)
    values (operator, payer, paid_currency, -supply_part)
    on conflict (operator_id, account_id, currency) do update set owed_minor = b.owed_minor + excluded.owed_minor
    returning owed_minor into supply_owed;
  -- A decision that comes in between changes the row that is locked here, and is seen.
  update supply s set held = '', warned_2_at = null, last_credit_at = paid_at
   where s.operator_id = operator and s.account_id = payer and s.desired = 'connected' and s.reported <> 'disconnected'
     and s.state in ('normal', 'warned_1', 'warned_2')
     and not exists (select from control c where c.operator_id = operator and c.account_id = payer and c.state in ('queued', 'sent'));
  if found then
    insert into supply_event (operator_id, account_id, at, kind, detail)
      values (operator, payer, paid_at, 'credit', jsonb_build_object('payment', entry_id::text));
  else
    select c.withdrawn, c.reconnect into withdrawn, reconnect
      from sanbiao.credit_supply(payer, jsonb_build_object('payment', entry_id::text), paid_at) c;
  end if;
end $$;
