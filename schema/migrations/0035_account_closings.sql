-- An account that is closed on a day: its agreements end there, the final bill covers what came before, the deposit pays what is
-- owed. The figures are those of that moment; what was paid or given back later stands in the journal.
create table sanbiao.account_closing (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  account_id bigint not null,
  -- half-open: the first day that is no longer this customer's
  on_day date not null,
  -- absent where everything up to that day was billed already
  bill_id bigint,
  -- held when the bill was posted
  deposit_minor bigint not null check (deposit_minor >= 0),
  -- owed with the bill, before the deposit; negative = credit
  supply_owed_minor bigint not null,
  property_owed_minor bigint not null,
  -- what the deposit paid of it
  supply_paid_minor bigint not null check (supply_paid_minor >= 0),
  property_paid_minor bigint not null check (property_paid_minor >= 0),
  deposit_journal_id bigint,
  closed_at timestamptz not null,
  closed_by bigint,
  primary key (operator_id, id),
  unique (operator_id, account_id, on_day),
  unique (operator_id, bill_id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id),
  foreign key (operator_id, bill_id) references sanbiao.bill (operator_id, id),
  check (supply_paid_minor + property_paid_minor <= deposit_minor),
  check ((deposit_journal_id is null) = (supply_paid_minor + property_paid_minor = 0))
);
select sanbiao.protect('sanbiao.account_closing', 'select, insert');
select sanbiao.append_only('sanbiao.account_closing');

grant usage on all sequences in schema sanbiao to sanbiao_service;
