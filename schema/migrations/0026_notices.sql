-- What customers are told, where they can be reached, and the proof that it reached them.

-- Where an account is reached from a day on; of two rows for one channel, address and day the later one counts.
create table sanbiao.contact_point (
  operator_id bigint not null,
  id bigint generated always as identity,
  account_id bigint not null,
  channel text not null check (channel in ('email', 'webhook', 'inbox', 'sandbox')),
  address text not null check (address <> '' and length(address) <= 254),
  language text not null check (language in ('zh', 'en')),
  from_day date not null,
  -- false: not written to from this day on
  active boolean not null,
  -- somebody saw that it is the customer's
  verified boolean not null default false,
  -- bills and corrections are sent here, too: only where the customer wants them
  bills boolean not null default false,
  -- how the customer agreed: contract, form, call
  consent text not null default '',
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
create index on sanbiao.contact_point (operator_id, account_id, channel, address, from_day);
select sanbiao.protect('sanbiao.contact_point', 'select, insert');
select sanbiao.append_only('sanbiao.contact_point');

-- When an operator's notices leave; the last row counts.
create table sanbiao.notice_policy (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  -- local time HH:MM; the same twice = no quiet hours
  quiet_from text not null check (quiet_from ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  quiet_to text not null check (quiet_to ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  -- messages per channel in any minute
  per_minute integer not null check (per_minute between 1 and 100000),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id)
);
select sanbiao.protect('sanbiao.notice_policy', 'select, insert');
select sanbiao.append_only('sanbiao.notice_policy');

create table sanbiao.notice (
  operator_id bigint not null,
  id bigint generated always as identity,
  account_id bigint not null,
  kind text not null,
  key text not null,
  data jsonb not null,
  created_at timestamptz not null,
  -- not held back by quiet hours
  urgent boolean not null,
  not_before timestamptz not null,
  primary key (operator_id, id),
  unique (operator_id, key),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
create index on sanbiao.notice (operator_id, account_id, kind, created_at);
select sanbiao.protect('sanbiao.notice', 'select, insert');
select sanbiao.append_only('sanbiao.notice');

-- One way of a notice to one address: the outbox. What happened to it is told by notice_event; the row is where work stands.
create table sanbiao.notice_delivery (
  operator_id bigint not null,
  id bigint generated always as identity,
  notice_id bigint not null,
  -- what carriers know it by, the same at every sending: Message-ID, idempotency key
  ref uuid not null default gen_random_uuid() unique,
  channel text not null check (channel in ('email', 'webhook', 'inbox', 'sandbox', 'hand')),
  address text not null,
  language text not null check (language in ('zh', 'en')),
  state text not null default 'queued'
    check (state in ('queued', 'sending', 'accepted', 'delivered', 'failed', 'undeliverable')),
  attempts smallint not null default 0,
  not_before timestamptz not null,
  -- of this round: since when it waits, and the sendings before it. A clerk's "send again" begins a new one.
  waits_from timestamptz not null,
  attempts_before smallint not null default 0,
  -- the wall's time, by which a sender that died is taken for dead
  claimed_at timestamptz,
  claimed_until timestamptz,
  primary key (operator_id, id),
  unique (operator_id, notice_id, channel, address),
  foreign key (operator_id, notice_id) references sanbiao.notice (operator_id, id)
);
create index on sanbiao.notice_delivery (operator_id, channel, not_before) where state in ('queued', 'sending');
create index on sanbiao.notice_delivery (operator_id, channel, claimed_at) where claimed_at is not null;
select sanbiao.protect('sanbiao.notice_delivery', 'select, insert, update');

create table sanbiao.notice_event (
  operator_id bigint not null,
  id bigint generated always as identity,
  delivery_id bigint not null,
  at timestamptz not null,
  state text not null check (state in ('queued', 'sending', 'accepted', 'delivered', 'failed', 'undeliverable')),
  -- what was said, by whom: answer of the carrier, evidence of a clerk
  detail text not null default '',
  -- at sending: the message as it left
  subject text,
  body text,
  user_id bigint,
  primary key (operator_id, id),
  foreign key (operator_id, delivery_id) references sanbiao.notice_delivery (operator_id, id)
);
create index on sanbiao.notice_event (operator_id, delivery_id, id);
select sanbiao.protect('sanbiao.notice_event', 'select, insert');
select sanbiao.append_only('sanbiao.notice_event');

-- The last word on a delivery's fate. A sending that ends later than a bounce does not undo it: only what was said of the fate counts.
create view sanbiao.notice_fate with (security_invoker = true) as
  select distinct on (operator_id, delivery_id) operator_id, delivery_id, at, state, detail
    from sanbiao.notice_event where state in ('accepted', 'delivered', 'failed', 'undeliverable')
   order by operator_id, delivery_id, id desc;
grant select on sanbiao.notice_fate to sanbiao_service;

-- A delivery's row follows its events: nobody can say delivered in one place and not in the other.
create function sanbiao.follow_notice_event() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
begin
  update notice_delivery set state = new.state,
         claimed_until = case when new.state = 'sending' then claimed_until end
   where operator_id = new.operator_id and id = new.delivery_id;
  return null;
end $$;
create trigger follow after insert on sanbiao.notice_event for each row execute function sanbiao.follow_notice_event();

-- Whose outbox has work, and whose a delivery is that a carrier speaks of.
create function sanbiao.operators_with_open_notices() returns setof bigint
  language sql stable security definer set search_path = sanbiao
  begin atomic select distinct operator_id from sanbiao.notice_delivery where state in ('queued', 'sending'); end;
create function sanbiao.delivery_of_ref(wanted uuid) returns table (operator_id bigint, id bigint)
  language sql stable security definer set search_path = sanbiao
  begin atomic select d.operator_id, d.id from sanbiao.notice_delivery d where d.ref = wanted; end;

grant usage on all sequences in schema sanbiao to sanbiao_service;
