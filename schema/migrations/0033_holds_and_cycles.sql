-- Before a bill is issued: rules that hold a computed bill for a person, accounts held by hand, and what waits with its figures.
-- How often an account is billed: cycles of one, two or three months.

-- What holds a bill; of several rows of one kind the last one counts, threshold null = the rule is off.
create table sanbiao.hold_rule (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  kind text not null check (kind in ('high', 'low', 'first', 'zero_use', 'estimated', 'total_above', 'negative')),
  -- high, low: percent of the last bill; estimated: bills in a row; total_above: minor units; the others: 1 = on
  threshold bigint check (threshold >= 0),
  reason text not null check (reason <> ''),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id)
);
select sanbiao.protect('sanbiao.hold_rule', 'select, insert');
select sanbiao.append_only('sanbiao.hold_rule');

-- An account whose bills wait because a person says so, until a day or until he says otherwise. The last row of an account counts.
create table sanbiao.account_hold (
  operator_id bigint not null,
  id bigint generated always as identity,
  account_id bigint not null,
  held boolean not null,
  reason text not null check (reason <> ''),
  -- the first day on which bills go out again
  until_day date,
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
create index on sanbiao.account_hold (operator_id, account_id, id);
select sanbiao.protect('sanbiao.account_hold', 'select, insert');
select sanbiao.append_only('sanbiao.account_hold');

-- A bill that waits before it is issued: nothing is posted, no number is taken. Figures as they were computed last.
create table sanbiao.held_bill (
  operator_id bigint not null,
  run_id bigint not null,
  account_id bigint not null,
  -- [{"kind","value"?,"threshold"?,"text"?}]
  reasons jsonb not null,
  supply_minor bigint not null,
  property_minor bigint not null,
  -- of the bill before; null = there is none
  last_minor bigint,
  held_at timestamptz not null,
  -- work: sent to somebody who looks; cleared: computed again, nothing held it any more
  state text not null default 'held' check (state in ('held', 'work', 'released', 'cleared')),
  decided_at timestamptz,
  decided_by bigint,
  note text not null default '',
  primary key (operator_id, run_id, account_id),
  foreign key (operator_id, run_id) references sanbiao.due_run (operator_id, id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id),
  check ((state in ('work', 'released')) = (decided_at is not null))
);
create index on sanbiao.held_bill (operator_id, state);
select sanbiao.protect('sanbiao.held_bill', 'select, insert, update');

-- A cycle never changes; its bills begin with the anchor month and every so many months after it.
create table sanbiao.billing_cycle (
  operator_id bigint not null references sanbiao.operator,
  code text not null check (code ~ '^[a-z][a-z0-9_-]{0,39}$'),
  title_zh text not null,
  title_en text not null,
  months smallint not null check (months in (1, 2, 3)),
  anchor_month smallint not null check (anchor_month between 1 and 12),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, code)
);
select sanbiao.protect('sanbiao.billing_cycle', 'select, insert');
select sanbiao.append_only('sanbiao.billing_cycle');

-- The cycle that bills an account from the first of a month on; of two rows for one day the later one counts. Without one: each month.
create table sanbiao.account_cycle (
  operator_id bigint not null,
  id bigint generated always as identity,
  account_id bigint not null,
  code text not null,
  from_day date not null check (extract(day from from_day) = 1),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id),
  foreign key (operator_id, code) references sanbiao.billing_cycle (operator_id, code)
);
create index on sanbiao.account_cycle (operator_id, account_id, from_day, id);
select sanbiao.protect('sanbiao.account_cycle', 'select, insert');
select sanbiao.append_only('sanbiao.account_cycle');

-- Days [from_day, to_day) of the bill that holds a day: from the cycle's last beginning, or the day on which the account came to it if
-- that is later, up to the cycle's next beginning, or the day on which the account goes to another.
create function sanbiao.cycle_period(operator bigint, account bigint, of_day date, out from_day date, out to_day date)
  language plpgsql stable set search_path = sanbiao, pg_temp as $$
declare
  word record;
  next_word date;
  into_cycle integer;
begin
  select w.from_day, c.months, c.anchor_month into word
    from account_cycle w join billing_cycle c on c.operator_id = w.operator_id and c.code = w.code
   where w.operator_id = operator and w.account_id = account and w.from_day <= of_day
   order by w.from_day desc, w.id desc limit 1;
  select min(w.from_day) into next_word from account_cycle w
   where w.operator_id = operator and w.account_id = account and w.from_day > of_day;
  from_day := date_trunc('month', of_day)::date;
  if word.months is not null then
    into_cycle := (extract(month from of_day)::integer - word.anchor_month + 12) % word.months;
    from_day := (from_day - make_interval(months => into_cycle))::date;
    to_day := least((from_day + make_interval(months => word.months))::date, next_word);
    from_day := greatest(from_day, word.from_day);
  else
    to_day := least((from_day + interval '1 month')::date, next_word);
  end if;
end $$;
grant execute on function sanbiao.cycle_period to sanbiao_service;
-- A deposit is what we owe a customer until he moves out: a liability with an account of its own, in no class of debt.
alter table sanbiao.journal drop constraint journal_kind_check;
alter table sanbiao.journal add constraint journal_kind_check
  check (kind in ('bill', 'payment', 'reversal', 'adjustment', 'opening', 'refund', 'deposit'));
alter table sanbiao.posting drop constraint posting_of_customer;
alter table sanbiao.posting add constraint posting_of_customer
  check ((ledger_account in ('customer', 'customer_property', 'customer_deposit')) = (account_id is not null));

grant usage on all sequences in schema sanbiao to sanbiao_service;
