-- Balance of a building, apportionment of common use, and the double entry of energy and volume.

-- Which master measures a usage point, from a day on: the latest row (by day, then id) counts. Without a row a customer's
-- point hangs below the master of its building and utility. No master: measured by none.
create table sanbiao.measured_by (
  operator_id bigint not null,
  id bigint generated always as identity,
  usage_point_id bigint not null,
  from_day date not null,
  master_point_id bigint,
  -- common: what this point uses belongs to the building (light of the stairs, lift), not to a customer
  purpose text not null default 'supply' check (purpose in ('supply', 'common')),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id),
  foreign key (operator_id, usage_point_id) references sanbiao.usage_point (operator_id, id),
  foreign key (operator_id, master_point_id) references sanbiao.usage_point (operator_id, id),
  check (master_point_id <> usage_point_id)
);
create index on sanbiao.measured_by (operator_id, usage_point_id, from_day);
select sanbiao.protect('sanbiao.measured_by', 'select, insert');
select sanbiao.append_only('sanbiao.measured_by');

-- Floor area of an account's home, from a day on; the latest row counts.
create table sanbiao.floor_area (
  operator_id bigint not null,
  id bigint generated always as identity,
  account_id bigint not null,
  from_day date not null,
  area_m2 numeric(10, 2) not null check (area_m2 > 0),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
create index on sanbiao.floor_area (operator_id, account_id, from_day);
select sanbiao.protect('sanbiao.floor_area', 'select, insert');
select sanbiao.append_only('sanbiao.floor_area');

-- Who bears what of a master's difference, from a day on; the latest row counts.
create table sanbiao.apportionment_rule (
  operator_id bigint not null,
  id bigint generated always as identity,
  master_point_id bigint not null,
  from_day date not null,
  apportion_key text not null check (apportion_key in ('area', 'household', 'usage', 'equal')),
  -- technical loss that nobody is asked about, in percent of what the master counted
  loss_allowance_percent numeric(6, 3) not null check (loss_allowance_percent between 0 and 100),
  -- what the customers bear; the rest is the operator's
  apportioned text[] not null check (apportioned <@ array['common', 'loss', 'residue']),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id),
  foreign key (operator_id, master_point_id) references sanbiao.usage_point (operator_id, id)
);
create index on sanbiao.apportionment_rule (operator_id, master_point_id, from_day);
select sanbiao.protect('sanbiao.apportionment_rule', 'select, insert');
select sanbiao.append_only('sanbiao.apportionment_rule');

-- A closed balance of one master for one period. A further closing supersedes it and says why; the old one stays.
create table sanbiao.building_balance (
  operator_id bigint not null,
  id bigint generated always as identity,
  master_point_id bigint not null,
  utility text not null,
  unit text not null,
  period_from timestamptz not null,
  period_to timestamptz not null,
  closing_no smallint not null check (closing_no >= 1),
  supersedes bigint,
  reason text not null default '',
  -- millionths of the unit; master = sub + common + loss + residue
  master_quantity bigint not null,
  sub_quantity bigint not null,
  common_quantity bigint not null,
  loss_quantity bigint not null check (loss_quantity >= 0),
  residue_quantity bigint not null,
  -- the part of master, subs and common that rests on estimates
  estimated_quantity bigint not null,
  basis text not null check (basis in ('actual', 'interpolated', 'estimated')),
  provisional boolean not null,
  -- [{"verdict","usagePointId"?,"detail"}]
  verdicts jsonb not null,
  -- the rule as it stood: key, allowance, what is apportioned; and accounts without a value for the key
  rule_id bigint,
  apportion_key text,
  loss_allowance_percent numeric(6, 3) not null,
  apportioned text[] not null,
  missing_accounts bigint[] not null default '{}',
  -- apportioned = sum of the shares + remainder; 0 when there are no shares
  apportioned_quantity bigint not null,
  remainder_quantity bigint not null,
  closed_at timestamptz not null,
  closed_by bigint,
  primary key (operator_id, id),
  unique (operator_id, master_point_id, period_from, period_to, closing_no),
  foreign key (operator_id, master_point_id) references sanbiao.usage_point (operator_id, id),
  foreign key (operator_id, supersedes) references sanbiao.building_balance (operator_id, id),
  foreign key (operator_id, rule_id) references sanbiao.apportionment_rule (operator_id, id),
  check (master_quantity = sub_quantity + common_quantity + loss_quantity + residue_quantity),
  check ((closing_no = 1) = (supersedes is null) and (closing_no = 1 or reason <> ''))
);
create index on sanbiao.building_balance (operator_id, period_from);
select sanbiao.protect('sanbiao.building_balance', 'select, insert');
select sanbiao.append_only('sanbiao.building_balance');

