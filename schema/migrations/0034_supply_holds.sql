-- What keeps a cut from being given besides money, readings and hours: a pause of the operator, a dispute, a stop window, protection
-- with evidence, cold and hot days; and one door for every credit.

-- One row is one reason not to cut, from one instant to another. It is ended, never changed.
create table sanbiao.supply_hold (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  kind text not null check (kind in ('pause', 'dispute', 'stop_window', 'protection')),
  -- absent for a pause: it is for all of the operator
  account_id bigint check ((kind = 'pause') = (account_id is null)),
  from_at timestamptz not null,
  -- absent: until it is ended
  until_at timestamptz check (until_at > from_at),
  reason text not null check (reason <> '' and length(reason) <= 500),
  -- what was seen: certificate, letter, file; protection needs one, an end, and a second person
  evidence text not null default '' check (length(evidence) <= 500),
  noted_at timestamptz not null,
  noted_by bigint not null,
  approved_by bigint check (approved_by <> noted_by),
  ended_at timestamptz,
  ended_by bigint,
  primary key (operator_id, id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id),
  check ((ended_at is null) = (ended_by is null)),
  check (kind <> 'protection' or (evidence <> '' and until_at is not null))
);
create index on sanbiao.supply_hold (operator_id, account_id) where ended_at is null;
select sanbiao.protect('sanbiao.supply_hold', 'select, insert, update');
create function sanbiao.keep_supply_hold() returns trigger language plpgsql as $$
begin
  if old.ended_at is not null
     or (to_jsonb(old) - array['approved_by', 'ended_at', 'ended_by']) is distinct from (to_jsonb(new) - array['approved_by', 'ended_at', 'ended_by'])
     or (old.approved_by is not null and old.approved_by is distinct from new.approved_by) then
    raise exception 'a reason not to cut is approved once and ended once, nothing else' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger keep_supply_hold before update on sanbiao.supply_hold for each row execute function sanbiao.keep_supply_hold();

-- The coldest and hottest hour of a local day, as somebody foretold or measured it; the last row counts.
create table sanbiao.day_temperature (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  day date not null,
  kind text not null check (kind in ('forecast', 'measured')),
  low_c numeric(4, 1) not null check (low_c between -90 and 60),
  high_c numeric(4, 1) not null check (high_c between low_c and 60),
  source text not null check (source <> '' and length(source) <= 300),
  noted_at timestamptz not null,
  primary key (operator_id, id)
);
create index on sanbiao.day_temperature (operator_id, day, id);
select sanbiao.protect('sanbiao.day_temperature', 'select, insert');
select sanbiao.append_only('sanbiao.day_temperature');

-- Every credit of a customer, whoever books it: payments name theirs in their own call, all others pass here. A reversal that asks
-- for more money is none.
create function sanbiao.credit_of_entry() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
declare
  credited record;
begin
  if not exists (select from written where ledger_account = 'customer' and amount_minor < 0) then return null; end if;
  for credited in
    select w.account_id, j.id, j.kind, j.posted_at
      from (select operator_id, account_id, journal_id from written where ledger_account = 'customer'
             group by 1, 2, 3 having sum(amount_minor) < 0) w
      join journal j on j.operator_id = w.operator_id and j.id = w.journal_id and j.kind <> 'payment'
      join supply s on s.operator_id = w.operator_id and s.account_id = w.account_id
     where w.operator_id = sanbiao.operator_id() order by w.account_id, j.id
  loop
    perform sanbiao.credit_supply(credited.account_id, jsonb_build_object('entry', credited.id::text, 'kind', credited.kind), credited.posted_at);
  end loop;
  return null;
end $$;
create trigger supply_credit after insert on sanbiao.posting
  referencing new table as written for each statement execute function sanbiao.credit_of_entry();

grant usage on all sequences in schema sanbiao to sanbiao_service;
