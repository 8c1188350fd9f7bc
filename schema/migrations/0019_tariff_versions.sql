-- Tariffs that an operator publishes for itself, beside those of the catalogue. A draft changes; what is published never does:
-- a new price is a new version. Who proposes does not publish.

create table sanbiao.tariff_version (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  tariff_id text not null,
  version text not null,
  -- json and not jsonb: the text stays as it was hashed, keys in their order
  document json not null,
  hash text not null check (hash = encode(sha256(convert_to(document::text, 'UTF8')), 'hex')),
  state text not null default 'draft' check (state in ('draft', 'proposed', 'published', 'withdrawn')),
  -- grows with every change, so that two editors do not overwrite each other unseen
  edition integer not null default 1,
  effective_from date not null,
  -- takes effect within months that are billed already: their bills are to be made again
  is_correction boolean not null default false,
  reason text not null default '',
  made_by bigint not null,
  made_at timestamptz not null,
  changed_by bigint not null,
  changed_at timestamptz not null,
  proposed_by bigint,
  proposed_at timestamptz,
  approved_by bigint,
  approved_at timestamptz,
  withdrawn_by bigint,
  withdrawn_at timestamptz,
  primary key (operator_id, id),
  unique (operator_id, tariff_id, version),
  check (document ->> 'id' = tariff_id and document ->> 'version' = version and document ->> 'effectiveFrom' = effective_from::text),
  check ((state = 'draft') = (proposed_by is null)),
  check ((state in ('published', 'withdrawn')) = (approved_by is not null)),
  check ((state = 'withdrawn') = (withdrawn_by is not null)),
  check (num_nulls(proposed_by, proposed_at) in (0, 2)),
  check (num_nulls(approved_by, approved_at) in (0, 2)),
  check (num_nulls(withdrawn_by, withdrawn_at) in (0, 2)),
  check (approved_by <> proposed_by),
  check (not is_correction or reason <> ''),
  foreign key (operator_id, made_by) references sanbiao.app_user (operator_id, id),
  foreign key (operator_id, changed_by) references sanbiao.app_user (operator_id, id),
  foreign key (operator_id, proposed_by) references sanbiao.app_user (operator_id, id),
  foreign key (operator_id, approved_by) references sanbiao.app_user (operator_id, id),
  foreign key (operator_id, withdrawn_by) references sanbiao.app_user (operator_id, id)
);
create unique index tariff_version_day on sanbiao.tariff_version (operator_id, tariff_id, effective_from) where state = 'published';
select sanbiao.protect('sanbiao.tariff_version', 'select, insert, update');

-- draft ⇄ proposed → published → withdrawn (before its first day). Whoever writes, the owner included.
create function sanbiao.keep_tariff_version() returns trigger language plpgsql as $$
declare
  step text := old.state || ' to ' || new.state;
  fixed text[] := array['tariff_id', 'version', 'made_by', 'made_at', 'operator_id', 'id'];
  content text[] := array['document', 'hash', 'effective_from', 'is_correction', 'reason', 'changed_by', 'changed_at'];
  approval text[] := array['proposed_by', 'proposed_at', 'approved_by', 'approved_at', 'edition'];
  changed text[];
begin
  select coalesce(array_agg(o.key), '{}') into changed
    from jsonb_each(to_jsonb(old)) o join jsonb_each(to_jsonb(new)) n using (key) where o.value <> n.value;
  if step not in ('draft to draft', 'draft to proposed', 'proposed to draft', 'proposed to published', 'published to withdrawn')
     or changed && fixed
     or (step in ('draft to proposed', 'proposed to published', 'published to withdrawn')
         and changed && array['document', 'hash', 'effective_from'])
     or (old.state in ('proposed', 'published') and new.state <> 'draft' and changed && content)
     or (old.state = 'published' and changed && approval) then
    raise exception 'a tariff version that is % does not become % with other %', old.state, new.state, changed
      using errcode = 'restrict_violation';
  end if;
  if new.state = 'withdrawn' and (new.withdrawn_at at time zone (select zone from sanbiao.operator o
       where o.operator_id = new.operator_id))::date >= old.effective_from then
    raise exception 'a tariff version in force is not withdrawn: publish another' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger keep_tariff_version before update on sanbiao.tariff_version for each row execute function sanbiao.keep_tariff_version();

-- A version comes as a draft, and goes nowhere.
create function sanbiao.draft_tariff_version() returns trigger language plpgsql as $$
begin
  if new.state <> 'draft' then
    raise exception 'a tariff version begins as a draft' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger draft_tariff_version before insert on sanbiao.tariff_version for each row execute function sanbiao.draft_tariff_version();
create trigger keep_tariff_version_row before delete on sanbiao.tariff_version for each row execute function sanbiao.refuse_change();
create trigger keep_tariff_version_all before truncate on sanbiao.tariff_version for each statement execute function sanbiao.refuse_change();

grant usage on all sequences in schema sanbiao to sanbiao_service;