-- What each point directly below the master counted.
create table sanbiao.balance_part (
  operator_id bigint not null,
  balance_id bigint not null,
  usage_point_id bigint not null,
  purpose text not null check (purpose in ('supply', 'common')),
  quantity bigint not null,
  estimated_quantity bigint not null,
  basis text not null,
  -- why this quantity is not the whole; empty when it is
  doubts text[] not null default '{}',
  primary key (operator_id, balance_id, usage_point_id, purpose)
);
select sanbiao.protect('sanbiao.balance_part', 'select, insert');
select sanbiao.append_only('sanbiao.balance_part');

-- What an account bears of what is apportioned: published, not charged.
create table sanbiao.apportioned_share (
  operator_id bigint not null,
  balance_id bigint not null,
  account_id bigint not null,
  -- in the key's own measure times days: square metres, persons, units used, homes
  weight numeric(24, 6) not null check (weight >= 0),
  quantity bigint not null check (quantity >= 0),
  primary key (operator_id, balance_id, account_id)
);
create index on sanbiao.apportioned_share (operator_id, account_id);
select sanbiao.protect('sanbiao.apportioned_share', 'select, insert');
select sanbiao.append_only('sanbiao.apportioned_share');

-- What part of a billed quantity rests on estimates; absent where it was billed before this was kept: then `basis` tells.
alter table sanbiao.billed_usage add column estimated_quantity bigint;

-- The energy book: every unit that a register counted has gone somewhere. Debit positive; an entry adds up to zero.
create table sanbiao.energy_entry (
  operator_id bigint not null,
  id bigint generated always as identity,
  usage_point_id bigint not null,
  kind text not null check (kind in ('bill', 'balance', 'balance_superseded', 'write_off')),
  idempotency_key text not null,
  unit text not null,
  period_from timestamptz not null,
  period_to timestamptz not null,
  bill_id bigint,
  balance_id bigint,
  reason text not null default '',
  -- the database's clock, not the service's
  written_at timestamptz not null default now(),
  written_by bigint,
  primary key (operator_id, id),
  unique (operator_id, idempotency_key)
);
create index on sanbiao.energy_entry (operator_id, usage_point_id, period_from);
create index on sanbiao.energy_entry (operator_id, bill_id) where bill_id is not null;
create index on sanbiao.energy_entry (operator_id, balance_id) where balance_id is not null;
select sanbiao.protect('sanbiao.energy_entry', 'select');
select sanbiao.append_only('sanbiao.energy_entry');

create table sanbiao.energy_posting (
  operator_id bigint not null,
  entry_id bigint not null,
  line smallint not null,
  energy_account text not null check (energy_account in
    ('metered', 'billed', 'estimated', 'unbilled', 'sub_metered', 'common', 'loss', 'residue', 'written_off')),
  quantity bigint not null,
  -- only `metered` of a bill: which register from when to when, and what it showed (absent where nothing was read)
  meter_id bigint,
  register text,
  from_at timestamptz,
  to_at timestamptz,
  start_value bigint,
  end_value bigint,
  -- false where something was found between start and end (rollover, glitch, exchange): quantity is then not their difference
  plain boolean,
  primary key (operator_id, entry_id, line)
);
create index energy_of_register on sanbiao.energy_posting (operator_id, meter_id, register, from_at) where meter_id is not null;
create index energy_of_register_end on sanbiao.energy_posting (operator_id, meter_id, register, to_at) where meter_id is not null;
select sanbiao.protect('sanbiao.energy_posting', 'select');
select sanbiao.append_only('sanbiao.energy_posting');

