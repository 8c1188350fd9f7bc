-- Issued bills made again: what is known now less what was billed, posted as one netted adjustment per account with a numbered
-- correction note. Bills stay as they were issued; what they charge is bill + true-ups + corrections.

-- How far back an operator corrects bills, from a day on; of two rows for one day the later one counts. No row: 24 months, one person.
create table sanbiao.rebill_terms (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  from_day date not null,
  months_back smallint not null check (months_back between 1 and 240),
  -- more or less money than this takes a second person; null = never
  second_person_above_minor bigint check (second_person_above_minor >= 0),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id)
);
select sanbiao.protect('sanbiao.rebill_terms', 'select, insert');
select sanbiao.append_only('sanbiao.rebill_terms');

-- A correction that one person asks for and another one posts.
create table sanbiao.correction_proposal (
  operator_id bigint not null,
  id bigint generated always as identity,
  account_id bigint not null,
  -- of exactly what was shown
  digest text not null check (digest ~ '^[0-9a-f]{64}$'),
  currency text not null,
  amount_minor bigint not null,
  reason text not null check (reason <> ''),
  proposed_at timestamptz not null,
  proposed_by bigint,
  primary key (operator_id, id),
  unique (operator_id, account_id, digest),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
select sanbiao.protect('sanbiao.correction_proposal', 'select, insert');
select sanbiao.append_only('sanbiao.correction_proposal');

create table sanbiao.correction (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  account_id bigint not null,
  -- C2026-000012: a series of its own, without a gap in the operator's year
  number text not null,
  -- rebill: bills by what is known now; cancel: one bill to nothing; anew: a cancelled bill by what is known now
  kind text not null check (kind in ('rebill', 'cancel', 'anew')),
  -- the one bill of a cancellation, or of its making anew
  bill_id bigint,
  issued_on date not null,
  currency text not null,
  total_minor bigint not null,
  -- absent only where nothing is to be posted
  journal_id bigint,
  reason text not null check (reason <> ''),
  -- SHA-256 of what was shown before it was posted
  digest text not null check (digest ~ '^[0-9a-f]{64}$'),
  -- of the preview of many accounts that it was posted with
  batch_digest text check (batch_digest ~ '^[0-9a-f]{64}$'),
  proposal_id bigint,
  posted_at timestamptz not null,
  posted_by bigint,
  primary key (operator_id, id),
  unique (operator_id, number),
  unique (operator_id, account_id, digest),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id),
  foreign key (operator_id, bill_id) references sanbiao.bill (operator_id, id),
  foreign key (operator_id, proposal_id) references sanbiao.correction_proposal (operator_id, id),
  check (journal_id is not null or total_minor = 0),
  check ((kind = 'rebill') = (bill_id is null))
);
create index on sanbiao.correction (operator_id, batch_digest) where batch_digest is not null;
create index on sanbiao.correction (operator_id, bill_id) where bill_id is not null;
select sanbiao.protect('sanbiao.correction', 'select, insert');
select sanbiao.append_only('sanbiao.correction');

create table sanbiao.correction_sequence (
  operator_id bigint not null references sanbiao.operator,
  year smallint not null,
  last integer not null,
  primary key (operator_id, year)
);
select sanbiao.protect('sanbiao.correction_sequence', 'select, insert, update');

-- Line by line: what had been billed until then, what it should be, and the difference.
create table sanbiao.correction_line (
  operator_id bigint not null,
  correction_id bigint not null,
  line smallint not null,
  -- the bill whose line this is
  bill_id bigint not null,
  -- as on the bill: <usage point>/<key of the charge>
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
  unit text,
  price text,
  billed_minor bigint not null,
  due_minor bigint not null,
  -- due − billed
  amount_minor bigint not null,
  -- differences
  quantity bigint,
  included_minor bigint,
  title_zh text not null,
  title_en text not null,
  primary key (operator_id, correction_id, line),
  unique (operator_id, correction_id, bill_id, key),
  foreign key (operator_id, correction_id) references sanbiao.correction (operator_id, id) deferrable initially deferred,
  foreign key (operator_id, bill_id) references sanbiao.bill (operator_id, id),
  check (amount_minor = due_minor - billed_minor)
);
create index on sanbiao.correction_line (operator_id, bill_id);
select sanbiao.protect('sanbiao.correction_line', 'select, insert');
select sanbiao.append_only('sanbiao.correction_line');

-- Use by what is known now less what was billed of it, stretch by stretch.
create table sanbiao.correction_usage (
  operator_id bigint not null,
  correction_id bigint not null,
  bill_id bigint not null,
  usage_point_id bigint not null,
  period_from timestamptz not null,
  period_to timestamptz not null,
  utility text not null,
  unit text not null,
  quantity bigint not null,
  -- as in billed_usage; `start` and `end` as they are known now, `used` the difference
  registers jsonb not null,
  -- cancels: the whole bill is, and its units are unbilled until it is made anew
  effect text not null check (effect in ('corrects', 'cancels', 'anew')),
  primary key (operator_id, correction_id, bill_id, usage_point_id, period_from),
  foreign key (operator_id, correction_id) references sanbiao.correction (operator_id, id) deferrable initially deferred,
  foreign key (operator_id, bill_id) references sanbiao.bill (operator_id, id)
);
create index on sanbiao.correction_usage (operator_id, bill_id);
select sanbiao.protect('sanbiao.correction_usage', 'select, insert');
select sanbiao.append_only('sanbiao.correction_usage');

