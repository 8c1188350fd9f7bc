-- Corrections in full: what they hand on to the next bill, what they change of energy given back and reactive energy, the other
-- charges of a bill that is cancelled, and what they rest on, so that a bill and its corrections can be made again offline.

-- Charges besides supply that a cancelled bill takes back, and that it asks for again when it is made anew.
alter table sanbiao.correction add column charges_minor bigint not null default 0;
alter table sanbiao.correction add check (journal_id is not null or charges_minor = 0);

create table sanbiao.correction_charge (
  operator_id bigint not null,
  correction_id bigint not null,
  bill_id bigint not null,
  -- of the bill's own charge line, whose words and figures hold
  line smallint not null,
  billed_minor bigint not null,
  due_minor bigint not null,
  amount_minor bigint not null,
  -- difference of the tax inside
  included_minor bigint not null,
  primary key (operator_id, correction_id, bill_id, line),
  foreign key (operator_id, correction_id) references sanbiao.correction (operator_id, id) deferrable initially deferred,
  foreign key (operator_id, bill_id, line) references sanbiao.bill_charge (operator_id, bill_id, line),
  check (amount_minor = due_minor - billed_minor)
);
create index on sanbiao.correction_charge (operator_id, bill_id);
select sanbiao.protect('sanbiao.correction_charge', 'select, insert');
select sanbiao.append_only('sanbiao.correction_charge');

-- What a stretch of a bill hands on by what is known now: takes the place of the bill's own `rating_state`.
create table sanbiao.correction_state (
  operator_id bigint not null,
  correction_id bigint not null,
  bill_id bigint not null,
  usage_point_id bigint not null,
  account_id bigint not null,
  tariff_id text not null,
  period_from timestamptz not null,
  period_to timestamptz not null,
  before jsonb not null,
  after jsonb not null,
  primary key (operator_id, correction_id, bill_id, usage_point_id, period_from),
  foreign key (operator_id, correction_id) references sanbiao.correction (operator_id, id) deferrable initially deferred,
  foreign key (operator_id, bill_id) references sanbiao.bill (operator_id, id)
);
create index on sanbiao.correction_state (operator_id, account_id, usage_point_id, period_to);
create index on sanbiao.correction_state (operator_id, bill_id);
select sanbiao.protect('sanbiao.correction_state', 'select, insert');
select sanbiao.append_only('sanbiao.correction_state');

-- As `correction_usage`, of what is measured beside the main register.
create table sanbiao.correction_measure (
  operator_id bigint not null,
  correction_id bigint not null,
  bill_id bigint not null,
  usage_point_id bigint not null,
  period_from timestamptz not null,
  period_to timestamptz not null,
  kind text not null check (kind in ('export', 'reactive')),
  unit text not null,
  -- the difference, and per register
  quantity bigint not null,
  registers jsonb not null,
  effect text not null check (effect in ('corrects', 'cancels', 'anew')),
  primary key (operator_id, correction_id, bill_id, usage_point_id, period_from, kind),
  foreign key (operator_id, correction_id) references sanbiao.correction (operator_id, id) deferrable initially deferred,
  foreign key (operator_id, bill_id) references sanbiao.bill (operator_id, id)
);
create index on sanbiao.correction_measure (operator_id, bill_id);
select sanbiao.protect('sanbiao.correction_measure', 'select, insert');
select sanbiao.append_only('sanbiao.correction_measure');

-- What the lines of one corrected bill were worked out from.
create table sanbiao.correction_basis (
  operator_id bigint not null,
  correction_id bigint not null,
  bill_id bigint not null,
  -- SHA-256 of `document`, hexadecimal
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  -- canonical JSON: docs/reference/bill-bundle.md
  document text not null,
  primary key (operator_id, correction_id, bill_id),
  foreign key (operator_id, correction_id) references sanbiao.correction (operator_id, id) deferrable initially deferred,
  foreign key (operator_id, bill_id) references sanbiao.bill (operator_id, id)
);
create index on sanbiao.correction_basis (operator_id, bill_id);
select sanbiao.protect('sanbiao.correction_basis', 'select, insert');
select sanbiao.append_only('sanbiao.correction_basis');

