-- Bills in bulk: many entries by one call, every entry checked when it is written, and plans that stay right however full the
-- books are. A plan of these functions is kept by each connection and may have been made while the book was empty:
-- none may walk through a whole table, none may compare every row of a batch with every other.

-- An entry and its postings are written by one statement. What it wrote adds up to zero per entry and currency, so that the
-- whole entry does; an entry has postings, and a posting has an entry of this very transaction. Each row of the other table is
-- looked up by its key in a query of its own, which no plan can turn into a join.
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
    from (select w.journal_id, (select j.written_in from sanbiao.journal j where j.operator_id = w.operator_id and j.id = w.journal_id) as opened_in
            from (select distinct operator_id, journal_id from written) w offset 0) e
   where e.opened_in is distinct from pg_current_xact_id() limit 1;
  if not found then return null; end if;
  if opened_in is null then
    raise exception 'posting without journal entry %', entry_id using errcode = 'foreign_key_violation';
  end if;
  raise exception 'journal entry % is closed: write a further entry', entry_id using errcode = 'restrict_violation';
end $$;
drop trigger entry_balances on sanbiao.journal;
drop trigger entry_balances on sanbiao.posting;
create trigger entry_balances after insert on sanbiao.journal
  referencing new table as written for each statement execute function sanbiao.check_entry();
create trigger entry_balances after insert on sanbiao.posting
  referencing new table as written for each statement execute function sanbiao.check_entry();

-- As before, in one statement.
create or replace function sanbiao.post_entry(
    operator bigint, key text, entry_kind text, entry_cause jsonb, occurred timestamptz, posted timestamptz,
    by_user bigint, postings jsonb)
  returns table (outcome text, journal_id bigint)
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off as $$
declare
  entry_id bigint;
  same boolean;
begin
  if operator is distinct from sanbiao.operator_id() then
    raise exception 'operator % is not the one of this transaction', operator using errcode = 'insufficient_privilege';
  end if;
  -- An entry over several customers locks their balances in the order of their accounts, the absent ones too,
  -- so that two entries never wait for each other. With one customer there is nothing to order.
  if (select count(distinct p ->> 'account_id') > 1 from jsonb_array_elements(postings) p) then
    insert into sanbiao.customer_balance as b (operator_id, account_id, currency, owed_minor)
      select distinct operator, (p ->> 'account_id')::bigint, p ->> 'currency', 0 from jsonb_array_elements(postings) p
       where p ->> 'account_id' is not null order by 2, 3
      on conflict on constraint customer_balance_pkey do update set owed_minor = b.owed_minor;
  end if;
  with entry as (
    insert into sanbiao.journal (operator_id, idempotency_key, kind, cause, occurred_at, posted_at, posted_by)
      values (operator, key, entry_kind, entry_cause, occurred, posted, by_user)
      on conflict (operator_id, idempotency_key) do nothing returning id
  ), lines as (
    insert into sanbiao.posting (operator_id, journal_id, line, ledger_account, account_id, currency, amount_minor)
      select operator, e.id, o, p ->> 'ledger_account', (p ->> 'account_id')::bigint, p ->> 'currency', (p ->> 'amount_minor')::bigint
        from entry e cross join jsonb_array_elements(postings) with ordinality as u (p, o)
  )
  select e.id into entry_id from entry e;
  if entry_id is not null then
    return query select 'posted', entry_id;
    return;
  end if;
  select j.id, j.kind = entry_kind and j.cause = entry_cause and not exists (
      (select p.ledger_account, p.account_id, p.currency, p.amount_minor from sanbiao.posting p
        where p.operator_id = operator and p.journal_id = j.id)
      except all
      (select e ->> 'ledger_account', (e ->> 'account_id')::bigint, e ->> 'currency', (e ->> 'amount_minor')::bigint
         from jsonb_array_elements(postings) e))
      and (select count(*) from sanbiao.posting p where p.operator_id = operator and p.journal_id = j.id) = jsonb_array_length(postings)
    into entry_id, same from sanbiao.journal j where j.operator_id = operator and j.idempotency_key = key;
  return query select case when same then 'already' else 'different' end, entry_id;
end $$;

-- Many entries of one kind in one statement; each is answered for as by post_entry, `ord` counts from 1. Keys and causes are
-- parallel, and so are the arrays of postings, of which `of_entry` says to which entry each belongs.
create function sanbiao.post_entries(
    operator bigint, entry_kind text, occurred timestamptz, posted timestamptz, by_user bigint, keys text[], causes jsonb[],
    of_entry integer[], ledger_accounts text[], account_ids bigint[], currencies text[], amounts bigint[])
  returns table (ord integer, outcome text, journal_id bigint)
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_nestloop = off as $$
declare
  new_ords integer[];
  new_ids bigint[];
