-- Validated readings: what a person or an estimate says about one instant of one register, beside the readings book and
-- never over it. The book stays what the meter said; bills rest on the book with these entries applied.

create table sanbiao.reading_edit (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  meter_id bigint not null,
  register smallint not null,
  measured_at timestamptz not null,
  -- Two layers: `clerk` speaks over the book, `estimate` only where the book and the clerk are silent. In each the newest entry counts.
  origin text not null check (origin in ('clerk', 'estimate')),
  -- exclude: what the book says at this instant does not count; value: this stands there; restore: as if the layer had said nothing
  kind text not null check (kind in ('exclude', 'value', 'restore')),
  value bigint,
  -- source of the value as in `reading`: 3 manual, 4 estimate
  source smallint check (source in (3, 4)),
  -- how an estimate was made
  method text,
  -- what it rests on, as texts
  basis jsonb not null default '{}',
  reason text not null,
  idempotency_key text not null,
  made_by bigint,
  made_at timestamptz not null,
  primary key (operator_id, id),
  unique (operator_id, idempotency_key),
  foreign key (operator_id, meter_id) references sanbiao.meter (operator_id, id),
  check ((kind = 'value') = (value is not null)),
  check ((kind = 'value') = (source is not null)),
  check (origin = 'clerk' or kind <> 'exclude'),
  check ((source is not null and source = 4) = (method is not null))
);
create index on sanbiao.reading_edit (operator_id, meter_id, register, measured_at, id);
select sanbiao.protect('sanbiao.reading_edit', 'select, insert');
select sanbiao.append_only('sanbiao.reading_edit');

-- What each layer says now.
create view sanbiao.current_reading_edit with (security_invoker = true) as
  select distinct on (operator_id, meter_id, register, measured_at, origin)
         operator_id, id, meter_id, register, measured_at, origin, kind, value, source, method, basis, reason, made_by, made_at
    from sanbiao.reading_edit
   order by operator_id, meter_id, register, measured_at, origin, id desc;
grant select on sanbiao.current_reading_edit to sanbiao_service;

-- What a person decided about a stretch that a rule holds or doubts. The newest entry counts.
-- A decision is about these two readings: when another one comes in between, the question is open again.
create table sanbiao.verdict_decision (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  meter_id bigint not null,
  register smallint not null,
  from_at timestamptz not null,
  to_at timestamptz not null,
  rule text not null,
  -- accept: a jump was used, a drop used nothing, a doubt is none; no_use: nothing was used, counting goes on from the new value; rollover: the dial went round once; edited: settled by an
  -- entry about one of its readings; withdrawn: the rule itself does not find it any more; reopen: undecided again
  decision text not null check (decision in ('accept', 'no_use', 'rollover', 'edited', 'withdrawn', 'reopen')),
  reason text not null,
  idempotency_key text not null,
  made_by bigint,
  made_at timestamptz not null,
  primary key (operator_id, id),
  unique (operator_id, idempotency_key),
  foreign key (operator_id, meter_id) references sanbiao.meter (operator_id, id)
);
create index on sanbiao.verdict_decision (operator_id, meter_id, register, from_at, to_at, rule, id);
select sanbiao.protect('sanbiao.verdict_decision', 'select, insert');
select sanbiao.append_only('sanbiao.verdict_decision');

create view sanbiao.current_verdict_decision with (security_invoker = true) as
  select distinct on (operator_id, meter_id, register, from_at, to_at, rule)
         operator_id, id, meter_id, register, from_at, to_at, rule, decision, reason, made_by, made_at
    from sanbiao.verdict_decision
   order by operator_id, meter_id, register, from_at, to_at, rule, id desc;
grant select on sanbiao.current_verdict_decision to sanbiao_service;

-- What a person has to look at: the others are far more.
create index verdict_of_work on sanbiao.verdict (operator_id, judged_at desc, id)
  where result in ('suspect', 'invalid_zero', 'backwards', 'implausible_jump', 'exchange_incomplete');
create index verdict_of_meter on sanbiao.verdict (operator_id, meter_id, to_at)
  where result in ('suspect', 'invalid_zero', 'backwards', 'implausible_jump', 'exchange_incomplete');

grant usage on all sequences in schema sanbiao to sanbiao_service;
