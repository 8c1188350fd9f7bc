-- Prepaid policies that an operator publishes for itself, beside those of the catalogue, in the way of its own tariffs: drafted, proposed,
-- published by a second person, never changed. And which policy an account has by its class.

-- What keeps the versions of an operator's own documents in order, whichever they are.
create function sanbiao.keep_own_version() returns trigger language plpgsql as $$
declare
  what text := replace(tg_table_name, '_', ' ');
  step text := old.state || ' to ' || new.state;
  fixed text[] := array['tariff_id', 'policy_id', 'version', 'made_by', 'made_at', 'operator_id', 'id'];
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
    raise exception 'a % that is % does not become % with other %', what, old.state, new.state, changed
      using errcode = 'restrict_violation';
  end if;
  if step = 'proposed to draft' and (new.returned_by is null or (new.returned_by <> old.proposed_by and new.returned_reason = '')) then
    raise exception 'who sends a proposal back is named, and says why unless it is their own' using errcode = 'restrict_violation';
  end if;
  if new.state = 'withdrawn' and (new.withdrawn_at at time zone (select zone from sanbiao.operator o
       where o.operator_id = new.operator_id))::date >= old.effective_from then
    raise exception 'a % in force is not withdrawn: publish another', what using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

create function sanbiao.draft_own_version() returns trigger language plpgsql as $$
begin
  if new.state <> 'draft' then
    raise exception 'a % begins as a draft', replace(tg_table_name, '_', ' ') using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

-- Deed by deed into the table `<versions>_event`.
create function sanbiao.note_own_version() returns trigger language plpgsql as $$
declare
  done text := case
    when tg_op = 'INSERT' then 'made'
    when new.state = 'draft' then case when old.state = 'draft' then 'changed' else 'returned' end
    else new.state end;
  by_user bigint;
  at timestamptz;
  reason text;
begin
  if done = 'changed' and new.document::text = old.document::text then
    return null;
  end if;
  select w.by_user, w.at, w.reason into by_user, at, reason
    from (values ('made', new.made_by, new.made_at, ''), ('changed', new.changed_by, new.changed_at, ''),
                 ('proposed', new.proposed_by, new.proposed_at, new.reason),
                 ('returned', new.returned_by, new.returned_at, new.returned_reason),
                 ('published', new.approved_by, new.approved_at, ''),
                 ('withdrawn', new.withdrawn_by, new.withdrawn_at, '')) as w (deed, by_user, at, reason)
   where w.deed = done;
  execute format('insert into sanbiao.%I (operator_id, version_id, deed, edition, by_user, at, reason, hash, document)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)', tg_table_name || '_event')
    using new.operator_id, new.id, done, new.edition, by_user, at, reason, new.hash,
          case when done in ('made', 'changed') then new.document end;
  return null;
end $$;

drop trigger keep_tariff_version on sanbiao.tariff_version;
drop trigger draft_tariff_version on sanbiao.tariff_version;
drop trigger note_tariff_version on sanbiao.tariff_version;
drop function sanbiao.keep_tariff_version();
drop function sanbiao.draft_tariff_version();
drop function sanbiao.note_tariff_version();
create trigger keep_version before update on sanbiao.tariff_version for each row execute function sanbiao.keep_own_version();
create trigger draft_version before insert on sanbiao.tariff_version for each row execute function sanbiao.draft_own_version();
create trigger note_version after insert or update on sanbiao.tariff_version for each row execute function sanbiao.note_own_version();

