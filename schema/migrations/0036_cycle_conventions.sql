-- By which day of the month after a period its dials are read, and from which day on its bills go out; of several words the last
-- one counts. Without one: read at the period's end, issued from the first on.
create table sanbiao.cycle_convention (
  operator_id bigint not null,
  id bigint generated always as identity,
  code text not null,
  reading_day smallint not null check (reading_day between 1 and 28),
  issue_day smallint not null check (issue_day between 1 and 28),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id),
  foreign key (operator_id, code) references sanbiao.billing_cycle (operator_id, code),
  -- a bill does not go out before its dials are read
  check (issue_day >= reading_day)
);
create index on sanbiao.cycle_convention (operator_id, code, id);
select sanbiao.protect('sanbiao.cycle_convention', 'select, insert');
select sanbiao.append_only('sanbiao.cycle_convention');

-- The cycle that bills an account on a day; null = each month, without a cycle.
create function sanbiao.cycle_code(operator bigint, account bigint, of_day date) returns text
  language sql stable set search_path = sanbiao, pg_temp
  begin atomic
    select w.code from sanbiao.account_cycle w
     where w.operator_id = operator and w.account_id = account and w.from_day <= of_day
     order by w.from_day desc, w.id desc limit 1;
  end;
grant execute on function sanbiao.cycle_code to sanbiao_service;

-- The first day on which an account's bill for days up to `to_day` goes out by itself.
create function sanbiao.cycle_issues(operator bigint, account bigint, to_day date) returns date
  language sql stable set search_path = sanbiao, pg_temp
  begin atomic
    select to_day + coalesce((select c.issue_day - 1 from sanbiao.cycle_convention c
             where c.operator_id = operator and c.code = sanbiao.cycle_code(operator, account, to_day - 1)
             order by c.id desc limit 1), 0);
  end;
grant execute on function sanbiao.cycle_issues to sanbiao_service;

-- Whether an account is a home or not, from a day on: of two words for one day the later one counts. Without one: a home.
create table sanbiao.customer_class (
  operator_id bigint not null,
  id bigint generated always as identity,
  account_id bigint not null,
  from_day date not null,
  class text not null check (class in ('resident', 'non_resident')),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
create index on sanbiao.customer_class (operator_id, account_id, from_day, id);
select sanbiao.protect('sanbiao.customer_class', 'select, insert');
select sanbiao.append_only('sanbiao.customer_class');

-- A rule for one class takes the place of the rule for all from its day on.
alter table sanbiao.late_fee_rule add column customer_class text not null default 'all'
  check (customer_class in ('all', 'resident', 'non_resident'));

grant usage on all sequences in schema sanbiao to sanbiao_service;