-- The energy book: a correction bills units, or takes them back.
alter table sanbiao.energy_entry drop constraint energy_entry_kind_check;
alter table sanbiao.energy_entry add constraint energy_entry_kind_check
  check (kind in ('bill', 'balance', 'balance_superseded', 'write_off', 'correction'));
alter table sanbiao.energy_entry add column correction_id bigint;
create index on sanbiao.energy_entry (operator_id, correction_id) where correction_id is not null;

-- Where the last billed value of a register moved, the next bill will begin there and enters what moved; until then these units
-- stand against `unbilled`. Units of a cancelled bill are unbilled. Every other difference is what the register counted after all.
create function sanbiao.keep_corrected_energy() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off as $$
begin
  with used as materialized (
    select nextval('sanbiao.energy_entry_id_seq') as entry_id, o.*
      from (select * from written order by period_from, bill_id, usage_point_id) o
  ), entry as (
    insert into energy_entry (operator_id, id, usage_point_id, kind, idempotency_key, unit, period_from, period_to, bill_id, correction_id)
      overriding system value
      select operator_id, entry_id, usage_point_id, 'correction',
             format('correction/%s/%s/%s/%s', correction_id, bill_id, usage_point_id, extract(epoch from period_from)::bigint),
             unit, period_from, period_to, bill_id, correction_id from used
  ), last_end as (
    -- registers whose end no later bill begins at yet: what was billed there, and what is known now
    select u.entry_id, sum(k.end_value - p.end_value) as moved
      from used u
     cross join lateral (
       select r.meter, r.register, r."to", round(r."end" * 1000000)::bigint as end_value
         from jsonb_to_recordset(u.registers) as r (meter bigint, register text, "to" timestamptz, "end" numeric)
        where r."to" = u.period_to and r."end" is not null) p
     cross join lateral (
       select n.end_value from energy_posting n join energy_entry e on e.operator_id = n.operator_id and e.id = n.entry_id
        where n.operator_id = u.operator_id and n.meter_id = p.meter and n.register = p.register
          and n.to_at = p."to" and n.from_at < n.to_at and e.usage_point_id = u.usage_point_id limit 1) k
     where not exists (
       select from energy_posting n join energy_entry e on e.operator_id = n.operator_id and e.id = n.entry_id
        where n.operator_id = u.operator_id and n.meter_id = p.meter and n.register = p.register
          and n.from_at = p."to" and n.from_at < n.to_at and e.usage_point_id = u.usage_point_id)
     group by u.entry_id
  ), due as (
    select u.entry_id, u.operator_id, u.quantity,
           case u.effect when 'cancels' then -u.quantity when 'anew' then -b.cancelled else 0 end
           + case when u.effect <> 'cancels' and m.moved is not null then m.moved - b.moved else 0 end as unbilled
      from used u left join last_end m using (entry_id)
     cross join lateral (
       -- what earlier corrections of this stretch left unbilled
       select coalesce(sum(n.quantity) filter (where c.effect <> 'corrects'), 0) as cancelled,
              coalesce(sum(n.quantity) filter (where c.effect = 'corrects'), 0) as moved
         from energy_entry e
         join energy_posting n on n.operator_id = e.operator_id and n.entry_id = e.id and n.energy_account = 'unbilled'
         join correction_usage c on c.operator_id = e.operator_id and c.correction_id = e.correction_id and c.bill_id = e.bill_id
                                and c.usage_point_id = e.usage_point_id and c.period_from = e.period_from
        where e.operator_id = u.operator_id and e.kind = 'correction' and e.bill_id = u.bill_id
          and e.usage_point_id = u.usage_point_id and e.period_from = u.period_from) b
  )
  insert into energy_posting (operator_id, entry_id, line, energy_account, quantity)
    select d.operator_id, d.entry_id, p.line, p.energy_account, p.quantity
      from due d cross join lateral (values (1, 'billed', d.quantity), (2, 'metered', -d.quantity - d.unbilled), (3, 'unbilled', d.unbilled))
        as p (line, energy_account, quantity)
     where p.line <> 3 or p.quantity <> 0;
  return null;
end $$;
create trigger keep_energy after insert on sanbiao.correction_usage
  referencing new table as written for each statement execute function sanbiao.keep_corrected_energy();

-- When it was said: a household that is noted late moves bills that are out. Absent: before this was kept.
alter table sanbiao.household add column noted_at timestamptz;
alter table sanbiao.household alter column noted_at set default now();

grant usage on all sequences in schema sanbiao to sanbiao_service;
