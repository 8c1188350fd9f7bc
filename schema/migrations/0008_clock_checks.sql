-- How far meters' own clocks were off, thinned: a row a day, when it changed, and whatever was done about it.
create table sanbiao.clock_check (
  operator_id bigint not null references sanbiao.operator,
  meter_id bigint not null,
  -- the middle of the transaction, by our clock
  checked_at timestamptz not null,
  -- the meter's clock less ours; positive: it runs ahead
  drift_ms bigint not null,
  -- measured: only read. corrected: set, and read back right. unproved: set, and not read back right. held: too far for a machine to set.
  outcome text not null check (outcome in ('measured', 'corrected', 'unproved', 'held')),
  -- before it was set
  before_ms bigint,
  primary key (operator_id, meter_id, checked_at),
  foreign key (operator_id, meter_id) references sanbiao.meter (operator_id, id),
  check ((outcome in ('corrected', 'unproved')) = (before_ms is not null))
);
select sanbiao.protect('sanbiao.clock_check', 'select, insert');
select sanbiao.append_only('sanbiao.clock_check');

grant usage on all sequences in schema sanbiao to sanbiao_service;
