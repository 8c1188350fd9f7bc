-- A payment is one call: entry, balance, withdrawal of cuts and order to reconnect are one statement of one transaction,
-- for whoever takes it. What a credit does to supply is written down once, here, for every kind of credit.

-- What a credit of any kind and size does to a prepaid supply, in the credit's own transaction: orders to cut that are not proven
-- are withdrawn, and supply is given back when it is off or an order to cut may be on its way. The supply row's lock puts
-- decisions and credits of one account into an order. Nothing for an account without prepaid supply.
create function sanbiao.credit_supply(
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
revoke execute on function sanbiao.credit_supply from public;
grant execute on function sanbiao.credit_supply to sanbiao_service;

-- Every payment locked its operator's one row to see that it is there, and all of them queued for it. The door names the operator
-- of the account, row-level security lets no other in, and `sanbiao verify` proves it (operators-known).
alter table sanbiao.journal drop constraint journal_operator_id_fkey;

-- An entry's own number finds it in check_entry: with an operator before it, a plan made while the book was small may choose an
-- index by time or key, and walk through all entries of the operator at each payment.
create unique index journal_number on sanbiao.journal (id);
create or replace function sanbiao.check_entry() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off as $$
declare
  entry_id bigint;
  opened_in xid8;
begin
  if tg_table_name = 'journal' then
    select w.id into entry_id from written w
     where (select p.line from sanbiao.posting p where p.operator_id = w.operator_id and p.journal_id = w.id limit 1) is null limit 1;
    if found then
      raise exception 'journal entry % does not balance: it has no postings', entry_id
        using errcode = 'check_violation', constraint = 'entry_balances';
    end if;
    return null;
  end if;
  select w.journal_id into entry_id from written w
   group by w.operator_id, w.journal_id, w.currency having sum(w.amount_minor) <> 0 limit 1;
  if found then
    raise exception 'journal entry % does not balance', entry_id using errcode = 'check_violation', constraint = 'entry_balances';
  end if;
  select e.journal_id, e.opened_in into entry_id, opened_in
    from (select w.journal_id, (select case when j.operator_id = w.operator_id then j.written_in end
                                  from sanbiao.journal j where j.id = w.journal_id) as opened_in
            from (select distinct operator_id, journal_id from written) w offset 0) e
   where e.opened_in is distinct from pg_current_xact_id() limit 1;
  if not found then return null; end if;
  if opened_in is null then
    raise exception 'posting without journal entry %', entry_id using errcode = 'foreign_key_violation';
  end if;
  raise exception 'journal entry % is closed: write a further entry', entry_id using errcode = 'restrict_violation';
end $$;

-- As before; the second class of debt is looked at only where it has a posting.
create or replace function sanbiao.keep_balance() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
begin
  insert into sanbiao.customer_balance as b (operator_id, account_id, currency, owed_minor)
    select operator_id, account_id, currency, sum(amount_minor) from written where ledger_account = 'customer'
     group by operator_id, account_id, currency order by operator_id, account_id, currency
    on conflict (operator_id, account_id, currency) do update set owed_minor = b.owed_minor + excluded.owed_minor;
  if exists (select from written where account_id is not null and ledger_account <> 'customer') then
    insert into sanbiao.subledger_balance as b (operator_id, account_id, ledger_account, currency, owed_minor)
      select operator_id, account_id, ledger_account, currency, sum(amount_minor) from written
       where account_id is not null and ledger_account <> 'customer'
       group by operator_id, account_id, ledger_account, currency order by operator_id, account_id, ledger_account, currency
      on conflict (operator_id, account_id, ledger_account, currency) do update set owed_minor = b.owed_minor + excluded.owed_minor;
  end if;
  return null;
end $$;

-- Takes a payment, all or nothing, once per key. It names its operator itself, so that one statement is the transaction.
-- Answers 'posted' or 'already' (the key stands in the book, for this payment or another); 'no_account', or 'currency' with the
-- operator's own in `detail`, where it was not taken at all. Amounts are minor units; parts and what is owed are told for 'posted'.
create function sanbiao.take_payment(
    operator bigint, payer bigint, payment_key text, channel text, pays text, paid_currency text, amount bigint,
    paid_at timestamptz, by_user bigint,
    out outcome text, out detail text, out entry_id bigint, out supply_part bigint, out property_part bigint,
    out supply_owed bigint, out property_owed bigint, out withdrawn bigint[], out reconnect bigint)
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off as $$
declare
  left_over bigint;
begin
  perform set_config('sanbiao.operator_id', operator::text, true);
  select o.currency into detail from sanbiao.account a join sanbiao.operator o on o.operator_id = a.operator_id
   where a.operator_id = operator and a.id = payer;
  if not found then outcome := 'no_account'; return; end if;
  if detail <> paid_currency then outcome := 'currency'; return; end if;
  detail := null;
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
  -- What post_entry does, without its way through documents: one customer, at most three postings.
  with entry as (
    insert into journal (operator_id, idempotency_key, kind, cause, occurred_at, posted_at, posted_by)
      values (operator, 'payment/' || payment_key, 'payment',
              jsonb_strip_nulls(jsonb_build_object('payment', channel, 'account', payer::text, 'pays', nullif(pays, 'supply'))),
              paid_at, paid_at, by_user)
      on conflict (operator_id, idempotency_key) do nothing returning id
  ), lines as (
    insert into posting (operator_id, journal_id, line, ledger_account, account_id, currency, amount_minor)
      select operator, e.id, v.line, v.of_account, case when v.line > 1 then payer end, paid_currency, v.minor
        from entry e cross join (values (1, channel, amount), (2, 'customer', -supply_part),
                                        (3, 'customer_property', -property_part)) as v (line, of_account, minor)
       where v.minor <> 0
  )
  select e.id into entry_id from entry e;
  if entry_id is null then
    -- The key stands in the book. Whether for this very payment, the caller tells by its entry.
    outcome := 'already';
    select j.id into entry_id from journal j where j.operator_id = operator and j.idempotency_key = 'payment/' || payment_key;
    return;
  end if;
  outcome := 'posted';
  withdrawn := '{}';
  -- What was paid for something else says nothing about supply.
  if supply_part > 0 then
    select c.withdrawn, c.reconnect into withdrawn, reconnect
      from sanbiao.credit_supply(payer, jsonb_build_object('payment', entry_id::text), paid_at) c;
  end if;
  select coalesce(sum(owed_minor), 0) into supply_owed from customer_balance
   where operator_id = operator and account_id = payer and currency = paid_currency;
  select coalesce(sum(owed_minor), 0) into property_owed from subledger_balance
   where operator_id = operator and account_id = payer and currency = paid_currency and ledger_account = 'customer_property';
end $$;
revoke execute on function sanbiao.take_payment from public;
grant execute on function sanbiao.take_payment to sanbiao_service;
