-- What stands on a combined bill beside supply: the days on which a bill is due, and charges that are a debt class of their own
-- (property fee, parking). What a customer owes for supply stays in customer_balance, which is all that prepaid supply looks at;
-- every other class has its balance in subledger_balance.

-- How bills are made out from a day on; of two rows for one day the later one counts.
create table sanbiao.billing_terms (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  from_day date not null,
  -- due date = so many working days after the day of issue
  due_working_days smallint not null check (due_working_days between 0 and 120),
  -- catalog/calendars
  calendar_id text not null,
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id)
);
select sanbiao.protect('sanbiao.billing_terms', 'select, insert');
select sanbiao.append_only('sanbiao.billing_terms');

-- A charge that comes back each month and has nothing to do with supply.
create table sanbiao.recurring_charge (
  operator_id bigint not null references sanbiao.operator,
  code text not null check (code ~ '^[a-z][a-z0-9_-]{0,39}$'),
  title_zh text not null,
  title_en text not null,
  -- per square metre of floor area, per lot, per home
  basis text not null check (basis in ('area', 'lot', 'home')),
  -- chart of accounts
  income text not null check (income in ('revenue_property', 'revenue_parking', 'revenue_other')),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, code)
);
select sanbiao.protect('sanbiao.recurring_charge', 'select, insert');
select sanbiao.append_only('sanbiao.recurring_charge');

-- Its price per unit and calendar month from a day on, tax included; of two rows for one day the later one counts.
create table sanbiao.charge_price (
  operator_id bigint not null,
  id bigint generated always as identity,
  code text not null,
  from_day date not null,
  price numeric(12, 4) not null check (price >= 0),
  -- share of tax in the price: 0.06 = six hundredths on top of the price without it
  tax_rate numeric(6, 4) not null default 0 check (tax_rate >= 0 and tax_rate < 1),
  source text not null,
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id),
  foreign key (operator_id, code) references sanbiao.recurring_charge (operator_id, code)
);
create index on sanbiao.charge_price (operator_id, code, from_day);
select sanbiao.protect('sanbiao.charge_price', 'select, insert');
select sanbiao.append_only('sanbiao.charge_price');

-- Which account bears it from a day on, and how often; 0 = no more. Of two rows for one day the later one counts.
create table sanbiao.charge_assignment (
  operator_id bigint not null,
  id bigint generated always as identity,
  account_id bigint not null,
  code text not null,
  from_day date not null,
  -- lots or homes; for basis area 1 = the account's floor area
  quantity numeric(8, 2) not null check (quantity >= 0),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id),
  foreign key (operator_id, code) references sanbiao.recurring_charge (operator_id, code)
);
create index on sanbiao.charge_assignment (operator_id, account_id, code, from_day);
select sanbiao.protect('sanbiao.charge_assignment', 'select, insert');
select sanbiao.append_only('sanbiao.charge_assignment');

-- Lines of a bill that are not supply. bill.total_minor is what supply costs; what the bill asks for is that and these.
create table sanbiao.bill_charge (
  operator_id bigint not null,
  bill_id bigint not null,
  line smallint not null,
  -- stable: <code>/<first day>
  key text not null,
  code text not null,
  income text not null,
  from_day date not null,
  -- half-open
  to_day date not null,
  -- of so many days of the calendar month
  month_days smallint not null,
  quantity numeric(14, 2) not null,
  unit text not null check (unit in ('m2', 'lot', 'home')),
  price numeric(12, 4) not null,
  amount_minor bigint not null,
  -- tax that the price contains
  included_minor bigint not null,
  title_zh text not null,
  title_en text not null,
  primary key (operator_id, bill_id, line),
  unique (operator_id, bill_id, key)
);
select sanbiao.protect('sanbiao.bill_charge', 'select, insert');
select sanbiao.append_only('sanbiao.bill_charge');

-- What a customer owes outside supply: always the sum of his postings there. Written by the trigger and by nothing else.
create table sanbiao.subledger_balance (
  operator_id bigint not null,
  account_id bigint not null,
  ledger_account text not null,
  currency text not null,
  owed_minor bigint not null,
  primary key (operator_id, account_id, ledger_account, currency)
);
select sanbiao.protect('sanbiao.subledger_balance', 'select');

-- A customer's posting stands in one of his classes.
do $$
declare
  before text;
begin
  select conname into strict before from pg_constraint
   where conrelid = 'sanbiao.posting'::regclass and contype = 'c' and pg_get_constraintdef(oid) like '%account_id IS NOT NULL%';
  execute format('alter table sanbiao.posting drop constraint %I', before);
end $$;
alter table sanbiao.posting add constraint posting_of_customer
  check ((ledger_account in ('customer', 'customer_property')) = (account_id is not null));

create or replace function sanbiao.keep_balance() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
begin
  insert into sanbiao.customer_balance as b (operator_id, account_id, currency, owed_minor)
    select operator_id, account_id, currency, sum(amount_minor) from written where ledger_account = 'customer'
     group by operator_id, account_id, currency order by operator_id, account_id, currency
    on conflict (operator_id, account_id, currency) do update set owed_minor = b.owed_minor + excluded.owed_minor;
  insert into sanbiao.subledger_balance as b (operator_id, account_id, ledger_account, currency, owed_minor)
    select operator_id, account_id, ledger_account, currency, sum(amount_minor) from written
     where account_id is not null and ledger_account <> 'customer'
     group by operator_id, account_id, ledger_account, currency order by operator_id, account_id, ledger_account, currency
    on conflict (operator_id, account_id, ledger_account, currency) do update set owed_minor = b.owed_minor + excluded.owed_minor;
  return null;
end $$;

grant usage on all sequences in schema sanbiao to sanbiao_service;