begin
  if operator is distinct from sanbiao.operator_id() then
    raise exception 'operator % is not the one of this transaction', operator using errcode = 'insufficient_privilege';
  end if;
  if (select count(distinct k) from unnest(keys) k) <> cardinality(keys) or cardinality(keys) <> cardinality(causes) then
    raise exception 'entries of one call have keys and causes of their own' using errcode = 'invalid_parameter_value';
  end if;
  with incoming as materialized (
    select u.o::integer as o, u.k, u.c from unnest(keys, causes) with ordinality as u (k, c, o)
  ), entry as (
    insert into sanbiao.journal (operator_id, idempotency_key, kind, cause, occurred_at, posted_at, posted_by)
      select operator, i.k, entry_kind, i.c, occurred, posted, by_user from incoming i order by i.o
      on conflict (operator_id, idempotency_key) do nothing returning id, idempotency_key
  ), answered as materialized (
    select i.o, e.id from incoming i join entry e on e.idempotency_key = i.k
  ), lines as (
    insert into sanbiao.posting (operator_id, journal_id, line, ledger_account, account_id, currency, amount_minor)
      select operator, a.id, row_number() over (partition by a.id order by p.o), p.l, p.a, p.c, p.m
        from unnest(of_entry, ledger_accounts, account_ids, currencies, amounts) with ordinality as p (e, l, a, c, m, o)
        join answered a on a.o = p.e
       order by a.id, p.o
  )
  select coalesce(array_agg(a.o), '{}'), coalesce(array_agg(a.id), '{}') into new_ords, new_ids from answered a;
  return query select u.o, 'posted', u.id from unnest(new_ords, new_ids) as u (o, id);
  if cardinality(new_ords) = cardinality(keys) then return; end if;
  -- The slow path: keys that stand in the book already.
  return query
    select i.o::integer, e.outcome, e.journal_id
      from unnest(keys, causes) with ordinality as i (k, c, o)
     cross join lateral (
       select jsonb_agg(jsonb_build_object('ledger_account', p.l, 'account_id', p.a, 'currency', p.c, 'amount_minor', p.m)) as postings
         from unnest(of_entry, ledger_accounts, account_ids, currencies, amounts) as p (e, l, a, c, m) where p.e = i.o) own
     cross join lateral sanbiao.post_entry(operator, i.k, entry_kind, i.c, occurred, posted, by_user, coalesce(own.postings, '[]')) e
     where i.o <> all (new_ords);
end $$;
revoke execute on function sanbiao.post_entries from public;
grant execute on function sanbiao.post_entries to sanbiao_service;

