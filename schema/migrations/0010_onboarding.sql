-- Devices that speak and are nobody's meter yet wait here until a clerk accepts them; files of master data leave a trace.

create table sanbiao.found_device (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  origin text not null check (origin in ('mqtt', 'modbus')),
  -- MQTT: a known client and the key that no meter of it has; '' where its messages name none.
  mqtt_client_id bigint,
  device_key text,
  -- Modbus: who answered a scan.
  bus_id bigint,
  unit_id smallint check (unit_id between 1 and 247),
  -- the best first: [{"profileId","utility","evidence":[{"kind","detail"}],"sample":[{"register","value","unit"}]}]
  candidates jsonb not null default '[]',
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  times integer not null default 1,
  -- Frames told so far; the newest of them are kept in found_frame, bounded in number and bytes.
  frames integer not null default 0,
  frame_bytes bigint not null default 0,
  frames_dropped integer not null default 0,
  state text not null default 'waiting' check (state in ('waiting', 'accepted', 'ignored')),
  meter_id bigint,
  -- when the kept frames of an accepted device were in the readings book, and how many readings they were
  replayed_at timestamptz,
  replayed_readings integer,
  primary key (operator_id, id),
  unique (operator_id, mqtt_client_id, device_key),
  unique (operator_id, bus_id, unit_id),
  foreign key (operator_id, mqtt_client_id) references sanbiao.mqtt_client (operator_id, id),
  foreign key (operator_id, bus_id) references sanbiao.bus (operator_id, id),
  foreign key (operator_id, meter_id) references sanbiao.meter (operator_id, id),
  check ((origin = 'mqtt') = (mqtt_client_id is not null and device_key is not null)),
  check ((origin = 'modbus') = (bus_id is not null and unit_id is not null)),
  check ((state = 'accepted') = (meter_id is not null))
);
create index found_device_by_state on sanbiao.found_device (operator_id, state, last_seen_at desc);
create index found_device_unreplayed on sanbiao.found_device (operator_id, id) where state = 'accepted' and replayed_at is null;
select sanbiao.protect('sanbiao.found_device', 'select, insert, update');

-- What a waiting device said, so that nothing is lost when it is accepted. `samples` where the bytes alone do not tell it: a message of
-- several devices, or one that only what was said before explains.
create table sanbiao.found_frame (
  operator_id bigint not null,
  found_device_id bigint not null,
  -- place among all frames of the device, and its bytes up to and with this one
  seq integer not null,
  bytes_to bigint not null,
  received_at timestamptz not null,
  address text not null,
  payload bytea not null,
  -- [[register name, millionths as text, ms since 1970 or null]]
  samples jsonb,
  primary key (operator_id, found_device_id, seq),
  foreign key (operator_id, found_device_id) references sanbiao.found_device (operator_id, id)
);
select sanbiao.protect('sanbiao.found_frame', 'select, insert, delete');

-- Devices of a client for which there was no room: a client that invents keys is counted, not kept.
create table sanbiao.found_overflow (
  operator_id bigint not null,
  mqtt_client_id bigint not null,
  times bigint not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  -- an example
  last_key text not null,
  primary key (operator_id, mqtt_client_id),
  foreign key (operator_id, mqtt_client_id) references sanbiao.mqtt_client (operator_id, id)
);
select sanbiao.protect('sanbiao.found_overflow', 'select, insert, update');

-- Who decided what about a found device, and when. A change of mind is a further row.
create table sanbiao.found_decision (
  operator_id bigint not null,
  id bigint generated always as identity,
  found_device_id bigint not null,
  decision text not null check (decision in ('accept', 'ignore', 'take_back')),
  -- what was asked for: the same key with another request is another thing
  request jsonb not null default '{}',
  reason text not null default '',
  idempotency_key text not null,
  decided_by bigint,
  decided_at timestamptz not null,
  primary key (operator_id, id),
  unique (operator_id, idempotency_key),
  foreign key (operator_id, found_device_id) references sanbiao.found_device (operator_id, id),
  foreign key (operator_id, decided_by) references sanbiao.app_user (operator_id, id)
);
create index on sanbiao.found_decision (operator_id, found_device_id, id);
select sanbiao.protect('sanbiao.found_decision', 'select, insert');
select sanbiao.append_only('sanbiao.found_decision');

-- A file of usage points, meters and accounts that was brought in, or was refused as a whole.
create table sanbiao.register_import (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  file_name text not null,
  file_sha256 text not null,
  kind text not null,
  outcome text not null check (outcome in ('rehearsed', 'applied', 'refused')),
  -- {"points":{"created","changed","already","refused"},…}
  counts jsonb not null,
  -- CSV of the rows that were refused, with the error in a further column
  refused_file bytea,
  imported_by bigint,
  imported_at timestamptz not null,
  primary key (operator_id, id),
  foreign key (operator_id, imported_by) references sanbiao.app_user (operator_id, id)
);
select sanbiao.protect('sanbiao.register_import', 'select, insert, delete');

grant usage on all sequences in schema sanbiao to sanbiao_service;