-- One statement writes whole entries: each must add up to zero.
create function sanbiao.check_energy() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
begin
  if exists (select 1 from written group by operator_id, entry_id having sum(quantity) <> 0 or count(*) < 2) then
    raise exception 'an energy entry does not balance' using errcode = 'check_violation', constraint = 'energy_balances';
  end if;
  return null;
end $$;
create trigger energy_balances after insert on sanbiao.energy_posting
  referencing new table as written for each statement execute function sanbiao.check_energy();

-- Entries for billed usage: what registers counted goes to `billed` and `estimated`. Use that rests on readings again confirms
-- what was estimated before. A register that today shows another value at an end of a bill than its neighbour bill was made
-- with (a late reading moved the line between two readings) has counted units that stand in no bill: `unbilled`.
-- What trues up an estimated bill bills these units: the bill that carries it begins at the reading, which moved the end.
-- Its plan may be made while the book is empty and must still be right when it is full: no walk through whole tables.
create function sanbiao.post_billed_energy(operator bigint, bills bigint[]) returns void
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off as $$
begin
  with used as (
    select u.*, coalesce(u.estimated_quantity, case when u.basis = 'estimated' then u.quantity else 0 end) as guessed
      from billed_usage u where u.operator_id = operator and u.bill_id = any(bills)
  ), entry as (
    insert into energy_entry (operator_id, usage_point_id, kind, idempotency_key, unit, period_from, period_to, bill_id)
      select operator_id, usage_point_id, 'bill', format('bill/%s/%s/%s', bill_id, usage_point_id, extract(epoch from period_from)::bigint),
             unit, period_from, period_to, bill_id from used
       order by period_from, bill_id, usage_point_id
      returning id, bill_id, usage_point_id, period_from
  ), proof as (
    select e.id as entry_id, u.operator_id, u.usage_point_id, p.meter as meter_id, p.register, p."from" as from_at, p."to" as to_at,
           round(p.start * 1000000)::bigint as start_value, round(p."end" * 1000000)::bigint as end_value,
           round(p.used * 1000000)::bigint as counted, p.verdicts = '[]' as plain
      from used u join entry e using (bill_id, usage_point_id, period_from)
     cross join jsonb_to_recordset(u.registers)
           as p (meter bigint, register text, "from" timestamptz, "to" timestamptz, start numeric, "end" numeric, used numeric, verdicts jsonb)
     where u.corrects_bill_id is null
  ), following as (
    select p.*, lag(to_at) over w as before_to, lag(end_value) over w as before_end from proof p
    window w as (partition by usage_point_id, meter_id, register order by from_at)
  ), edge as (
    -- the bill before, in this batch or in the book; then the bill after, if that one was made first
    select f.entry_id, f.meter_id, f.register, f.from_at as at, coalesce(case when f.before_to = f.from_at then f.before_end end, k.end_value) as shown,
           f.start_value as now_shown
      from following f
      left join lateral (select n.end_value from energy_posting n join energy_entry o on o.operator_id = n.operator_id and o.id = n.entry_id
                          where n.operator_id = f.operator_id and n.meter_id = f.meter_id and n.register = f.register
                            and n.to_at = f.from_at and n.from_at < n.to_at and o.usage_point_id = f.usage_point_id limit 1) k on true
    union all
    select f.entry_id, f.meter_id, f.register, f.to_at, f.end_value, k.start_value
      from following f
     cross join lateral (select n.start_value from energy_posting n join energy_entry o on o.operator_id = n.operator_id and o.id = n.entry_id
                          where n.operator_id = f.operator_id and n.meter_id = f.meter_id and n.register = f.register
                            and n.from_at = f.to_at and n.from_at < n.to_at and o.usage_point_id = f.usage_point_id limit 1) k
  ), moved as (
    select * from edge where now_shown <> shown
  ), trued_up as (
    -- what of the true-ups no register's end showed, now or before: the bill counted other registers than its correction
    select min(e.id) as entry_id, sum(u.quantity) - coalesce((
             select sum(m.now_shown - m.shown) from moved m join entry o on o.id = m.entry_id
              where o.bill_id = u.bill_id and o.usage_point_id = u.usage_point_id and m.at = any(array_agg(u.period_to))), 0)
           + coalesce((
             select sum(n.quantity) from energy_entry o
               join energy_posting n on n.operator_id = o.operator_id and n.entry_id = o.id
              where o.operator_id = operator and o.usage_point_id = u.usage_point_id and n.meter_id is not null
                and n.from_at = n.to_at and n.to_at = any(array_agg(u.period_to))), 0) as rest
      from used u join entry e using (bill_id, usage_point_id, period_from)
     where u.corrects_bill_id is not null group by u.bill_id, u.usage_point_id
  ), confirmed as (
    select distinct on (u.usage_point_id) e.id as entry_id, (
             select coalesce(sum(n.quantity), 0) from energy_entry o
               join energy_posting n on n.operator_id = o.operator_id and n.entry_id = o.id and n.energy_account = 'estimated'
              where o.operator_id = u.operator_id and o.usage_point_id = u.usage_point_id and o.period_to <= u.period_from) as open
      from used u join entry e using (bill_id, usage_point_id, period_from)
     where u.corrects_bill_id is null and (u.basis <> 'estimated' or u.guessed <> u.quantity)
     order by u.usage_point_id, u.period_from
  ), posting as (
    select entry_id, 'metered' as energy_account, -counted as quantity, meter_id, register, from_at, to_at, start_value, end_value, plain from proof
    union all
    select e.id, 'billed', u.quantity - u.guessed + coalesce(c.open, 0), null, null, null, null, null, null, null
      from used u join entry e using (bill_id, usage_point_id, period_from) left join confirmed c on c.entry_id = e.id
    union all
    select e.id, 'estimated', u.guessed - coalesce(c.open, 0), null, null, null, null, null, null, null
      from used u join entry e using (bill_id, usage_point_id, period_from) left join confirmed c on c.entry_id = e.id
     where u.guessed <> coalesce(c.open, 0)
    union all
    select entry_id, 'metered', shown - now_shown, meter_id, register, at, at, shown, now_shown, true from moved
    union all
    select entry_id, 'unbilled', sum(now_shown - shown)::bigint, null, null, null, null, null, null, null from moved group by entry_id
    union all
    -- a bill for a time without a meter rests on no register
    select e.id, 'metered', 0, null, null, null, null, null, null, null
      from used u join entry e using (bill_id, usage_point_id, period_from)
     where u.corrects_bill_id is null and not exists (select 1 from proof p where p.entry_id = e.id)
    union all
    select e.id, 'unbilled', -u.quantity, null, null, null, null, null, null, null
      from used u join entry e using (bill_id, usage_point_id, period_from) where u.corrects_bill_id is not null
    union all
    select t.entry_id, p.energy_account, t.rest * p.sign, null, null, null, null, null, null, null
      from trued_up t cross join (values ('metered', -1), ('unbilled', 1)) as p (energy_account, sign) where t.rest <> 0
  )
  insert into energy_posting (operator_id, entry_id, line, energy_account, quantity, meter_id, register, from_at, to_at, start_value, end_value, plain)
    select operator, entry_id, row_number() over (partition by entry_id order by energy_account, meter_id, register, from_at, to_at),
           energy_account, quantity, meter_id, register, from_at, to_at, start_value, end_value, plain from posting;
