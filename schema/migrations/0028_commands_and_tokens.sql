-- Signed commands to devices, and numbers for keypad meters whose line is down.

-- A valve may stand at a trickle.
alter table sanbiao.supply drop constraint supply_reported_check;
alter table sanbiao.supply add constraint supply_reported_check
  check (reported in ('connected', 'disconnected', 'limited', 'moving', 'fault', 'unknown'));

-- The key that a meter and we share. The newest version signs; older ones still prove the answers to what they signed.
create table sanbiao.device_key (
  operator_id bigint not null references sanbiao.operator,
  meter_id bigint not null,
  version integer not null check (version >= 1),
  -- AES-256-GCM under the service's sealing key, which is not in the database: nonce (12), tag (16), ciphertext
  sealed bytea not null check (octet_length(sealed) > 28),
  made_at timestamptz not null,
  made_by bigint,
  primary key (operator_id, meter_id, version),
  foreign key (operator_id, meter_id) references sanbiao.meter (operator_id, id)
);
select sanbiao.protect('sanbiao.device_key', 'select, insert');
select sanbiao.append_only('sanbiao.device_key');

-- The last number given out to a meter: one row each, locked by whoever takes the next.
create table sanbiao.device_sequence (
  operator_id bigint not null,
  meter_id bigint not null,
  last bigint not null,
  primary key (operator_id, meter_id)
);
select sanbiao.protect('sanbiao.device_sequence', 'select, insert, update');

-- Every signed command, written before it leaves.
create table sanbiao.device_command (
  operator_id bigint not null,
  meter_id bigint not null,
  sequence bigint not null,
  command text not null,
  key_version integer not null,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (operator_id, meter_id, sequence)
);
select sanbiao.protect('sanbiao.device_command', 'select, insert');
select sanbiao.append_only('sanbiao.device_command');

-- A meter whose keypad takes tokens, with what its scheme must know; of several rows the newest counts.
create table sanbiao.token_meter (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  meter_id bigint not null,
  scheme text not null check (scheme in ('openpaygo', 'sts')),
  -- openpaygo: {"startingCode","unit"}; sts: {"iin","iain","supplyGroup","tariffIndex","keyRevision","keyType","base"}
  detail jsonb not null,
  -- openpaygo: the device's key; sts: the vending key of the supply group, in test mode only
  sealed bytea not null check (octet_length(sealed) > 28),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id),
  foreign key (operator_id, meter_id) references sanbiao.meter (operator_id, id)
);
create index on sanbiao.token_meter (operator_id, meter_id, id);
select sanbiao.protect('sanbiao.token_meter', 'select, insert');
select sanbiao.append_only('sanbiao.token_meter');

-- Every token ever issued. `number` is the STS token identifier (minute of its base) or the OpenPAYGO count: a meter takes each once.
create table sanbiao.credit_token (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  idempotency_key text not null,
  account_id bigint not null,
  meter_id bigint not null,
  token_meter_id bigint not null,
  scheme text not null check (scheme in ('openpaygo', 'sts')),
  number bigint not null check (number >= 0),
  digits text not null check (digits ~ '^[0-9]{9,20}$'),
  -- what was asked for, millionths; the token may carry a little more (STS rounds up)
  quantity bigint not null check (quantity > 0),
  unit text not null,
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  journal_id bigint not null,
  -- true: the meter's key is not one of a real supply group
  test_mode boolean not null,
  issued_at timestamptz not null,
  issued_by bigint,
  primary key (operator_id, id),
  unique (operator_id, idempotency_key),
  unique (operator_id, meter_id, scheme, number),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id),
  foreign key (operator_id, token_meter_id) references sanbiao.token_meter (operator_id, id)
);
create index on sanbiao.credit_token (operator_id, account_id, id);
select sanbiao.protect('sanbiao.credit_token', 'select, insert');
select sanbiao.append_only('sanbiao.credit_token');

-- The line is back and the meter's readings tell all use: what a token took returns to the account, once.
create table sanbiao.credit_token_return (
  operator_id bigint not null,
  token_id bigint not null,
  journal_id bigint not null,
  -- the reading by which use is known again
  measured_at timestamptz not null,
  returned_at timestamptz not null,
  primary key (operator_id, token_id),
  foreign key (operator_id, token_id) references sanbiao.credit_token (operator_id, id)
);
select sanbiao.protect('sanbiao.credit_token_return', 'select, insert');
select sanbiao.append_only('sanbiao.credit_token_return');

grant usage on all sequences in schema sanbiao to sanbiao_service;
