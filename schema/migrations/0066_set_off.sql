-- Set-off at a move-out: credit of one class pays another class's debt, where the operator's rule and the customer allow it. Without a
-- word it is off.
alter table sanbiao.journal drop constraint journal_kind_check;
alter table sanbiao.journal add constraint journal_kind_check
  check (kind in ('bill', 'payment', 'reversal', 'adjustment', 'opening', 'refund', 'deposit', 'transfer', 'set_off'));

-- What an operator declares; the latest row counts.
create table sanbiao.set_off_terms (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  -- off; on_consent = with the customer's word at each move-out; agreed = every contract says it
  rule text not null check (rule in ('off', 'on_consent', 'agreed')),
  -- where it is agreed or published
  source text not null check (source <> ''),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id)
);
select sanbiao.protect('sanbiao.set_off_terms', 'select, insert');
select sanbiao.append_only('sanbiao.set_off_terms');

alter table sanbiao.account_closing
  -- what credit of the other class paid of this one's debt after the deposit; one of them is zero
  add column supply_set_off_minor bigint not null default 0 check (supply_set_off_minor >= 0),
  add column property_set_off_minor bigint not null default 0 check (property_set_off_minor >= 0),
  add column set_off_journal_id bigint,
  -- who agreed, when, and where it is written; absent where the contracts say it
  add column set_off_consent jsonb,
  add check (supply_set_off_minor = 0 or property_set_off_minor = 0),
  add check ((set_off_journal_id is null) = (supply_set_off_minor + property_set_off_minor = 0)),
  add check (set_off_consent is null or set_off_journal_id is not null);

grant usage on all sequences in schema sanbiao to sanbiao_service;