end $$;
revoke execute on function sanbiao.post_billed_energy from public;

create function sanbiao.keep_billed_energy() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
begin
  perform sanbiao.post_billed_energy(operator_id, array_agg(distinct bill_id)) from written group by operator_id;
  return null;
end $$;
create trigger keep_energy after insert on sanbiao.billed_usage
  referencing new table as written for each statement execute function sanbiao.keep_billed_energy();

-- A closed balance says where the master's units went; the one that it supersedes is taken back.
create function sanbiao.keep_balance_energy() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
begin
  with entry as (
    insert into energy_entry (operator_id, usage_point_id, kind, idempotency_key, unit, period_from, period_to, balance_id, reason, written_by)
      select operator_id, master_point_id, 'balance', format('balance/%s', id), unit, period_from, period_to, id, reason, closed_by from written
      union all
      select operator_id, master_point_id, 'balance_superseded', format('balance/%s/superseded', supersedes), unit, period_from, period_to,
             supersedes, reason, closed_by from written where supersedes is not null
      returning operator_id, id, kind, balance_id
  ), shown as (
    select * from written union all select b.* from building_balance b where (b.operator_id, b.id) in (select operator_id, supersedes from written)
  )
  insert into energy_posting (operator_id, entry_id, line, energy_account, quantity)
    select e.operator_id, e.id, p.line, p.energy_account, p.quantity * case when e.kind = 'balance' then 1 else -1 end
      from entry e join (select distinct * from shown) b on b.operator_id = e.operator_id and b.id = e.balance_id
     cross join lateral (values (1, 'metered', -b.master_quantity), (2, 'sub_metered', b.sub_quantity), (3, 'common', b.common_quantity),
                                (4, 'loss', b.loss_quantity), (5, 'residue', b.residue_quantity)) as p (line, energy_account, quantity);
  return null;
