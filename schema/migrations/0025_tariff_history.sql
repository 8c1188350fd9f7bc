-- What became of a tariff version, deed by deed: who changed a draft and how, who sent it back and why. Written by triggers, so
-- that no path can forget it.

alter table sanbiao.tariff_version
  add column returned_by bigint,
  add column returned_at timestamptz,
  add column returned_reason text not null default '',
  add constraint tariff_version_returned_check check (num_nulls(returned_by, returned_at) in (0, 2)),
  add foreign key (operator_id, returned_by) references sanbiao.app_user (operator_id, id);

create table sanbiao.tariff_version_event (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  version_id bigint not null,
  deed text not null check (deed in ('made', 'changed', 'proposed', 'returned', 'published', 'withdrawn')),
  edition integer not null,
  by_user bigint not null,
  at timestamptz not null,
  reason text not null default '',
  hash text not null,
  -- as it was from then on, where the deed made or changed it
  document json check (document is null or hash = encode(sha256(convert_to(document::text, 'UTF8')), 'hex')),
  primary key (operator_id, id),
  check ((deed in ('made', 'changed')) = (document is not null)),
  foreign key (operator_id, version_id) references sanbiao.tariff_version (operator_id, id),
  foreign key (operator_id, by_user) references sanbiao.app_user (operator_id, id)
);
create index tariff_version_event_version on sanbiao.tariff_version_event (operator_id, version_id, id);
select sanbiao.protect('sanbiao.tariff_version_event', 'select, insert');
select sanbiao.append_only('sanbiao.tariff_version_event');

-- Of versions that are older than this table the row itself tells what it can.
insert into sanbiao.tariff_version_event (operator_id, version_id, deed, edition, by_user, at, reason, hash, document)
select operator_id, id, deed, edition, by_user, at, case deed when 'proposed' then reason else '' end, hash,
       case deed when 'made' then document end
  from sanbiao.tariff_version t,
       lateral (values ('made', made_by, made_at), ('proposed', proposed_by, proposed_at),
                       ('published', approved_by, approved_at), ('withdrawn', withdrawn_by, withdrawn_at)) as d (deed, by_user, at)
 where by_user is not null
 order by operator_id, id, at;

create function sanbiao.note_tariff_version() returns trigger language plpgsql as $$
declare
  done text := case
    when tg_op = 'INSERT' then 'made'
    when new.state = 'draft' then case when old.state = 'draft' then 'changed' else 'returned' end
    else new.state end;
begin
  if done = 'changed' and new.document::text = old.document::text then
    return null;
  end if;
  insert into sanbiao.tariff_version_event (operator_id, version_id, deed, edition, by_user, at, reason, hash, document)
  select new.operator_id, new.id, done, new.edition, w.by_user, w.at, w.reason, new.hash,
         case when done in ('made', 'changed') then new.document end
    from (values ('made', new.made_by, new.made_at, ''), ('changed', new.changed_by, new.changed_at, ''),
                 ('proposed', new.proposed_by, new.proposed_at, new.reason),
                 ('returned', new.returned_by, new.returned_at, new.returned_reason),
                 ('published', new.approved_by, new.approved_at, ''),
                 ('withdrawn', new.withdrawn_by, new.withdrawn_at, '')) as w (deed, by_user, at, reason)
   where w.deed = done;
  return null;
end $$;
create trigger note_tariff_version after insert or update on sanbiao.tariff_version
  for each row execute function sanbiao.note_tariff_version();

-- As before, and: who sends back what another proposed says why, and what was said stays.
create or replace function sanbiao.keep_tariff_version() returns trigger language plpgsql as $$
declare
  step text := old.state || ' to ' || new.state;
  fixed text[] := array['tariff_id', 'version', 'made_by', 'made_at', 'operator_id', 'id'];
  content text[] := array['document', 'hash', 'effective_from', 'is_correction', 'reason', 'changed_by', 'changed_at'];
  approval text[] := array['proposed_by', 'proposed_at', 'approved_by', 'approved_at', 'edition'];
  returned text[] := array['returned_by', 'returned_at', 'returned_reason'];
  changed text[];
begin
  select coalesce(array_agg(o.key), '{}') into changed
    from jsonb_each(to_jsonb(old)) o join jsonb_each(to_jsonb(new)) n using (key) where o.value <> n.value;
  if step not in ('draft to draft', 'draft to proposed', 'proposed to draft', 'proposed to published', 'published to withdrawn')
     or changed && fixed
     or (step in ('draft to proposed', 'proposed to published', 'published to withdrawn')
         and changed && array['document', 'hash', 'effective_from'])
     or (old.state in ('proposed', 'published') and new.state <> 'draft' and changed && content)
     or (old.state = 'published' and changed && approval)
     or (step <> 'proposed to draft' and changed && returned) then
    raise exception 'a tariff version that is % does not become % with other %', old.state, new.state, changed
      using errcode = 'restrict_violation';
  end if;
  if step = 'proposed to draft' and (new.returned_by is null or (new.returned_by <> old.proposed_by and new.returned_reason = '')) then
    raise exception 'who sends a proposal back is named, and says why unless it is their own' using errcode = 'restrict_violation';
  end if;
  if new.state = 'withdrawn' and (new.withdrawn_at at time zone (select zone from sanbiao.operator o
       where o.operator_id = new.operator_id))::date >= old.effective_from then
    raise exception 'a tariff version in force is not withdrawn: publish another' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