-- Energy given back as a correction changes it: as in `keep_corrected_energy`.
create function sanbiao.keep_corrected_export() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off as $$
begin
  with used as materialized (
    select nextval('sanbiao.energy_entry_id_seq') as entry_id, o.*
      from (select * from written where kind = 'export' order by period_from, bill_id, usage_point_id) o
  ), entry as (
    insert into energy_entry (operator_id, id, usage_point_id, kind, idempotency_key, unit, period_from, period_to, bill_id, correction_id)
      overriding system value
      select operator_id, entry_id, usage_point_id, 'export',
             format('export/correction/%s/%s/%s/%s', correction_id, bill_id, usage_point_id, extract(epoch from period_from)::bigint),
             unit, period_from, period_to, bill_id, correction_id from used
  ), last_end as (
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
       select coalesce(sum(n.quantity) filter (where c.effect <> 'corrects'), 0) as cancelled,
              coalesce(sum(n.quantity) filter (where c.effect = 'corrects'), 0) as moved
         from energy_entry e
         join energy_posting n on n.operator_id = e.operator_id and n.entry_id = e.id and n.energy_account = 'unbilled'
         join correction_measure c on c.operator_id = e.operator_id and c.correction_id = e.correction_id and c.bill_id = e.bill_id
                                  and c.usage_point_id = e.usage_point_id and c.period_from = e.period_from and c.kind = 'export'
        where e.operator_id = u.operator_id and e.kind = 'export' and e.bill_id = u.bill_id
          and e.usage_point_id = u.usage_point_id and e.period_from = u.period_from) b
  )
  insert into energy_posting (operator_id, entry_id, line, energy_account, quantity)
    select d.operator_id, d.entry_id, p.line, p.energy_account, p.quantity
      from due d cross join lateral (values (1, 'given_back', d.quantity), (2, 'metered', -d.quantity - d.unbilled), (3, 'unbilled', d.unbilled))
        as p (line, energy_account, quantity)
     where p.line <> 3 or p.quantity <> 0;
  return null;
end $$;
create trigger keep_energy after insert on sanbiao.correction_measure
  referencing new table as written for each statement execute function sanbiao.keep_corrected_export();

-- The next bill begins where the register is known to have stood and enters what moved.
create or replace function sanbiao.keep_exported_energy() returns trigger
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
begin
  with entry as (
    insert into energy_entry (operator_id, usage_point_id, kind, idempotency_key, unit, period_from, period_to, bill_id)
      select operator_id, usage_point_id, 'export', format('export/%s/%s/%s', bill_id, usage_point_id, extract(epoch from period_from)::bigint),
             unit, period_from, period_to, bill_id
        from written where kind = 'export' order by period_from, bill_id, usage_point_id
      returning operator_id, id, bill_id, usage_point_id, period_from
  ), measured as (
    select e.operator_id, e.id as entry_id, e.usage_point_id, w.quantity, w.registers
      from entry e join written w using (operator_id, bill_id, usage_point_id, period_from) where w.kind = 'export'
  ), proof as materialized (
    select m.operator_id, m.entry_id, m.usage_point_id, p.meter, p.register, p."from" as from_at, p."to" as to_at,
           round(p.start * 1000000)::bigint as start_value, round(p."end" * 1000000)::bigint as end_value,
           round(p.used * 1000000)::bigint as used, p.verdicts = '[]' as plain
      from measured m cross join jsonb_to_recordset(m.registers)
           as p (meter bigint, register text, "from" timestamptz, "to" timestamptz, start numeric, "end" numeric, used numeric, verdicts jsonb)
  ), moved as materialized (
    select f.operator_id, f.entry_id, f.meter, f.register, f.from_at as at, k.end_value as shown, f.start_value as now_shown
      from proof f
     cross join lateral (select n.end_value from energy_posting n
                          where n.operator_id = f.operator_id and n.meter_id = f.meter and n.register = f.register
                            and n.to_at between f.from_at and f.from_at and n.from_at < n.to_at
                            and (select o.usage_point_id from energy_entry o where o.operator_id = n.operator_id
                                    and o.id between n.entry_id and n.entry_id order by o.id limit 1) = f.usage_point_id
                          order by n.to_at limit 1) k
     where k.end_value <> f.start_value
  ), posting as (
    select operator_id, entry_id, 'metered' as energy_account, -used as quantity, meter, register, from_at, to_at, start_value, end_value, plain
      from proof
    union all
    select operator_id, entry_id, 'given_back', quantity, null, null, null, null, null, null, null from measured
    union all
    select operator_id, entry_id, 'metered', shown - now_shown, meter, register, at, at, shown, now_shown, true from moved
    union all
    select operator_id, entry_id, 'unbilled', sum(now_shown - shown)::bigint, null, null, null, null, null, null, null
      from moved group by operator_id, entry_id
  )
  insert into energy_posting (operator_id, entry_id, line, energy_account, quantity, meter_id, register, from_at, to_at, start_value, end_value, plain)
    select operator_id, entry_id, row_number() over (partition by entry_id order by energy_account, meter, register, from_at, to_at),
           energy_account, quantity, meter, register, from_at, to_at, start_value, end_value, plain from posting;
  return null;
end $$;

grant usage on all sequences in schema sanbiao to sanbiao_service;
