-- Bills, the table of what is due, prepaid supply and the outbox of end-device controls.

create table sanbiao.bill (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  account_id bigint not null,
  number text not null,
  period_from timestamptz not null,
  period_to timestamptz not null,
  issued_on date not null,
  due_on date not null,
  currency text not null,
  total_minor bigint not null,
  -- absent only where nothing is to be posted
  journal_id bigint,
  run_id bigint,
  primary key (operator_id, id),
  unique (operator_id, number),
  unique (operator_id, account_id, period_from, period_to),
  check (journal_id is not null or total_minor = 0)
);
create index on sanbiao.bill (operator_id, run_id);
select sanbiao.protect('sanbiao.bill', 'select, insert');
select sanbiao.append_only('sanbiao.bill');

-- Bill numbers have no gap within an operator's year: taken in the transaction that writes the bill, given back with it.
create table sanbiao.bill_sequence (
  operator_id bigint not null references sanbiao.operator,
  year smallint not null,
  last integer not null,
  primary key (operator_id, year)
);
select sanbiao.protect('sanbiao.bill_sequence', 'select, insert, update');

create table sanbiao.bill_line (
  operator_id bigint not null,
  bill_id bigint not null,
  line smallint not null,
  -- stable key of the charge, see docs/reference/tariffs.md
  key text not null,
  usage_point_id bigint not null,
  utility text not null,
  tariff_id text not null,
  tariff_version text not null,
  charge text not null,
  kind text not null,
  tier smallint,
  tou text,
  period_from timestamptz not null,
  period_to timestamptz not null,
  quantity bigint,
  unit text,
  price text,
  amount_minor bigint not null,
  -- tax that other lines' prices contain: told, not added
  included_minor bigint,
  basis text,
  title_zh text not null,
  title_en text not null,
  primary key (operator_id, bill_id, line),
  unique (operator_id, bill_id, key)
);
select sanbiao.protect('sanbiao.bill_line', 'select, insert');
select sanbiao.append_only('sanbiao.bill_line');

-- What was used per usage point and period, as it was billed: start and end registers for whoever asks why.
create table sanbiao.billed_usage (
  operator_id bigint not null,
  bill_id bigint not null,
  usage_point_id bigint not null,
  -- the stretch of the bill's period under one agreement
  period_from timestamptz not null,
  period_to timestamptz not null,
  utility text not null,
  quantity bigint not null,
  unit text not null,
  basis text not null,
  -- [{"meter","serial","register","from","to","start","end","used","basis"}], decimal strings and ISO instants
  registers jsonb not null,
  -- cumulative quantity in the ladder's own period before this stretch, decimal text per charge
  ladder_before jsonb not null default '{}',
  primary key (operator_id, bill_id, usage_point_id, period_from)
);
select sanbiao.protect('sanbiao.billed_usage', 'select, insert');
select sanbiao.append_only('sanbiao.billed_usage');

-- The memory of recurring work: the timer only wakes it. One row per operator, kind and period.
create table sanbiao.due_run (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  kind text not null check (kind in ('bill')),
  period_from timestamptz not null,
  period_to timestamptz not null,
  due_at timestamptz not null,
  state text not null default 'due' check (state in ('due', 'running', 'done', 'failed')),
  started_at timestamptz,
  finished_at timestamptz,
  done integer not null default 0,
  refused integer not null default 0,
  note text not null default '',
  primary key (operator_id, id),
  unique (operator_id, kind, period_from, period_to)
);
select sanbiao.protect('sanbiao.due_run', 'select, insert, update');

-- An account that a run could not settle: the run went on, a person looks here.
create table sanbiao.run_exception (
  operator_id bigint not null,
  run_id bigint not null,
  account_id bigint not null,
  reason text not null,
  detail text not null,
  at timestamptz not null,
  settled_at timestamptz,
  primary key (operator_id, run_id, account_id)
);
select sanbiao.protect('sanbiao.run_exception', 'select, insert, update');

-- Prepaid accounts: what the engine last knew and decided. Desired and reported state of the supply are kept apart.
create table sanbiao.supply (
  operator_id bigint not null,
  account_id bigint not null,
  meter_id bigint not null,
  policy_id text not null,
  state text not null default 'normal' check (state in ('normal', 'warned_1', 'warned_2', 'cut_due', 'cut_sent', 'cut', 'reconnect_due', 'reconnect_sent', 'unknown')),
  desired text not null default 'connected' check (desired in ('connected', 'disconnected')),
  reported text not null default 'unknown' check (reported in ('connected', 'disconnected', 'moving', 'fault', 'unknown')),
  reported_at timestamptz,
  available_minor bigint,
  unbilled_minor bigint,
  decided_at timestamptz,
  last_reading_at timestamptz,
  -- why a cut that is due is not ordered; empty when nothing holds it
  held text not null default '',
  -- since when the second warning stands: the earliest cut counts from here
  warned_2_at timestamptz,
  last_credit_at timestamptz,
  primary key (operator_id, account_id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
create index on sanbiao.supply (operator_id, meter_id);
select sanbiao.protect('sanbiao.supply', 'select, insert, update');

-- The outbox of end-device controls. `read_back` alone closes an order.
create table sanbiao.control (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  meter_id bigint not null,
  account_id bigint,
  action text not null check (action in ('disconnect', 'connect')),
  -- why, with the proof: balance, unbilled use, reading and its age, policy
  reason jsonb not null,
  state text not null default 'queued' check (state in ('queued', 'sent', 'confirmed', 'cancelled', 'unknown')),
  created_at timestamptz not null,
  sent_at timestamptz,
  attempts smallint not null default 0,
  not_before timestamptz not null,
  closed_at timestamptz,
  -- the reading that proved it
  read_back_at timestamptz,
  note text not null default '',
  primary key (operator_id, id)
);
create unique index control_open on sanbiao.control (operator_id, meter_id) where state in ('queued', 'sent');
create index on sanbiao.control (operator_id, account_id, id);
create index on sanbiao.control (operator_id, sent_at) where action = 'disconnect';
select sanbiao.protect('sanbiao.control', 'select, insert, update');

-- Everything that happened to an account's supply, in order: warnings, orders, proofs.
create table sanbiao.supply_event (
  operator_id bigint not null,
  id bigint generated always as identity,
  account_id bigint not null,
  at timestamptz not null,
  kind text not null,
  detail jsonb not null default '{}',
  primary key (operator_id, id)
);
create index on sanbiao.supply_event (operator_id, account_id, id);
select sanbiao.protect('sanbiao.supply_event', 'select, insert');
select sanbiao.append_only('sanbiao.supply_event');

-- Orders that wait on any operator's outbox, for the shell that sends them.
create function sanbiao.operators_with_open_controls() returns setof bigint
  language sql stable security definer set search_path = sanbiao
  begin atomic select distinct operator_id from sanbiao.control where state in ('queued', 'sent'); end;

grant usage on all sequences in schema sanbiao to sanbiao_service;
