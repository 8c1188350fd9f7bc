-- The life of a meter: what happened to it, what its dial showed at both ends of a stay, and by what its dial is multiplied.

-- Everything that a person did to a meter, in order. The first row of a request carries its key and what was asked.
create table sanbiao.meter_event (
  operator_id bigint not null,
  id bigint generated always as identity,
  meter_id bigint not null,
  kind text not null check (kind in ('registered', 'installed', 'exchanged', 'removed', 'ratio', 'seal_fixed', 'seal_broken', 'calibrated')),
  -- when it happened at the meter; `recorded_at` is when we were told
  at timestamptz not null,
  detail jsonb not null default '{}',
  -- a photo by its sha-256, or in words where it is kept
  photo text,
  reason text not null,
  recorded_at timestamptz not null,
  recorded_by bigint,
  idempotency_key text,
  request jsonb,
  primary key (operator_id, id),
  unique (operator_id, idempotency_key),
  foreign key (operator_id, meter_id) references sanbiao.meter (operator_id, id),
  check ((idempotency_key is null) = (request is null))
);
create index on sanbiao.meter_event (operator_id, meter_id, id);
create index meter_event_calibrated on sanbiao.meter_event (operator_id, meter_id, id) where kind = 'calibrated';
create index meter_event_seal on sanbiao.meter_event (operator_id, (detail ->> 'number'), id) where kind in ('seal_fixed', 'seal_broken');
select sanbiao.protect('sanbiao.meter_event', 'select, insert');
select sanbiao.append_only('sanbiao.meter_event');

-- What the dial showed when a meter came and went, before any ratio: millionths of the register's unit. Of two the later counts.
create table sanbiao.installation_reading (
  operator_id bigint not null,
  id bigint generated always as identity,
  installation_id bigint not null,
  edge text not null check (edge in ('initial', 'final')),
  register smallint not null,
  dial bigint not null check (dial >= 0),
  event_id bigint not null,
  primary key (operator_id, id),
  foreign key (operator_id, installation_id) references sanbiao.installation (operator_id, id),
  foreign key (operator_id, event_id) references sanbiao.meter_event (operator_id, id)
);
create index on sanbiao.installation_reading (operator_id, installation_id);
select sanbiao.protect('sanbiao.installation_reading', 'select, insert');
select sanbiao.append_only('sanbiao.installation_reading');

-- CT × VT, or units per pulse, from an instant on. The true ratio at an instant is that of the last recorded row that is in force
-- by then. A reading of a wire carries the ratio of the rows that applied when it was received; whatever a person or a rule
-- wrote carries the ratio of the rows recorded by then. See domain/ratio.ts.
create table sanbiao.meter_ratio (
  operator_id bigint not null,
  id bigint generated always as identity,
  meter_id bigint not null,
  from_at timestamptz not null,
  ratio numeric(18, 9) not null check (ratio > 0),
  -- later than every collector's next look at this table
  applies_to_received_from timestamptz not null,
  -- what the dial showed at the change, where somebody looked: decimal text per register
  dials jsonb not null default '{}',
  reason text not null,
  recorded_at timestamptz not null,
  recorded_by bigint,
  primary key (operator_id, id),
  foreign key (operator_id, meter_id) references sanbiao.meter (operator_id, id),
  check (applies_to_received_from >= recorded_at)
);
create index on sanbiao.meter_ratio (operator_id, meter_id);
select sanbiao.protect('sanbiao.meter_ratio', 'select, insert');
select sanbiao.append_only('sanbiao.meter_ratio');

insert into sanbiao.meter_ratio (operator_id, meter_id, from_at, ratio, applies_to_received_from, reason, recorded_at)
  select operator_id, meter_id, installed_at, ratio, installed_at, 'installation', installed_at
    from sanbiao.installation order by installed_at, id;

-- A stay that is written without a word of its ratio's history (an import, a first set-up) was always known by its ratio.
create function sanbiao.ratio_of_installation() returns trigger language plpgsql as $$
begin
  insert into sanbiao.meter_ratio (operator_id, meter_id, from_at, ratio, applies_to_received_from, reason, recorded_at)
    select new.operator_id, new.meter_id, new.installed_at, new.ratio, new.installed_at, 'installation', new.installed_at
     where not exists (select 1 from sanbiao.meter_ratio r where r.operator_id = new.operator_id
                          and r.meter_id = new.meter_id and r.from_at = new.installed_at);
  return null;
end $$;
create trigger ratio_of_installation after insert on sanbiao.installation
  for each row execute function sanbiao.ratio_of_installation();

-- The ratio that a booked reading carries. Sources 1 and 2 are wires.
create function sanbiao.applied_ratio(operator bigint, meter bigint, measured timestamptz, received timestamptz, source smallint)
  returns numeric language sql stable as $$
  select coalesce((select r.ratio from sanbiao.meter_ratio r
    where r.operator_id = operator and r.meter_id = meter and r.from_at <= measured
      and (case when source in (1, 2) then r.applies_to_received_from else r.recorded_at end) <= received
    order by r.recorded_at desc, r.id desc limit 1), 1) $$;

-- Ratios of all meters that ever had one other than 1, in the order of recording, for the shells that open the wires.
create function sanbiao.all_meter_ratios() returns setof sanbiao.meter_ratio
  language sql stable security definer set search_path = sanbiao
  begin atomic
    select r.* from sanbiao.meter_ratio r
     where exists (select 1 from sanbiao.meter_ratio o where o.operator_id = r.operator_id and o.meter_id = r.meter_id and o.ratio <> 1)
     order by r.recorded_at, r.id;
  end;

grant usage on all sequences in schema sanbiao to sanbiao_service;