create table sanbiao.policy_version (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  policy_id text not null,
  version text not null,
  -- json and not jsonb: the text stays as it was hashed, keys in their order
  document json not null,
  hash text not null check (hash = encode(sha256(convert_to(document::text, 'UTF8')), 'hex')),
  state text not null default 'draft' check (state in ('draft', 'proposed', 'published', 'withdrawn')),
  -- grows with every change, so that two editors do not overwrite each other unseen
  edition integer not null default 1,
  effective_from date not null,
  -- why it is proposed
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
  returned_by bigint,
  returned_at timestamptz,
  returned_reason text not null default '',
  primary key (operator_id, id),
  unique (operator_id, policy_id, version),
  check (document ->> 'id' = policy_id and document ->> 'version' = version and document ->> 'effectiveFrom' = effective_from::text),
  check ((state = 'draft') = (proposed_by is null)),
  check ((state in ('published', 'withdrawn')) = (approved_by is not null)),
  check ((state = 'withdrawn') = (withdrawn_by is not null)),
  check (num_nulls(proposed_by, proposed_at) in (0, 2)),
  check (num_nulls(approved_by, approved_at) in (0, 2)),
  check (num_nulls(withdrawn_by, withdrawn_at) in (0, 2)),
  check (num_nulls(returned_by, returned_at) in (0, 2)),
  check (approved_by <> proposed_by),
  foreign key (operator_id, made_by) references sanbiao.app_user (operator_id, id),
  foreign key (operator_id, changed_by) references sanbiao.app_user (operator_id, id),
  foreign key (operator_id, proposed_by) references sanbiao.app_user (operator_id, id),
  foreign key (operator_id, approved_by) references sanbiao.app_user (operator_id, id),
  foreign key (operator_id, withdrawn_by) references sanbiao.app_user (operator_id, id),
  foreign key (operator_id, returned_by) references sanbiao.app_user (operator_id, id)
);
create unique index policy_version_day on sanbiao.policy_version (operator_id, policy_id, effective_from) where state = 'published';
select sanbiao.protect('sanbiao.policy_version', 'select, insert, update');
create trigger keep_version before update on sanbiao.policy_version for each row execute function sanbiao.keep_own_version();
create trigger draft_version before insert on sanbiao.policy_version for each row execute function sanbiao.draft_own_version();
create trigger note_version after insert or update on sanbiao.policy_version for each row execute function sanbiao.note_own_version();
create trigger keep_version_row before delete on sanbiao.policy_version for each row execute function sanbiao.refuse_change();
create trigger keep_version_all before truncate on sanbiao.policy_version for each statement execute function sanbiao.refuse_change();

create table sanbiao.policy_version_event (
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
  foreign key (operator_id, version_id) references sanbiao.policy_version (operator_id, id),
  foreign key (operator_id, by_user) references sanbiao.app_user (operator_id, id)
);
create index on sanbiao.policy_version_event (operator_id, version_id, id);
select sanbiao.protect('sanbiao.policy_version_event', 'select, insert');
select sanbiao.append_only('sanbiao.policy_version_event');

-- The class of an account: homes, shops, the school. The last row of an account counts; '' = of no class any more.
create table sanbiao.account_class (
  operator_id bigint not null,
  id bigint generated always as identity,
  account_id bigint not null,
  class text not null check (length(class) <= 40),
  noted_at timestamptz not null,
  noted_by bigint not null,
  primary key (operator_id, id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
create index on sanbiao.account_class (operator_id, account_id, id);
select sanbiao.protect('sanbiao.account_class', 'select, insert');
select sanbiao.append_only('sanbiao.account_class');

-- The policy of a class from a day on; of several rows for one day the last one counts. Without one, the account's own counts.
create table sanbiao.policy_assignment (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  class text not null check (length(class) between 1 and 40),
  -- absent: the accounts' own from then on
  policy_id text,
  from_day date not null,
  noted_at timestamptz not null,
  noted_by bigint not null,
  primary key (operator_id, id)
);
create index on sanbiao.policy_assignment (operator_id, class, from_day, id);
select sanbiao.protect('sanbiao.policy_assignment', 'select, insert');
select sanbiao.append_only('sanbiao.policy_assignment');

-- The policy that a supply is decided by on a day.
create function sanbiao.policy_of_supply(operator bigint, account bigint, own_policy text, of_day date) returns text
  language sql stable set search_path = sanbiao, pg_temp
  return coalesce((
    select p.policy_id from policy_assignment p
     where p.operator_id = operator and p.from_day <= of_day
       and p.class = (select c.class from account_class c where c.operator_id = operator and c.account_id = account order by c.id desc limit 1)
     order by p.from_day desc, p.id desc limit 1), own_policy);
grant execute on function sanbiao.policy_of_supply to sanbiao_service;

grant usage on all sequences in schema sanbiao to sanbiao_service;
