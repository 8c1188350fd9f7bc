-- What rating must know besides the main register, kept: facts of an account, what charges carry from bill to bill, and what else
-- was measured (energy given back, reactive energy).

-- Contracted kW and low income, effective-dated: the newest row of a kind and day counts.
create table sanbiao.account_fact (
  operator_id bigint not null,
  id bigint generated always as identity,
  account_id bigint not null,
  kind text not null check (kind in ('contracted_kw', 'low_income')),
  from_day date not null,
  -- millionths of a kW; 1 = of low income, 0 = not
  value bigint not null check (value >= 0 and (kind <> 'low_income' or value <= 1)),
  stated_at timestamptz not null default now(),
  primary key (operator_id, id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
create index on sanbiao.account_fact (operator_id, account_id, kind, from_day);
select sanbiao.protect('sanbiao.account_fact', 'select, insert');
select sanbiao.append_only('sanbiao.account_fact');

-- What the charges of one stretch were given of the bills before, and what they hand on (docs/reference/tariffs.md, "State between
-- periods"). The row of the newest bill that ends where a stretch begins counts: a corrected state is another row.
create table sanbiao.rating_state (
  operator_id bigint not null,
  bill_id bigint not null,
  usage_point_id bigint not null,
  account_id bigint not null,
  tariff_id text not null,
  period_from timestamptz not null,
  period_to timestamptz not null,
  before jsonb not null,
  after jsonb not null,
  primary key (operator_id, bill_id, usage_point_id, period_from)
);
create index on sanbiao.rating_state (operator_id, account_id, usage_point_id, period_to);
select sanbiao.protect('sanbiao.rating_state', 'select, insert');
select sanbiao.append_only('sanbiao.rating_state');

-- What a bill rests on besides the main register.
create table sanbiao.billed_measure (
  operator_id bigint not null,
  bill_id bigint not null,
  usage_point_id bigint not null,
  period_from timestamptz not null,
  period_to timestamptz not null,
  kind text not null check (kind in ('export', 'reactive')),
  quantity bigint not null check (quantity >= 0),
  unit text not null,
  basis text not null,
  -- as in billed_usage
  registers jsonb not null,
  primary key (operator_id, bill_id, usage_point_id, period_from, kind)
);
select sanbiao.protect('sanbiao.billed_measure', 'select, insert');
select sanbiao.append_only('sanbiao.billed_measure');

-- Energy given back stands in the energy book as an entry of its own: what the registers counted, and that it was settled.
alter table sanbiao.energy_entry drop constraint energy_entry_kind_check;
alter table sanbiao.energy_entry add constraint energy_entry_kind_check
  check (kind in ('bill', 'export', 'balance', 'balance_superseded', 'write_off', 'correction'));
alter table sanbiao.energy_posting drop constraint energy_posting_energy_account_check;
alter table sanbiao.energy_posting add constraint energy_posting_energy_account_check check (energy_account in
  ('metered', 'billed', 'estimated', 'unbilled', 'sub_metered', 'common', 'loss', 'residue', 'written_off', 'given_back'));

create function sanbiao.keep_exported_energy() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
begin
  with entry as (
    insert into energy_entry (operator_id, usage_point_id, kind, idempotency_key, unit, period_from, period_to, bill_id)
      select operator_id, usage_point_id, 'export', format('export/%s/%s/%s', bill_id, usage_point_id, extract(epoch from period_from)::bigint),
             unit, period_from, period_to, bill_id
        from written where kind = 'export' order by period_from, bill_id, usage_point_id
      returning operator_id, id, bill_id, usage_point_id, period_from
  ), measured as (
    select e.operator_id, e.id as entry_id, w.quantity, w.registers
      from entry e join written w using (operator_id, bill_id, usage_point_id, period_from) where w.kind = 'export'
  ), posting as (
    select m.operator_id, m.entry_id, 'metered' as energy_account, -round(p.used * 1000000)::bigint as quantity, p.meter, p.register,
           p."from" as from_at, p."to" as to_at, round(p.start * 1000000)::bigint as start_value, round(p."end" * 1000000)::bigint as end_value,
           p.verdicts = '[]' as plain
      from measured m cross join jsonb_to_recordset(m.registers)
           as p (meter bigint, register text, "from" timestamptz, "to" timestamptz, start numeric, "end" numeric, used numeric, verdicts jsonb)
    union all
    select operator_id, entry_id, 'given_back', quantity, null, null, null, null, null, null, null from measured
  )
  insert into energy_posting (operator_id, entry_id, line, energy_account, quantity, meter_id, register, from_at, to_at, start_value, end_value, plain)
    select operator_id, entry_id, row_number() over (partition by entry_id order by energy_account, meter, register, from_at, to_at),
           energy_account, quantity, meter, register, from_at, to_at, start_value, end_value, plain from posting;
  return null;
end $$;
create trigger keep_energy after insert on sanbiao.billed_measure
  referencing new table as written for each statement execute function sanbiao.keep_exported_energy();

grant usage on all sequences in schema sanbiao to sanbiao_service;
