-- Who lives where, which meter hangs there, and how it is reached.

create table sanbiao.account (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  number text not null,
  name text not null,
  phone text not null default '',
  address text not null default '',
  payment_mode text not null check (payment_mode in ('postpaid', 'prepaid')),
  -- Protected customers are never cut by the engine.
  protected_reason text,
  opened_on date not null,
  closed_on date,
  primary key (operator_id, id),
  unique (operator_id, number)
);
select sanbiao.protect('sanbiao.account', 'select, insert, update');

-- Persons in a household, effective-dated: a ladder grows with them.
create table sanbiao.household (
  operator_id bigint not null,
  account_id bigint not null,
  from_day date not null,
  persons smallint not null check (persons between 1 and 99),
  primary key (operator_id, account_id, from_day),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
select sanbiao.protect('sanbiao.household', 'select, insert');

create table sanbiao.usage_point (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  utility text not null check (utility in ('electricity', 'gas', 'water', 'heat')),
  building text not null,
  room text not null default '',
  -- A master meter measures a whole building and is not billed to an account.
  role text not null default 'customer' check (role in ('customer', 'master')),
  primary key (operator_id, id)
);
select sanbiao.protect('sanbiao.usage_point', 'select, insert, update');

-- CIM CustomerAgreement: which account takes which utility at which point under which tariff, from day to day (half-open).
create table sanbiao.agreement (
  operator_id bigint not null,
  id bigint generated always as identity,
  account_id bigint not null,
  usage_point_id bigint not null,
  tariff_id text not null,
  from_day date not null,
  to_day date,
  primary key (operator_id, id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id),
  foreign key (operator_id, usage_point_id) references sanbiao.usage_point (operator_id, id)
);
create index on sanbiao.agreement (operator_id, account_id);
create index on sanbiao.agreement (operator_id, usage_point_id);
select sanbiao.protect('sanbiao.agreement', 'select, insert, update');

-- A bus is one wire with one owner: a Modbus TCP gateway, an RTU line behind a TCP port, or a serial port.
create table sanbiao.bus (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  name text not null,
  kind text not null check (kind in ('tcp', 'rtu_over_tcp', 'rtu')),
  -- {"host","port"} or {"path","baudRate","parity","stopBits"}
  address jsonb not null,
  -- seconds per poll group, as {"billing":60,"power":30,"state":30,"slow":3600}
  poll_seconds jsonb not null default '{}',
  enabled boolean not null default true,
  primary key (operator_id, id),
  unique (operator_id, name)
);
select sanbiao.protect('sanbiao.bus', 'select, insert, update');

-- What may connect to the broker: a meter, a gateway or a network server, with its own topics only.
create table sanbiao.mqtt_client (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  username text not null unique,
  password_hash text not null,
  -- topic filters, MQTT 3.1.1 wildcards
  publish_filters text[] not null,
  subscribe_filters text[] not null default '{}',
  -- profiles whose messages it may send, in the order they are tried
  profile_ids text[] not null,
  enabled boolean not null default true,
  primary key (operator_id, id)
);
select sanbiao.protect('sanbiao.mqtt_client', 'select, insert, update');

create table sanbiao.meter (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  serial text not null,
  utility text not null check (utility in ('electricity', 'gas', 'water', 'heat')),
  profile_id text not null,
  -- Modbus: bus and unit id. MQTT: client and the key that its payloads carry (lower case).
  bus_id bigint,
  unit_id smallint check (unit_id between 1 and 247),
  mqtt_client_id bigint,
  device_key text,
  primary key (operator_id, id),
  unique (operator_id, serial),
  unique (operator_id, bus_id, unit_id),
  unique (operator_id, mqtt_client_id, device_key),
  foreign key (operator_id, bus_id) references sanbiao.bus (operator_id, id),
  foreign key (operator_id, mqtt_client_id) references sanbiao.mqtt_client (operator_id, id)
);
select sanbiao.protect('sanbiao.meter', 'select, insert, update');

-- A meter at a usage point from an instant to another. A new installation is an exchange: both registers are billed.
create table sanbiao.installation (
  operator_id bigint not null,
  id bigint generated always as identity,
  meter_id bigint not null,
  usage_point_id bigint not null,
  installed_at timestamptz not null,
  removed_at timestamptz,
  -- CT × VT, or units per pulse: decimal text, applied when a sample becomes a reading
  ratio numeric(18, 9) not null default 1 check (ratio > 0),
  -- greatest feasible use per hour in the billed unit, for the rollover rule
  capacity_per_hour numeric(18, 6) not null check (capacity_per_hour > 0),
  primary key (operator_id, id),
  foreign key (operator_id, meter_id) references sanbiao.meter (operator_id, id),
  foreign key (operator_id, usage_point_id) references sanbiao.usage_point (operator_id, id),
  check (removed_at is null or removed_at > installed_at)
);
create index on sanbiao.installation (operator_id, usage_point_id);
create index on sanbiao.installation (operator_id, meter_id);
select sanbiao.protect('sanbiao.installation', 'select, insert, update');

-- All buses, clients and meters of every operator, for the shells that open the wires.
create function sanbiao.all_buses() returns setof sanbiao.bus
  language sql stable security definer set search_path = sanbiao begin atomic select * from sanbiao.bus; end;
create function sanbiao.all_mqtt_clients() returns setof sanbiao.mqtt_client
  language sql stable security definer set search_path = sanbiao begin atomic select * from sanbiao.mqtt_client; end;
create function sanbiao.all_meters() returns table (
    operator_id bigint, id bigint, serial text, utility text, profile_id text, bus_id bigint, unit_id smallint,
    mqtt_client_id bigint, device_key text, usage_point_id bigint, ratio numeric)
  language sql stable security definer set search_path = sanbiao
  begin atomic
    select m.operator_id, m.id, m.serial, m.utility, m.profile_id, m.bus_id, m.unit_id, m.mqtt_client_id, m.device_key,
           i.usage_point_id, i.ratio
      from sanbiao.meter m
      left join sanbiao.installation i on i.operator_id = m.operator_id and i.meter_id = m.id and i.removed_at is null;
  end;
