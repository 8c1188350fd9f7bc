-- Payment channels (wallets, banks) and residents who look at their own account. Money still enters through take_payment alone:
-- an order is a wish to pay, and only a channel's signed word that it has the money makes a payment of it.

create table sanbiao.payment_channel (
  operator_id bigint not null references sanbiao.operator,
  code text not null check (code ~ '^[a-z][a-z0-9-]{1,29}$'),
  title_zh text not null,
  title_en text not null,
  -- signed: another company's service; sandbox: a page of ours where a newcomer presses the outcome, never for real money
  kind text not null check (kind in ('signed', 'sandbox')),
  -- chart of accounts: where its money stands until it is at the bank
  ledger_account text not null check (ledger_account in ('wallet', 'bank', 'card')),
  -- what both sides sign with (HMAC-SHA256); never leaves the service
  secret text not null check (length(secret) >= 24),
  -- how long an order may be paid
  order_minutes smallint not null default 15 check (order_minutes between 1 and 1440),
  created_at timestamptz not null,
  disabled_at timestamptz,
  primary key (operator_id, code)
);
select sanbiao.protect('sanbiao.payment_channel', 'select, insert, update');

create table sanbiao.payment_order (
  operator_id bigint not null,
  id bigint generated always as identity,
  channel text not null,
  -- unguessable, for addresses that people open
  ref text not null,
  -- idempotency key of whoever opened it: unique per channel
  client_key text not null,
  account_id bigint not null,
  currency text not null,
  amount_minor bigint not null check (amount_minor > 0),
  pays text not null check (pays in ('supply', 'property', 'split')),
  opened_by text not null check (opened_by in ('channel', 'resident')),
  opened_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (operator_id, id),
  unique (operator_id, channel, client_key),
  foreign key (operator_id, channel) references sanbiao.payment_channel (operator_id, code),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
create unique index on sanbiao.payment_order (ref);
create index on sanbiao.payment_order (operator_id, account_id, id);
select sanbiao.protect('sanbiao.payment_order', 'select, insert');
select sanbiao.append_only('sanbiao.payment_order');

-- What a channel said, in order. `confirmed` and `refunded` once per transaction of the channel; `refused` keeps what could not be booked.
create table sanbiao.payment_channel_event (
  operator_id bigint not null,
  id bigint generated always as identity,
  channel text not null,
  -- absent where the channel was paid without an order (a bank's standing order, say)
  order_id bigint,
  kind text not null check (kind in ('confirmed', 'failed', 'refund_requested', 'refunded', 'refused')),
  -- the channel's own number of the transaction
  transaction_id text,
  amount_minor bigint,
  said_at timestamptz not null,
  received_at timestamptz not null,
  -- the payment, or its reversal
  journal_id bigint,
  detail jsonb not null default '{}',
  primary key (operator_id, id),
  foreign key (operator_id, channel) references sanbiao.payment_channel (operator_id, code),
  foreign key (operator_id, order_id) references sanbiao.payment_order (operator_id, id)
);
create unique index on sanbiao.payment_channel_event (operator_id, channel, kind, transaction_id) where kind in ('confirmed', 'refunded', 'refund_requested');
create index on sanbiao.payment_channel_event (operator_id, order_id) where order_id is not null;
create index on sanbiao.payment_channel_event (operator_id, journal_id) where journal_id is not null;
select sanbiao.protect('sanbiao.payment_channel_event', 'select, insert');
select sanbiao.append_only('sanbiao.payment_channel_event');

-- The door of a channel, before it is known whose it is.
create function sanbiao.channel_of(operator_code text, channel_code text) returns setof sanbiao.payment_channel
  language sql stable security definer set search_path = sanbiao
  begin atomic select c.* from sanbiao.payment_channel c join sanbiao.operator o on o.operator_id = c.operator_id
    where o.code = operator_code and c.code = channel_code and c.disabled_at is null; end;
revoke execute on function sanbiao.channel_of from public;
grant execute on function sanbiao.channel_of to sanbiao_service;

create function sanbiao.operator_of_order(order_ref text) returns setof bigint
  language sql stable security definer set search_path = sanbiao
  begin atomic select operator_id from sanbiao.payment_order where ref = order_ref; end;
revoke execute on function sanbiao.operator_of_order from public;
grant execute on function sanbiao.operator_of_order to sanbiao_service;

-- A way for a resident into the page of his own account: a link or a code, for one use.
create table sanbiao.resident_pass (
  operator_id bigint not null,
  id bigint generated always as identity,
  account_id bigint not null,
  -- SHA-256
  link_hash bytea not null,
  code_hash bytea not null,
  issued_at timestamptz not null,
  issued_by bigint,
  expires_at timestamptz not null,
  used_at timestamptz,
  wrong_codes smallint not null default 0,
  primary key (operator_id, id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
create unique index on sanbiao.resident_pass (link_hash);
create index on sanbiao.resident_pass (operator_id, account_id, id);
select sanbiao.protect('sanbiao.resident_pass', 'select, insert, update');

create table sanbiao.resident_session (
  operator_id bigint not null,
  token_hash bytea not null,
  account_id bigint not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (operator_id, token_hash),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
create unique index on sanbiao.resident_session (token_hash);
select sanbiao.protect('sanbiao.resident_session', 'select, insert, delete');

create function sanbiao.operator_of_pass(hash bytea) returns setof bigint
  language sql stable security definer set search_path = sanbiao
  begin atomic select operator_id from sanbiao.resident_pass where link_hash = hash; end;
revoke execute on function sanbiao.operator_of_pass from public;
grant execute on function sanbiao.operator_of_pass to sanbiao_service;

create function sanbiao.resident_of_token(hash bytea) returns table (operator_id bigint, account_id bigint, expires_at timestamptz)
  language sql stable security definer set search_path = sanbiao
  begin atomic select s.operator_id, s.account_id, s.expires_at from sanbiao.resident_session s where s.token_hash = hash; end;
revoke execute on function sanbiao.resident_of_token from public;
grant execute on function sanbiao.resident_of_token to sanbiao_service;

create function sanbiao.operator_named(operator_code text) returns setof bigint
  language sql stable security definer set search_path = sanbiao
  begin atomic select operator_id from sanbiao.operator where code = operator_code; end;
revoke execute on function sanbiao.operator_named from public;
grant execute on function sanbiao.operator_named to sanbiao_service;

grant usage on all sequences in schema sanbiao to sanbiao_service;