end $$;
create trigger keep_energy after insert on sanbiao.building_balance
  referencing new table as written for each statement execute function sanbiao.keep_balance_energy();

-- Gives up units that were counted and will not be billed. Answers posted, already, different, or beyond (there are not so many).
create function sanbiao.write_off_energy(
    operator bigint, point bigint, of_account text, amount bigint, why text, key text, by_user bigint)
  returns text language plpgsql security definer set search_path = sanbiao, pg_temp as $$
declare
  of_unit text;
  entry energy_entry;
  there bigint;
begin
  if operator is distinct from sanbiao.operator_id() then
    raise exception 'operator % is not the one of this transaction', operator using errcode = 'insufficient_privilege';
  end if;
  perform pg_advisory_xact_lock(hashtext(format('sanbiao.write_off/%s/%s', operator, point)));
  select * into entry from energy_entry where operator_id = operator and idempotency_key = 'write_off/' || key;
  if found then
    return case when entry.usage_point_id = point and entry.reason = why and exists (
        select 1 from energy_posting p where p.operator_id = operator and p.entry_id = entry.id
           and p.energy_account = of_account and p.quantity = -amount) then 'already' else 'different' end;
  end if;
  select coalesce(sum(p.quantity), 0), max(e.unit) into there, of_unit from energy_entry e
    join energy_posting p on p.operator_id = e.operator_id and p.entry_id = e.id and p.energy_account = of_account
   where e.operator_id = operator and e.usage_point_id = point;
  if of_account not in ('unbilled', 'residue') or amount <= 0 or amount > there then return 'beyond'; end if;
  insert into energy_entry (operator_id, usage_point_id, kind, idempotency_key, unit, period_from, period_to, reason, written_by)
    select operator, point, 'write_off', 'write_off/' || key, of_unit, min(e.period_from), max(e.period_to), why, by_user
      from energy_entry e where e.operator_id = operator and e.usage_point_id = point
    returning * into entry;
  insert into energy_posting (operator_id, entry_id, line, energy_account, quantity)
    values (operator, entry.id, 1, of_account, -amount), (operator, entry.id, 2, 'written_off', amount);
  return 'posted';
end $$;
revoke execute on function sanbiao.write_off_energy from public;
grant execute on function sanbiao.write_off_energy to sanbiao_service;

-- Books that have bills already: their entries, month by month, as if they had been written with them.
do $$
declare
  month record;
begin
  for month in select operator_id, period_from, array_agg(id) as ids from sanbiao.bill group by operator_id, period_from order by period_from loop
    perform sanbiao.post_billed_energy(month.operator_id, month.ids);
  end loop;
end $$;

grant usage on all sequences in schema sanbiao to sanbiao_service;
