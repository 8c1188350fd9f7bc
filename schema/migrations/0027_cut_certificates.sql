-- No proof, no cut: what an order to cut rests on, in a chain per operator; and what a person must look at.

-- Orders to cut that wait without proof do not leave: those never sent are decided anew, the others a person looks at.
update sanbiao.supply s set state = 'cut_due', desired = 'connected' from sanbiao.control c
 where c.operator_id = s.operator_id and c.account_id = s.account_id and c.action = 'disconnect' and c.state = 'queued';
update sanbiao.supply s set state = 'unknown' from sanbiao.control c
 where c.operator_id = s.operator_id and c.account_id = s.account_id and c.action = 'disconnect' and c.state = 'sent';
update sanbiao.control set state = case state when 'queued' then 'cancelled' else 'unknown' end, closed_at = now(),
       note = 'given before orders to cut needed a certificate'
 where action = 'disconnect' and state in ('queued', 'sent');

-- An order to cut is stale after this: it is decided anew, or given up, and never sent. Those closed before this have none.
alter table sanbiao.control add column expires_at timestamptz;
alter table sanbiao.control add constraint cut_expires check (action = 'connect' or expires_at is not null or closed_at is not null);

-- One row per sending of an order to cut, and one per piece of evidence after it.
create table sanbiao.cut_certificate (
  operator_id bigint not null references sanbiao.operator,
  -- 1, 2, 3 … per operator, without a gap
  number bigint not null,
  kind text not null check (kind in ('order', 'evidence')),
  control_id bigint not null,
  -- which sending of the order; absent for evidence
  attempt smallint check ((kind = 'order') = (attempt is not null)),
  account_id bigint not null,
  written_at timestamptz not null,
  -- canonical JSON, as it was hashed; it names its number and the hash before it
  body text not null,
  previous_hash text not null,
  hash text not null,
  primary key (operator_id, number),
  unique (operator_id, control_id, attempt),
  foreign key (operator_id, control_id) references sanbiao.control (operator_id, id)
);
create index on sanbiao.cut_certificate (operator_id, account_id, number);
select sanbiao.protect('sanbiao.cut_certificate', 'select, insert');
select sanbiao.append_only('sanbiao.cut_certificate');

-- The chain is made here, whoever writes: the next number, the hash of the one before, the hash of the text.
create function sanbiao.chain_certificate() returns trigger
  language plpgsql set search_path = sanbiao, pg_temp as $$
declare
  last_number bigint;
  last_hash text;
begin
  perform pg_advisory_xact_lock(hashtextextended('sanbiao.certificate', new.operator_id));
  select number, hash into last_number, last_hash from cut_certificate
   where operator_id = new.operator_id order by number desc limit 1;
  new.hash := encode(sha256(convert_to(new.body, 'UTF8')), 'hex');
  if new.number <> coalesce(last_number, 0) + 1 or new.previous_hash <> coalesce(last_hash, repeat('0', 64))
     or new.body::jsonb ->> 'previous' is distinct from new.previous_hash
     or new.body::jsonb ->> 'number' is distinct from new.number::text then
    raise exception 'certificate % does not follow %', new.number, coalesce(last_number, 0)
      using errcode = 'check_violation', constraint = 'certificate_chain';
  end if;
  return new;
end $$;
create trigger chain before insert on sanbiao.cut_certificate for each row execute function sanbiao.chain_certificate();

-- An order to cut cannot be marked sent, the first time or again, without the certificate of that very sending.
create function sanbiao.require_certificate() returns trigger
  language plpgsql set search_path = sanbiao, pg_temp as $$
begin
  if not exists (select from cut_certificate c where c.operator_id = new.operator_id and c.control_id = new.id
                    and c.attempt = new.attempts and c.account_id = new.account_id) then
    raise exception 'order % to cut has no certificate for sending %', new.id, new.attempts
      using errcode = 'check_violation', constraint = 'cut_certified';
  end if;
  return new;
end $$;
create trigger certified_insert before insert on sanbiao.control for each row
  when (new.action = 'disconnect' and new.sent_at is not null) execute function sanbiao.require_certificate();
create trigger certified_update before update on sanbiao.control for each row
  when (new.action = 'disconnect' and (new.sent_at is distinct from old.sent_at or new.attempts <> old.attempts
        or new.action <> old.action or (new.state = 'sent' and old.state <> 'sent')))
  execute function sanbiao.require_certificate();

-- What a person must look at: closed by proof, or by a person who says what was found.
create table sanbiao.work_order (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  kind text not null check (kind in ('supply_unknown')),
  account_id bigint,
  meter_id bigint not null,
  -- the order that ended without proof
  control_id bigint not null,
  opened_at timestamptz not null,
  why text not null,
  closed_at timestamptz,
  -- the position that told, as its meter measured it
  proof_at timestamptz,
  closed_by bigint,
  note text not null default '',
  primary key (operator_id, id),
  foreign key (operator_id, control_id) references sanbiao.control (operator_id, id),
  check ((closed_at is null) = (proof_at is null and closed_by is null)),
  check (closed_by is null or note <> '')
);
create unique index work_order_open on sanbiao.work_order (operator_id, meter_id, kind) where closed_at is null;
create index on sanbiao.work_order (operator_id, account_id, id);
select sanbiao.protect('sanbiao.work_order', 'select, insert, update');

-- Orders that ended without proof before there were work orders.
insert into sanbiao.work_order (operator_id, kind, account_id, meter_id, control_id, opened_at, why)
  select distinct on (operator_id, meter_id) operator_id, 'supply_unknown', account_id, meter_id, id, closed_at, note
    from sanbiao.control where state = 'unknown' order by operator_id, meter_id, closed_at;

grant usage on all sequences in schema sanbiao to sanbiao_service;
