-- Bills that end at an estimate: each opens a true-up for every register that it counted, and the first bill after an
-- actual reading closes it with the difference. What a bill corrects of an earlier one says so on its lines.

create table sanbiao.true_up (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  -- the bill that ends at the estimate
  bill_id bigint not null,
  account_id bigint not null,
  usage_point_id bigint not null,
  meter_id bigint not null,
  register smallint not null,
  at timestamptz not null,
  -- what was billed as the register's value at that instant
  value bigint not null,
  method text not null,
  opened_at timestamptz not null,
  primary key (operator_id, id),
  unique (operator_id, bill_id, meter_id, register, at),
  foreign key (operator_id, bill_id) references sanbiao.bill (operator_id, id),
  foreign key (operator_id, meter_id) references sanbiao.meter (operator_id, id)
);
create index on sanbiao.true_up (operator_id, account_id, at);
create index on sanbiao.true_up (operator_id, meter_id, register, at);
select sanbiao.protect('sanbiao.true_up', 'select, insert');
select sanbiao.append_only('sanbiao.true_up');

create table sanbiao.true_up_closing (
  operator_id bigint not null,
  true_up_id bigint not null,
  -- the bill that carries the difference
  bill_id bigint not null,
  -- what the register showed at that instant by actual readings; absent where no line runs (the dial went round)
  value bigint,
  basis text not null check (basis in ('actual', 'interpolated')),
  -- value − estimate
  difference bigint,
  closed_at timestamptz not null,
  primary key (operator_id, true_up_id),
  foreign key (operator_id, true_up_id) references sanbiao.true_up (operator_id, id),
  foreign key (operator_id, bill_id) references sanbiao.bill (operator_id, id),
  check ((value is null) = (difference is null))
);
create index on sanbiao.true_up_closing (operator_id, bill_id);
select sanbiao.protect('sanbiao.true_up_closing', 'select, insert');
select sanbiao.append_only('sanbiao.true_up_closing');

-- Set on what trues up the bill of an earlier period: quantities and amounts are then differences and may be negative.
alter table sanbiao.bill_line add column corrects_bill_id bigint;
alter table sanbiao.billed_usage add column corrects_bill_id bigint;
create index on sanbiao.bill_line (operator_id, corrects_bill_id) where corrects_bill_id is not null;
create index on sanbiao.billed_usage (operator_id, corrects_bill_id) where corrects_bill_id is not null;

grant usage on all sequences in schema sanbiao to sanbiao_service;
