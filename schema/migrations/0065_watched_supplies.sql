-- Whether a payment has to look at the supply is said by the balance, which it locks and rewrites in any case: a supply is quiet while it
-- flows, nobody was warned, nothing is held and no order is under way. Whoever makes it otherwise says so in the balance, in the same
-- transaction; a payment that looked and found it quiet takes the word back. Whoever decides about a supply holds the balance first.

-- true = a payment looks at the supply.
alter table sanbiao.customer_balance add column is_watched boolean not null default true;

create function sanbiao.is_quiet(operator bigint, account bigint) returns boolean
  language sql stable set search_path = sanbiao, pg_temp as $$
  select s.desired = 'connected' and s.reported <> 'disconnected' and s.state in ('normal', 'warned_1', 'warned_2')
         and s.held = '' and s.warned_2_at is null
         and not exists (select from control c where c.operator_id = operator and c.account_id = account and c.state in ('queued', 'sent'))
    from supply s where s.operator_id = operator and s.account_id = account $$;

-- Touches a balance only where it says otherwise, so that nobody who holds a supply waits for a payment that waits for him.
create function sanbiao.watch_supply() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
begin
  update customer_balance b set is_watched = true
   where b.operator_id = new.operator_id and b.account_id = new.account_id and not b.is_watched;
  return null;
end $$;
create trigger watch_change after update of state, desired, reported, held, warned_2_at on sanbiao.supply for each row
  when (new.desired <> 'connected' or new.reported = 'disconnected' or new.held <> '' or new.warned_2_at is not null
        or new.state not in ('normal', 'warned_1', 'warned_2')) execute function sanbiao.watch_supply();
create trigger watch_order after insert or update of state on sanbiao.control for each row
  when (new.account_id is not null and new.state in ('queued', 'sent')) execute function sanbiao.watch_supply();

-- One that is new: whoever is paying without it finishes first.
create function sanbiao.watch_new_supply() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
begin
  update customer_balance b set is_watched = true where b.operator_id = new.operator_id and b.account_id = new.account_id;
  return null;
end $$;
create trigger watch_new after insert on sanbiao.supply for each row execute function sanbiao.watch_new_supply();

-- Holds what accounts owe, and then their supplies, for a decision: what was paid before is seen by it, and who pays after it sees it.
create function sanbiao.hold_supplies(accounts bigint[]) returns void
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off as $$
declare
  own bigint := sanbiao.operator_id();
begin
  perform from customer_balance b where b.operator_id = own and b.account_id = any(accounts)
    order by b.account_id, b.currency for no key update;
  perform from supply s where s.operator_id = own and s.account_id = any(accounts) order by s.account_id for update;
end $$;
revoke execute on function sanbiao.hold_supplies, sanbiao.is_quiet from public;
grant execute on function sanbiao.hold_supplies to sanbiao_service;

-- As in 0064, and: nothing of a supply is asked where the balance says that it is quiet. Locks: balance, supply, control.
create or replace function sanbiao.take_payment(
    operator bigint, payer bigint, payment_key text, channel text, pays text, paid_currency text, amount bigint,
    paid_at timestamptz, by_user bigint,
    out outcome text, out detail text, out entry_id bigint, out supply_part bigint, out property_part bigint,
    out supply_owed bigint, out property_owed bigint, out withdrawn bigint[], out reconnect bigint)
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off set sanbiao.door = 'payment' as $$
declare
  left_over bigint;
  share_max bigint;
  watched boolean;
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
   returning b.owed_minor, b.is_watched,
             coalesce((select o.owed_minor from subledger_balance o
                        where o.operator_id = operator and o.account_id = payer and o.ledger_account = 'customer_property'
                          and o.currency = paid_currency), 0)
   into supply_owed, watched, property_owed;
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
    select coalesce(sum(b.owed_minor), 0) into property_owed from subledger_balance b
     where b.operator_id = operator and b.account_id = payer and b.ledger_account = 'customer_property' and b.currency = paid_currency;
  elsif not watched then
    return;
  end if;
  -- A decision holds this row while it is made; what it made of it is seen by the statement that follows.
  perform from supply s where s.operator_id = operator and s.account_id = payer for no key update;
  if not found or sanbiao.is_quiet(operator, payer) then
    update customer_balance b set is_watched = false
     where b.operator_id = operator and b.account_id = payer and b.currency = paid_currency;
    return;
  end if;
  perform set_config('sanbiao.operator_id', operator::text, true);
  select c.withdrawn, c.reconnect into withdrawn, reconnect
    from sanbiao.credit_supply(payer, jsonb_build_object('payment', entry_id::text), paid_at) c;
end $$;
