-- How often a meter is to be heard, what was heard of it day by day, and who looks after what is missing.

-- Seconds between reports of a meter that speaks by itself; null: nobody agreed. A polled meter's are its bus's.
alter table sanbiao.meter add column report_every_s integer check (report_every_s between 1 and 31536000);

create function sanbiao.agreed_intervals() returns table (operator_id bigint, meter_id bigint, report_every_s integer)
  language sql stable security definer set search_path = sanbiao
  begin atomic select m.operator_id, m.id, m.report_every_s from sanbiao.meter m where m.report_every_s is not null; end;

-- One register's day. `expected` is null where no interval is agreed. Counted again whenever readings came late.
create table sanbiao.heard_day (
  operator_id bigint not null references sanbiao.operator,
  meter_id bigint not null,
  register smallint not null,
  day date not null,
  expected integer,
  heard integer not null,
  first_at timestamptz,
  last_at timestamptz,
  -- the longest silence of the part of the day in which the meter hung there, milliseconds
  largest_gap_ms bigint not null,
  primary key (operator_id, meter_id, day, register)
);
select sanbiao.protect('sanbiao.heard_day', 'select, insert, update');

-- A silence has an owner and an end: filled by readings that came late, estimated, or given up with a reason.
alter table sanbiao.gap
  -- null: nothing of the meter was heard
  add column register smallint,
  add column owner_id bigint,
  add column note text not null default '',
  add column state text not null default 'open' check (state in ('open', 'asked', 'filled', 'estimated', 'given_up')),
  add column state_reason text not null default '',
  add column settled_at timestamptz,
  -- how often the meter was asked for what it stored, and when last
  add column asked smallint not null default 0,
  add column asked_at timestamptz,
  -- when the service last looked whether it is filled; null: it is to look soon, readings came late
  add column looked_at timestamptz,
  add foreign key (operator_id, owner_id) references sanbiao.app_user (operator_id, id),
  add check ((settled_at is null) = (state in ('open', 'asked'))),
  add check (settled_at is null or to_at is not null);
-- Gaps from before this were closed by the next value: nobody is to look at them again.
update sanbiao.gap set state = 'given_up', state_reason = 'before_this', settled_at = to_at, looked_at = to_at where to_at is not null;
-- A stretch that a night's count found is found once.
create unique index gap_found on sanbiao.gap (operator_id, meter_id, register, from_at) where register is not null;
create index gap_unsettled on sanbiao.gap (operator_id, from_at) where settled_at is null;
create index gap_to_look_at on sanbiao.gap (operator_id, looked_at nulls first) where to_at is not null and state <> 'filled';

grant usage on all sequences in schema sanbiao to sanbiao_service;
