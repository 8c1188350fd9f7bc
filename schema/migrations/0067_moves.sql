-- Customers that come, and those that say they will go.

-- A customer moved in to vacant points from a day on: who entered it, as it was asked for.
create table sanbiao.move_in (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  account_id bigint not null,
  from_day date not null,
  -- idempotency key of the request, and what it asked for
  client_key text not null,
  asked jsonb not null,
  -- what is to be taken as a deposit; null = none
  deposit_asked_minor bigint check (deposit_asked_minor > 0),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id),
  unique (operator_id, client_key),
  unique (operator_id, account_id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
select sanbiao.protect('sanbiao.move_in', 'select, insert');
select sanbiao.append_only('sanbiao.move_in');

-- A move-out that a customer said ahead; the latest row of an account counts until the account is closed.
create table sanbiao.planned_move_out (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  account_id bigint not null,
  -- the first day that is no longer this customer's; null = withdrawn
  on_day date,
  -- how the customer is reached, and where papers go afterwards
  contact text not null default '',
  forwarding_address text not null default '',
  note text not null default '',
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
create index on sanbiao.planned_move_out (operator_id, account_id, id desc);
select sanbiao.protect('sanbiao.planned_move_out', 'select, insert');
select sanbiao.append_only('sanbiao.planned_move_out');

grant usage on all sequences in schema sanbiao to sanbiao_service;
