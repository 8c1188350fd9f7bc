-- Readings by a person with a phone: routes of meters, what was entered there, and the photos that prove it.

-- Kept by content: the same picture twice is one row. A megabyte is a phone's photo shrunk to 1600 pixels, several times over.
create table sanbiao.photo (
  operator_id bigint not null references sanbiao.operator,
  sha256 bytea not null check (octet_length(sha256) = 32),
  mime text not null check (mime in ('image/jpeg', 'image/png', 'image/webp')),
  bytes bytea not null check (octet_length(bytes) between 1 and 1048576),
  -- as the phone's clock said; unknown for a picture without a time
  taken_at timestamptz,
  received_at timestamptz not null,
  user_id bigint not null,
  primary key (operator_id, sha256),
  foreign key (operator_id, user_id) references sanbiao.app_user (operator_id, id)
);
create index on sanbiao.photo (operator_id, user_id, received_at);
select sanbiao.protect('sanbiao.photo', 'select, insert');
select sanbiao.append_only('sanbiao.photo');

-- A walk past meters. `version` grows with every change, so that two clerks do not overwrite each other unseen.
create table sanbiao.reading_route (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  name text not null,
  -- who walks it; anybody where nobody is named
  walker_id bigint,
  every text not null check (every in ('day', 'week', 'month', 'quarter')),
  version integer not null default 1,
  idempotency_key text not null,
  created_at timestamptz not null,
  retired_at timestamptz,
  primary key (operator_id, id),
  unique (operator_id, idempotency_key),
  foreign key (operator_id, walker_id) references sanbiao.app_user (operator_id, id)
);
create unique index reading_route_name on sanbiao.reading_route (operator_id, name) where retired_at is null;
select sanbiao.protect('sanbiao.reading_route', 'select, insert, update');

-- A stop is a place (whatever meter hangs there then) or one meter by itself.
create table sanbiao.route_stop (
  operator_id bigint not null,
  route_id bigint not null,
  position smallint not null check (position >= 1),
  usage_point_id bigint,
  meter_id bigint,
  -- where the meter hangs: "behind the left door"
  hint text not null default '',
  primary key (operator_id, route_id, position),
  unique (operator_id, route_id, usage_point_id),
  unique (operator_id, route_id, meter_id),
  check (num_nonnulls(usage_point_id, meter_id) = 1),
  foreign key (operator_id, route_id) references sanbiao.reading_route (operator_id, id),
  foreign key (operator_id, usage_point_id) references sanbiao.usage_point (operator_id, id),
  foreign key (operator_id, meter_id) references sanbiao.meter (operator_id, id)
);
select sanbiao.protect('sanbiao.route_stop', 'select, insert, delete');

-- What a person entered or why he could not, as he sent it and as it was booked. The phone makes `entry_id`: the same entry
-- again is the same row.
create table sanbiao.manual_reading (
  operator_id bigint not null,
  id bigint generated always as identity,
  entry_id text not null,
  route_id bigint,
  meter_id bigint not null,
  register smallint not null,
  -- millionths, as read from the dial; null for a stop that was skipped
  dial_value bigint,
  -- millionths after the ratio, as the readings book has it
  book_value bigint,
  phone_at timestamptz not null,
  -- the service's clock less the phone's when it was sent; beyond 30 s `measured_at` is corrected by it
  clock_offset_ms bigint not null,
  measured_at timestamptz not null,
  received_at timestamptz not null,
  user_id bigint not null,
  note text not null default '',
  photo_sha256 bytea,
  -- what was expected then, in dial units, decimal text
  expected jsonb,
  outside_confirmed boolean not null default false,
  outcome text not null check (outcome in ('booked', 'conflict', 'skipped')),
  skip_reason text check (skip_reason in ('no_access', 'meter_broken', 'not_found', 'unreadable')),
  -- where it stands in the readings book; of a conflict, the instant of the reading that was there first
  booked_at timestamptz not null,
  primary key (operator_id, id),
  unique (operator_id, entry_id),
  check ((outcome = 'skipped') = (dial_value is null)),
  check ((dial_value is null) = (book_value is null)),
  check ((outcome = 'skipped') = (skip_reason is not null)),
  check (not outside_confirmed or note <> ''),
  foreign key (operator_id, meter_id) references sanbiao.meter (operator_id, id),
  foreign key (operator_id, route_id) references sanbiao.reading_route (operator_id, id),
  foreign key (operator_id, user_id) references sanbiao.app_user (operator_id, id),
  foreign key (operator_id, photo_sha256) references sanbiao.photo (operator_id, sha256)
);
create index on sanbiao.manual_reading (operator_id, meter_id, measured_at);
select sanbiao.protect('sanbiao.manual_reading', 'select, insert');
select sanbiao.append_only('sanbiao.manual_reading');

grant usage on all sequences in schema sanbiao to sanbiao_service;
