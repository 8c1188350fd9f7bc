-- Operators, the people who work for them, and the rules that every later table follows:
-- operator_id comes first in each key, row-level security is on, and the service connects as sanbiao_service.

do $$ begin
  create role sanbiao_service nologin noinherit;
exception when duplicate_object or unique_violation then null; end $$;

do $$ begin
  execute format('grant sanbiao_service to %I', current_user);
end $$;

create schema sanbiao;
grant usage on schema sanbiao to sanbiao_service;

-- The operator that the current transaction works for. Unset: no row of any table is visible.
create function sanbiao.operator_id() returns bigint language sql stable parallel safe
  return nullif(current_setting('sanbiao.operator_id', true), '')::bigint;

-- Puts a table under the rule. `rights` is what the service may do with it.
create function sanbiao.protect(tbl regclass, rights text) returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security', tbl);
  execute format('create policy own_rows on %s to sanbiao_service using (operator_id = sanbiao.operator_id()) with check (operator_id = sanbiao.operator_id())', tbl);
  execute format('grant %s on %s to sanbiao_service', rights, tbl);
end $$;
revoke execute on function sanbiao.protect(regclass, text) from public;

-- An append-only table refuses update, delete and truncate to everybody, its owner included.
create function sanbiao.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: write a further entry instead', tg_table_name using errcode = 'restrict_violation';
end $$;

create function sanbiao.append_only(tbl regclass) returns void language plpgsql as $$
begin
  execute format('create trigger append_only_row before update or delete on %s for each row execute function sanbiao.refuse_change()', tbl);
  execute format('create trigger append_only_all before truncate on %s for each statement execute function sanbiao.refuse_change()', tbl);
end $$;
revoke execute on function sanbiao.append_only(regclass) from public;

create table sanbiao.operator (
  operator_id bigint generated always as identity primary key,
  code text not null unique,
  kind text not null check (kind in ('estate', 'supply_station')),
  name_zh text not null,
  name_en text not null,
  zone text not null default 'Asia/Shanghai',
  currency text not null default 'CNY',
  created_at timestamptz not null default now()
);
select sanbiao.protect('sanbiao.operator', 'select');

create table sanbiao.app_user (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  login text not null unique,
  name text not null,
  password_hash text not null,
  role text not null check (role in ('manager', 'clerk', 'reader')),
  demo boolean not null default false,
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (operator_id, id)
);
select sanbiao.protect('sanbiao.app_user', 'select, insert, update');

create table sanbiao.app_session (
  operator_id bigint not null references sanbiao.operator,
  token_hash bytea not null,
  user_id bigint not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (operator_id, token_hash),
  foreign key (operator_id, user_id) references sanbiao.app_user (operator_id, id)
);
create index on sanbiao.app_session (token_hash);
select sanbiao.protect('sanbiao.app_session', 'select, insert, delete');

-- The doors through which the service looks before it knows for whom it works.
create function sanbiao.operators() returns setof sanbiao.operator
  language sql stable security definer set search_path = sanbiao
  begin atomic select * from sanbiao.operator order by operator_id; end;
create function sanbiao.user_of_login(login text) returns setof sanbiao.app_user
  language sql stable security definer set search_path = sanbiao
  begin atomic select * from sanbiao.app_user u where u.login = user_of_login.login; end;
create function sanbiao.session_of_token(token_hash bytea) returns setof sanbiao.app_session
  language sql stable security definer set search_path = sanbiao
  begin atomic select * from sanbiao.app_session s where s.token_hash = session_of_token.token_hash; end;