-- As before, set by set: entries take their numbers first, so that nothing is looked up again among thousands.
create or replace function sanbiao.post_billed_energy(operator bigint, bills bigint[]) returns void
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off as $$
begin
  with used as materialized (
    select nextval('sanbiao.energy_entry_id_seq') as entry_id, o.*,
           o.corrects_bill_id is null and (o.basis <> 'estimated' or o.guessed <> o.quantity) as confirms
      from (select u.*, coalesce(u.estimated_quantity, case when u.basis = 'estimated' then u.quantity else 0 end) as guessed
              from billed_usage u where u.operator_id = operator and u.bill_id = any(bills)
             order by u.period_from, u.bill_id, u.usage_point_id) o
  ), entry as (
    insert into energy_entry (operator_id, id, usage_point_id, kind, idempotency_key, unit, period_from, period_to, bill_id)
      overriding system value
      select operator_id, entry_id, usage_point_id, 'bill', format('bill/%s/%s/%s', bill_id, usage_point_id, extract(epoch from period_from)::bigint),
             unit, period_from, period_to, bill_id from used
  ), proof as materialized (
    select u.entry_id, u.operator_id, u.bill_id, u.usage_point_id, p.meter as meter_id, p.register, p."from" as from_at, p."to" as to_at,
           round(p.start * 1000000)::bigint as start_value, round(p."end" * 1000000)::bigint as end_value,
           round(p.used * 1000000)::bigint as counted, p.verdicts = '[]' as plain
      from used u
     cross join jsonb_to_recordset(u.registers)
           as p (meter bigint, register text, "from" timestamptz, "to" timestamptz, start numeric, "end" numeric, used numeric, verdicts jsonb)
     where u.corrects_bill_id is null
  ), following as (
    select p.*, lag(to_at) over w as before_to, lag(end_value) over w as before_end from proof p
    window w as (partition by usage_point_id, meter_id, register order by from_at)
  ), edge as (
    -- the bill before, in this batch or in the book; then the bill after, if that one was made first
    select f.entry_id, f.bill_id, f.usage_point_id, f.meter_id, f.register, f.from_at as at,
           coalesce(case when f.before_to = f.from_at then f.before_end end, k.end_value) as shown, f.start_value as now_shown
      from following f
      left join lateral (select n.end_value from energy_posting n join energy_entry o on o.operator_id = n.operator_id and o.id = n.entry_id
                          where n.operator_id = f.operator_id and n.meter_id = f.meter_id and n.register = f.register
                            and n.to_at = f.from_at and n.from_at < n.to_at and o.usage_point_id = f.usage_point_id limit 1) k on true
    union all
    select f.entry_id, f.bill_id, f.usage_point_id, f.meter_id, f.register, f.to_at, f.end_value, k.start_value
      from following f
     cross join lateral (select n.start_value from energy_posting n join energy_entry o on o.operator_id = n.operator_id and o.id = n.entry_id
                          where n.operator_id = f.operator_id and n.meter_id = f.meter_id and n.register = f.register
                            and n.from_at = f.to_at and n.from_at < n.to_at and o.usage_point_id = f.usage_point_id limit 1) k
  ), moved as materialized (
    select * from edge where now_shown <> shown
  ), trued_up as (
    -- what of the true-ups no register's end showed, now or before: the bill counted other registers than its correction
    select min(u.entry_id) as entry_id, sum(u.quantity) - coalesce((
             select sum(m.now_shown - m.shown) from moved m
              where m.bill_id = u.bill_id and m.usage_point_id = u.usage_point_id and m.at = any(array_agg(u.period_to))), 0)
           + coalesce((
             select sum(n.quantity) from energy_entry o
               join energy_posting n on n.operator_id = o.operator_id and n.entry_id = o.id
              where o.operator_id = operator and o.usage_point_id = u.usage_point_id and n.meter_id is not null
                and n.from_at = n.to_at and n.to_at = any(array_agg(u.period_to))), 0) as rest
      from used u where u.corrects_bill_id is not null group by u.bill_id, u.usage_point_id
  ), confirming as (
    -- of each point the first use that rests on readings again confirms what was estimated before it
    select u.*, case when u.confirms and row_number() over (partition by usage_point_id, confirms order by period_from) = 1 then (
             select coalesce(sum(n.quantity), 0) from energy_entry o
               join energy_posting n on n.operator_id = o.operator_id and n.entry_id = o.id and n.energy_account = 'estimated'
              where o.operator_id = u.operator_id and o.usage_point_id = u.usage_point_id and o.period_to <= u.period_from) else 0 end as open
      from used u
  ), posting as (
    select entry_id, 'metered' as energy_account, -counted as quantity, meter_id, register, from_at, to_at, start_value, end_value, plain from proof
    union all
    select c.entry_id, p.energy_account, p.quantity, null, null, null, null, null, null, null
      from confirming c cross join lateral (values ('billed', c.quantity - c.guessed + c.open), ('estimated', c.guessed - c.open)) as p (energy_account, quantity)
     where p.energy_account = 'billed' or p.quantity <> 0
    union all
    select entry_id, 'metered', shown - now_shown, meter_id, register, at, at, shown, now_shown, true from moved
    union all
    select entry_id, 'unbilled', sum(now_shown - shown)::bigint, null, null, null, null, null, null, null from moved group by entry_id
    union all
    -- a bill for a time without a meter rests on no register
    select entry_id, 'metered', 0, null, null, null, null, null, null, null
      from used where corrects_bill_id is null and registers = '[]'
    union all
    select entry_id, 'unbilled', -quantity, null, null, null, null, null, null, null from used where corrects_bill_id is not null
    union all
    select t.entry_id, p.energy_account, t.rest * p.sign, null, null, null, null, null, null, null
      from trued_up t cross join (values ('metered', -1), ('unbilled', 1)) as p (energy_account, sign) where t.rest <> 0
  )
  insert into energy_posting (operator_id, entry_id, line, energy_account, quantity, meter_id, register, from_at, to_at, start_value, end_value, plain)
    select operator, entry_id, row_number() over (partition by entry_id order by energy_account, meter_id, register, from_at, to_at),
           energy_account, quantity, meter_id, register, from_at, to_at, start_value, end_value, plain from posting;
end $$;
