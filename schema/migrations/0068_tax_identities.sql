-- Who the operator and its customers are to the tax office, from a day on: what invoices name as seller and buyer. Of two words for one
-- day the later one counts; a withdrawn one says that from then on there is none.
create table sanbiao.tax_identity (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  -- null = the operator itself
  account_id bigint,
  from_day date not null,
  withdrawn boolean not null default false,
  name text not null default '',
  tax_id text not null default '',
  country text not null default '',
  address text not null default '',
  city text not null default '',
  post_code text not null default '',
  phone text not null default '',
  bank_name text not null default '',
  bank_account text not null default '',
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id),
  check (withdrawn or (name <> '' and country ~ '^[A-Z]{2}$'))
);
create index on sanbiao.tax_identity (operator_id, account_id, from_day desc, id desc);
select sanbiao.protect('sanbiao.tax_identity', 'select, insert');
select sanbiao.append_only('sanbiao.tax_identity');

grant usage on all sequences in schema sanbiao to sanbiao_service;
