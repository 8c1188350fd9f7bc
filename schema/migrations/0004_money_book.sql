-- The money book: journal entries with postings that add up to zero per currency. Debit is positive, credit negative.
-- Nobody, the service's own role and the owner included, can update or delete; a correction is another entry.

create table sanbiao.journal (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  idempotency_key text not null,
  kind text not null check (kind in ('bill', 'payment', 'reversal', 'adjustment', 'opening', 'refund')),
  -- what it follows from: {"bill":"12"} {"payment":"cash","drawer":"1"} {"reverses":"5"}
  cause jsonb not null,
  occurred_at timestamptz not null,
  posted_at timestamptz not null,
  posted_by bigint,
  written_in xid8 not null default pg_current_xact_id(),
  primary key (operator_id, id),
  unique (operator_id, idempotency_key)
);
select sanbiao.protect('sanbiao.journal', 'select');
select sanbiao.append_only('sanbiao.journal');

create table sanbiao.posting (
  operator_id bigint not null,
  journal_id bigint not null,
  line smallint not null,
  -- chart of accounts: customer, cash, bank, wallet, revenue_electricity, …; only `customer` has an account_id
  ledger_account text not null,
  account_id bigint,
  currency text not null,
  amount_minor bigint not null check (amount_minor <> 0),
  primary key (operator_id, journal_id, line),
  check ((ledger_account = 'customer') = (account_id is not null))
);
create index on sanbiao.posting (operator_id, account_id, journal_id) where account_id is not null;
select sanbiao.protect('sanbiao.posting', 'select');
select sanbiao.append_only('sanbiao.posting');

-- What a customer owes: always the sum of his postings. Written by the trigger below and by nothing else.
create table sanbiao.customer_balance (
  operator_id bigint not null,
  account_id bigint not null,
  currency text not null,
  owed_minor bigint not null,
  primary key (operator_id, account_id, currency)
);
select sanbiao.protect('sanbiao.customer_balance', 'select');

create function sanbiao.keep_balance() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
begin
  insert into sanbiao.customer_balance as b (operator_id, account_id, currency, owed_minor)
    select operator_id, account_id, currency, sum(amount_minor) from written where account_id is not null
     group by operator_id, account_id, currency order by operator_id, account_id, currency
    on conflict (operator_id, account_id, currency) do update set owed_minor = b.owed_minor + excluded.owed_minor;
  return null;
end $$;
create trigger keep_balance after insert on sanbiao.posting
  referencing new table as written for each statement execute function sanbiao.keep_balance();

-- At commit: an entry has at least two postings, they add up to zero in each currency, and none came later.
create function sanbiao.check_entry() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
declare
  entry sanbiao.journal;
  -- a journal row carries its own id, a posting that of its entry
  entry_id bigint := coalesce((to_jsonb(new) ->> 'journal_id')::bigint, (to_jsonb(new) ->> 'id')::bigint);
begin
  select * into entry from sanbiao.journal where operator_id = new.operator_id and id = entry_id;
  if not found then
    raise exception 'posting without journal entry %', entry_id using errcode = 'foreign_key_violation';
  end if;
  if entry.written_in <> pg_current_xact_id() then
    raise exception 'journal entry % is closed: write a further entry', entry_id using errcode = 'restrict_violation';
  end if;
  if (select count(*) < 2 from sanbiao.posting where operator_id = new.operator_id and journal_id = entry_id) or exists (
      select 1 from sanbiao.posting where operator_id = new.operator_id and journal_id = entry_id
       group by currency having sum(amount_minor) <> 0) then
    raise exception 'journal entry % does not balance', entry_id using errcode = 'check_violation', constraint = 'entry_balances';
  end if;
  return null;
end $$;
create constraint trigger entry_balances after insert on sanbiao.journal
  deferrable initially deferred for each row execute function sanbiao.check_entry();
create constraint trigger entry_balances after insert on sanbiao.posting
  deferrable initially deferred for each row execute function sanbiao.check_entry();

-- The only way in. Postings: [{"ledger_account","account_id"?,"currency","amount_minor"}].
-- Answers 'posted', 'already' (same key, same kind, cause and postings) or 'different' (same key, other content), and the entry's id.
create function sanbiao.post_entry(
    operator bigint, key text, entry_kind text, entry_cause jsonb, occurred timestamptz, posted timestamptz,
    by_user bigint, postings jsonb)
  returns table (outcome text, journal_id bigint)
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
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
  insert into sanbiao.journal (operator_id, idempotency_key, kind, cause, occurred_at, posted_at, posted_by)
    values (operator, key, entry_kind, entry_cause, occurred, posted, by_user)
    on conflict (operator_id, idempotency_key) do nothing returning id into entry_id;
  if entry_id is not null then
    insert into sanbiao.posting (operator_id, journal_id, line, ledger_account, account_id, currency, amount_minor)
      select operator, entry_id, o, p ->> 'ledger_account', (p ->> 'account_id')::bigint, p ->> 'currency', (p ->> 'amount_minor')::bigint
        from jsonb_array_elements(postings) with ordinality as e (p, o);
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
revoke execute on function sanbiao.post_entry from public;
grant execute on function sanbiao.post_entry to sanbiao_service;
